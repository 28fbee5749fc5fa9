"""Files of codes: their rows, their digest, and what is left when it fails."""

import csv
import os
import resource
import stat
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.domain import MAX_SERIAL, EpochKeys, group, open_code, seal
from printer_export.domain.packages.rows import (
    MAX_SEQUENCE,
    PRINTED,
    Preset,
    blank_rows,
    fill_rows,
    format_rows,
    row_layout,
)
from printer_export.files.writing import (
    BLOCK_ROWS,
    ExportWriteError,
    WrittenFile,
    write_export,
)

KEYS = EpochKeys.from_masters({3: bytes(range(32))})
PREFIX = b"HTTPS://CAP.EXAMPLE/C/"


def sealed_texts(first_serial: int, count: int) -> list[str]:
    """Seal consecutive serials as texts."""
    serials = np.arange(first_serial, first_serial + count, dtype=np.uint64)
    return [row.tobytes().decode() for row in seal(KEYS, 3, serials)]


def names_in(directory: Path) -> list[str]:
    """List a directory, hidden files too."""
    return sorted(path.name for path in directory.iterdir())


def write(
    path: Path,
    preset: Preset = Preset.CSV,
    *,
    first_serial: int = 1_000,
    count: int = 10,
    first_index: int = 0,
    heard: list[int] | None = None,
) -> WrittenFile:
    """Write an export with what a test does not care about filled in."""
    progress = [] if heard is None else heard
    return write_export(
        path,
        preset=preset,
        keys=KEYS,
        epoch=3,
        first_serial=first_serial,
        count=count,
        first_index=first_index,
        link_prefix=PREFIX,
        progress=progress.append,
    )


def test_a_csv_file_byte_by_byte(tmp_path: Path) -> None:
    """Header, 11-digit sequence from 1, link, grouped code, CRLF everywhere."""
    first, second = sealed_texts(1_000, 2)
    write(tmp_path / "a.csv", count=2)
    assert (tmp_path / "a.csv").read_bytes().decode() == (
        "sequence,link,code\r\n"
        f"00000000001,HTTPS://CAP.EXAMPLE/C/{first},{group(first)}\r\n"
        f"00000000002,HTTPS://CAP.EXAMPLE/C/{second},{group(second)}\r\n"
    )


def test_a_lines_file_byte_by_byte(tmp_path: Path) -> None:
    """One link a line, CRLF, no header or footer."""
    first, second = sealed_texts(1_000, 2)
    write(tmp_path / "a.txt", Preset.LINES, count=2)
    assert (tmp_path / "a.txt").read_bytes().decode() == (
        f"HTTPS://CAP.EXAMPLE/C/{first}\r\nHTTPS://CAP.EXAMPLE/C/{second}\r\n"
    )


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, MAX_SEQUENCE - 30_000) | st.integers(9_900, 10_100),
    st.integers(0, 30_000) | st.integers(0, 5),
)
def test_sequences_count_on_across_ten_thousands(first_index: int, count: int) -> None:
    """First and last rows, and those beside each carry, have their own numbers."""
    codes = np.full((count, 16), ord("A"), dtype=np.uint8)
    rows = format_rows(
        Preset.CSV, codes=codes, first_index=first_index, link_prefix=PREFIX
    )
    assert len(rows) == count
    carries = range(-(first_index + 1) % 10_000, count, 10_000)
    beside = {row + step for row in carries for step in (-1, 0, 1)}
    for row in ({0, count - 1} | beside) & set(range(count)):
        expected = b"%011d,%bAAAAAAAAAAAAAAAA,AAAA-AAAA-AAAA-AAAA\r\n" % (
            first_index + row + 1,
            PREFIX,
        )
        assert rows[row].tobytes() == expected


def test_rows_used_again_hold_nothing_of_before() -> None:
    """A buffer filled twice is as one filled once."""
    layout = row_layout(Preset.CSV, PREFIX)
    codes = seal(KEYS, 3, np.arange(100, dtype=np.uint64))
    rows = blank_rows(layout, 50)
    fill_rows(layout, rows, codes[:50], 99_999_999)
    fill_rows(layout, rows, codes[50:], 0)
    fresh = format_rows(Preset.CSV, codes=codes[50:], first_index=0, link_prefix=PREFIX)
    assert np.array_equal(rows, fresh)


@pytest.mark.parametrize("count", [1, BLOCK_ROWS, BLOCK_ROWS + 1, 3 * BLOCK_ROWS + 5])
def test_a_csv_reads_back_with_the_standard_library(tmp_path: Path, count: int) -> None:
    """Every row at a block's edges opens to its own serial, and all are there."""
    path = tmp_path / "codes.csv"
    heard: list[int] = []
    written = write(path, count=count, first_index=500, heard=heard)
    with path.open(newline="", encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == written.rows == count
    assert [int(row["sequence"]) for row in rows] == list(range(501, 501 + count))
    for at in {0, 1, BLOCK_ROWS - 1, BLOCK_ROWS, count - 1} & set(range(count)):
        prefix, code_text = rows[at]["link"][:22], rows[at]["link"][22:]
        assert prefix == PREFIX.decode()
        assert rows[at]["code"] == group(code_text)
        assert open_code(KEYS, code_text) == 3 << 36 | 1_000 + at
    assert len({row["link"] for row in rows}) == count
    assert heard == sorted(set(heard))
    assert heard[-1] == count


@pytest.mark.parametrize("preset", PRINTED)
def test_sha256sum_agrees(tmp_path: Path, preset: Preset) -> None:
    """The digest and length of the result are those of the file on the disk."""
    written = write(tmp_path / "codes", preset, count=BLOCK_ROWS + 1)
    assert written.path == tmp_path / "codes"
    assert written.size_bytes == written.path.stat().st_size
    (tmp_path / "SHA256SUMS").write_text(f"{written.sha256}  codes\n")
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    subprocess.run(check, cwd=tmp_path, check=True, capture_output=True)


def test_a_file_is_for_its_owner_only_and_stands_alone(tmp_path: Path) -> None:
    """Codes are bearer secrets, and no temporary file stays behind."""
    written = write(tmp_path / "codes.csv")
    assert stat.S_IMODE(written.path.stat().st_mode) == 0o600
    assert names_in(tmp_path) == ["codes.csv"]


def test_the_last_serials_can_be_written(tmp_path: Path) -> None:
    """The range may end at the epoch's end and not behind it."""
    assert write(tmp_path / "a", first_serial=MAX_SERIAL, count=1).rows == 1
    with pytest.raises(ValueError, match="no 2 serials"):
        write(tmp_path / "b", first_serial=MAX_SERIAL, count=2)
    with pytest.raises(ValueError, match="no 0 serials"):
        write(tmp_path / "b", count=0)
    assert names_in(tmp_path) == ["a"]


def test_an_interrupted_export_leaves_the_old_file(tmp_path: Path) -> None:
    """Whatever stops it half-way, the final name never holds half a file."""
    path = tmp_path / "codes.csv"
    path.write_text("the old one")

    def interrupt(rows: int) -> None:
        raise KeyboardInterrupt(rows)

    with pytest.raises(KeyboardInterrupt):
        write_export(
            path,
            preset=Preset.CSV,
            keys=KEYS,
            epoch=3,
            first_serial=0,
            count=3 * BLOCK_ROWS,
            first_index=0,
            link_prefix=PREFIX,
            progress=interrupt,
        )
    assert names_in(tmp_path) == ["codes.csv"]
    assert path.read_text() == "the old one"


FULL_DISK = """
import resource, sys
from pathlib import Path
from codegen.domain import EpochKeys
from printer_export.domain.packages.rows import Preset
from printer_export.files.writing import ExportWriteError, write_export

# A limit on the size of files stops a write half-way, as a full disk does; this one
# lies inside the last block, where a write that was cut short is easiest overlooked.
resource.setrlimit(resource.RLIMIT_FSIZE, (14_300_000, 14_300_000))
try:
    write_export(
        Path(sys.argv[1]), preset=Preset.CSV,
        keys=EpochKeys.from_masters({3: bytes(32)}), epoch=3, first_serial=0,
        count=200_000, first_index=0, link_prefix=b"HTTPS://CAP.EXAMPLE/C/",
        progress=lambda rows: None,
    )
except ExportWriteError as error:
    print(error)
"""


def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path: Path) -> None:
    """The write that hits the end of the disk removes what it wrote."""
    path = tmp_path / "codes.csv"
    command = [sys.executable, "-c", FULL_DISK, str(path)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    assert answer.stdout.startswith(f"There is no room for {path}: its 200000 rows")
    assert not answer.stderr
    assert names_in(tmp_path) == []


def test_a_file_that_cannot_fit_is_refused_at_once(tmp_path: Path) -> None:
    """Nobody waits an hour to hear it: five terabytes are counted beforehand."""
    if os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize > 4 * 10**12:
        pytest.skip("this disk would hold it")
    with pytest.raises(ExportWriteError, match="There is no room"):
        write_export(
            tmp_path / "codes.csv",
            preset=Preset.CSV,
            keys=KEYS,
            epoch=3,
            first_serial=0,
            count=MAX_SERIAL,
            first_index=0,
            link_prefix=PREFIX,
            # Should it begin all the same, it stops before the disk is full.
            progress=lambda rows: pytest.fail(f"{rows} rows were written"),
        )
    assert names_in(tmp_path) == []


def test_a_directory_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    """The message names the file and the reason."""
    with pytest.raises(ExportWriteError, match=r"codes\.csv could not be .* No such"):
        write(tmp_path / "missing" / "codes.csv")


@pytest.mark.parametrize(
    "prefix", [b"", b"HTTPS://A,B/", b'A"', b"A B", b"A\r", b"\xc3"]
)
@pytest.mark.parametrize("preset", PRINTED)
def test_prefixes_that_would_break_a_row_are_refused(
    preset: Preset, prefix: bytes
) -> None:
    """No comma, quote, space, line end or other byte gets into a column."""
    with pytest.raises(ValueError, match="cannot start a link"):
        row_layout(preset, prefix)


def test_rows_and_codes_have_to_fit() -> None:
    """Other shapes and numbers past 11 digits: ValueError, nothing written."""
    layout = row_layout(Preset.CSV, PREFIX)
    rows = blank_rows(layout, 2)
    codes = seal(KEYS, 3, np.arange(2, dtype=np.uint64))
    with pytest.raises(ValueError, match="do not fit"):
        fill_rows(layout, rows[:1], codes, 0)
    with pytest.raises(ValueError, match=r"\(n, 16\) array"):
        fill_rows(layout, rows, codes[:, :15], 0)
    with pytest.raises(ValueError, match="numbered from 1"):
        fill_rows(layout, rows, codes, MAX_SEQUENCE - 1)
    assert np.array_equal(rows, blank_rows(layout, 2))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Three million rows (216 MB) pass through less than 30 MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    try:
        written = write(tmp_path / "codes.csv", count=3_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    written.path.unlink()
    assert written.size_bytes > 200_000_000
    assert peak < 30_000_000
    assert after - before < 60_000
