"""The bytes of a package on their way: made in threads, noted however they end."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Staff
from core.clock import Clock, utc_datetime
from printer_export.domain.packages.byte_range import ByteRange
from printer_export.files.package_content import PackageContent, PackagePart
from printer_export.pipeline.packages.downloads import (
    DownloadPart,
    content_of,
    find_open_package,
    grant_part,
)
from printer_export.pipeline.packages.orders import Packaging
from printer_export.store.packages import downloads as store

log = structlog.get_logger(logger_name=__name__)

# Threads of their own: making content for hours keeps nobody else's work waiting.
_MAKING: Final = ThreadPoolExecutor(4, "package")
_notes: set[asyncio.Task[None]] = set()


@dataclass(frozen=True, slots=True)
class PackageStream:
    """Bytes that were granted: how many, and piece by piece, for a task to send."""

    size: int
    pieces: AsyncIterator[bytes]


async def find_content(
    engine: AsyncEngine,
    clock: Clock,
    packaging: Packaging,
    package_id: int,
    staff: Staff,
) -> PackageContent:
    """Tell all of a content but its bytes; raises Forbidden when it is not given out.

    It is computed apart from any transaction: the row is not held meanwhile.
    """
    async with engine.connect() as conn:
        record = await find_open_package(
            conn, package_id, staff, now=utc_datetime(clock.now_ms())
        )
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_MAKING, content_of, record, packaging)


async def open_stream(
    engine: AsyncEngine,
    clock: Clock,
    content: PackageContent,
    wanted: ByteRange | None,
    staff: Staff,
    *,
    address: str | None,
) -> PackageStream:
    """Open all of a content, or a part; raises Forbidden when there is none left.

    It counts in a transaction of its own, before the first byte.
    """
    async with engine.begin() as conn:
        part = await grant_part(
            conn,
            content,
            wanted,
            staff,
            address=address,
            now=utc_datetime(clock.now_ms()),
        )
    return PackageStream(
        part.wanted.size, _noting_what_was_taken(engine, clock, content, part)
    )


async def _noting_what_was_taken(
    engine: AsyncEngine, clock: Clock, content: PackageContent, part: DownloadPart
) -> AsyncIterator[bytes]:
    """Make each piece in a thread; note what was taken when it ends, however it ends.

    A piece counts before it is sent: whoever cuts has had it, perhaps. The end is noted
    before the last byte, so that whoever has all of them finds it noted.
    """
    making = PackagePart(content, part.wanted.start, part.wanted.end)
    pieces, sent = making.pieces(), 0
    loop = asyncio.get_running_loop()
    note: asyncio.Task[None] | None = None

    def begin_to_note() -> asyncio.Task[None]:
        # The request may be cancelled; this goes on without it.
        task = loop.create_task(_note(engine, clock, part, making, sent))
        _notes.add(task)
        task.add_done_callback(_notes.discard)
        return task

    def end(_task: object) -> None:
        making.leave()
        if note is None:
            begin_to_note()

    # Not in a `finally` here: of a request that failed nobody closes this iterator, and
    # it would end when garbage is collected.
    task = asyncio.current_task()
    assert task is not None, "a stream is sent by a task"
    task.add_done_callback(end)
    while piece := await loop.run_in_executor(_MAKING, next, pieces, b""):
        sent += len(piece)
        if sent < part.wanted.size:
            yield piece
            continue
        yield piece[:-1]
        note = begin_to_note()
        await asyncio.shield(note)
        yield piece[-1:]


async def _note(
    engine: AsyncEngine,
    clock: Clock,
    part: DownloadPart,
    making: PackagePart,
    sent: int,
) -> None:
    start = part.wanted.start
    try:
        async with engine.begin() as conn:
            await store.note_part(
                conn,
                part.download_id,
                ByteRange(start, start + sent),
                unsent=part.wanted.size - sent,
                sha256=making.sha256,
                now=utc_datetime(clock.now_ms()),
            )
    except Exception as fault:  # noqa: BLE001 - the download has ended, noted or not
        log.warning("download_not_noted", cause=fault)
