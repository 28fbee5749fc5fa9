"""What of dealers' codes is counted, and when it is too much."""

from collections import Counter
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.domain.dealers import (
    DealerShare,
    DealerWatch,
    Goods,
    SoldCode,
    count_days,
    lay_out,
)

DAYS = st.integers(0, 3).map(lambda n: date(2027, 1, 1) + timedelta(days=n))
GOODS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", None]), st.integers(0, 30), st.integers(0, 9)
    ).map(lambda t: Goods(t[0], t[1], t[1] + t[2])),
    max_size=9,
)
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


@given(GOODS)
def test_a_code_is_of_who_had_it_last(goods: list[Goods]) -> None:
    """As looking through all that moved, the last first, would tell; so do workers."""
    laid = lay_out(goods)
    shares = (DealerShare("a", 10, 5), DealerShare("b", 3_000, 100))
    rows = sorted(
        (first, last, place)
        for place, share in enumerate(shares)
        for stretches in [laid.get(share.dealer)]
        if stretches is not None
        for first, last in zip(stretches.firsts, stretches.lasts, strict=True)
    )
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    watch = DealerWatch(1, shares, *columns)
    for code in range(-1, 42):
        owner = next((g.dealer for g in reversed(goods) if g[1] <= code <= g[2]), None)
        found = watch.find(code)
        assert (found and found.dealer) == owner
        share = {"a": 0.5, "b": 0.033, None: None}[owner]
        assert watch.outside_share(code) == share


def test_who_watches_nobody_knows_nothing() -> None:
    assert DealerWatch().outside_share(7) is None
