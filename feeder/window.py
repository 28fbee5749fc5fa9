"""The codes that a printer has and has not told about, and what answers say of them."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from feeder.codes import Code, RowPlan, Span, runs_of
from feeder.journal import Journal, Settled, State
from feeder.printer_replies import UNKNOWN, Answer, Printed, Refused, Status

# A laser may take a code out of its buffer well before it says that it is done.
_GONE_AFTER_S: Final = 2.0
_LOST: Final = "the printer no longer has it"
_FORGOTTEN: Final = "the printer cannot tell after a reconnect"


class Window:
    """What was sent over one connection and is not settled.

    Answers come in the order of the queries, but one may be late, or twice. So a
    count is compared with what had been sent at the query before the one it answers,
    and two answers in a row must agree. That is slower, and never says too much.
    """

    def __init__(self, *, infers_from_waiting: bool, prints_in_order: bool) -> None:
        self._infers = infers_from_waiting
        self._in_order = prints_in_order
        self._unsettled: dict[int, int] = {}
        self._positions: dict[int, int] = {}
        self._orders: dict[int, int] = {}
        self._sent = 0
        self._asked: deque[int] = deque()
        self._sent_at_answered = 0
        self._last_bound = 0
        self._empty_since_s: float | None = None

    def __len__(self) -> int:
        return len(self._unsettled)

    def send(self, codes: Iterable[Code]) -> None:
        """Remember codes that are on their way."""
        self._empty_since_s = None
        for code in codes:
            self._unsettled[code.position] = code.index
            self._positions[code.index] = code.position
            self._orders[code.position] = self._sent
            self._sent += 1

    def replace(self, codes: Iterable[Code]) -> None:
        """Remember these codes only; what was asked stays asked."""
        self._unsettled.clear()
        self._positions.clear()
        self._orders.clear()
        self.send(codes)

    @property
    def is_owed(self) -> bool:
        """Whether a query has no answer yet, or never will have."""
        return bool(self._asked)

    def ask(self) -> None:
        """Remember how far sending was when the printer was asked anew.

        What it has not answered by now it never will.
        """
        self._asked.clear()
        self.ask_again()

    def ask_again(self) -> None:
        """Remember it of a query while the answer to another may still come."""
        self._asked.append(self._sent)

    def hear(self, answer: Answer, now_s: float) -> list[Settled]:
        """Settle what an answer settles; answers about other codes say nothing."""
        if isinstance(answer, Printed):
            return self._settle_one(answer.index, State.PRINTED, "")
        if isinstance(answer, Refused):
            return self._settle_one(answer.index, State.REJECTED, answer.reason)
        if answer.last_index is not UNKNOWN and answer.last_index in self._positions:
            printed = self._printed_until(answer.last_index)
            return printed + self._count(answer, now_s)
        return self._count(answer, now_s)

    def drop(self, reason: str) -> list[Settled]:
        """Make all that is left indeterminate."""
        return self._settle(list(self._unsettled), State.INDETERMINATE, reason)

    def _settle_one(self, index: int, state: State, reason: str) -> list[Settled]:
        position = self._positions.get(index)
        return [] if position is None else self._settle([position], state, reason)

    def _printed_until(self, last_index: int) -> list[Settled]:
        if not self._in_order:
            return self._settle_one(last_index, State.PRINTED, "")
        last = self._positions[last_index]
        before = [position for position in self._unsettled if position <= last]
        return self._settle(before, State.PRINTED, "")

    def _count(self, status: Status, now_s: float) -> list[Settled]:
        """Infer from how many codes wait which ones are printed, or are gone."""
        if not self._asked:
            return []  # a copy of an answer
        sent, self._sent_at_answered = self._sent_at_answered, self._asked.popleft()
        if status.waiting is UNKNOWN:
            self._last_bound = 0
            return []
        # A label under the head may have left the count and not be done.
        under_head = 1 if status.waiting else 0
        bound = max(0, sent - status.waiting - under_head)
        agreed = min(bound, self._last_bound)
        self._last_bound = bound
        if self._infers:
            done = [p for p in self._unsettled if self._orders[p] < agreed]
            return self._settle(done, State.PRINTED, "")
        if status.waiting or status.detail:
            self._empty_since_s = None
            return []
        if self._empty_since_s is None:
            self._empty_since_s = now_s
        if now_s - self._empty_since_s >= _GONE_AFTER_S:
            gone = [p for p in self._unsettled if self._orders[p] < agreed]
            return self._settle(gone, State.INDETERMINATE, _LOST)
        return []

    def _settle(self, positions: list[int], state: State, reason: str) -> list[Settled]:
        for position in positions:
            del self._positions[self._unsettled.pop(position)]
            del self._orders[position]
        return [
            Settled(first, last, state, reason) for first, last in runs_of(positions)
        ]


def reconcile(
    journal: Journal, plan: RowPlan, status: Status, *, prints_in_order: bool
) -> tuple[list[Settled], list[int]]:
    """Settle what is in doubt by a printer's own word after a reconnect.

    Returns what is settled, and the positions that still wait in the printer.
    """
    doubt = [p for first, last in journal.in_doubt() for p in range(first, last + 1)]
    last = status.last_index
    known = None if last is UNKNOWN else plan.position_of(last)
    if known is None:
        return _all(doubt, State.INDETERMINATE, _FORGOTTEN), []
    printed = [p for p in doubt if p == known or (prints_in_order and p < known)]
    waiting = 0 if status.waiting is UNKNOWN else status.waiting
    after = _sent_after(journal, known, waiting) if prints_in_order else set()
    kept = [p for p in doubt if p > known and p in after]
    gone = sorted(set(doubt).difference(printed, kept))
    settled = _all(printed, State.PRINTED, "")
    return settled + _all(gone, State.INDETERMINATE, _FORGOTTEN), kept


def _sent_after(journal: Journal, position: int, count: int) -> set[int]:
    """Give the first `count` positions that were sent after one, the refused left out.

    They include what is indeterminate already: it may wait in the printer too.
    """
    found: set[int] = set()
    for first, last in journal.sent_spans():
        start = max(first, position + 1)
        if start > last:
            continue
        refused = _refused(journal, (start, last))
        for candidate in range(start, last + 1):
            if len(found) >= count:
                return found
            if candidate not in refused:
                found.add(candidate)
    return found


def _refused(journal: Journal, span: Span) -> set[int]:
    return {
        p
        for run in journal.settled_within(*span)
        if run.state is State.REJECTED
        for p in range(run.first, run.last + 1)
    }


def _all(positions: list[int], state: State, reason: str) -> list[Settled]:
    return [Settled(a, b, state, reason) for a, b in runs_of(positions)]
