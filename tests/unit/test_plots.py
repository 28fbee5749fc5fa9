"""Counts laid out as the parts of one bar."""

from hypothesis import given
from hypothesis import strategies as st

from console.frame.plots import STATUSES, WIDTH, lay_out, write_shares

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


@given(COUNTS)
def test_shares_add_up_and_hide_nothing(counts: dict[str, int]) -> None:
    """What is shown is 100 % in sum; the least is less than 0.01 %, never nothing."""
    shares = write_shares(counts)
    shown = {name: share.removesuffix(" %") for name, share in shares.items()}
    nothing = [name for name, share in shown.items() if share == "0"]
    assert nothing == [name for name in STATUSES if not counts.get(name)]
    known = {"< 0.01": 0.0, "> 99.99": 100.0}
    read = {n: known[s] if s in known else float(s) for n, s in shown.items()}
    assert round(sum(read.values()), 2) == 100
    whole = sum(counts.values())
    for name, share in shown.items():
        if share not in known:
            assert abs(float(share) - 100 * counts.get(name, 0) / whole) < 0.01


def test_the_least_share_is_told_as_less_than_it_could_be_written() -> None:
    """Not rounded up to what it is not."""
    shares = write_shares({"printed": 102, "unprinted": 22_920_903})
    assert shares["printed"] == "< 0.01 %"
    assert shares["unprinted"] == "> 99.99 %"
    thirds = write_shares({"printed": 1, "wasted": 1, "unprinted": 1})
    assert sorted(thirds.values())[-3:] == ["33.33 %", "33.33 %", "33.34 %"]
