"""Facts of scans, read from PostgreSQL as of each scan."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.entities import Entity
from anti_fraud.domain.places import Place, travel
from core.clock import Clock, business_day, utc_datetime
from core.ids import first_id_at, time_of_id
from rewards.domain.ledger import Hold
from scan_api.domain.scans import WorkerState, judged_facts, look_up_code
from scan_api.pipeline.signals import PLACE_TTL_S
from scan_api.store.recorded_facts import count_member_scans, load_places


async def read_facts(
    conn: AsyncConnection,
    held: Sequence[Hold],
    worker_state: WorkerState,
    clock: Clock,
    timezone: ZoneInfo,
) -> list[dict[str, Any]]:
    """Read the facts of held scans, as of each scan."""
    facts: list[dict[str, Any]] = [{"signals_available": True} for _ in held]
    rule_set = worker_state.rule_set
    windows = rule_set.windows.get(Entity.MEMBER, ())
    names = rule_set.counter_facts.get(Entity.MEMBER, ())
    asked = [(hold.transfer_id, hold.member_no) for hold in held]
    for window_s, name in zip(windows, names, strict=True):
        counts = await count_member_scans(conn, asked, window_s)
        for fact, hold in zip(facts, held, strict=True):
            fact[name] = counts[hold.transfer_id]
    await _add_places(conn, held, facts)
    found = worker_state.table.find_all([hold.code_id for hold in held])
    now = utc_datetime(clock.now_ms())
    return [
        judged_facts(
            fact,
            look_up_code(worker_state, terms, hold.code_id, None, now).sell_by,
            business_day(time_of_id(hold.transfer_id), timezone),
        )
        for fact, hold, terms in zip(facts, held, found, strict=True)
    ]


async def _add_places(
    conn: AsyncConnection, held: Sequence[Hold], facts: list[dict[str, Any]]
) -> None:
    ids = [h.transfer_id for h in held]
    first = first_id_at(time_of_id(min(ids)) - PLACE_TTL_S * 1000)
    codes = [h.code_id for h in held]
    places: dict[int, list[tuple[int, int]]] = {}
    for row in await load_places(conn, codes, first=first, last=max(ids)):
        places.setdefault(row.code_id, []).append((row.scan_id, row.cell))
    for fact, hold in zip(facts, held, strict=True):
        seen = [p for p in places.get(hold.code_id, ()) if p[0] <= hold.transfer_id]
        if len(seen) > 1 and seen[-1][0] == hold.transfer_id:
            previous, current = (
                Place(cell, time_of_id(scan_id) // 1000) for scan_id, cell in seen[-2:]
            )
            found = travel(previous, current)
            fact["place_distance_km"] = found.distance_km
            fact["place_elapsed_s"] = found.elapsed_s
            fact["place_speed_kmh"] = found.speed_kmh
