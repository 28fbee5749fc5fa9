"""The SQL of which case each hold is in."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from core.db_arrays import write_numbers
from rewards import tables as t
from rewards.domain.holds import Hold, HoldReason


async def lock_without_case(conn: AsyncConnection, *, limit: int) -> list[Hold]:
    """Lock the oldest holds of rules that are in no case, and that nobody else files.

    Found by an index of those alone, however many others there are.
    """
    h = t.holds.c
    rows = await conn.execute(
        select(h.transfer_id, h.code_id, h.member_no, h.amount)
        .where(
            h.shard == SHARD,
            # As the index has it, so that no parameter hides it from the planner.
            literal_column("reason = 'rules'"),
            h.resolution.is_(None),
            h.case_id.is_(None),
        )
        .order_by(h.transfer_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Hold(*row, HoldReason.RULES) for row in rows]


_NOTE_CASES: Final = text(
    """
    UPDATE holds AS h SET case_id = u.case_id
    FROM unnest(CAST(:ids AS bigint[]), CAST(:cases AS bigint[])) AS u (id, case_id)
    WHERE h.shard = 0 AND h.transfer_id = u.id
    """
)


async def note_cases(conn: AsyncConnection, case_of: Mapping[int, int]) -> None:
    """Note which case each locked hold is in."""
    numbers = {"ids": write_numbers(case_of), "cases": write_numbers(case_of.values())}
    await conn.execute(_NOTE_CASES, numbers)


_COUNT_WAITING: Final = text(
    """
    SELECT count(*) FROM holds AS h
    WHERE h.shard = 0 AND h.resolution IS NULL AND EXISTS (
        SELECT FROM unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[]))
            AS u (first, last) WHERE h.code_id BETWEEN u.first AND u.last)
    """
)


async def count_waiting(conn: AsyncConnection, spans: Sequence[tuple[int, int]]) -> int:
    """Count the holds of codes, (first, last) code_id, that have not ended."""
    firsts, lasts = zip(*spans, strict=True) if spans else ((), ())
    values = {"firsts": write_numbers(firsts), "lasts": write_numbers(lasts)}
    return int((await conn.execute(_COUNT_WAITING, values)).scalar_one())
