"""What a member has, for who may see it."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from rewards.domain.ledger import POINTS_UNIT, Wallet
from rewards.store.lots import load_holding


async def load_wallet(conn: AsyncConnection, member_id: str, *, today: date) -> Wallet:
    """Read a member's points as of a business day; nothing yet is an empty wallet."""
    holding = await load_holding(conn, member_id, unit=POINTS_UNIT)
    first = holding.next_expiry(today)
    return Wallet(
        holding.worth(today),
        holding.pending,
        holding.debt,
        None if first is None else first.expires_on,
        0 if first is None else first.available,
    )
