"""How often tiers are won is counted by their odds, and when it is no luck any more."""

from collections import Counter
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.domain.win_rates import (
    Odds,
    RegionTier,
    Roll,
    TierDay,
    WinRate,
    add_up,
    count_rolls,
)
from rewards.domain.chances import WHOLE, pick_tier

TODAY = date(2027, 1, 8)
TABLES = st.sampled_from(
    [
        (Odds("gold", 1_000), Odds("iron", 500_000)),
        (Odds("gold", 2_000), Odds("iron", 0)),
        (Odds("iron", 1_000_000),),
    ]
)


@st.composite
def rolls(draw: st.DrawFn) -> Roll:
    """Roll once by a table; what has no odds is won by nobody."""
    table = draw(TABLES)
    winnable = [odds.tier_id for odds in table if odds.per_million]
    return Roll(
        draw(st.sampled_from("ab")),
        "luck",
        draw(st.sampled_from(["CN-44", "CN-31"])),
        TODAY - timedelta(days=draw(st.integers(0, 2))),
        table,
        draw(st.sampled_from([None, *winnable])),
    )


@given(st.lists(rolls()))
def test_each_claim_counts_for_each_tier_that_it_could_have_won(
    made: list[Roll],
) -> None:
    """By the odds of its own version; what nobody can win is not there."""
    counted = count_rolls(made)
    claims: Counter[tuple[date, RegionTier]] = Counter()
    promised: Counter[tuple[date, RegionTier]] = Counter()
    for roll in made:
        for tier_id, per_million in roll.table:
            tier = RegionTier(roll.campaign_id, roll.offer_id, tier_id, roll.region)
            promised[roll.day, tier] += per_million
            claims[roll.day, tier] += per_million > 0
    assert {(d.day, d.tier): d.claims for d in counted} == +claims
    assert {(d.day, d.tier): d.promised for d in counted} == +promised
    assert sum(d.wins for d in counted) == sum(r.won is not None for r in made)
    assert counted == sorted(counted, key=lambda each: (each.day, each.tier))


@pytest.mark.parametrize(
    ("claims", "wins", "per_million", "much"),
    [
        (1_000, 199, 1_000, False),
        (1_000, 200, 1_000, True),
        # 10,000 expected, 94.9 a deviation: 4 of them are 379.5.
        (100_000, 10_379, 100_000, False),
        (100_000, 10_380, 100_000, True),
        (1_000, 1_000, 1_000_000, False),
        (100_000, 9_000, 100_000, False),
    ],
)
def test_much_is_four_deviations_and_two_hundred_wins(
    claims: int, wins: int, per_million: int, *, much: bool
) -> None:
    assert WinRate(claims, wins, claims * per_million).is_no_luck is much


def test_nothing_that_was_never_claimed_is_lucky() -> None:
    assert WinRate(0, 0, 0).sigma == 0


@given(st.lists(st.integers(0, WHOLE), min_size=1))
def test_a_deviation_is_never_less_than_that_of_odds_of_many_versions(
    odds: list[int],
) -> None:
    """A mix of odds varies less than their mean, so luck isn't called anything else."""
    exact = sum(p / WHOLE * (1 - p / WHOLE) for p in odds)
    assert WinRate(len(odds), 0, sum(odds)).deviation ** 2 >= exact * (1 - 1e-9) - 1e-9


def test_fair_luck_hardly_ever_is_too_much() -> None:
    """Two thousand weeks of a region with a few hundred fair wins each."""
    weeks = np.random.default_rng(20270101).binomial(20_000, 0.015, size=2_000)
    rates = [WinRate(20_000, int(wins), 20_000 * 15_000) for wins in weeks]
    assert max(rate.wins for rate in rates) > 340, "there were lucky weeks"
    assert sum(rate.is_no_luck for rate in rates) <= 1


def test_who_picks_winners_is_noticed() -> None:
    """Of honest claims with a few hundred that were chosen because they win."""
    luck = np.random.default_rng(20270102)
    table = (Odds("gold", 10_000), Odds("iron", 200_000))

    def roll(number: int) -> Roll:
        won = pick_tier(table, number)
        name = None if won is None else table[won].tier_id
        return Roll("a", "luck", "CN-44", TODAY, table, name)

    fair = [roll(int(each)) for each in luck.integers(WHOLE, size=10_000)]
    picked = [roll(int(each)) for each in luck.integers(10_000, size=250)]
    rates = {tier.tier_id: r for tier, r in add_up(count_rolls(fair), {}).items()}
    assert not any(rate.is_no_luck for rate in rates.values())
    found = add_up(count_rolls(fair + picked), {})
    much = {tier.tier_id for tier, rate in found.items() if rate.is_no_luck}
    assert much == {"gold"}


def test_days_until_somebody_looked_count_no_more() -> None:
    tier, other = RegionTier("a", "b", "c", "CN-44"), RegionTier("a", "b", "d", "CN-44")
    days = [
        TierDay(each, TODAY - timedelta(days=ago), 10, 1, 5)
        for each in (tier, other)
        for ago in range(3)
    ]
    rates = add_up(days, {tier: TODAY - timedelta(days=1)})
    assert rates == {tier: WinRate(10, 1, 5), other: WinRate(30, 3, 15)}
