"""Holds end as whoever looked at them decided, all that a scan earned at once."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from rewards.domain.holds import DrawFrozenError, Resolution
from rewards.store import holds as store

# Of so many draws some may be frozen while what they are of is settled.
_TRIES: Final = 10


async def end_holds(
    conn: AsyncConnection,
    resolutions: Mapping[int, Resolution],
    *,
    next_id: Callable[[], int],
    now: datetime,
) -> list[int]:
    """Post or void what scans hold, by scan_id; tells which had not ended before.

    Where a draw is frozen meanwhile, it begins anew, and its tickets are too late.
    """
    for _ in range(_TRIES):
        try:
            async with conn.begin_nested():
                return await store.end_holds(
                    conn, resolutions, next_id=next_id, now=now
                )
        except DrawFrozenError:
            continue
    raise DrawFrozenError
