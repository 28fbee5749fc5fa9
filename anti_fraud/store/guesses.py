"""The SQL of wrong guesses: reports of how many came, with samples."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t


class GuessSample(msgspec.Struct, frozen=True):
    """One of the wrong guesses, for people to look at; its code is masked."""

    at: datetime
    code: str
    channel: str


async def report_invalid(
    conn: AsyncConnection,
    *,
    seen: int,
    throttled: int,
    samples: Sequence[GuessSample],
    now: datetime,
) -> None:
    """Write down how many invalid codes came since the last report, with samples."""
    await conn.execute(
        insert(t.invalid_reports).values(
            at=now,
            seen=seen,
            throttled=throttled,
            samples=msgspec.to_builtins(samples),
        )
    )
