"""Stretches that are watched for early scans: the highest count of a code's own."""

from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.domain.early_scans import EarlyStretch, EarlyWatch

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


def test_claims_wait_from_the_threshold_on_and_never_at_none() -> None:
    watch = EarlyWatch(20)
    assert [watch.holds(codes) for codes in (0, 19, 20, 21)] == [
        *(False, False),
        *(True, True),
    ]
    assert not EarlyWatch(0).holds(1_000)
    assert not EarlyWatch(0).holds(0)
