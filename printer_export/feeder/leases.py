"""Who may print what: one run a printer, one journal a range of a package.

`PACKAGE.leases` stands beside the package. A copy of a package elsewhere has leases
of its own, so a package is printed from one place.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import Conflict
from printer_export.feeder import store
from printer_export.feeder.codes import RowPlan, Span, merge_spans, subtract_spans
from printer_export.feeder.journal import Binding, Journal

_OPENING = "opening"
_OPEN = "open"
_CLOSED = "closed"
_PRIVATE = 0o700


def leases_path(package: Path) -> Path:
    """Tell where the leases of a package stand."""
    return package.with_name(package.name + ".leases")


def start_journal(path: Path, binding: Binding, plan: RowPlan) -> Journal:
    """Lease a range and make a journal for it.

    What closed journals have sent is left out. Raises Conflict, naming the other
    journal, when an open one holds some of the range.
    """
    package = Path(binding.package_path)
    opening = _lease(binding, path, _OPENING)
    with _leases(package) as conn:
        with store.transaction(conn):
            _refuse_overlap(conn, binding, path)
            store.save_lease(conn, opening)
            sent = merge_spans(store.load_sent(conn))
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
            with store.transaction(conn):
                store.delete_lease(conn, binding.journal_id)
            raise
        with store.transaction(conn):
            store.save_lease(conn, _lease(binding, path, _OPEN))
    return journal


def resume_journal(journal: Journal, package: Path) -> None:
    """Check that a journal still holds its lease; raises Conflict when it does not.

    A journal whose making was cut short, or whose package has moved, takes its
    lease again if nobody else holds the range.
    """
    if journal.is_closed:
        raise Conflict(f"The journal {journal.path} is closed; begin a new one.")
    journal.note_package(package)
    binding = journal.binding
    with _leases(package) as conn, store.transaction(conn):
        _refuse_overlap(conn, binding, journal.path)
        known = {lease[0]: lease for lease in store.load_leases(conn)}
        found = known.get(binding.journal_id)
        if found is None and _overlaps(store.load_sent(conn), journal.selection):
            raise Conflict(
                f"Codes of the journal {journal.path} were sent by another one."
            )
        store.save_lease(conn, _lease(binding, journal.path, _OPEN))


def close_journal(journal: Journal, package: Path) -> list[Span]:
    """End a journal for good: what it sent is never given again, the rest is free.

    Returns what was sent. Doing it twice changes nothing.
    """
    journal.settle_doubt("closed before the printer had told")
    journal.note_closed()
    sent = journal.sent_spans()
    with _leases(package) as conn, store.transaction(conn):
        store.save_sent(conn, journal.binding.journal_id, sent)
        store.save_lease(conn, _lease(journal.binding, journal.path, _CLOSED))
    return sent


@contextmanager
def hold_printer(host: str, port: int, directory: Path | None = None) -> Iterator[None]:
    """Be the only feeder of a printer on this machine, for this user.

    The lock goes with the process, however it ends. Raises Conflict.
    """
    room = directory or _runtime_directory()
    path = room / f"{host.replace(':', '_').replace('/', '_')}-{port}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"Another run feeds the printer {host}:{port} already."
            ) from None
        yield
    finally:
        os.close(descriptor)


def _runtime_directory() -> Path:
    """Give a directory that is this user's own, whatever the environment says."""
    user = os.getuid()
    run = Path(f"/run/user/{user}")
    path = run / "crowncap" if run.is_dir() else Path(f"/tmp/crowncap-{user}")  # noqa: S108 - checked below
    path.mkdir(mode=_PRIVATE, exist_ok=True)
    found = path.lstat()
    if found.st_uid != user or not path.is_dir() or path.is_symlink():
        raise Conflict(f"{path} belongs to somebody else; printers cannot be locked.")
    return path


@contextmanager
def _leases(package: Path) -> Iterator[sqlite3.Connection]:
    path = leases_path(package)
    try:
        conn = store.connect_leases(path)
    except store.DiskFullError:
        raise Conflict(f"There is no room on the disk for {path}.") from None
    except sqlite3.DatabaseError as error:
        raise Conflict(f"The leases {path} cannot be written: {error}.") from None
    try:
        yield conn
    finally:
        conn.close()


def _lease(
    binding: Binding, path: Path, state: str
) -> tuple[str, str, str, int, int, str]:
    return (
        binding.journal_id,
        str(path.resolve()),
        binding.manifest_sha256,
        binding.from_index,
        binding.to_index,
        state,
    )


def _refuse_overlap(conn: sqlite3.Connection, binding: Binding, path: Path) -> None:
    for journal_id, other, manifest, first, last, state in store.load_leases(conn):
        if journal_id == binding.journal_id:
            continue
        if manifest != binding.manifest_sha256:
            raise Conflict(
                f"{leases_path(Path(binding.package_path))} belongs to another package."
            )
        cut_short = not Path(other).exists() or other == str(path.resolve())
        if state == _OPENING and cut_short:
            # Its making was cut short before it could send anything.
            store.delete_lease(conn, journal_id)
            continue
        if state == _CLOSED:
            continue
        if first <= binding.to_index and last >= binding.from_index:
            missing = "" if Path(other).exists() else ", whose file is missing,"
            raise Conflict(
                f"The journal {other}{missing} holds codes {first} to {last} of this "
                f"package; close it first (crowncap print close), or use it, or choose "
                f"another range than {binding.from_index} to {binding.to_index} "
                f"for {path}."
            )


def _overlaps(sent: list[Span], selection: list[Span]) -> bool:
    return subtract_spans(selection, merge_spans(sent)) != selection
