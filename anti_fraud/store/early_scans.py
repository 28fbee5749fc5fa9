"""The SQL of early scans: which codes were seen too early, and where they are many."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ARRAY, BigInteger, any_, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.early_scans import EarlyStretch, EarlyWatch, SeenCode
from anti_fraud.domain.incidents import CodeInterval, IncidentKind
from anti_fraud.store.case_settings import load_settings
from core.db_arrays import write_numbers

# Numbers that no other advisory lock has.
_LOCK: Final = text("SELECT pg_advisory_xact_lock(4348, 1)")

_ADD: Final = text(
    """
    INSERT INTO early_codes AS e (code_id, first_at, last_at, looks, scans)
    SELECT code_id, :now, :now, looks, scans
    FROM unnest(CAST(:code_ids AS bigint[]), CAST(:looks AS bigint[]),
        CAST(:scans AS bigint[])) AS u (code_id, looks, scans)
    ORDER BY code_id
    ON CONFLICT (code_id) DO UPDATE SET last_at = greatest(e.last_at, excluded.last_at),
        looks = e.looks + excluded.looks, scans = e.scans + excluded.scans
    RETURNING code_id, xmax = 0 AS is_new
    """
)


class EarlyCount(NamedTuple):
    """What was seen early of a stretch of codes."""

    codes: int
    looks: int
    scans: int


async def lock_counting(conn: AsyncConnection) -> None:
    """Let nobody else count until this transaction ends.

    Two who each add some codes would else both count without the other's.
    """
    await conn.execute(_LOCK)


async def add_early_codes(
    conn: AsyncConnection, seen: Sequence[SeenCode], *, now: datetime
) -> frozenset[int]:
    """Write down what was seen, each code once; tells which codes are new."""
    rows = await conn.execute(
        _ADD,
        {
            "now": now,
            "code_ids": write_numbers([each.code_id for each in seen]),
            "looks": write_numbers([each.looks for each in seen]),
            "scans": write_numbers([each.scans for each in seen]),
        },
    )
    return frozenset(row.code_id for row in rows if row.is_new)


async def count_early(
    conn: AsyncConnection, codes: CodeInterval, *, most: int
) -> EarlyCount:
    """Count what was seen early of a stretch, no further than so many codes."""
    e = t.early_codes.c
    some = (
        select(e.looks, e.scans).where(e.code_id.between(*codes)).limit(most)
    ).subquery()
    total = (
        func.coalesce(func.sum(some.c.looks), 0),
        func.coalesce(func.sum(some.c.scans), 0),
    )
    row = (await conn.execute(select(func.count(), *total).select_from(some))).one()
    return EarlyCount(*map(int, row))


async def count_new(
    conn: AsyncConnection, codes: CodeInterval, *, since: datetime, most: int
) -> int:
    """Count the codes of a stretch that were seen first since then, up to `most`."""
    e = t.early_codes.c
    some = (
        select(e.code_id)
        .where(e.code_id.between(*codes), e.first_at > since)
        .limit(most)
        .subquery()
    )
    found = await conn.execute(select(func.count()).select_from(some))
    return int(found.scalar_one())


async def load_early_looks(
    conn: AsyncConnection, code_ids: Sequence[int]
) -> Mapping[int, int]:
    """Tell how often codes were seen early; those that never were are left out."""
    e = t.early_codes.c
    rows = await conn.execute(
        select(e.code_id, e.looks + e.scans).where(
            e.code_id == any_(bindparam("code_ids", type_=ARRAY(BigInteger)))
        ),
        {"code_ids": list(code_ids)},
    )
    return {code_id: int(seen) for code_id, seen in rows}


async def load_watch(conn: AsyncConnection, known: EarlyWatch) -> EarlyWatch:
    """Load which stretches are watched, and when their claims wait.

    A stretch is as long as its incident was not a false alarm, open or not. Gives what
    is known where nothing changed.
    """
    i = t.incidents.c
    rows = await conn.execute(
        select(i.first_code_id, i.last_code_id, i.seen - i.dismissed)
        .where(
            i.kind == IncidentKind.EARLY_SCAN.value,
            i.first_code_id.is_not(None),
            i.seen > i.dismissed,
        )
        .order_by(i.first_code_id, i.last_code_id)
    )
    stretches = tuple([EarlyStretch(*row) for row in rows])
    hold_at = (await load_settings(conn)).early_scans_hold
    if stretches == known.stretches and hold_at == known.hold_at:
        return known
    return EarlyWatch(hold_at, stretches)
