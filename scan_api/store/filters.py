"""The `claimed` and `void` filters in Redis: shortcuts that can be lost at any moment.

A segment is 2^20 serials. `claimed` is an exact bitmap, one bit a serial, with one
more bit behind it that says the segment is ready. `void` is a split-block Bloom filter
of the codes that were voided one by one.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from codegen.domain.keys import EpochKeys
from codegen.domain.ranges import SEGMENT_BITS, SERIAL_BITS
from codegen.domain.sealing import seal_hashes
from codegen.store import load_void_codes
from core.bloom import build_filter, pack_bitmap
from core.redis import RedisClient

SEGMENT_SERIALS = 1 << SEGMENT_BITS
READY_BIT = SEGMENT_SERIALS
_BITMAP_BYTES = SEGMENT_SERIALS // 8
_OFFSET_MASK = SEGMENT_SERIALS - 1
# 128 KiB a segment that has voids: no false "maybe" worth mention up to 100,000 voids.
VOID_BLOCKS = 4096


def claimed_key(segment: int) -> bytes:
    """Name the bitmap of a segment."""
    return b"claimed:{s%x}" % segment


def void_key(segment: int) -> bytes:
    """Name the Bloom filter of a segment."""
    return b"void:{s%x}" % segment


def claimed_offset(code_id: int) -> int:
    """Tell a code's bit within its segment."""
    return code_id & _OFFSET_MASK


def _bitmap_of(offsets: bytes) -> bytes:
    claimed = np.frombuffer(offsets, ">i4").astype(np.uint32)
    return pack_bitmap(claimed, bits=SEGMENT_SERIALS)


@dataclass(frozen=True, slots=True)
class FilterBuilder:
    """Restores segments of both filters from PostgreSQL."""

    engine: AsyncEngine
    redis: RedisClient

    async def rebuild(
        self,
        keys: EpochKeys,
        segments: Sequence[int],
        progress: Callable[[int], None] = lambda _: None,
    ) -> int:
        """Restore segments, one after the other; returns how many. Raises RedisAway."""
        for segment in segments:
            await self.rebuild_claimed(segment)
            await self.rebuild_void(keys, segment)
            progress(1)
        return len(segments)

    async def rebuild_claimed(self, segment: int) -> None:
        """Replace a bitmap by what PostgreSQL says, and lose no bit set meanwhile.

        First it is emptied and not ready, so that it reads "maybe" and claims from now
        on set their bits; wrong ones are gone. Only then are the claims read: what was
        committed before stands among them, and what is committed later sets its bit
        after. Two workers at it at once may unset a bit for a moment, which reads "no"
        and costs PostgreSQL an answer; the later one's claims hold it again.
        """
        key, first = claimed_key(segment), segment << SEGMENT_BITS
        # A zero byte behind the bitmap says that it is not ready.
        await self.redis.call(b"SET", key, bytes(_BITMAP_BYTES + 1))
        offsets = await self._read_claims(first)
        # Off the event loop, which has scans to answer.
        bitmap = await asyncio.to_thread(_bitmap_of, offsets)
        snapshot = b"snapshot:{s%x}" % segment
        await self.redis.call(b"SET", snapshot, bitmap + b"\x80", b"EX", b"60")
        await self.redis.call(b"BITOP", b"OR", key, key, snapshot)
        await self.redis.call(b"DEL", snapshot)

    async def _read_claims(self, first: int) -> bytes:
        """Read a segment's claims as one value: a big-endian int4 an offset.

        A row a claim would cost a Python object each, and a message: measured, a ninth
        of the speed.
        """
        async with self.engine.connect() as conn:
            found = await conn.execute(
                text(
                    "SELECT string_agg(int4send(CAST(code_id & :mask AS int)), '')"
                    " FROM claims WHERE shard = 0 AND code_id BETWEEN :first AND :last"
                ),
                {"mask": _OFFSET_MASK, "first": first, "last": first + _OFFSET_MASK},
            )
            return bytes(found.scalar_one() or b"")

    async def rebuild_void(self, keys: EpochKeys, segment: int) -> None:
        """Restore the Bloom filter of a segment's single voids."""
        first = segment << SEGMENT_BITS
        async with self.engine.connect() as conn:
            code_ids = await load_void_codes(conn, (first, first + _OFFSET_MASK))
        if not code_ids:
            await self.redis.call(b"DEL", void_key(segment))
            return
        serials = np.array(code_ids, np.uint64) & np.uint64((1 << SERIAL_BITS) - 1)
        hashes = seal_hashes(keys, first >> SERIAL_BITS, serials)
        await self.redis.call(
            b"SET", void_key(segment), build_filter(hashes, block_count=VOID_BLOCKS)
        )
