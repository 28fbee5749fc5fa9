"""Who may print what of a package: one journal a range, whatever the file is called.

A package is known by the digest of its manifest. Its leases stand twice: in the
user's state directory, so that a copy, a link or the extracted folder is the same
package, and beside the package, for others who print from a shared folder. What either
says holds. `PACKAGE.leases`, which earlier versions wrote, is read and kept up too.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

from core.errors import Conflict
from feeder import store
from feeder.codes import RowPlan, Span, merge_spans, subtract_spans
from feeder.journal import Binding, Journal
from feeder.store import Lease

_OPENING: Final = "opening"
_OPEN: Final = "open"
_CLOSED: Final = "closed"
# Where two files differ, the later state is so.
_ORDER: Final = (_OPENING, _OPEN, _CLOSED)
_PRIVATE: Final = 0o700
_NAME_DIGITS: Final = 16


def leases_directory(environ: Mapping[str, str]) -> Path:
    """Tell where a user's leases stand (XDG Base Directory Specification)."""
    state = environ.get("XDG_STATE_HOME", "")
    home = Path(state) if Path(state).is_absolute() else Path.home() / ".local/state"
    return home / "crowncap" / "leases"


def start_journal(
    path: Path, binding: Binding, plan: RowPlan, directory: Path
) -> Journal:
    """Lease a range and make a journal for it.

    What earlier journals have sent is left out. Raises Conflict, naming the other
    journal, when an open one holds some of the range.
    """
    with _open_books(binding, directory) as books:
        books.refuse_overlap(binding, path)
        books.save(_lease(binding, path, _OPENING))
        sent = merge_spans(books.sent)
    wanted = plan.spans_between(binding.from_index, binding.to_index)
    selection = subtract_spans(wanted, sent)
    try:
        if not selection:
            raise Conflict(  # noqa: TRY301 - the lease is given back below
                f"Every code from {binding.from_index} to {binding.to_index} was "
                "sent by a journal that is closed; none is given again."
            )
        journal = Journal.create(path, binding, plan, selection)
    except BaseException:
        with _open_books(binding, directory) as books:
            books.drop(binding.journal_id)
        raise
    with _open_books(binding, directory) as books:
        books.save(_lease(binding, path, _OPEN))
    return journal


def resume_journal(journal: Journal, package: Path, directory: Path) -> None:
    """Check that a journal still holds its lease; raises Conflict when it does not.

    A journal whose making was cut short, or whose package has moved, takes its
    lease again if nobody else holds the range. A copy of a journal, or an older state
    of one, would send codes again and is refused.
    """
    if journal.is_closed:
        raise Conflict(f"The journal {journal.path} is closed; begin a new one.")
    journal.note_package(package)
    binding = journal.binding
    with _open_books(binding, directory) as books:
        books.refuse_overlap(binding, journal.path)
        found = books.leases.get(binding.journal_id)
        if found is None and _overlaps(books.sent, journal.selection):
            raise Conflict(
                f"Codes of the journal {journal.path} were sent by another one."
            )
        if found is not None:
            _refuse_copy(journal, found)
        if subtract_spans(books.sent_by(binding.journal_id), journal.sent_spans()):
            raise Conflict(
                f"The journal {journal.path} is an older copy: it does not know what "
                "was sent since. Put the newer one back, or close this one "
                "(crowncap print close) and begin another."
            )
        books.save(_lease(binding, journal.path, _OPEN))


def note_sent(journal: Journal, directory: Path) -> None:
    """Write beside the lease how far a journal has sent, when a run ends."""
    with _open_books(journal.binding, directory) as books:
        books.save_sent(journal.binding.journal_id, journal.sent_spans())


def close_journal(journal: Journal, directory: Path) -> list[Span]:
    """End a journal for good: what it sent is never given again, the rest is free.

    Returns what was sent. Doing it twice changes nothing.
    """
    journal.settle_doubt("closed before the printer had told")
    journal.note_closed()
    sent = journal.sent_spans()
    with _open_books(journal.binding, directory) as books:
        books.save_sent(journal.binding.journal_id, sent)
        books.save(_lease(journal.binding, journal.path, _CLOSED))
    return sent


class _Books:
    """All files of leases of one package, read as one and written alike."""

    def __init__(self, conns: list[sqlite3.Connection], digest: str) -> None:
        self._conns = conns
        self.leases: dict[str, Lease] = {}
        self._sent: set[tuple[str, int, int]] = set()
        for conn in conns:
            for lease in store.load_leases(conn, digest):
                known = self.leases.get(lease.journal_id)
                if known is None or _rank(known) < _rank(lease):
                    self.leases[lease.journal_id] = lease
            self._sent.update(store.load_sent(conn))
        for lease in list(self.leases.values()):
            self.save(lease)
        for journal_id, first, last in self._sent:
            self.save_sent(journal_id, [(first, last)])

    @property
    def sent(self) -> list[Span]:
        """What was sent, in order."""
        return sorted((first, last) for _, first, last in self._sent)

    def sent_by(self, journal_id: str) -> list[Span]:
        """Give what one journal is known to have sent, in order."""
        return merge_spans((a, b) for who, a, b in self._sent if who == journal_id)

    def save(self, lease: Lease) -> None:
        """Add or change a lease."""
        for conn in self._conns:
            store.save_lease(conn, lease)

    def save_sent(self, journal_id: str, spans: list[Span]) -> None:
        """Keep what a journal has sent."""
        for conn in self._conns:
            store.save_sent(conn, journal_id, spans)

    def drop(self, journal_id: str) -> None:
        """Take back a lease that was never used."""
        for conn in self._conns:
            store.delete_lease(conn, journal_id)

    def refuse_overlap(self, binding: Binding, path: Path) -> None:
        """Raise Conflict when another journal holds some of a range."""
        for lease in self.leases.values():
            if lease.journal_id == binding.journal_id or lease.state == _CLOSED:
                continue
            other = store.path_of(lease.path)
            is_there = other.exists()
            if lease.state == _OPENING and (not is_there or other == path.resolve()):
                # Its making was cut short before it could send anything.
                self.drop(lease.journal_id)
            elif (
                lease.from_index <= binding.to_index
                and lease.to_index >= binding.from_index
            ):
                missing = "" if is_there else ", whose file is missing,"
                raise Conflict(
                    f"The journal {other}{missing} holds codes "
                    f"{lease.from_index} to {lease.to_index} of this package; close "
                    "it first (crowncap print close), or use it, or choose another "
                    f"range than {binding.from_index} to {binding.to_index} for {path}."
                )


@contextmanager
def _open_books(binding: Binding, directory: Path) -> Iterator[_Books]:
    """Hold every file of leases of a package; all is written at the end, or nothing."""
    digest = binding.manifest_sha256
    package = store.path_of(binding.package_path)
    paths = [directory / f"{digest}.leases", *_paths_beside(package, digest)]
    try:
        with ExitStack() as stack:
            conns = [stack.enter_context(closing(conn)) for conn in _connect(paths)]
            for conn in conns:
                stack.enter_context(store.transaction(conn))
            yield _Books(conns, digest)
    except store.DiskFullError:
        raise Conflict(
            f"There is no room on the disk for the leases {_list(paths)}."
        ) from None
    except sqlite3.Error as error:
        raise Conflict(
            f"The leases {_list(paths)} cannot be written: {error}."
        ) from None


def _connect(paths: list[Path]) -> Iterator[sqlite3.Connection]:
    own, *beside = paths
    try:
        own.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise Conflict(
            f"The folder {own.parent} cannot be made: {error.strerror}. Name one for "
            "the state of programs: XDG_STATE_HOME."
        ) from None
    yield store.connect_leases(own)
    for path in beside:
        # A medium that nobody can write to is printed from like any other.
        if path.exists() or os.access(path.parent, os.W_OK):
            yield store.connect_leases(path)


def _paths_beside(package: Path, digest: str) -> list[Path]:
    """List where a package's leases are, or were, beside it; the first may be new."""
    mine = f"{digest[:_NAME_DIGITS]}.leases"
    folders = dict.fromkeys((package.resolve().parent, package.absolute().parent))
    paths = [folder / mine for folder in folders]
    for folder in folders:
        try:
            paths += [
                each
                for each in sorted(folder.glob("*.leases"))
                if each.name != mine and _speaks_of(each, digest)
            ]
        except OSError as error:
            raise Conflict(f"Cannot list {folder}: {error.strerror}.") from None
    return list(dict.fromkeys(path.resolve() for path in paths))


def _speaks_of(path: Path, digest: str) -> bool:
    try:
        return store.has_leases(path, digest)
    except sqlite3.Error as error:
        raise Conflict(
            f"{path} cannot be read ({error}), so nobody knows what was printed."
        ) from None


def _lease(binding: Binding, path: Path, state: str) -> Lease:
    return Lease(
        binding.journal_id,
        store.path_text(path.resolve()),
        binding.manifest_sha256,
        binding.from_index,
        binding.to_index,
        state,
    )


def _list(paths: list[Path]) -> str:
    return ", ".join(map(str, paths))


def _rank(lease: Lease) -> int:
    return _ORDER.index(lease.state)


def _refuse_copy(journal: Journal, lease: Lease) -> None:
    """Raise Conflict when the journal that holds the lease is still another file."""
    other = store.path_of(lease.path)
    if other == journal.path.resolve() or not other.exists():
        return
    if other.samefile(journal.path):
        return
    if store.names_journal(other, lease.journal_id):
        raise Conflict(
            f"The journal {journal.path} is a copy of {other}; only that one knows "
            "what was sent."
        )


def _overlaps(sent: list[Span], selection: list[Span]) -> bool:
    return subtract_spans(selection, merge_spans(sent)) != selection
