"""What the page tells members of caps that they claimed themselves."""

from sqlalchemy.ext.asyncio import AsyncEngine

from rewards.store.ledger import load_wallet
from scan_api.domain.claims import OwnClaim
from scan_api.store.own_claims import find_own_claim


async def look_up_own_claim(
    engine: AsyncEngine, *, code_id: int, member_id: str
) -> tuple[OwnClaim, int] | None:
    """Find a member's claim of a code, and the points that the member has now."""
    async with engine.connect() as conn:
        own = await find_own_claim(conn, code_id=code_id, member_id=member_id)
        if own is None:
            return None
        wallet = await load_wallet(conn, member_id)
    return own, wallet.available
