"""A package is printed once, whatever its file is called; a printer by one run."""

import os
import shutil
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import Conflict, InvalidInput
from feeder.codes import RowFile, RowPlan
from feeder.journal import Binding, Journal
from feeder.leases import (
    close_journal,
    leases_directory,
    note_sent,
    resume_journal,
    start_journal,
)
from feeder.printer_lock import hold_printer, resolve_printer
from feeder.store import path_text

PLAN = RowPlan([RowFile("data/codes.txt", 100, 0, 1)])
DIGEST = "ab" * 32


def begin(
    folder: Path,
    package: Path,
    name: str,
    digest: str = DIGEST,
    indexes: tuple[int, int] = (0, 99),
) -> Journal:
    """Begin a journal for a package's file."""
    binding = Binding(name, digest, "3", "7", path_text(package), "zpl://h:1", *indexes)
    return start_journal(folder / name, binding, PLAN, folder / "state")


def _copy(path: Path) -> Path:
    return Path(shutil.copy(path, path.with_name("p (1).zip")))


def _copy_elsewhere(path: Path) -> Path:
    (path.parent / "other").mkdir()
    return Path(shutil.copy(path, path.parent / "other"))


def _extract(path: Path) -> Path:
    path.with_suffix("").mkdir()
    return path.with_suffix("")


def _link(path: Path) -> Path:
    os.link(path, path.with_name("linked.zip"))
    return path.with_name("linked.zip")


def _point_to(path: Path) -> Path:
    (path.parent / "desk").mkdir()
    (path.parent / "desk" / "s.zip").symlink_to(path)
    return path.parent / "desk" / "s.zip"


def _call_in_gbk(path: Path) -> Path:
    return path.rename(Path(os.fsdecode(os.fsencode(path.parent) + b"/\xc6\xbf.zip")))


def _rename(path: Path) -> Path:
    return path.rename(path.with_name("P.ZIP"))


@pytest.mark.parametrize(
    "name_again",
    [_copy, _copy_elsewhere, _extract, _link, _point_to, _rename, _call_in_gbk],
)
def test_a_package_by_another_name_is_the_same_package(
    tmp_path: Path, name_again: Callable[[Path], Path]
) -> None:
    """While a journal holds it, and after that has sent all of it."""
    (tmp_path / "p.zip").touch()
    first = begin(tmp_path, tmp_path / "p.zip", "first")
    other = name_again(tmp_path / "p.zip")
    with pytest.raises(Conflict, match="first holds codes 0 to 99"):
        begin(tmp_path, other, "second")
    first.record(100)
    close_journal(first, tmp_path / "state")
    first.close()
    with pytest.raises(Conflict, match="none is given again"):
        begin(tmp_path, other, "second")


def test_another_package_of_the_same_name_is_another_package(tmp_path: Path) -> None:
    """Files are called the same in many downloads."""
    begin(tmp_path, tmp_path / "p.zip", "first").close()
    begin(tmp_path, tmp_path / "p.zip", "second", digest="cd" * 32).close()


def test_another_user_of_a_shared_folder_is_told(tmp_path: Path) -> None:
    """Their state is elsewhere; what stands beside the package is not."""
    begin(tmp_path, tmp_path / "p.zip", "first").close()
    shutil.rmtree(tmp_path / "state")
    with pytest.raises(Conflict, match="first holds codes"):
        begin(tmp_path, tmp_path / "p (1).zip", "second")


def _as_before(path: Path, state: str, sent: int) -> None:
    """Write leases as versions before this one did."""
    with sqlite3.connect(path) as conn:
        conn.executescript(
            "CREATE TABLE leases (journal_id TEXT PRIMARY KEY, path TEXT NOT NULL,"
            " manifest_sha256 TEXT NOT NULL, from_index INTEGER NOT NULL,"
            " to_index INTEGER NOT NULL, state TEXT NOT NULL) STRICT;"
            "CREATE TABLE sent (journal_id TEXT NOT NULL, first INTEGER NOT NULL,"
            " last INTEGER NOT NULL, PRIMARY KEY (journal_id, first)) STRICT;"
            "PRAGMA application_id = 1128483889; PRAGMA user_version = 1;"
        )
        lease = ("old", str(path.with_name("old.journal")), DIGEST, 0, 99, state)
        conn.execute("INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?)", lease)
        conn.execute("INSERT INTO sent VALUES ('old', 0, ?)", (sent,))
    conn.close()


@pytest.mark.parametrize("name", ["p.zip", "p (1).zip", "p"])
def test_leases_of_an_earlier_version_hold_after_the_upgrade(
    tmp_path: Path, name: str
) -> None:
    """Also for another name in that folder, and then for copies anywhere."""
    _as_before(tmp_path / "p.zip.leases", "open", 9)
    with pytest.raises(Conflict, match="old"):
        begin(tmp_path, tmp_path / name, "new")
    (tmp_path / "p.zip.leases").unlink()
    _as_before(tmp_path / "p.zip.leases", "closed", 59)
    with begin(tmp_path, tmp_path / name, "new") as journal:
        assert journal.selection == [(60, 99)]
    close_journal(begin_again(tmp_path, "new"), tmp_path / "state")
    (tmp_path / "p.zip.leases").unlink()
    (tmp_path / "far").mkdir()
    with begin(tmp_path, tmp_path / "far" / "p.zip", "third") as journal:
        assert journal.selection == [(60, 99)]


def begin_again(folder: Path, name: str) -> Journal:
    """Open a journal that is there."""
    return Journal.open(folder / name)


def test_files_of_others_beside_a_package_mean_nothing(tmp_path: Path) -> None:
    """A text and another program's database happen to be called so."""
    (tmp_path / "my.leases").write_text("flat 3, flat 4 " * 100)
    (tmp_path / "empty.leases").touch()
    sqlite3.connect(tmp_path / "x.leases").execute("CREATE TABLE t (a)")
    begin(tmp_path, tmp_path / "p.zip", "first").close()


def test_what_cannot_be_read_beside_a_package_stops_the_run(tmp_path: Path) -> None:
    """It may say that all is printed."""
    _as_before(tmp_path / "p.zip.leases", "open", 9)
    content = bytearray((tmp_path / "p.zip.leases").read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    (tmp_path / "p.zip.leases").write_bytes(content)
    with pytest.raises(Conflict, match="cannot be read"):
        begin(tmp_path, tmp_path / "p.zip", "first")


def test_a_copy_of_a_journal_is_no_second_journal(tmp_path: Path) -> None:
    """While the other one is there; one that was moved goes on."""
    with begin(tmp_path, tmp_path / "p.zip", "first") as journal:
        journal.record(10)
    shutil.copy(tmp_path / "first", tmp_path / "copy")
    with (
        begin_again(tmp_path, "copy") as copy,
        pytest.raises(Conflict, match="is a copy of"),
    ):
        resume_journal(copy, tmp_path / "p.zip", tmp_path / "state")
    (tmp_path / "first").unlink()
    with begin_again(tmp_path, "copy") as moved:
        resume_journal(moved, tmp_path / "p.zip", tmp_path / "state")


def test_an_older_state_of_a_journal_is_refused(tmp_path: Path) -> None:
    """It would send again what was sent since; what is free stays free."""
    with begin(tmp_path, tmp_path / "p.zip", "first") as journal:
        journal.record(10)
    shutil.copy(tmp_path / "first", tmp_path / "backup")
    with begin_again(tmp_path, "first") as journal:
        journal.record(60)
        note_sent(journal, tmp_path / "state")
    shutil.copy(tmp_path / "backup", tmp_path / "first")
    with begin_again(tmp_path, "first") as journal:
        with pytest.raises(Conflict, match="older copy"):
            resume_journal(journal, tmp_path / "p.zip", tmp_path / "state")
        close_journal(journal, tmp_path / "state")
    with begin(tmp_path, tmp_path / "p.zip", "next") as rest:
        assert rest.selection == [(60, 99)]


def test_leases_stand_where_the_state_of_programs_does() -> None:
    """A relative XDG_STATE_HOME is none, as its specification says."""
    assert leases_directory({"XDG_STATE_HOME": "/s"}) == Path("/s/crowncap/leases")
    assert leases_directory({"XDG_STATE_HOME": "s"}).is_relative_to(Path.home())
    assert leases_directory({}) == Path.home() / ".local/state/crowncap/leases"


@pytest.mark.parametrize(
    "other", ["127.0.0.1", "::1", "localhost", "127.1", "::ffff:127.0.0.1"]
)
def test_a_printer_by_another_name_is_the_same_printer(other: str) -> None:
    """All that leads to one address is one printer; another port is another."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with hold_printer("127.0.0.1", port):
        with (
            pytest.raises(Conflict, match="feeds the printer"),
            hold_printer(other, port),
        ):
            pass
        with hold_printer(other, port + 1):
            pass
    with hold_printer(other, port):
        pass


def test_an_address_of_this_machine_is_this_machine() -> None:
    """A printer's port that is forwarded answers on all of them."""
    own = socket.gethostname()
    try:
        names = resolve_printer(own, 9100)
    except InvalidInput:
        names = resolve_printer("localhost", 9100)
    assert names == resolve_printer("127.0.0.1", 9100)
    assert resolve_printer("192.0.2.7", 9100) == {"192.0.2.7"}
    with pytest.raises(InvalidInput, match="no host"):
        resolve_printer("no.invalid", 9100)


def test_a_package_and_a_journal_may_have_names_that_are_not_utf8(
    tmp_path: Path,
) -> None:
    """As zips from Chinese Windows are extracted elsewhere."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xc6\xbf"))
    folder.mkdir()
    begin(folder, folder / "p.zip", "first").close()
    with begin_again(folder, "first") as journal:
        resume_journal(journal, folder / "p.zip", folder / "state")
        note_sent(journal, folder / "state")
    with pytest.raises(Conflict, match="first holds codes"):
        begin(folder, folder / "q.zip", "second")
