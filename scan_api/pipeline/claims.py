"""What is told of claims later: to who made them, and to staff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rewards.domain.holds import HoldState
from rewards.pipeline.ledger import load_wallet
from rewards.store.awards import load_awards
from rewards.store.holds import load_hold_states
from rewards.store.members import find_member_no, load_member_ids
from scan_api.domain.claims import Claim, OwnClaim, RecordedClaim
from scan_api.store import claims as store
from scan_api.store.released_claims import load_released


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
    """What scans did to a code; those that claimed nothing are counted, not dated.

    `released` are claims that ended with a denied case, so that others could claim it.
    """

    claim: Claim | None
    sightings: int
    released: tuple[Claim, ...] = ()


async def load_scan_history(conn: AsyncConnection, code_id: int) -> ScanHistory:
    """Read who claimed a code that the caller may see, and how often it was seen."""
    sightings = await store.count_sightings(conn, code_id)
    claim = await store.load_claim(conn, code_id)
    released = await load_released(conn, code_id)
    found = [*released, claim] if claim else released
    names = await load_member_ids(conn, [each.member_no for each in found])
    held = await load_hold_states(conn, [each.scan_id for each in found])
    told = [_tell(each, names[each.member_no], held) for each in found]
    return ScanHistory(
        told[-1] if claim else None, sightings, tuple(told[: len(released)])
    )


def _tell(claim: RecordedClaim, member_id: str, held: Mapping[int, HoldState]) -> Claim:
    hold = held.get(claim.scan_id, HoldState())
    return Claim(
        claim.scan_id,
        member_id,
        claim.outcome,
        claim.points,
        was_held=claim.scan_id in held,
        resolution=hold.resolution,
        resolved_at=hold.resolved_at,
    )


async def count_claims(conn: AsyncConnection, code_ids: Sequence[int]) -> int:
    """Tell how many of these codes were claimed."""
    return await store.count_claims(conn, code_ids)
