"""Coupons' numbers, which no coupon ever shares, and the codes that they are.

Numbers are taken in blocks: from PostgreSQL and, since a restored database has
forgotten some, from a mark that is kept outside of it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.errors import Conflict
from core.fence import share_fence
from rewards.domain.messages import message
from rewards.store.coupons.numbers import load_next_no, set_next_no

BLOCK: Final = 16_384


class Mark(Protocol):
    """The next number of an epoch as it is known outside of PostgreSQL."""

    def current(self) -> int:
        """Read the next number that may be taken."""
        ...

    def raise_to(self, number: int) -> None:
        """Record, durably, that numbers below this one are taken."""
        ...


@dataclass(frozen=True, slots=True)
class EpochNumbers:
    """The numbers that one epoch of the keys has for coupons."""

    epoch: int
    first: int
    after: int


@dataclass(frozen=True, slots=True)
class CouponCodes:
    """How numbers and codes become each other; the shell, which has keys, hands it in.

    `read` gives the code in a text that was scanned or typed, None where there is none;
    `open` the number of one that is genuine. `lock_epoch` tells in which epoch coupons
    are issued, locked until the transaction ends; `raising` locks the mark of an epoch.
    """

    read: Callable[[str], str | None]
    open: Callable[[str], int | None]
    seal: Callable[[Sequence[int]], list[str]]
    lock_epoch: Callable[[AsyncConnection], Awaitable[EpochNumbers]]
    raising: Callable[[int], AbstractContextManager[Mark]]


@dataclass(slots=True)
class CouponNumbers:
    """The numbers that a worker has taken and not yet given to coupons."""

    engine: AsyncEngine
    codes: CouponCodes
    _block: range = range(0)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self, count: int) -> list[int]:
        """Take numbers for coupons; raises Conflict when the epoch has none left."""
        async with self._lock:
            taken = list(self._block[:count])
            self._block = self._block[count:]
            while len(taken) < count:
                block = await self._take_block()
                missing = count - len(taken)
                taken += block[:missing]
                self._block = block[missing:]
            return taken

    async def _take_block(self) -> range:
        async with self.engine.begin() as conn:
            # A rotation of the key ends before us, or waits: in the midst of one, no
            # epoch is open.
            await share_fence(conn)
            # The epoch's row is locked before its mark: who waits for the row lets the
            # loop go on, and who waited for the mark, a lock on a file, would stop the
            # very task of this worker that holds it.
            epoch = await self.codes.lock_epoch(conn)
            known = await load_next_no(conn, epoch.epoch)
            with self.codes.raising(epoch.epoch) as mark:
                first = max(mark.current(), known, epoch.first)
                after = min(first + BLOCK, epoch.after)
                if after <= first:
                    raise Conflict(
                        message("coupons_of_epoch_used_up", epoch=epoch.epoch),
                        code="epoch_exhausted",
                    )
                await set_next_no(conn, epoch.epoch, after)
                # Before it is committed: numbers may be lost, and never come twice.
                mark.raise_to(after)
        return range(first, after)
