"""What of dealers' codes is counted, and when it is too much."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.domain.dealers import DealerShare, SoldCode, count_days

DAYS = st.integers(0, 3).map(lambda n: date(2027, 1, 1) + timedelta(days=n))
CODES = st.lists(st.builds(SoldCode, st.sampled_from("ab"), DAYS, st.booleans()))


@given(CODES)
def test_each_code_counts_once_on_its_day(codes: list[SoldCode]) -> None:
    counted = count_days(codes)
    plain = Counter((code.dealer, code.day) for code in codes)
    assert {(d.dealer, d.day): d.codes for d in counted} == plain
    assert sum(d.outside for d in counted) == sum(code.is_outside for code in codes)
    assert counted == sorted(counted, key=lambda each: (each.day, each.dealer))


@pytest.mark.parametrize(
    ("codes", "outside", "much"),
    [(4, 4, False), (5, 5, True), (250, 5, True), (251, 5, False), (10_000, 200, True)],
)
def test_five_codes_and_two_in_a_hundred_are_much(
    codes: int, outside: int, *, much: bool
) -> None:
    assert DealerShare("a", codes, outside).is_diversion is much
