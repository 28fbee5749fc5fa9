"""Write a file of codes: sealed, formatted, hashed and stored as a stream."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from typing import Final

import numpy as np

from codegen.domain import MAX_SERIAL, EpochKeys, seal_into
from codegen.domain.symbols import CODE_SYMBOLS
from core.messages import Message
from printer_export.domain.messages import message
from printer_export.domain.packages.rows import (
    Octets,
    Preset,
    RowLayout,
    blank_rows,
    fill_rows,
    row_layout,
)

# Two blocks of rows are in memory at a time, about 2 MB each: one is filled while
# a thread hashes and writes the other, without the interpreter lock.
BLOCK_ROWS: Final = 32768
_BLOCKS: Final = 2
# What was written goes to the disk in stretches of this length, while the next one
# is made, and then leaves the page cache: seven gigabytes written at full speed
# must not push out what the database beside us has cached.
FLUSH_BYTES: Final = 32 << 20
_NO_ROOM: Final = frozenset({ENOSPC, EDQUOT, EFBIG})


class ExportWriteError(Exception):
    """The file could not be written; nothing is left behind."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A finished file: complete, on the disk, under its own name."""

    path: Path
    rows: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class _Codes:
    """Which codes go into the file, in which order."""

    keys: EpochKeys
    epoch: int
    first_serial: int
    count: int
    first_index: int


class _HashedFile:
    """An unbuffered file that hashes what is written to it, and flushes as it goes.

    One thread at a time may write; flushing has a thread of its own.
    """

    def __init__(self, descriptor: int, flusher: Executor) -> None:
        self._descriptor = descriptor
        self._flusher = flusher
        self._flush: Future[None] | None = None
        self._flushed = 0
        self._written = 0
        self._sha256 = hashlib.sha256()

    def write(self, content: memoryview | bytes) -> None:
        """Write all of it; the operating system may take a part at a time."""
        self._sha256.update(content)
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self._written += len(content)
        if self._written - self._flushed >= FLUSH_BYTES:
            self._start_flush()

    def finish(self) -> str:
        """Wait until all of it is on the disk; returns its SHA-256 in hex."""
        if self._flush is not None:
            self._flush.result()
        os.fsync(self._descriptor)
        return self._sha256.hexdigest()

    def _start_flush(self) -> None:
        if self._flush is not None:
            self._flush.result()
        start, self._flushed = self._flushed, self._written
        length = self._flushed - start
        self._flush = self._flusher.submit(
            _flush_stretch, self._descriptor, start, length
        )


def _flush_stretch(descriptor: int, start: int, length: int) -> None:
    os.fdatasync(descriptor)
    os.posix_fadvise(descriptor, start, length, os.POSIX_FADV_DONTNEED)


def write_export(
    path: Path,
    *,
    preset: Preset,
    keys: EpochKeys,
    epoch: int,
    first_serial: int,
    count: int,
    first_index: int,
    link_prefix: bytes,
    progress: Callable[[int], None],
) -> WrittenFile:
    """Write `count` codes from `first_serial` on to `path`, or nothing at all.

    The file grows under a temporary name beside it, readable by its owner only
    (codes are bearer secrets), reaches the disk and then takes its name in one step,
    replacing a file of that name. `progress` hears the rows written so far, on the
    caller's thread. Memory does not grow with `count`. Raises ValueError for a range
    that does not exist, and ExportWriteError when the disk is full or refuses.
    """
    if count < 1 or first_serial < 0 or first_serial + count - 1 > MAX_SERIAL:
        raise ValueError(f"There are no {count} serials from {first_serial} on.")
    layout = row_layout(preset, link_prefix)
    codes = _Codes(keys, epoch, first_serial, count, first_index)
    try:
        _require_room(path.parent, layout.file_bytes(count))
        digest = _write_beside(path, layout, codes, progress)
    except OSError as error:
        raise ExportWriteError(_explain(path, layout, count, error)) from error
    return WrittenFile(
        path=path, rows=count, size_bytes=layout.file_bytes(count), sha256=digest
    )


def _write_beside(
    path: Path, layout: RowLayout, codes: _Codes, progress: Callable[[int], None]
) -> str:
    """Write under a temporary name, then rename; returns the SHA-256 in hex."""
    descriptor, temporary = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.name}.", suffix=".part"
    )
    try:
        try:
            with ThreadPoolExecutor(1, thread_name_prefix="export-flush") as flusher:
                file = _HashedFile(descriptor, flusher)
                _write_rows(file, layout, codes, progress)
                digest = file.finish()
        finally:
            os.close(descriptor)
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
    try:
        _sync_directory(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return digest


def _write_rows(
    file: _HashedFile,
    layout: RowLayout,
    codes: _Codes,
    progress: Callable[[int], None],
) -> None:
    """Fill one block of rows while the other one is hashed and written."""
    file.write(layout.header)
    written = 0
    with ThreadPoolExecutor(1, thread_name_prefix="export-write") as writer:
        pending: Future[None] | None = None
        pending_rows = 0
        for rows in _row_blocks(layout, codes):
            if pending is not None:
                pending.result()
                written += pending_rows
                progress(written)
            pending = writer.submit(file.write, rows.reshape(-1).data)
            pending_rows = len(rows)
        assert pending is not None
        pending.result()
    progress(written + pending_rows)


def _row_blocks(layout: RowLayout, codes: _Codes) -> Iterator[Octets]:
    """Yield blocks of rows; a block's memory is used again two blocks later."""
    size = min(codes.count, BLOCK_ROWS)
    blocks = [blank_rows(layout, size) for _ in range(_BLOCKS)]
    code_texts = np.empty((size, CODE_SYMBOLS), dtype=np.uint8)
    for number, start in enumerate(range(0, codes.count, size)):
        count = min(size, codes.count - start)
        first_serial = codes.first_serial + start
        serials = np.arange(first_serial, first_serial + count, dtype=np.uint64)
        seal_into(codes.keys, codes.epoch, serials, code_texts[:count])
        rows = blocks[number % _BLOCKS][:count]
        fill_rows(layout, rows, code_texts[:count], codes.first_index + start)
        yield rows


def _require_room(directory: Path, size_bytes: int) -> None:
    """Refuse a file that cannot fit before a minute is spent on it."""
    disk = os.statvfs(directory)
    if disk.f_bavail * disk.f_frsize < size_bytes:
        raise OSError(ENOSPC, os.strerror(ENOSPC))


def _sync_directory(directory: Path) -> None:
    """Make the new name last through a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explain(path: Path, layout: RowLayout, count: int, error: OSError) -> Message:
    if error.errno in _NO_ROOM:
        size = layout.file_bytes(count)
        return message("no_room_to_write", path=str(path), rows=count, size=size)
    return message("not_written", path=str(path), why=str(error.strerror))
