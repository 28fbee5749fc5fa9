"""What moved a member's points, newest first, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from litestar import Response, route

from core.clock import business_day, utc_datetime
from core.errors import NotFound
from core.ids import time_of_id
from rewards.domain.points.statements import Entry
from rewards.domain.terms import TwoNames
from rewards.pipeline.campaigns import name_campaigns
from rewards.pipeline.ledger import load_wallet
from rewards.pipeline.points.statements import Cursor, Statement, load_statement
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import render
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer
from scan_api.page.routes.wallet import ask_to_sign_in
from scan_api.page.sign_in import WALLET_PATH

_SHOWN: Final = 20
_JOINTS: Final = {"zh": "、", "en": ", "}
_NOTHING: Final = Statement([], [], None)


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry, when it was, and why, in words of the brand's."""

    entry: Entry
    at: datetime
    because: str


@route(WALLET_PATH + "/points", http_method=LOOK, include_in_schema=False)
async def show_points(request: AnyRequest, context: Context) -> Response[bytes]:
    """Show a member what moved their points."""
    return await answer(request, context, _show)


async def _show(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    if page.member is None:
        return ask_to_sign_in(context, page)
    member_id = page.member.member_id
    before = request.query_params.get("before")
    if before is not None:
        page.marks = {"before": before}
    today = business_day(context.clock.now_ms(), context.settings.timezone)
    async with context.engine.connect() as conn:
        # Entries and balance are of one moment.
        await conn.execution_options(isolation_level="REPEATABLE READ")
        points = await load_wallet(conn, member_id, today=today)
        try:
            found = await load_statement(
                conn,
                member_id,
                find_scans=context.wallet.find_scans,
                cursor=None if before is None else Cursor.read(before),
                limit=_SHOWN,
            )
        except NotFound:
            found = _NOTHING
        payers = {payer for entry in found.entries for payer in entry.payers}
        names = await name_campaigns(conn, payers)
    return render(
        context,
        page,
        "points.html",
        points=points,
        lines=[
            EntryLine(
                entry,
                utc_datetime(time_of_id(entry.entry_id)),
                _word(entry, because, names, page.language),
            )
            for entry, because in zip(found.entries, found.because, strict=True)
        ],
        is_first=before is None,
        older=found.next_cursor.write() if found.next_cursor else None,
    )


def _word(
    entry: Entry, because: str, names: Mapping[int, TwoNames], language: str
) -> str:
    """Say why: by which campaigns, as people know them, or in a person's own words."""
    paid = [names[payer] for payer in entry.payers if payer in names]
    if entry.amount < 0 or not paid:
        return because
    return _JOINTS[language].join(getattr(each, language) for each in paid)
