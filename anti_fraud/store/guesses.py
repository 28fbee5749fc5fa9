"""The SQL of wrong guesses: reports of how many came, with samples."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t


async def report_invalid(
    conn: AsyncConnection,
    *,
    seen: int,
    throttled: int,
    samples: Sequence[dict[str, Any]],
    now: datetime,
) -> None:
    """Write down how many invalid codes came since the last report, with samples."""
    await conn.execute(
        insert(t.invalid_reports).values(
            at=now, seen=seen, throttled=throttled, samples=list(samples)
        )
    )
