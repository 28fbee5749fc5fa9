"""What is told of dealers: who had which codes, and where these were claimed."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.dealers import Goods, Moved, Sold, SoldCode
from anti_fraud.pipeline.dealers import DealerPorts
from anti_fraud.store.rule_sets import load_rule_sets
from core.clock import business_day
from printer_export.store.aggregation.dealers import (
    find_cartons,
    find_dealers,
    find_held,
    read_moved_cartons,
)
from scan_api.store.claiming_scans import read_claiming
from scan_api.store.kept_facts import own_time, unpack_facts

_OUTSIDE: Final = "outside_sale_region"


async def _read_sold(
    conn: AsyncConnection, after: int, upto: int, *, timezone: ZoneInfo
) -> Sold:
    """Read claims by what each was judged by: the fact that it was outside is kept."""
    end, scans = await read_claiming(conn, after, upto)
    dealers = await find_dealers(conn, {scan.code_id for scan in scans})
    kept = {
        scan.scan_id: unpack_facts(scan.facts).judged
        for scan in scans
        if scan.code_id in dealers
    }
    versions = {int(judged[0] or 0) for judged in kept.values() if judged}
    rule_sets = await load_rule_sets(conn, versions)
    codes = []
    for scan in scans:
        judged = kept.get(scan.scan_id)
        rule_set = rule_sets.get(int(judged[0] or 0)) if judged else None
        if judged and rule_set is not None:
            is_outside = rule_set.from_order(judged[1:]).get(_OUTSIDE) is True
            day = business_day(own_time(scan.scan_id, scan.facts), timezone)
            codes.append(SoldCode(dealers[scan.code_id], day, is_outside))
    return Sold(end, codes)


async def _read_moved(
    conn: AsyncConnection, after: int | None, settled_at: datetime
) -> Moved:
    moved = await read_moved_cartons(conn, after, settled_at)
    held = await find_held(conn, moved.ssccs) if moved.ssccs else ()
    return Moved(moved.end, [Goods(*each) for each in held], moved.has_more)


async def _read_shipped(conn: AsyncConnection, dealer: str) -> Sequence[Goods]:
    cartons = await find_cartons(conn, dealer)
    return [Goods(*each) for each in await find_held(conn, cartons)]


def dealer_ports(timezone: ZoneInfo) -> DealerPorts:
    """Give what reads claims, on the brand's calendar, and where goods are."""
    read_sold = partial(_read_sold, timezone=timezone)
    return DealerPorts(read_sold, _read_moved, _read_shipped)
