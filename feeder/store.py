"""The SQL of journals and of leases: two kinds of small SQLite files.

A journal keeps runs of positions that are settled, and how far was sent; what was
sent and is in no run is in doubt. Its size grows with interruptions, not with codes.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_to_bytes

from core.errors import Conflict
from feeder.codes import Span

JOURNAL_SCHEMA: Final = 1
LEASES_SCHEMA: Final = 1
_JOURNAL_MARK: Final = 0x43434A31  # "CCJ1"
_LEASES_MARK: Final = 0x43434C31  # "CCL1"
_FILE_URI: Final = "file://"
# How long to wait for another process that is writing leases.
_BUSY_S: Final = 10.0

_JOURNAL_TABLES: Final = """
CREATE TABLE bound (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE selection (first INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT;
CREATE TABLE runs (first INTEGER PRIMARY KEY, last INTEGER NOT NULL,
    state INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TABLE progress (sent_until INTEGER NOT NULL) STRICT;
INSERT INTO progress (sent_until) VALUES (0)
"""
_LEASES_TABLES: Final = """
CREATE TABLE leases (journal_id TEXT PRIMARY KEY, path TEXT NOT NULL,
    manifest_sha256 TEXT NOT NULL, from_index INTEGER NOT NULL,
    to_index INTEGER NOT NULL, state TEXT NOT NULL) STRICT;
CREATE TABLE sent (journal_id TEXT NOT NULL, first INTEGER NOT NULL,
    last INTEGER NOT NULL, PRIMARY KEY (journal_id, first)) STRICT
"""

Run = tuple[int, int, int, str]


class Lease(NamedTuple):
    """A journal's right to an inclusive range of indexes of a package."""

    journal_id: str
    path: str
    manifest_sha256: str
    from_index: int
    to_index: int
    state: str


class DiskFullError(Exception):
    """There is no room for the journal, so nothing more may be sent."""


def path_text(path: Path) -> str:
    """Write an absolute path as text; one that is not UTF-8 as a file URI."""
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return path.as_uri()
    return text


def path_of(text: str) -> Path:
    """Read what `path_text` has written."""
    if text.startswith(_FILE_URI):
        return Path(os.fsdecode(unquote_to_bytes(text.removeprefix(_FILE_URI))))
    return Path(text)


def connect_journal(path: Path) -> sqlite3.Connection:
    """Open a journal's file for this process alone, each commit on the disk.

    Any thread may use the connection, one at a time. The lock goes with the process.
    """
    conn = sqlite3.connect(
        path, timeout=0.0, isolation_level=None, check_same_thread=False
    )
    try:
        conn.execute("PRAGMA locking_mode = EXCLUSIVE")
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = FULL")
        with transaction(conn):
            pass
    except BaseException:
        conn.close()
        raise
    return conn


def connect_leases(path: Path) -> sqlite3.Connection:
    """Open a file of leases, and make it if there is none."""
    conn = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    try:
        conn.execute("PRAGMA synchronous = FULL")
        with transaction(conn):
            _claim_file(conn, path, _LEASES_MARK, LEASES_SCHEMA, _LEASES_TABLES)
    except BaseException:
        conn.close()
        raise
    return conn


def make_journal(
    conn: sqlite3.Connection, path: Path, bound: dict[str, str], spans: Iterable[Span]
) -> None:
    """Turn an empty file into a journal."""
    with transaction(conn):
        _claim_file(conn, path, _JOURNAL_MARK, JOURNAL_SCHEMA, _JOURNAL_TABLES)
        conn.executemany("INSERT INTO bound VALUES (?, ?)", bound.items())
        conn.executemany("INSERT INTO selection VALUES (?, ?)", spans)


def is_journal(conn: sqlite3.Connection, path: Path) -> bool:
    """Tell a journal from an empty file; raises Conflict for anything else."""
    mark = _number(conn, "PRAGMA application_id")
    version = _number(conn, "PRAGMA user_version")
    if mark == _JOURNAL_MARK and version == JOURNAL_SCHEMA:
        return True
    if mark == _JOURNAL_MARK:
        raise Conflict(
            f"The journal {path} has version {version}; this program reads "
            f"{JOURNAL_SCHEMA}."
        )
    if mark or version or _number(conn, "SELECT count(*) FROM sqlite_schema"):
        raise Conflict(f"{path} is not a journal.")
    return False


@contextmanager
def transaction(conn: sqlite3.Connection) -> Iterator[None]:
    """Write all of it or nothing; a full disk is a DiskFullError."""
    try:
        conn.execute("BEGIN IMMEDIATE")
        try:
            yield
            conn.execute("COMMIT")
        except BaseException:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}:
            raise DiskFullError from error
        raise


def load_bound(conn: sqlite3.Connection) -> dict[str, str]:
    """Load what a journal is bound to."""
    return dict(conn.execute("SELECT name, value FROM bound").fetchall())


def set_bound(conn: sqlite3.Connection, name: str, value: str) -> None:
    """Change one thing that a journal is bound to."""
    with transaction(conn):
        conn.execute(
            "INSERT INTO bound VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )


def load_selection(conn: sqlite3.Connection) -> list[Span]:
    """Load the spans that a journal may print, in order."""
    return conn.execute("SELECT first, last FROM selection ORDER BY first").fetchall()


def load_sent_until(conn: sqlite3.Connection) -> int:
    """Load the position below which everything of the selection was sent."""
    return _number(conn, "SELECT sent_until FROM progress")


def save_sent_until(conn: sqlite3.Connection, sent_until: int) -> None:
    """Move on; within a transaction."""
    conn.execute("UPDATE progress SET sent_until = ?", (sent_until,))


def save_run(conn: sqlite3.Connection, run: Run) -> None:
    """Add a settled run, joined with its neighbours; within a transaction."""
    first, last, state, reason = run
    before = conn.execute(
        "SELECT first, last, state, reason FROM runs WHERE first <= ?"
        " ORDER BY first DESC LIMIT 1",
        (last + 1,),
    ).fetchone()
    if before is not None and before[0] == last + 1:
        if before[2:] == (state, reason):
            conn.execute("DELETE FROM runs WHERE first = ?", (before[0],))
            last = before[1]
        before = conn.execute(
            "SELECT first, last, state, reason FROM runs WHERE first < ?"
            " ORDER BY first DESC LIMIT 1",
            (first,),
        ).fetchone()
    assert before is None or before[1] < first, "a code is settled once"
    if before is not None and before[1] == first - 1 and before[2:] == (state, reason):
        conn.execute("UPDATE runs SET last = ? WHERE first = ?", (last, before[0]))
    else:
        conn.execute(
            "INSERT INTO runs VALUES (?, ?, ?, ?)", (first, last, state, reason)
        )


def load_runs(conn: sqlite3.Connection, first: int, last: int) -> Iterator[Run]:
    """Yield the settled runs that touch a span, in order, as they stand."""
    return iter(
        conn.execute(
            "SELECT first, last, state, reason FROM runs WHERE first <= ? AND"
            " last >= ? ORDER BY first",
            (last, first),
        )
    )


def sum_states(conn: sqlite3.Connection) -> dict[int, int]:
    """Count the settled codes by state."""
    return dict(
        conn.execute(
            "SELECT state, sum(last - first + 1) FROM runs GROUP BY state"
        ).fetchall()
    )


def load_leases(conn: sqlite3.Connection, manifest_sha256: str) -> list[Lease]:
    """Load the leases of a package."""
    rows = conn.execute(
        "SELECT journal_id, path, manifest_sha256, from_index, to_index, state"
        " FROM leases WHERE manifest_sha256 = ? ORDER BY rowid",
        (manifest_sha256,),
    )
    return [Lease(*row) for row in rows]


def has_leases(path: Path, manifest_sha256: str) -> bool:
    """Tell whether a file holds leases of a package; files of others hold none."""
    with closing(_connect_to_look(path, _BUSY_S)) as conn:
        try:
            if _number(conn, "PRAGMA application_id") != _LEASES_MARK:
                return False
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                return False
            raise
        return bool(load_leases(conn, manifest_sha256))


def names_journal(path: Path, journal_id: str) -> bool:
    """Tell whether a file is a certain journal, or in use and so may be it."""
    with closing(_connect_to_look(path, 0.0)) as conn:
        try:
            if _number(conn, "PRAGMA application_id") != _JOURNAL_MARK:
                return False
            return load_bound(conn)["journal_id"] == journal_id
        except sqlite3.DatabaseError as error:
            return error.sqlite_errorcode != sqlite3.SQLITE_NOTADB


def save_lease(conn: sqlite3.Connection, lease: Lease) -> None:
    """Add or change a lease; within a transaction."""
    conn.execute("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?)", lease)


def delete_lease(conn: sqlite3.Connection, journal_id: str) -> None:
    """Take back a lease that was never used; within a transaction."""
    conn.execute("DELETE FROM leases WHERE journal_id = ?", (journal_id,))


def save_sent(conn: sqlite3.Connection, journal_id: str, spans: Iterable[Span]) -> None:
    """Keep what a journal sent, longer spans in place of shorter ones."""
    conn.executemany(
        "INSERT INTO sent VALUES (?, ?, ?) ON CONFLICT (journal_id, first)"
        " DO UPDATE SET last = max(last, excluded.last)",
        ((journal_id, first, last) for first, last in spans),
    )


def load_sent(conn: sqlite3.Connection) -> list[tuple[str, int, int]]:
    """Load what journals have sent: (journal_id, first, last)."""
    return conn.execute("SELECT journal_id, first, last FROM sent").fetchall()


def _connect_to_look(path: Path, busy_s: float) -> sqlite3.Connection:
    """Open a file that is there, of whatever kind; nothing is written to it.

    Not read-only: what a crash left half written could not be undone then.
    """
    address = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(address, timeout=busy_s, isolation_level=None, uri=True)


def _claim_file(
    conn: sqlite3.Connection,
    path: Path,
    mark: int,
    version: int,
    tables: str,
) -> None:
    """Mark a new file as ours, or check that it is."""
    found = _number(conn, "PRAGMA application_id")
    if found == mark:
        return
    if found or _number(conn, "SELECT count(*) FROM sqlite_schema"):
        raise Conflict(f"{path} is a file of another program.")
    for statement in tables.split(";"):
        conn.execute(statement)
    conn.execute(f"PRAGMA application_id = {mark}")
    conn.execute(f"PRAGMA user_version = {version}")


def _number(conn: sqlite3.Connection, statement: str) -> int:
    row: Any = conn.execute(statement).fetchone()
    return int(row[0])
