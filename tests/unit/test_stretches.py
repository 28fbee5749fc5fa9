"""Stretches of codes, against sets of codes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.domain.stretches import NOTHING, Stretches

PAIRS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 8)).map(lambda t: (t[0], sum(t))),
    max_size=8,
)


def codes_of(pairs: list[tuple[int, int]]) -> set[int]:
    return {code for first, last in pairs for code in range(first, last + 1)}


def pairs_of(stretches: Stretches) -> list[tuple[int, int]]:
    return list(zip(stretches.firsts.tolist(), stretches.lasts.tolist(), strict=True))


@given(PAIRS, PAIRS, PAIRS)
def test_what_is_taken_goes_and_what_is_added_comes(
    has: list[tuple[int, int]],
    less: list[tuple[int, int]],
    more: list[tuple[int, int]],
) -> None:
    """And what touches is one, so that as few are left as can be."""
    changed = Stretches.of(has).changed(Stretches.of(less), Stretches.of(more))
    wanted = codes_of(has) - codes_of(less) | codes_of(more)
    assert codes_of(pairs_of(changed)) == wanted
    assert len(changed) == sum(code - 1 not in wanted for code in wanted)
    assert (np.diff(changed.firsts) > 0).all()
    assert changed.equals(Stretches.of([(code, code) for code in wanted]))


def test_of_too_many_the_newest_stay() -> None:
    three = Stretches.of([(9, 9), (1, 2), (5, 6)])
    assert pairs_of(three.newest(2)) == [(5, 6), (9, 9)]
    assert three.newest(4).equals(three)
    assert not three.equals(three.newest(2))
    assert NOTHING.equals(Stretches.of([]))
    assert len(NOTHING) == 0
