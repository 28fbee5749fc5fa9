"""The `claimed` and `void` filters in Redis: shortcuts that can be lost at any moment.

A segment is 2^20 serials. `claimed` is an exact bitmap, one bit a serial, with one
more bit behind it that says the segment is ready. `void` is a split-block Bloom filter
of the codes that were voided one by one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from codegen.domain.keys import EpochKeys
from codegen.domain.ranges import SEGMENT_BITS, SERIAL_BITS
from codegen.domain.sealing import seal_hashes
from codegen.store import load_void_codes
from core.bloom import build_filter, pack_bitmap
from core.redis import RedisClient
from scan_api.tables import claims

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

    async def missing_segments(self, segments: Iterable[int]) -> list[int]:
        """Tell which segments have no ready bitmap. Raises RedisAway."""
        return [
            segment
            for segment in segments
            if await self.redis.call(
                b"GETBIT", claimed_key(segment), str(READY_BIT).encode()
            )
            != 1
        ]

    async def rebuild_claimed(self, segment: int) -> None:
        """Restore a bitmap without losing a bit that is set meanwhile.

        The segment is created as not ready, so that claims from now on set their bits;
        only then is the snapshot taken, and it is added, never written over them.
        """
        key = claimed_key(segment)
        last = str(_BITMAP_BYTES).encode()
        # A zero byte behind the bitmap creates it as not ready, or unreadies it.
        await self.redis.call(b"SETRANGE", key, last, b"\0")
        first = segment << SEGMENT_BITS
        async with self.engine.connect() as conn:
            rows = await conn.execute(
                select(claims.c.code_id).where(
                    claims.c.code_id.between(first, first + _OFFSET_MASK)
                )
            )
            offsets = np.fromiter(rows.scalars(), np.int64) - first
        bitmap = pack_bitmap(offsets.astype(np.uint32), bits=SEGMENT_SERIALS)
        snapshot = b"snapshot:{s%x}" % segment
        await self.redis.call(b"SET", snapshot, bitmap + b"\x80", b"EX", b"60")
        await self.redis.call(b"BITOP", b"OR", key, key, snapshot)
        await self.redis.call(b"DEL", snapshot)

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
