"""Plots of campaigns: within their frame, and true to what they show."""

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from console.marketing.plots import (
    WHOLE,
    lay_out_curve,
    lay_out_shares,
    lay_out_spend,
    lay_out_timeline,
)
from rewards.domain.campaigns import CampaignState, KeptCampaign

NOW = datetime(2027, 3, 15, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = NOW.date()
DAYS = st.dictionaries(st.integers(0, 400), st.integers(0, 10**9), min_size=1)


def kept(starts: timedelta, ends: timedelta | None) -> KeptCampaign:
    """Make a campaign about now."""
    at = NOW.astimezone(UTC)
    known: dict[str, Any] = dict.fromkeys(("brand", "active_version", "budget"))
    return KeptCampaign(
        campaign_no=1,
        campaign_id="c",
        state=CampaignState.ACTIVE,
        starts_at=at + starts,
        ends_at=None if ends is None else at + starts + ends,
        spent=None,
        versions=(),
        **known,
    )


SPANS = st.tuples(
    st.integers(-2_000, 2_000).map(lambda n: timedelta(days=n)),
    st.none() | st.integers(1, 2_000).map(lambda n: timedelta(days=n)),
)


@given(st.lists(SPANS, min_size=1, max_size=6))
def test_every_campaign_is_seen_within_the_frame(spans: list[Any]) -> None:
    line = lay_out_timeline([kept(*span) for span in spans], NOW)
    assert len(line.bars) == len(spans)
    for bar in line.bars:
        assert bar.width > 0
        assert bar.x >= 0
        assert bar.x + bar.width <= WHOLE + 0.01
    assert 0 <= line.now <= WHOLE
    assert len(line.ticks) <= 7
    xs = [tick.x for tick in line.ticks]
    assert xs == sorted(xs)


def test_a_bar_begins_and_ends_with_its_campaign() -> None:
    """One that ended before now lies left of it, one that runs on reaches the end."""
    day = timedelta(days=1)
    over, runs = lay_out_timeline(
        [kept(-10 * day, 5 * day), kept(-day, None)], NOW
    ).bars
    now = lay_out_timeline([kept(-10 * day, 5 * day), kept(-day, None)], NOW).now
    assert over.x < over.x + over.width < runs.x < now
    assert not over.open_right
    assert runs.open_right
    assert round(runs.x + runs.width, 1) == WHOLE


@given(DAYS, st.none() | st.integers(0, 10**12))
def test_what_was_spent_never_falls(days: dict[int, int], budget: int | None) -> None:
    """And ends at the sum, in a square of a hundred with its top at 0."""
    first = TODAY - timedelta(days=400)
    by_day = [(first + timedelta(days=n), days[n]) for n in sorted(days)]
    plot = lay_out_spend(by_day, budget=budget, today=TODAY)
    assert plot is not None
    points = [tuple(map(float, each.split(","))) for each in plot.line.split()]
    for (x, y), (next_x, next_y) in itertools.pairwise(points):
        assert 0 <= x <= next_x <= WHOLE
        assert 0 <= next_y <= y <= WHOLE
    assert plot.totals[-1][2] == sum(days.values())
    assert plot.most >= sum(days.values())
    assert len(plot.ticks) <= 7


def test_a_budget_lasts_as_long_as_the_pace_of_last_week_lets_it() -> None:
    week = [(TODAY - timedelta(days=n), 10) for n in range(7, 0, -1)]
    plot = lay_out_spend(week, budget=170, today=TODAY)
    assert plot is not None
    assert plot.lasts_until == TODAY + timedelta(days=10)
    spent = lay_out_spend(week, budget=70, today=TODAY)
    assert spent is not None
    assert (spent.lasts_until, spent.budget_y) == (None, 0)
    old = lay_out_spend([(date(2026, 1, 1), 10)], budget=170, today=TODAY)
    assert old is not None
    assert old.lasts_until is None


@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=30),
    st.integers(1, 10**6),
)
def test_a_curve_never_goes_back_and_stays_in_its_frame(
    seconds: list[int], span_s: int
) -> None:
    """Whatever clocks of two workers said, and before or after what is shown."""
    given = [
        (NOW + timedelta(seconds=at), number) for number, at in enumerate(seconds, 1)
    ]
    span = (NOW - timedelta(seconds=span_s), NOW + timedelta(seconds=span_s))
    plot = lay_out_curve(given, span, NOW)
    assert plot is not None
    points = [tuple(map(float, each.split(","))) for each in plot.line.split()]
    for (x, y), (next_x, next_y) in itertools.pairwise(points):
        assert 0 <= x <= next_x <= WHOLE
        assert 0 <= next_y <= y <= WHOLE
    assert points[-1][1] == 0
    assert plot.most == len(seconds)
    assert 1 <= len(plot.ticks) <= 7


def test_nothing_yet_has_no_plot() -> None:
    assert lay_out_spend([], budget=5, today=TODAY) is None
    assert lay_out_curve([], (NOW, NOW + timedelta(days=1)), NOW) is None


def test_what_is_not_zero_can_be_seen() -> None:
    assert lay_out_shares([0, 1, 10**6]) == [0, 0.6, 100]
    assert lay_out_shares([]) == []
