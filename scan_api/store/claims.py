"""The SQL of claims, for who looks at them later."""

from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards.store.ledger import is_hold_of
from rewards.store.members import is_member
from rewards.tables import holds, members
from scan_api.domain.claims import Claim, OwnClaim
from scan_api.domain.scans import Outcome
from scan_api.store.keys import is_claim_of, is_scan_of
from scan_api.tables import claims, scans, sightings


async def find_own_claim(
    conn: AsyncConnection, *, code_id: int, member_id: str
) -> OwnClaim | None:
    """Find the scan with which this member claimed this code."""
    row = (
        await conn.execute(
            select(
                scans.c.scan_id,
                scans.c.outcome,
                scans.c.points,
                holds.c.resolution,
                scans.c.campaign_no,
            )
            .join_from(claims, members, is_member(claims.c.member_no))
            .join(scans, is_scan_of(claims.c.scan_id))
            .outerjoin(holds, is_hold_of(scans.c.scan_id))
            .where(is_claim_of(code_id), members.c.member_id == member_id)
        )
    ).one_or_none()
    if row is None:
        return None
    return OwnClaim(
        row.scan_id, Outcome(row.outcome), row.points, row.resolution, row.campaign_no
    )


async def find_claim(conn: AsyncConnection, code_id: int) -> int | None:
    """Find the scan_id that claimed a code."""
    return (
        await conn.execute(select(claims.c.scan_id).where(is_claim_of(code_id)))
    ).scalar_one_or_none()


async def load_claim(conn: AsyncConnection, code_id: int) -> Claim | None:
    """Read the claim of a code with what it was paid."""
    row = (
        await conn.execute(
            select(
                scans.c.scan_id,
                members.c.member_id,
                scans.c.outcome,
                scans.c.points,
                (holds.c.transfer_id.is_not(None)).label("was_held"),
                holds.c.resolution,
                holds.c.resolved_at,
            )
            .join_from(claims, members, is_member(claims.c.member_no))
            .join(scans, is_scan_of(claims.c.scan_id))
            .outerjoin(holds, is_hold_of(scans.c.scan_id))
            .where(is_claim_of(code_id))
        )
    ).one_or_none()
    return None if row is None else Claim(**row._mapping)  # noqa: SLF001 - its public spelling


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
