"""The demo's week as it is planned: the same each time, past, and all of it kept."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.domain.scanned import find_scanned
from core.clock import business_day
from crowncap.demo_week.calendar import DAYS, Week
from crowncap.demo_week.leak import word_leak
from crowncap.demo_week.printed import GOOD, POOR, ROLL
from crowncap.demo_week.scans import cut_batches, read_plan
from crowncap.demo_week.shoppers import LEAKED, plan_scans
from tests.unit.test_package_plan import BATCH, KEYS

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = Week(date(2026, 11, 20), SHANGHAI)


@given(st.datetimes(datetime(2026, 1, 10), datetime(2040, 1, 1)))  # noqa: DTZ001 - UTC is added
def test_all_of_the_week_is_past_at_whatever_hour_it_is_seeded(naive: datetime) -> None:
    """It ended with yesterday's evening, on the brand's clock."""
    now = naive.replace(tzinfo=UTC)
    week = Week.before(now, SHANGHAI)
    assert week.at(DAYS - 1, 23, 59) < now
    assert now - week.at(0, 0) < timedelta(days=DAYS + 1)
    # A start that goes on finds the same week by its first batch.
    assert Week.that_began(week.at(0, 9), SHANGHAI) == week


@pytest.mark.parametrize("rows", [GOOD, POOR])
def test_a_roll_is_reported_cap_by_cap(rows: tuple[object, ...]) -> None:
    """No cap of a roll is told twice or left out."""
    told = [(row.first, row.last) for row in rows]  # type: ignore[attr-defined]
    assert told[0][0] == 0
    assert told[-1][1] == ROLL - 1
    assert all(later[0] == earlier[1] + 1 for earlier, later in pairwise(told))


def test_the_same_week_is_planned_again() -> None:
    """So that a start after a crash knows what is missing, by the ids."""
    once, again = (read_plan(plan_scans(WEEK), [BATCH, BATCH], KEYS) for _ in range(2))
    assert once == again
    ids = [scan.scan_id for scan in once]
    assert sorted(set(ids)) == ids


def test_no_planned_scan_repeats_another() -> None:
    """A scan that repeats itself within ten minutes has no row of its own."""
    planned = plan_scans(WEEK)
    seen: dict[tuple[object, ...], datetime] = {}
    for scan in planned:
        who = (scan.by.member_id or scan.by.device_id, scan.batch, scan.index)
        assert scan.at - seen.get(who, WEEK.at(0, 0)) > timedelta(minutes=10)
        seen[who] = scan.at
        assert WEEK.at(3, 0) <= scan.at < WEEK.at(DAYS - 1, 23, 59)


def test_batches_are_of_one_day_and_name_nobody_twice() -> None:
    """What came first is decided first; nothing is lost on the way."""
    scans = read_plan(plan_scans(WEEK), [BATCH, BATCH], KEYS)
    batches = list(cut_batches(scans, WEEK))
    assert [scan for batch in batches for scan in batch] == scans
    for batch in batches:
        assert len({business_day(scan.at_ms, SHANGHAI) for scan in batch}) == 1
        assert len({scan.code_id for scan in batch}) == len(batch)
        members = [scan.member_id for scan in batch if scan.member_id]
        assert len(set(members)) == len(members)


def test_a_leak_is_read_however_it_is_written() -> None:
    """Links, groups and small letters; one code twice, and one that is none."""
    found = [each.scanned.code_text for each in find_scanned(word_leak(KEYS, BATCH))]
    assert len(found) == len(LEAKED) + 2
    assert found[0] == found[-2]
    assert len(set(found)) == len(LEAKED) + 1
