"""A case forgets the address of its network when the traces of its scans are gone.

What sort of network it was is kept: it names nobody, and is what the rules asked.
"""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.clusters import REMEMBERED
from anti_fraud.pipeline.cases.ports import FindNetworkKinds
from anti_fraud.store.cases import forgetting as store

_AT_ONCE: Final = 200
_UNKNOWN: Final = "unknown"


async def forget_networks(
    conn: AsyncConnection, find_kinds: FindNetworkKinds, *, now: datetime
) -> int:
    """Forget the networks of some cases whose last scan is that old; tells how many."""
    old = await store.lock_old_networks(conn, before=now - REMEMBERED, limit=_AT_ONCE)
    if old:
        kinds = await find_kinds(conn, list(old.values()))
        names = {number: kinds.get(scan, _UNKNOWN) for number, scan in old.items()}
        await store.forget_networks(conn, names)
    return len(old)
