"""A day without a time is the whole day in the brand's calendar."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bounds import DAY_MAX, DAY_MIN, MOMENT_MAX, MOMENT_MIN
from core.clock import business_day, to_ms
from core.errors import InvalidInput
from core.moments import local_text, on_both_clocks, read_end, read_start

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = [SHANGHAI, *(ZoneInfo(name) for name in ("UTC", "America/Los_Angeles"))]
# A day that lost its first hour, and one that has an hour twice.
ZONES += [ZoneInfo("America/Sao_Paulo"), ZoneInfo("Pacific/Apia")]


@pytest.mark.parametrize(
    ("said", "starts", "ends"),
    [
        ("2027-01-01", "2026-12-31T16:00:00+00:00", "2027-01-01T16:00:00+00:00"),
        ("2027-01-01T00:00:00Z", *["2027-01-01T00:00:00+00:00"] * 2),
        ("2027-01-01T08:00+08:00", *["2027-01-01T00:00:00+00:00"] * 2),
    ],
)
def test_a_day_counts_from_its_first_moment_to_its_last(
    said: str, starts: str, ends: str
) -> None:
    """A moment is what it is, whatever it begins or ends."""
    start, end = read_start("/at", said, SHANGHAI), read_end("/at", said, SHANGHAI)
    assert start is not None
    assert end is not None
    assert (start.isoformat(), end.isoformat()) == (starts, ends)


@given(st.dates(DAY_MIN, DAY_MAX), st.sampled_from(ZONES))
def test_the_days_of_every_calendar_follow_each_other(
    day: date, timezone: ZoneInfo
) -> None:
    """All of a day is between its start and its end, and nothing else is."""
    start = read_start("/at", day.isoformat(), timezone)
    end = read_end("/at", day.isoformat(), timezone)
    assert start is not None
    assert end is not None
    if start > MOMENT_MIN and end < MOMENT_MAX:
        inside = {start, end - timedelta(milliseconds=1)}
        # Apia had no 30th of December 2011.
        if start < end:
            assert {business_day(to_ms(at), timezone) for at in inside} == {day}
        assert business_day(to_ms(end), timezone) > day


def test_a_moment_is_told_on_both_clocks() -> None:
    start = read_start("/at", "2027-01-01", SHANGHAI)
    assert start is not None
    both = on_both_clocks(start, SHANGHAI)
    assert both.local.isoformat() == "2027-01-01T00:00:00+08:00"
    assert both.utc.isoformat() == "2026-12-31T16:00:00+00:00"


def test_a_time_without_an_offset_is_one_of_the_brands_clock_on_its_machine() -> None:
    """And is asked for its offset where it comes from another one."""
    assert local_text("2027-01-01T08:00", SHANGHAI) == "2027-01-01T08:00:00+08:00"
    for said in ("2027-01-01", "2027-01-01T08:00:00Z", "soon", "2027-02-30T00:00"):
        assert local_text(said, SHANGHAI) == said
    with pytest.raises(InvalidInput, match="offset"):
        read_start("/at", "2027-01-01T08:00:00", SHANGHAI)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        *(("soon", "invalid"), ("", "invalid"), ("2027-02-30", "invalid")),
        *(("2027-1-1", "invalid"), ("20270101", "invalid"), ("2027-W01-1", "invalid")),
        *(("٢٠٢٧-01-01", "invalid"), ("2027-01-01T24:00:00Z", "invalid")),
        *(("2027-01-01\n", "invalid"), ("2027-01-01T08:00:00+99:00", "invalid")),
        *(("0001-01-01", "no_date"), ("9999-12-31T23:59:59-12:00", "no_date")),
        *(("1999-12-31", "out_of_range"), ("2200-01-01T00:00:00Z", "out_of_range")),
    ],
)
def test_what_no_calendar_has_is_refused(said: str, code: str) -> None:
    """With its place, in a sentence."""
    for read in (read_start, read_end):
        with pytest.raises(InvalidInput) as refused:
            read("/at", said, SHANGHAI)
        (error,) = refused.value.errors
        assert (error.pointer, error.code) == ("/at", code)
