"""The page asks PostgreSQL itself for one thing: whether a claim is the visitor's."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from rewards.store.ledger import is_hold_of
from rewards.store.members import is_member
from rewards.tables import holds, members
from scan_api.domain.claims import OwnClaim
from scan_api.domain.scans import Outcome
from scan_api.store.keys import is_claim_of, is_scan_of
from scan_api.tables import claims, scans


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
