"""A simulated printer: one port, a buffer, a head that prints at a speed, faults.

It takes one connection at a time; the next one waits until that has ended. While its
buffer is full it reads nothing. All its time is the event loop's.
"""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from core.errors import Conflict, InvalidInput
from feeder.simulators.coder import CoderDialect
from feeder.simulators.dialect import Condition, Dialect, Query
from feeder.simulators.faults import Fault, FaultKind
from feeder.simulators.paper import Roll, Sheet
from feeder.simulators.tspl import TsplDialect
from feeder.simulators.zpl import ZplDialect

DIALECTS: Final[Mapping[str, Callable[[], Dialect]]] = {
    "zpl": ZplDialect,
    "tspl": TsplDialect,
    "template": CoderDialect,
}
_READ_BYTES: Final = 4096
# Faster printers print several products a wake-up.
_SHORTEST_WAIT_S: Final = 0.002


@dataclass(frozen=True, slots=True)
class Make:
    """What a printer is like: products a second, and codes that its buffer holds."""

    speed: float = 100.0
    buffer: int = 200

    def __post_init__(self) -> None:
        if not self.speed > 0 or self.buffer < 1:
            raise InvalidInput(
                "A printer prints more than 0 codes a second, and its buffer holds at "
                "least one."
            )


class SimulatedPrinter:
    """Prints what it is told on its roll, until something goes wrong."""

    def __init__(
        self,
        dialect: Dialect,
        roll: Roll,
        make: Make | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        self.make = make or Make()
        self.received = 0
        self.printed = 0
        self._dialect = dialect
        self._roll = roll
        halves = [f for f in faults if f.kind is FaultKind.HALF_FRAME]
        others = [f for f in faults if f.kind is not FaultKind.HALF_FRAME]
        self._cuts = deque(sorted(f.at for f in halves))
        self._faults = deque(sorted(others, key=lambda fault: fault.at))
        self._buffer: deque[Sheet] = deque()
        self._last: Sheet | None = None
        self._half = b""
        self._writer: asyncio.StreamWriter | None = None
        self._turn = asyncio.Lock()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._full_until_s = self._silent_until_s = self._off_until_s = 0.0
        self._hangs_up_after_status = self._answers_twice = False
        self._late_s = 0.0

    @property
    def waiting(self) -> int:
        """How many codes are received and not on paper."""
        return len(self._buffer)

    @asynccontextmanager
    async def listening(
        self, host: str = "127.0.0.1", port: int = 0
    ) -> AsyncIterator[int]:
        """Print whatever arrives; gives the port. Raises Conflict with a sentence."""
        talks: set[asyncio.Task[None]] = set()

        def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._talk(reader, writer))
            talks.add(task)
            task.add_done_callback(talks.discard)

        try:
            server = await asyncio.start_server(talk, host, port)
        except OSError as error:
            number = error.errno or 0
            why = os.strerror(number).lower() if number > 0 else "no such host"
            raise Conflict(f"Port {port} of {host} cannot be used: {why}.") from error
        tasks = {asyncio.create_task(self._print())}
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in tasks | talks:
                task.cancel()
            await asyncio.gather(*tasks, *talks, return_exceptions=True)

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Talk to one feeder, once it is its turn."""
        try:
            async with self._turn:
                if self._off_until_s <= _now_s():
                    self._writer = writer
                    await self._hear(reader, writer)
                    self._dialect.hang_up()
        finally:
            self._writer = None if self._writer is writer else self._writer
            writer.transport.abort()

    async def _hear(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while content := await reader.read(_READ_BYTES):
                for said in self._dialect.receive(content):
                    if isinstance(said, Query):
                        self._answer()
                    else:
                        await self._take(said, writer)
                    if self._writer is not writer:
                        # What it had not yet looked at is gone.
                        self._dialect.hold(self._half)
                        self._half = b""
                        return

    async def _take(self, sheet: Sheet, writer: asyncio.StreamWriter) -> None:
        """Put a code into the buffer when there is room."""
        while self._is_full() and self._writer is writer:
            self._room.clear()
            await self._room.wait()
        if self._writer is not writer:
            return
        self.received += 1
        if self._cuts and self.received >= self._cuts[0]:
            self._cuts.popleft()
            self._half = sheet.frame[: len(sheet.frame) // 2]
            self._hang_up()
            return
        self._buffer.append(sheet)
        self._arrived.set()

    def _answer(self) -> None:
        """Answer a query, unless there is no media."""
        if self._silent_until_s > _now_s():
            return
        condition = Condition(len(self._buffer), self._is_full(), self._last)
        words = self._dialect.status(condition) * (1 + self._answers_twice)
        if self._late_s and self._writer is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(self._late_s, _write, self._writer, words)
        else:
            self._say(words)
        if self._hangs_up_after_status:
            self._hangs_up_after_status = False
            self._hang_up()

    async def _print(self) -> None:
        """Print what waits, at the speed of the head."""
        free_s = _now_s()
        while True:
            still_s = self._stands_still_s()
            if still_s > 0:
                await asyncio.sleep(still_s)
                self._room.set()
            elif not self._buffer:
                self._arrived.clear()
                await self._arrived.wait()
                free_s = max(free_s, _now_s())
            elif (wait_s := free_s + 1 / self.make.speed - _now_s()) > 0:
                await asyncio.sleep(max(wait_s, _SHORTEST_WAIT_S))
            else:
                free_s += 1 / self.make.speed
                self._print_one()

    def _stands_still_s(self) -> float:
        until_s = max(self._full_until_s, self._silent_until_s, self._off_until_s)
        return until_s - _now_s()

    def _print_one(self) -> None:
        """Print the next product, and fail as ordered."""
        sheet = self._buffer.popleft()
        self._last = sheet
        self._roll.put(sheet)
        self.printed += 1
        self._room.set()
        after: list[Fault] = []
        while self._faults and self.printed >= self._faults[0].at:
            fault = self._faults.popleft()
            if fault.kind is FaultKind.DROP_AFTER:
                after.append(fault)
            else:
                self._fail(fault)
        told = self._dialect.acknowledge(sheet)
        self._say(told)
        if after and told:
            self._hang_up()
        elif after:
            self._hangs_up_after_status = True

    def _fail(self, fault: Fault) -> None:
        until_s = _now_s() + fault.seconds
        match fault.kind:
            case FaultKind.DROP_BEFORE:
                self._hang_up()
            case FaultKind.FULL:
                self._full_until_s = until_s
            case FaultKind.SILENCE:
                self._silent_until_s = until_s
            case FaultKind.RESTART_LOSES:
                self._off_until_s = until_s
                self._buffer.clear()
                self._last = None
                self._switch_off()
            case FaultKind.RESTART_KEEPS:
                self._off_until_s = until_s
                self._switch_off()
            case FaultKind.LATE:
                self._late_s = fault.seconds
            case FaultKind.TWICE:
                self._answers_twice = True

    def _switch_off(self) -> None:
        """Hang up, and forget what was half received."""
        self._dialect.hold(b"")
        self._hang_up()

    def _is_full(self) -> bool:
        return len(self._buffer) >= self.make.buffer or self._full_until_s > _now_s()

    def _say(self, words: bytes) -> None:
        if self._writer is not None and words:
            _write(self._writer, words)

    def _hang_up(self) -> None:
        """Close the connection once what was said has left."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._room.set()


def _write(writer: asyncio.StreamWriter, words: bytes) -> None:
    if not writer.is_closing():
        writer.write(words)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
