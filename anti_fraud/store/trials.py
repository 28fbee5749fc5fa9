"""The SQL of what people decided of scans, which trials are held against."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.cases import Value, Verb
from anti_fraud.domain.trials import Decided
from core.auth.principal import SYSTEM

# What resolved itself was decided by nobody.
_DECIDED: Final = text(
    """
    SELECT s.scan_id, e.detail ->> 'decision' AS decision, s.points, s.minor, s.others
    FROM case_scans AS s JOIN case_entries AS e ON e.entry_id = s.entry_id
    WHERE s.scan_id BETWEEN :first AND :last AND e.kind = 'decided'
        AND e.person <> :system
    """
)


async def load_decided(
    conn: AsyncConnection, *, first: int, last: int
) -> dict[int, Decided]:
    """Read what people decided of scans from one to another, by scan_id."""
    span = {"first": first, "last": last, "system": SYSTEM.person}
    return {
        row.scan_id: Decided(
            Verb(row.decision), Value(row.points, row.minor, row.others)
        )
        for row in await conn.execute(_DECIDED, span)
    }
