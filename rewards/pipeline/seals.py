"""What was committed is sealed, off the path of whoever posts it.

Each posting leaves a row that names its transfers. What a sealer sees of these is
committed, and it takes them in the transaction that seals them, so that nothing is
sealed twice or passed over, whatever commits late.
"""

import asyncio
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from rewards.domain.seals import seal
from rewards.store import seals as store

# Of so many postings, of a hundred transfers each on a busy day.
AT_ONCE: Final = 500


async def seal_some(
    conn: AsyncConnection, *, now: datetime, at_once: int = AT_ONCE
) -> int:
    """Seal some of what is committed as one segment; gives how many were named."""
    named = await store.take_unsealed(conn, limit=at_once)
    if not named:
        return 0
    origins, ids = zip(*named, strict=True)
    transfers = await store.load_named(conn, origins, ids)
    if not transfers:
        return len(named)
    last, chain = await store.load_last(conn)
    # Thousands of hashes hold up nobody else.
    made = await asyncio.to_thread(
        seal, transfers, seal_no=last + 1, chain=chain, now=now
    )
    await store.insert_seal(conn, made)
    return len(named)
