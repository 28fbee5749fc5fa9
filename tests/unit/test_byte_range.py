"""Which bytes a Range header asks for (RFC 9110, section 14)."""

import pytest

from core.errors import Unsatisfiable
from printer_export.domain.packages.byte_range import ByteRange, read_range

ETAG = '"7-abc"'


def ask(header: str | None, if_range: str | None = None) -> ByteRange | None:
    """Ask for a part of 1,000 bytes."""
    return read_range(header, if_range, length=1_000, etag=ETAG)


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-", 0, 1_000),
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=990-5000", 990, 1_000),
        ("bytes=999-", 999, 1_000),
        ("bytes=-1", 999, 1_000),
        ("bytes=-5000", 0, 1_000),
        ("bytes= 10-19 ", 10, 20),
    ],
)
def test_one_range_is_read(header: str, start: int, end: int) -> None:
    """From, up to and last bytes."""
    assert ask(header) == ByteRange(start, end)
    assert ask(header, ETAG) == ByteRange(start, end)


@pytest.mark.parametrize(
    "header",
    [
        *(
            None,
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=9-3",
            "lines=1-2",
        ),
        *(
            "bytes=1",
            "bytes=1-2-3",
            "bytes=+1-2",
            "bytes=" + "9" * 20 + "-",
            "bytes=٣-",
        ),
    ],
)
def test_what_is_not_a_range_means_everything(header: str | None) -> None:
    """As the standard has it: ignore it."""
    assert ask(header) is None


@pytest.mark.parametrize("other", ['"7-other"', "W/" + ETAG, "Sat, 28 Nov 2026"])
def test_a_range_of_another_content_means_all_of_this_one(other: str) -> None:
    """Parts of two contents never become one file."""
    assert ask("bytes=10-19", other) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_bytes_that_are_not_there_are_refused(header: str) -> None:
    """With the length, which whoever has all of them looks for."""
    with pytest.raises(Unsatisfiable, match="1,000 bytes"):
        ask(header)


def test_several_ranges_at_once_are_refused() -> None:
    """And counted as nothing, unlike all of it sent in their place."""
    with pytest.raises(Unsatisfiable, match="one range"):
        ask("bytes=0-1,5-6")
