"""The SQL of claims, for who looks at them later."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from scan_api.domain.claims import RecordedClaim
from scan_api.domain.scans import Outcome
from scan_api.store.keys import is_claim_of, is_scan_of
from scan_api.tables import claims, scans, sightings


async def find_claim(conn: AsyncConnection, code_id: int) -> int | None:
    """Find the scan_id that claimed a code."""
    return (
        await conn.execute(select(claims.c.scan_id).where(is_claim_of(code_id)))
    ).scalar_one_or_none()


async def load_claim(conn: AsyncConnection, code_id: int) -> RecordedClaim | None:
    """Read the claim of a code, with what its scan came to."""
    row = (
        await conn.execute(
            select(
                scans.c.scan_id,
                claims.c.member_no,
                scans.c.outcome,
                scans.c.points,
                scans.c.campaign_no,
            )
            .join_from(claims, scans, is_scan_of(claims.c.scan_id))
            .where(is_claim_of(code_id))
        )
    ).one_or_none()
    if row is None:
        return None
    scan_id, member_no, outcome, points, campaign_no = row
    return RecordedClaim(scan_id, member_no, Outcome(outcome), points, campaign_no)


async def count_sightings(conn: AsyncConnection, code_id: int) -> int:
    """Tell how often a code was scanned without being claimed by that scan."""
    found = await conn.execute(
        select(sightings.c.scans).where(
            sightings.c.shard == SHARD, sightings.c.code_id == code_id
        )
    )
    return found.scalar_one_or_none() or 0


async def count_claims(conn: AsyncConnection, code_ids: Sequence[int]) -> int:
    """Tell how many of these codes were claimed."""
    counted = await conn.execute(
        text(
            "SELECT count(*) FROM claims"
            " WHERE shard = 0 AND code_id = ANY(CAST(:code_ids AS bigint[]))"
        ),
        {"code_ids": list(code_ids)},
    )
    return int(counted.scalar_one())


_BETWEEN: Final = text(
    """
    SELECT count(*), count(DISTINCT c.member_no)
    FROM unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) AS u (first, last)
    CROSS JOIN LATERAL (SELECT member_no FROM claims
        WHERE shard = 0 AND code_id BETWEEN u.first AND u.last OFFSET 0) AS c
    """
)


async def count_claims_between(
    conn: AsyncConnection, spans: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """Count the claims of codes, (first, last) code_id, and who made them."""
    values = {
        "firsts": [first for first, _ in spans],
        "lasts": [last for _, last in spans],
    }
    claimed, members = (await conn.execute(_BETWEEN, values)).one()
    return claimed, members
