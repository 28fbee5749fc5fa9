"""A journal: which codes were sent to a printer, and what became of them.

A code is reserved (in the selection), then sent, then printed, rejected or
indeterminate; that is final. `sent` is on the disk before the first byte of the
code leaves. Codes themselves are never kept: they are bearer secrets.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from core.errors import Conflict, NotFound
from feeder import store
from feeder.codes import (
    RowFile,
    RowPlan,
    Span,
    count_in,
    cut_spans,
    subtract_spans,
)

_SQLITE_LIMIT: Final = 2**62
# Batches have a billion codes at most (codegen.domain.batches).
_LONGEST: Final = 10**9


class State(IntEnum):
    """What became of a code that was sent."""

    PRINTED = 1
    REJECTED = 2
    INDETERMINATE = 3


@dataclass(frozen=True, slots=True)
class Settled:
    """A run of positions whose end is known."""

    first: int
    last: int
    state: State
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a journal belongs to; it serves nothing else, ever."""

    journal_id: str
    manifest_sha256: str
    package_id: str
    batch_id: str
    package_path: str
    printer: str
    from_index: int
    to_index: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of codes; `in_doubt` were sent and nobody knows yet."""

    sent: int
    printed: int
    rejected: int
    indeterminate: int
    in_doubt: int
    remaining: int


class Journal:
    """An open journal; while it is open no other process can open it.

    Methods block on the disk. Any thread may call them, one at a time.
    """

    def __init__(self, path: Path, conn: sqlite3.Connection) -> None:
        self.path = path
        self._conn = conn
        try:
            bound = store.load_bound(conn)
            self.binding = _binding(bound)
            self.plan = _plan(bound["plan"], self.binding)
            self.selection = store.load_selection(conn)
            self.sent_until = store.load_sent_until(conn)
            found = store.sum_states(conn)
        except (sqlite3.DatabaseError, LookupError, ValueError, TypeError) as error:
            raise damaged(path) from error
        self._total = count_in(self.selection)
        self._sent = count_in(cut_spans(self.selection, self.sent_until))
        self._states = {state: found.get(state, 0) for state in State}

    @classmethod
    def create(
        cls, path: Path, binding: Binding, plan: RowPlan, selection: list[Span]
    ) -> Self:
        """Make a journal; raises Conflict when there is one already."""
        conn = _connect(path)
        try:
            if store.is_journal(conn, path):
                raise Conflict(f"There is a journal {path} already.")  # noqa: TRY301
            bound = {
                name: str(getattr(binding, name)) for name in Binding.__slots__
            } | {"state": "open", "plan": msgspec.json.encode(plan.files).decode()}
            store.make_journal(conn, path, bound, selection)
            return cls(path, conn)
        except BaseException:
            conn.close()
            raise

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a journal; raises NotFound or Conflict with one sentence."""
        if not path.is_file():
            raise NotFound(f"There is no journal {path}.")
        conn = _connect(path)
        try:
            if not store.is_journal(conn, path):
                raise NotFound(f"The journal {path} is empty.")  # noqa: TRY301
            return cls(path, conn)
        except BaseException:
            conn.close()
            raise

    @property
    def is_closed(self) -> bool:
        """Whether it was closed for good."""
        return store.load_bound(self._conn)["state"] == "closed"

    @property
    def hashes_verified(self) -> bool:
        """Whether the data files were compared with the manifest once."""
        return "hashes" in store.load_bound(self._conn)

    def note_hashes(self) -> None:
        """Remember that the data files are those of the manifest."""
        store.set_bound(self._conn, "hashes", "verified")

    def note_package(self, path: Path) -> None:
        """Remember where the package stands, since it may have moved."""
        store.set_bound(self._conn, "package_path", store.path_text(path.resolve()))
        self.binding = _binding(store.load_bound(self._conn))

    def note_closed(self) -> None:
        """Send nothing from this journal any more."""
        store.set_bound(self._conn, "state", "closed")

    def counts(self) -> Counts:
        """Count what was sent and what became of it."""
        settled = sum(self._states.values())
        return Counts(
            sent=self._sent,
            printed=self._states[State.PRINTED],
            rejected=self._states[State.REJECTED],
            indeterminate=self._states[State.INDETERMINATE],
            in_doubt=self._sent - settled,
            remaining=self._total - self._sent,
        )

    def record(self, sent_until: int, settled: Iterable[Settled] = ()) -> None:
        """Write durably that all below `sent_until` may be sent, and what is settled.

        When this returns it is on the disk. Raises store.DiskFullError, and then
        nothing has changed.
        """
        runs = list(settled)
        assert sent_until >= self.sent_until, "what was sent stays sent"
        assert all(run.last < sent_until for run in runs), "only what was sent settles"
        with store.transaction(self._conn):
            if sent_until > self.sent_until:
                store.save_sent_until(self._conn, sent_until)
            for run in runs:
                state = int(run.state)
                store.save_run(self._conn, (run.first, run.last, state, run.reason))
        self.sent_until = sent_until
        self._sent = count_in(cut_spans(self.selection, sent_until))
        for run in runs:
            self._states[run.state] += run.last - run.first + 1

    def in_doubt(self) -> list[Span]:
        """List what was sent and is not settled, in the order of sending."""
        known = (
            (first, last)
            for first, last, _, _ in store.load_runs(self._conn, 0, _SQLITE_LIMIT)
        )
        return subtract_spans(self.sent_spans(), known)

    def sent_spans(self) -> list[Span]:
        """List all that was ever sent, in order."""
        return list(cut_spans(self.selection, self.sent_until))

    def settled_within(self, first: int, last: int) -> Iterator[Settled]:
        """Yield the settled runs that touch a span, cut to it."""
        for start, end, state, reason in store.load_runs(self._conn, first, last):
            yield Settled(max(start, first), min(end, last), State(state), reason)

    def settle_doubt(self, reason: str) -> int:
        """Make what is in doubt indeterminate for good; returns how many."""
        doubt = self.in_doubt()
        if doubt:
            self.record(
                self.sent_until,
                (Settled(a, b, State.INDETERMINATE, reason) for a, b in doubt),
            )
        return count_in(doubt)

    def close(self) -> None:
        """Let go of the file."""
        self._conn.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _connect(path: Path) -> sqlite3.Connection:
    try:
        return store.connect_journal(path)
    except store.DiskFullError:
        raise Conflict(
            f"There is no room on the disk for the journal {path}."
        ) from None
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise Conflict(f"The journal {path} is in use by another run.") from None
        raise Conflict(f"The journal {path} cannot be opened: {error}.") from None
    except sqlite3.DatabaseError:
        raise Conflict(f"{path} is not a journal.") from None


def damaged(path: Path) -> Conflict:
    """Say that a journal cannot be believed."""
    return Conflict(
        f"The journal {path} was damaged. Send nothing from it, report what it may "
        "have printed as wasted, and begin another one for other codes."
    )


def _plan(text: str, binding: Binding) -> RowPlan:
    """Read the files of a package, each with indexes that a batch can have."""
    try:
        files = msgspec.json.decode(text, type=list[RowFile])
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from None
    for file in files:
        ends = (file.first_index, file.first_index + (file.rows - 1) * file.index_step)
        if not file.index_step or file.rows < 0 or min(ends) < 0:
            raise ValueError(f"{file.path} has rows without indexes of their own.")
    if binding.to_index - binding.from_index > _LONGEST or binding.from_index < 0:
        raise ValueError("No batch is so long.")
    return RowPlan(files)


def _binding(bound: dict[str, str]) -> Binding:
    return Binding(
        journal_id=bound["journal_id"],
        manifest_sha256=bound["manifest_sha256"],
        package_id=bound["package_id"],
        batch_id=bound["batch_id"],
        package_path=bound["package_path"],
        printer=bound["printer"],
        from_index=int(bound["from_index"]),
        to_index=int(bound["to_index"]),
    )
