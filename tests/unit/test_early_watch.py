"""Stretches that are watched for early scans: the highest count of a code's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.domain.early_scans import ON_SALE_AFTER_H, EarlyStretch, EarlyWatch

POSITIONS = st.integers(0, 40)
STRETCHES = st.lists(
    st.tuples(POSITIONS, POSITIONS, st.integers(1, 50)).map(
        lambda t: EarlyStretch(min(t[:2]), max(t[:2]), t[2])
    ),
    max_size=8,
)


@given(STRETCHES)
def test_a_code_has_the_highest_count_of_what_it_is_in(
    stretches: list[EarlyStretch],
) -> None:
    """As asking each stretch would tell, whatever overlaps what."""
    watch = EarlyWatch(20, tuple(stretches))
    for code_id in range(-1, 43):
        around = [s.codes for s in stretches if s[0] <= code_id <= s[1]]
        assert watch.codes_near(code_id) == max(around, default=0)


def waits(watch: EarlyWatch, codes: int, hours: int | None = 0, score: int = 0) -> bool:
    return watch.holds(codes, hours_active=hours, score=score)


def test_claims_wait_from_the_threshold_on_and_never_at_none() -> None:
    watch = EarlyWatch(20)
    assert [waits(watch, codes) for codes in (0, 19, 20, 21)] == [
        *(False, False),
        *(True, True),
    ]
    assert not waits(EarlyWatch(0), 1_000)
    assert not waits(EarlyWatch(0), 0)


@pytest.mark.parametrize(
    ("hours", "score", "waiting"),
    [
        (ON_SALE_AFTER_H - 1, 0, True),
        (ON_SALE_AFTER_H, 0, False),
        (ON_SALE_AFTER_H, 15, True),
        # Since when its cap is active nobody knows.
        (None, 0, True),
    ],
)
def test_buyers_claims_wait_no_more(
    hours: int | None, score: int, *, waiting: bool
) -> None:
    """Their goods are on sale, and no rule says anything against them."""
    assert waits(EarlyWatch(20), 20, hours, score) is waiting
