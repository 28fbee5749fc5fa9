"""Until when points are good that are earned on a day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.domain.plans import PlannedReward, RewardKind, RewardPlan
from rewards.domain.programme import ProgrammeTerms

DAYS = st.dates(date(2024, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("months", "earned", "ends"),
    [
        (1, date(2028, 1, 31), date(2028, 2, 29)),
        (1, date(2027, 1, 31), date(2027, 2, 28)),
        (12, date(2027, 2, 10), date(2028, 2, 29)),
        (12, date(2028, 2, 29), date(2029, 2, 28)),
        (12, date(2027, 12, 1), date(2028, 12, 31)),
        (24, date(2027, 6, 15), date(2029, 6, 30)),
    ],
)
def test_months_end_with_a_month(months: int, earned: date, ends: date) -> None:
    assert ProgrammeTerms(points_valid_months=months).expires_on(earned) == ends


@pytest.mark.parametrize(
    ("day", "earned", "ends"),
    [
        ("12-31", date(2027, 12, 30), date(2027, 12, 31)),
        ("12-31", date(2027, 12, 31), date(2028, 12, 31)),
        ("12-31", date(2028, 1, 1), date(2028, 12, 31)),
        ("02-29", date(2027, 2, 27), date(2027, 2, 28)),
        ("02-29", date(2027, 2, 28), date(2028, 2, 29)),
        ("02-29", date(2028, 2, 28), date(2028, 2, 29)),
        ("02-29", date(2028, 2, 29), date(2029, 2, 28)),
    ],
)
def test_a_day_of_the_year_is_the_next_one(day: str, earned: date, ends: date) -> None:
    assert ProgrammeTerms(points_expire_on=day).expires_on(earned) == ends


@given(DAYS, st.integers(1, 120))
def test_a_year_of_days_has_as_many_lots_as_months(day: date, months: int) -> None:
    """However much is earned, a member has few lots; each is good for a while."""
    terms = ProgrammeTerms(points_valid_months=months)
    ends = {terms.expires_on(day + timedelta(days=n)) for n in range(365)}
    assert len(ends) in {12, 13}
    assert all(end is not None and end > day for end in ends)


def test_without_an_end_points_never_expire() -> None:
    assert ProgrammeTerms().expires_on(date(2027, 1, 1)) is None


@pytest.mark.parametrize("word", ["13-01", "00-10", "02-30", "4-31", "12/31", "12-311"])
def test_no_day_of_a_year_is_refused(word: str) -> None:
    [fault] = ProgrammeTerms(points_expire_on=word).find_faults()
    assert fault.pointer == "/points_expire_on"


def test_two_ends_are_refused() -> None:
    terms = ProgrammeTerms(points_expire_on="12-31", points_valid_months=12)
    assert [fault.code for fault in terms.find_faults()] == ["two_ends"]


def test_only_points_of_a_plan_end_and_those_taken_otherwise_too() -> None:
    """Whatever tier of a chance is paid at last."""
    end = date(2028, 2, 29)
    second = PlannedReward(1, 2, RewardKind.POINTS, 0, 5)
    first = PlannedReward(1, 1, RewardKind.COUPON, 2, 1, otherwise=second)
    [coupon] = RewardPlan((first,)).ending(end).rewards
    assert coupon.expires_on is None
    assert coupon.otherwise is not None
    assert coupon.otherwise.expires_on == end
