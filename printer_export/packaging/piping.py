"""A library that reads and writes files, put between two streams of bytes."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

_WAITING_CHUNKS: Final = 8
_CHUNK: Final = 1 << 20


class _Left(Exception):  # noqa: N818 - nothing went wrong
    """Whoever read the stream has gone."""


class _Source:
    """The side that the library reads from."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes; none at the end."""
        if size < 0:
            size = _CHUNK
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = chunk
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


class _Sink:
    """The side that the library writes to; waits while nobody takes."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[bytes | BaseException | None] = queue.Queue(
            _WAITING_CHUNKS
        )
        self.left = threading.Event()

    def write(self, content: bytes) -> int:
        """Hand bytes on; raises _Left when nobody reads any more."""
        self.put(bytes(content))
        return len(content)

    def put(self, item: bytes | BaseException | None) -> None:
        """Wait for room, but not for a reader who has gone."""
        while not self.left.is_set():
            try:
                self.waiting.put(item, timeout=0.2)
            except queue.Full:
                continue
            return
        raise _Left

    def flush(self) -> None:
        """Have nothing to flush."""


def pump(
    chunks: Iterator[bytes], work: Callable[[_Source, _Sink], object]
) -> Iterator[bytes]:
    """Yield what `work` writes while it reads `chunks`, in constant memory.

    The work has a thread of its own, which ends when the stream is closed early.
    """
    sink = _Sink()

    def run() -> None:
        try:
            work(_Source(chunks), sink)
            sink.put(None)
        except _Left:
            return
        except BaseException as fault:  # noqa: BLE001 - raised again where it is read
            with suppress(_Left):
                sink.put(fault)

    thread = threading.Thread(target=run, name="package-pump", daemon=True)
    thread.start()
    try:
        while (item := sink.waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        sink.left.set()
        thread.join()
