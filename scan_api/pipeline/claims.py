"""What is told of claims later: to who made them, and to staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rewards.domain.holds import HoldState
from rewards.pipeline.ledger import load_wallet
from rewards.store.awards import load_awards
from rewards.store.holds import load_hold_states
from rewards.store.members import find_member_no, load_member_ids
from scan_api.domain.claims import Claim, OwnClaim
from scan_api.store import claims as store


async def look_up_own_claim(
    engine: AsyncEngine, *, code_id: int, member_id: str, today: date
) -> tuple[OwnClaim, int] | None:
    """Find a member's claim of a code, and the points that the member has now."""
    async with engine.connect() as conn:
        claim = await store.load_claim(conn, code_id)
        # What codes know is read first, and then what members have: no read joins them.
        if claim is None or claim.member_no != await find_member_no(conn, member_id):
            return None
        held = await load_hold_states(conn, [claim.scan_id])
        wallet = await load_wallet(conn, member_id, today=today)
        earned = await load_awards(conn, [claim.scan_id])
    resolution = held.get(claim.scan_id, HoldState()).resolution
    own = OwnClaim(
        claim.scan_id,
        claim.outcome,
        claim.points,
        resolution,
        claim.campaign_no,
        earned.get(claim.scan_id, ()),
    )
    return own, wallet.available


@dataclass(frozen=True, slots=True)
class ScanHistory:
    """What scans did to a code; those that claimed nothing are counted, not dated."""

    claim: Claim | None
    sightings: int


async def load_scan_history(conn: AsyncConnection, code_id: int) -> ScanHistory:
    """Read who claimed a code that the caller may see, and how often it was seen."""
    sightings = await store.count_sightings(conn, code_id)
    claim = await store.load_claim(conn, code_id)
    if claim is None:
        return ScanHistory(None, sightings)
    names = await load_member_ids(conn, [claim.member_no])
    held = await load_hold_states(conn, [claim.scan_id])
    hold = held.get(claim.scan_id, HoldState())
    told = Claim(
        claim.scan_id,
        names[claim.member_no],
        claim.outcome,
        claim.points,
        was_held=claim.scan_id in held,
        resolution=hold.resolution,
        resolved_at=hold.resolved_at,
    )
    return ScanHistory(told, sightings)


async def count_claims(conn: AsyncConnection, code_ids: Sequence[int]) -> int:
    """Tell how many of these codes were claimed."""
    return await store.count_claims(conn, code_ids)
