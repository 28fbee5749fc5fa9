"""The SQL of what decisions settle: scans of cases that nobody has decided yet."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.cases import Value
from core.db_arrays import write_numbers


class WaitingScan(NamedTuple):
    """A scan of a case that nobody has decided; not `held` if it passed."""

    case_id: int
    scan_id: int
    value: Value
    held: bool


_WAITING: Final = text(
    """
    SELECT s.case_id, s.scan_id, s.points, s.minor, s.others, s.held
    FROM unnest(CAST(:cases AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM case_scans
        WHERE case_id = u.id AND entry_id IS NULL OFFSET 0) AS s
    ORDER BY s.scan_id
    """
)


async def load_waiting(
    conn: AsyncConnection, case_ids: Sequence[int]
) -> list[WaitingScan]:
    """Read the scans of locked cases that wait, in order."""
    rows = await conn.execute(_WAITING, {"cases": write_numbers(case_ids)})
    return [
        WaitingScan(
            *(row.case_id, row.scan_id),
            Value(row.points, row.minor, row.others),
            row.held,
        )
        for row in rows
    ]


_SETTLE: Final = text(
    """
    UPDATE case_scans AS s SET entry_id = u.entry
    FROM unnest(CAST(:scans AS bigint[]), CAST(:entries AS bigint[]))
        AS u (scan, entry)
    WHERE s.scan_id = u.scan AND s.entry_id IS NULL
    """
)


async def settle_scans(conn: AsyncConnection, entry_of: Mapping[int, int]) -> None:
    """Note by which entry of its case's timeline each scan was decided."""
    if entry_of:
        await conn.execute(
            _SETTLE,
            {
                "scans": write_numbers(entry_of),
                "entries": write_numbers(entry_of.values()),
            },
        )
