"""What is told of claims later: to who made them, and to staff."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rewards.pipeline.ledger import load_wallet
from scan_api.domain.claims import Claim, OwnClaim
from scan_api.store import claims as store


async def look_up_own_claim(
    engine: AsyncEngine, *, code_id: int, member_id: str
) -> tuple[OwnClaim, int] | None:
    """Find a member's claim of a code, and the points that the member has now."""
    async with engine.connect() as conn:
        own = await store.find_own_claim(conn, code_id=code_id, member_id=member_id)
        if own is None:
            return None
        wallet = await load_wallet(conn, member_id)
    return own, wallet.available


@dataclass(frozen=True, slots=True)
class ScanHistory:
    """What scans did to a code; those that claimed nothing are counted, not dated."""

    claim: Claim | None
    sightings: int


async def load_scan_history(conn: AsyncConnection, code_id: int) -> ScanHistory:
    """Read who claimed a code that the caller may see, and how often it was seen."""
    return ScanHistory(
        await store.load_claim(conn, code_id),
        await store.count_sightings(conn, code_id),
    )


async def count_claims(conn: AsyncConnection, code_ids: Sequence[int]) -> int:
    """Tell how many of these codes were claimed."""
    return await store.count_claims(conn, code_ids)
