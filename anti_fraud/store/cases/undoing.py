"""The SQL of decisions that are taken back, and of the scans that they settled."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.cases import CaseEntryKind, Entry, Value
from anti_fraud.store.cases.deciding import WaitingScan
from core.db_arrays import write_numbers

_NEWEST: Final = text(
    """
    SELECT e.entry_id, e.case_id, e.at, e.kind, e.person, e.detail
    FROM unnest(CAST(:cases AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM case_entries AS d
        WHERE d.case_id = u.id AND d.kind = 'decided' AND NOT EXISTS (
            SELECT FROM case_entries AS n WHERE n.case_id = u.id
                AND n.kind = 'undone'
                AND CAST(n.detail ->> 'entry' AS bigint) = d.entry_id)
        ORDER BY d.at DESC, d.entry_id DESC LIMIT 1) AS e
    """
)


async def load_newest_decisions(
    conn: AsyncConnection, case_ids: Sequence[int]
) -> dict[int, Entry]:
    """Read the newest decision of locked cases that was not taken back, by case."""
    rows = await conn.execute(_NEWEST, {"cases": write_numbers(case_ids)})
    return {
        row.case_id: Entry(
            *(row.entry_id, row.case_id, row.at, CaseEntryKind(row.kind)),
            *(row.person, row.detail),
        )
        for row in rows
    }


_SETTLED: Final = text(
    """
    SELECT s.entry_id, s.case_id, s.scan_id, s.points, s.minor, s.others,
        s.held
    FROM case_entries AS e JOIN case_scans AS s ON s.case_id = e.case_id
        AND s.entry_id = e.entry_id
    WHERE e.entry_id = ANY (CAST(:entries AS bigint[])) ORDER BY s.scan_id
    """
)


async def load_settled(
    conn: AsyncConnection, entry_ids: Sequence[int]
) -> Mapping[int, Sequence[WaitingScan]]:
    """Read which scans decisions settled, by the decision."""
    found: dict[int, list[WaitingScan]] = defaultdict(list)
    for row in await conn.execute(_SETTLED, {"entries": write_numbers(entry_ids)}):
        value = Value(row.points, row.minor, row.others)
        scan = WaitingScan(row.case_id, row.scan_id, value, row.held)
        found[row.entry_id].append(scan)
    return found


_UNSETTLE: Final = text(
    """
    UPDATE case_scans SET entry_id = NULL
    WHERE scan_id = ANY (CAST(:scans AS bigint[]))
    """
)


async def unsettle_scans(conn: AsyncConnection, scan_ids: Sequence[int]) -> None:
    """Let scans of locked cases wait for another decision."""
    if scan_ids:
        await conn.execute(_UNSETTLE, {"scans": write_numbers(scan_ids)})
