"""When a campaign gives far more than on the days before."""

from datetime import date, timedelta

import pytest

from anti_fraud.domain.outflows import GivenDay, Outflow, find_outflows

TODAY = date(2027, 1, 20)


def days(*amounts: int | None, kind: str = "points") -> list[GivenDay]:
    """Give what was given until today, the newest last; None where nothing was."""
    return [
        GivenDay("c", kind, TODAY - timedelta(days=ago), amount)
        for ago, amount in enumerate(reversed(amounts))
        if amount is not None
    ]


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        # Three times is much to expect, and more than that is too much.
        ((10_000, 10_000, 10_000, 30_000), None),
        ((10_000, 10_000, 10_000, 30_001), 10_000),
        # A campaign of two days is nothing to expect by.
        ((10_000, 10_000, 90_000), None),
        # Days on which it gave nothing count from its first on.
        ((12_000, None, None, None, 10_000), 3_000),
        ((9_000, None, None, None, 9_999), None),
        # What was eight days ago is forgotten.
        ((900_000, *[1_000] * 7, 10_000), 1_000),
        ((10_000, 10_000, 10_000, None), None),
    ],
)
def test_it_is_over_three_times_the_mean_of_a_week(
    amounts: tuple[int | None, ...], expected: int | None
) -> None:
    given = [each for each in days(*amounts) if TODAY - each.day <= timedelta(days=7)]
    found = find_outflows(given, TODAY)
    told = (
        [] if expected is None else [Outflow("c", "points", amounts[-1] or 0, expected)]
    )
    assert found == told


def test_each_campaign_and_kind_is_looked_at_by_itself() -> None:
    much = days(10_000, 10_000, 10_000, 90_000, kind="red_packet")
    calm = days(90_000, 90_000, 90_000, 90_000)
    others = [each._replace(campaign_id="a") for each in much]
    assert find_outflows([*much, *calm, *others], TODAY) == [
        Outflow("a", "red_packet", 90_000, 10_000),
        Outflow("c", "red_packet", 90_000, 10_000),
    ]
