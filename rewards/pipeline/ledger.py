"""What members have."""

from sqlalchemy.ext.asyncio import AsyncConnection

from rewards.domain.ledger import Wallet
from rewards.store import ledger as store


async def load_wallet(conn: AsyncConnection, member_id: str) -> Wallet:
    """Read a member's points; nothing yet is an empty wallet."""
    return await store.load_wallet(conn, member_id)
