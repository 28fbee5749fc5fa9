"""Counts laid out as the parts of one bar."""

from hypothesis import given
from hypothesis import strategies as st

from console.plots import STATUSES, WIDTH, lay_out

COUNTS = st.dictionaries(
    st.sampled_from(STATUSES), st.integers(0, 10**11), min_size=1
).filter(lambda counts: any(counts.values()))


@given(COUNTS)
def test_parts_fill_the_bar_and_hide_nothing(counts: dict[str, int]) -> None:
    """Side by side, in one order, as wide as their shares but for the thinnest."""
    parts = lay_out(counts)
    assert [p.name for p in parts] == [n for n in STATUSES if counts.get(n)]
    assert [p.quantity for p in parts] == [counts[p.name] for p in parts]
    assert [p.x for p in parts] == [
        sum(before.width for before in parts[:place]) for place in range(len(parts))
    ]
    assert sum(p.width for p in parts) == WIDTH
    assert all(p.width >= 4 for p in parts)
    whole = sum(counts.values())
    for part in parts:
        assert abs(part.width - WIDTH * part.quantity / whole) <= 4 * len(STATUSES)


def test_nothing_is_an_empty_bar() -> None:
    """A batch always has codes, but a place may have none."""
    assert lay_out(dict.fromkeys(STATUSES, 0)) == ()
