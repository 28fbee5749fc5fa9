"""What is told of what campaigns gave, of which anti_fraud knows nothing."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.outflows import GivenDay
from rewards.store.given_days import load_given


async def read_given(
    conn: AsyncConnection, *, first: date, last: date
) -> list[GivenDay]:
    """Read what figures have counted of campaigns."""
    return [GivenDay(*each) for each in await load_given(conn, first=first, last=last)]
