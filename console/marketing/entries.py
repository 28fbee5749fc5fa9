"""What a campaign paid to whom, as a table to open elsewhere."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.navigation import CAMPAIGNERS
from console.frame.page_request import StaffRequest
from console.frame.responses import AnyRequest, attach, staff_page
from core.clock import local_time, utc_datetime
from core.ids import time_of_id
from rewards.domain.entries import EntryKey, PaidEntry
from rewards.pipeline.entries import LOOK, load_entries

# The newest of so many are given, of so many transfers of all campaigns.
_MOST: Final = 5_000
_MOST_PAGES: Final = 25
# The fields of the API, whatever the reader's language.
_COLUMNS: Final = (
    *("at", "kind", "member_id", "offer_id", "tier_id", "reward", "amount"),
    *("scan_id", "entry_id"),
)
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@staff_page(HttpMethod.GET, "/campaigns/{campaign_id:str}/entries.csv", *CAMPAIGNERS)
async def give_campaign_entries(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Give the newest entries of a campaign as CSV, the newest scans first."""
    campaign_id = request.path_params["campaign_id"]
    timezone = context.settings.timezone
    found: list[PaidEntry] = []
    cursor: EntryKey | None = None
    async with context.engine.connect() as conn:
        for _ in range(_MOST_PAGES):
            some = await load_entries(
                conn,
                campaign_id,
                page.staff,
                cursor=cursor,
                limit=_MOST - len(found),
                timezone=timezone,
                now=context.now,
                look=LOOK,
            )
            found += some.entries
            cursor = some.following
            if cursor is None or len(found) >= _MOST:
                break
    # With a byte order mark, or Excel takes it for the system's own encoding.
    content = f"\ufeff{_write(found, timezone)}".encode()
    return attach(page, content, "entries.csv")


def _write(entries: Sequence[PaidEntry], timezone: ZoneInfo) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for each in entries:
        at = utc_datetime(time_of_id(each.happened_id))
        writer.writerow(
            (
                *(_moment(at, timezone), each.kind.value, _plain(each.member_id)),
                *(each.offer_id, each.tier_id, each.reward, each.amount),
                # As texts: a spreadsheet would round numbers so long.
                *(f"\t{each.scan_id}", f"\t{each.entry_id}"),
            )
        )
    return out.getvalue()


def _moment(at: datetime, timezone: ZoneInfo) -> str:
    return local_time(at, timezone).isoformat(" ", "seconds")


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
