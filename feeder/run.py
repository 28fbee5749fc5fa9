"""Feeds one printer: never a code twice, and none lost from the count."""

import asyncio
import os
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from core.clock import elapsed_s
from core.errors import Conflict
from feeder.codes import Code, Rows, subtract_spans
from feeder.connection import Connection
from feeder.drivers import Printer
from feeder.journal import Journal, Settled
from feeder.limits import Marks, Timing
from feeder.printer_replies import Printed, Readiness, Refused, Status
from feeder.run_state import End, Outcome, RunState
from feeder.speed import Speed
from feeder.store import DiskFullError
from feeder.window import Window, reconcile

P = ParamSpec("P")
R = TypeVar("R")

_BLOCK: Final = 1024
_SLOWEST_POLL_S: Final = 0.5
_FASTEST_POLL_S: Final = 0.02
_POLLS_A_REFILL: Final = 4
# Late answers come as far apart as their queries were, give or take.
_LATE_ANSWERS: Final = 2
_FIRST_BACKOFF_S: Final = 0.1
_LONGEST_BACKOFF_S: Final = 5.0


class Feeder:
    """Feeds the codes of a journal's selection to one printer.

    Files are read and written on a thread of its own; several feeders share a loop.
    """

    def __init__(
        self,
        reader: Rows,
        printer: Printer,
        journal: Journal,
        marks: Marks | None = None,
        *,
        timing: Timing | None = None,
        clock: Callable[[], float] = elapsed_s,
    ) -> None:
        self._rows = reader
        self._printer = printer
        self._driver = printer.driver
        self._journal = journal
        self._marks = marks or Marks()
        self._timing = timing or Timing()
        self._clock = clock
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="feeder")
        self._stop_at_s: float | None = None
        self._ahead: deque[Code] = deque()
        self._pending: list[Settled] = []
        self._flushed_s = clock()
        self._speed = Speed()
        self._readiness = Readiness.SILENT
        self._detail = "connecting"
        self._faults = 0
        self._renew()

    def _renew(self) -> None:
        """Forget what belonged to the last connection."""
        self._window = self._empty_window()
        self._asked_s: float | None = None
        self._next_query_s = 0.0
        self._met = False

    def _empty_window(self) -> Window:
        return Window(
            infers_from_waiting=self._driver.infers_from_waiting,
            prints_in_order=self._driver.prints_in_order,
        )

    def stop(self) -> None:
        """Send nothing new, wait a bounded time for answers; again: do not wait."""
        now = self._clock()
        again = self._stop_at_s is not None
        self._stop_at_s = now if again else now + self._timing.drain_s
        self._wake.set()

    def state(self) -> RunState:
        """Tell how things stand."""
        now, stop_at_s = self._clock(), self._stop_at_s
        return RunState(
            counts=self._journal.counts(),
            buffered=len(self._window),
            codes_per_s=self._speed.per_s(now),
            readiness=self._readiness,
            detail=self._detail,
            faults=self._faults,
            ends_in_s=None if stop_at_s is None else max(stop_at_s - now, 0.0),
        )

    async def run(self) -> Outcome:
        """Feed until all is printed, somebody stops it, or the printer stays away.

        Raises Conflict when the journal cannot be written, and InvalidInput for a
        code that the printer's language cannot say; nothing of it was sent.
        """
        try:
            if not self._driver.remembers_indexes:
                await self._off_loop(
                    self._journal.settle_doubt, "an earlier run ended before its answer"
                )
            end, detail = await self._feed()
            await self._flush()
            return Outcome(end, detail, self._journal.counts())
        except DiskFullError:
            raise Conflict(
                f"There is no room on the disk for the journal {self._journal.path}; "
                "nothing more was sent. Make room and run again."
            ) from None
        except sqlite3.Error as error:
            raise Conflict(
                f"The journal {self._journal.path} cannot be written: {error}; "
                "nothing more was sent."
            ) from error
        finally:
            self._thread.shutdown()

    async def _feed(self) -> tuple[End, str]:
        """Connect, pump, and connect again after a loss."""
        met_at_s = self._clock()
        patience_s = self._timing.connect_s
        backoff_s = _FIRST_BACKOFF_S
        while True:
            line = await self._connect()
            if line is not None:
                try:
                    end = await self._pump(line)
                finally:
                    met = self._met
                    await self._leave(line)
                if end is not None:
                    return end, self._detail
                self._away(f"connection lost: {line.lost}")
                if met:
                    met_at_s, backoff_s = self._clock(), _FIRST_BACKOFF_S
                    patience_s = self._timing.give_up_s
            if self._clock() - met_at_s >= patience_s:
                return End.GAVE_UP, self._detail
            if await self._pause(backoff_s):
                return End.STOPPED, "stopped while the printer was away"
            backoff_s = min(2 * backoff_s, _LONGEST_BACKOFF_S)

    async def _connect(self) -> Connection | None:
        try:
            return await Connection.open(
                self._printer, self._wake, self._clock, self._timing.connect_s
            )
        except TimeoutError:
            self._away("no answer to the connection")
        except OSError as error:
            number = error.errno or 0
            why = os.strerror(number).lower() if number > 0 else "no such host"
            self._away(f"cannot connect: {why}")
        return None

    async def _pump(self, line: Connection) -> End | None:
        """Keep the printer between its marks; None when the connection is lost."""
        self._window.send(await self._off_loop(self._doubted))
        if not self._driver.query():
            await self._meet(line, Status(Readiness.READY))
            self._note(Status(Readiness.READY))
        while True:
            for answer in line.take_answers():
                await self._hear(line, answer)
            if line.lost is not None:
                return None
            if (end := self._ended()) is not None:
                return end
            if self._may_send():
                await self._send(line)
            self._ask_if_due(line)
            if self._pending and self._clock() - self._flushed_s > self._timing.flush_s:
                await self._flush()
            await self._sleep(line)

    def _ended(self) -> End | None:
        if self._met and not self._window and not self._journal.counts().remaining:
            return End.FINISHED
        if self._stop_at_s is None:
            return None
        over = not self._window or self._clock() >= self._stop_at_s
        return End.STOPPED if over else None

    def _may_send(self) -> bool:
        return (
            self._met
            and self._readiness is Readiness.READY
            and self._stop_at_s is None
            and len(self._window) <= self._marks.low
            and self._journal.counts().remaining > 0
        )

    async def _send(self, line: Connection) -> None:
        """Write `sent` durably, then the codes: in this order, whatever happens."""
        codes = await self._take(self._marks.high - len(self._window))
        content = line.frames(codes)
        pending, self._pending = self._pending, []
        await self._record(codes[-1].position + 1, pending)
        self._window.send(codes)
        self._speed.begin(self._clock())
        line.write(content)
        if not self._window.is_owed:
            soon_s = self._clock() + _FASTEST_POLL_S
            self._next_query_s = min(self._next_query_s, soon_s)

    async def _take(self, count: int) -> list[Code]:
        """Take the next codes, which are read some blocks ahead of the journal."""
        while len(self._ahead) < count:
            start = (
                self._ahead[-1].position + 1
                if self._ahead
                else self._journal.sent_until
            )
            done = [(0, start - 1)] if start else []
            rest = subtract_spans(self._journal.selection, done)
            if not rest:
                break
            first, last = rest[0]
            read = await self._off_loop(
                self._rows.read, first, min(_BLOCK, last - first + 1)
            )
            self._ahead.extend(read)
        return [self._ahead.popleft() for _ in range(min(count, len(self._ahead)))]

    async def _hear(self, line: Connection, answer: Printed | Refused | Status) -> None:
        if isinstance(answer, Status):
            self._asked_s = None
            if not self._met:
                await self._meet(line, answer)
            self._note(answer)
        self._keep(self._window.hear(answer, self._clock()))
        if isinstance(answer, Status) and self._window.is_owed:
            # After a silence: hear first what is late, or it answers the next query.
            late_s = _LATE_ANSWERS * self._timing.answer_s
            self._next_query_s = self._clock() + late_s
        elif isinstance(answer, Status) and self._stands_idle(answer):
            soon_s = self._clock() + _FASTEST_POLL_S
            self._next_query_s = min(self._next_query_s, soon_s)

    def _stands_idle(self, status: Status) -> bool:
        """Whether the printer has nothing to print until another answer agrees."""
        idle = status.waiting == 0 and self._driver.infers_from_waiting
        return idle and len(self._window) > 0

    async def _meet(self, line: Connection, status: Status) -> None:
        """Settle what is in doubt by a connection's first status."""
        if status.half_frame:
            line.write(self._driver.end_half_frame())
        if self._journal.counts().in_doubt:
            await self._flush()
            settled, kept = await self._off_loop(self._reconcile, status)
            self._keep(settled)
            await self._flush()
            self._window.replace(kept)
        self._met = True

    def _reconcile(self, status: Status) -> tuple[list[Settled], list[Code]]:
        plan = self._rows.plan
        settled, kept = reconcile(
            self._journal,
            plan,
            status,
            prints_in_order=self._driver.prints_in_order,
        )
        return settled, [Code(p, plan.index_at(p), "") for p in kept]

    def _doubted(self) -> list[Code]:
        """List what an earlier connection left open: its answers may still come."""
        plan = self._rows.plan
        return [
            Code(position, plan.index_at(position), "")
            for first, last in self._journal.in_doubt()
            for position in range(first, last + 1)
        ]

    def _keep(self, settled: list[Settled]) -> None:
        self._pending += settled
        count = sum(run.last - run.first + 1 for run in settled)
        if count:
            self._speed.add(count, self._clock())

    def _note(self, status: Status) -> None:
        if status.readiness is Readiness.FAULT is not self._readiness:
            self._faults += 1
        self._readiness = status.readiness
        self._detail = status.detail

    def _away(self, detail: str) -> None:
        if self._readiness is not Readiness.SILENT:
            self._faults += 1
        self._readiness = Readiness.SILENT
        self._detail = detail

    def _ask_if_due(self, line: Connection) -> None:
        """Ask for the status, and notice when there is no answer."""
        query = self._driver.query()
        now = self._clock()
        if not query:
            return
        if self._asked_s is not None:
            if now - self._asked_s < self._timing.answer_s:
                return
            self._away("no answer: media, ribbon or head?")
            if now - line.heard_at_s > self._timing.patience_s:
                line.lost = "no answer for too long"
                return
            self._window.ask_again()
        elif now < self._next_query_s:
            return
        else:
            self._window.ask()
        line.write(query)
        self._asked_s = now
        self._next_query_s = now + self._poll_s(now)

    def _poll_s(self, now: float) -> float:
        """Ask a few times a refill while codes are out, else to keep alive."""
        if not self._window and self._readiness is Readiness.READY:
            return self._timing.keep_alive_s
        if self._readiness is not Readiness.READY:
            return _SLOWEST_POLL_S
        surplus = max(len(self._window) - self._marks.low, 1)
        rate = max(self._speed.per_s(now), 1.0)
        wait = surplus / rate / _POLLS_A_REFILL
        return min(max(wait, _FASTEST_POLL_S), _SLOWEST_POLL_S)

    async def _sleep(self, line: Connection) -> None:
        """Wait for an answer, a stop, or what is due next."""
        if self._may_send():
            await asyncio.sleep(0)
            return
        due = [self._flushed_s + self._timing.flush_s] if self._pending else []
        if self._asked_s is not None:
            due.append(self._asked_s + self._timing.answer_s)
        elif self._driver.query():
            due.append(self._next_query_s)
        if self._stop_at_s is not None:
            due.append(self._stop_at_s)
        wait = max(min(due, default=self._clock() + 1.0) - self._clock(), 0.001)
        if line.lost is None:
            await self._wait_for_wake(wait)

    async def _pause(self, seconds: float) -> bool:
        """Wait between two tries to connect; tells whether somebody stopped it."""
        until = self._clock() + seconds
        while self._stop_at_s is None and (left := until - self._clock()) > 0:
            await self._wait_for_wake(left)
        return self._stop_at_s is not None

    async def _wait_for_wake(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    async def _leave(self, line: Connection) -> None:
        """Hang up; what a printer will not remember is indeterminate from now on."""
        await line.close()
        for answer in line.take_answers():
            self._keep(self._window.hear(answer, self._clock()))
        if not self._driver.remembers_indexes:
            self._keep(self._window.drop("the connection ended before the answer"))
        self._renew()
        await self._flush()

    async def _flush(self) -> None:
        """Write what was heard."""
        self._flushed_s = self._clock()
        if self._pending:
            pending, self._pending = self._pending, []
            await self._record(self._journal.sent_until, pending)

    async def _record(self, sent_until: int, settled: list[Settled]) -> None:
        await self._off_loop(self._journal.record, sent_until, settled)
        self._flushed_s = self._clock()

    async def _off_loop(
        self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(*args, **kwargs))
