"""The SQL of forgetting which network a case was of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.cases import FORGOTTEN

_LOCK_OLD: Final = text(
    """
    SELECT c.case_id, s.scan_id FROM cases AS c
    CROSS JOIN LATERAL (SELECT max(scan_id) AS scan_id FROM case_scans
        WHERE case_id = c.case_id) AS s
    WHERE c.subject_kind = 'network' AND c.last_at < :before
        AND NOT starts_with(c.subject, :forgotten)
    ORDER BY c.case_id LIMIT :limit FOR UPDATE OF c SKIP LOCKED
    """
)


async def lock_old_networks(
    conn: AsyncConnection, *, before: datetime, limit: int
) -> dict[int, int]:
    """Lock cases of networks without a scan since; gives the newest scan of each."""
    asked = {"before": before, "forgotten": FORGOTTEN, "limit": limit}
    return {row.case_id: row.scan_id for row in await conn.execute(_LOCK_OLD, asked)}


# The version stays: nothing that anybody decides by has changed.
_FORGET: Final = text(
    """
    UPDATE cases AS c SET subject = :forgotten || c.case_id, subject_name = r.name
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (case_id bigint, name text)
    WHERE c.case_id = r.case_id
    """
)


async def forget_networks(conn: AsyncConnection, names: Mapping[int, str]) -> None:
    """Call locked cases by what is not their network's address, by case_id."""
    rows = [{"case_id": case_id, "name": name} for case_id, name in names.items()]
    written = msgspec.json.encode(rows).decode()
    await conn.execute(_FORGET, {"rows": written, "forgotten": FORGOTTEN})
