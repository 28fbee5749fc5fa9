"""What is left of campaigns, told without asking anything."""

from datetime import UTC, date, datetime, timedelta

import pytest

from rewards.domain.active_campaigns import Campaign, Offer, OfferState
from rewards.domain.campaigns import CampaignState
from rewards.domain.ledger import POINTS_UNIT
from rewards.domain.limits import ALWAYS, Counts, Limit, Per
from rewards.domain.offers import FROZEN
from rewards.domain.plans import PlannedReward, RewardKind
from rewards.domain.remaining import Left, find_spent, rows_of_member

NOW = datetime(2027, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = date(2027, 1, 1)
ANN = 77
STOCK = Limit(1, Per.TOTAL, 10, Counts.AWARDS)
BUDGET = Limit(2, Per.TOTAL, 100, Counts.POINTS)
MINE = Limit(3, Per.MEMBER, 2, Counts.CLAIMS)
TODAY = Limit(4, Per.MEMBER_DAY, 9, Counts.POINTS)


def reward(
    *limits: Limit,
    ends_at: datetime | None = None,
    begins_at: datetime | None = None,
) -> PlannedReward:
    """Plan five points under limits, that are there at some time."""
    return PlannedReward(
        *(1, 1, RewardKind.POINTS, POINTS_UNIT, 5, limits),
        begins_at=begins_at,
        ends_at=ends_at,
    )


def campaign(
    *rewards: PlannedReward, state: CampaignState = CampaignState.ACTIVE
) -> Campaign:
    """Give a campaign that runs."""
    return Campaign(1, "c", "C", NOW - HOUR, None, rewards=rewards, state=state)


@pytest.mark.parametrize(
    ("rewards", "rooms", "is_spent"),
    [
        ((reward(),), {}, False),
        ((reward(STOCK),), {}, False),
        ((reward(STOCK),), {1: 0}, True),
        ((reward(BUDGET),), {2: 5}, False),
        ((reward(BUDGET),), {2: 4}, True),
        ((reward(FROZEN),), {}, True),
        ((reward(STOCK), reward()), {1: 0}, False),
        ((reward(ends_at=NOW),), {}, True),
        ((reward(ends_at=NOW + HOUR),), {}, False),
        ((reward(ends_at=NOW), reward(STOCK)), {1: 0}, True),
        ((reward(begins_at=NOW + HOUR),), {}, False),
        # What only one member has had is there for others.
        ((reward(MINE, TODAY),), {3: 0, 4: 0}, False),
    ],
)
def test_a_campaign_is_spent_when_nothing_of_it_is_left(
    rewards: tuple[PlannedReward, ...], rooms: dict[int, int], *, is_spent: bool
) -> None:
    found = find_spent([campaign(*rewards)], rooms, NOW)
    assert found == ({1} if is_spent else set())
    paused = campaign(*rewards, state=CampaignState.PAUSED)
    assert find_spent([paused], rooms, NOW) == set()


@pytest.mark.parametrize(
    ("rewards", "uses", "state"),
    [
        ((reward(MINE, TODAY),), {}, OfferState.OPEN),
        ((reward(MINE, TODAY),), {(3, ANN, ALWAYS): 1}, OfferState.OPEN),
        ((reward(MINE, TODAY),), {(3, ANN, ALWAYS): 2}, OfferState.FULL),
        ((reward(MINE, TODAY),), {(4, ANN, DAY): 4}, OfferState.OPEN),
        ((reward(MINE, TODAY),), {(4, ANN, DAY): 5}, OfferState.FULL_TODAY),
        (
            (reward(MINE, TODAY),),
            {(4, ANN, DAY): 5, (3, ANN, ALWAYS): 2},
            OfferState.FULL,
        ),
        ((reward(MINE), reward(TODAY)), {(3, ANN, ALWAYS): 2}, OfferState.OPEN),
        (
            (reward(MINE), reward(TODAY)),
            {(3, ANN, ALWAYS): 2, (4, ANN, DAY): 9},
            OfferState.FULL_TODAY,
        ),
        # What is gone anyway does not keep a cap open.
        ((reward(MINE), reward(STOCK)), {(3, ANN, ALWAYS): 2}, OfferState.FULL),
    ],
)
def test_a_member_is_told_of_their_own(
    rewards: tuple[PlannedReward, ...],
    uses: dict[tuple[int, int, date], int],
    state: OfferState,
) -> None:
    """By the rows that are asked for and no others."""
    running = campaign(*rewards)
    assert uses.keys() <= set(rows_of_member(running, ANN, DAY))
    left = Left({1: 0}, uses, ANN, DAY, NOW)
    offer = Offer(OfferState.OPEN, running.starts_at, None)
    told = left.narrow(running, offer)
    assert told is not None
    assert told.state is state
    ended = Offer(OfferState.ENDED, running.starts_at, None)
    assert left.narrow(running, ended) is ended


def test_a_campaign_of_draws_begins_with_the_first_that_opens() -> None:
    two, one = (reward(begins_at=NOW + HOUR * n) for n in (2, 1))
    found = campaign(two, one).offer(NOW, ())
    assert found is not None
    assert (found.state, found.begins_at) == (OfferState.NOT_BEGUN, NOW + HOUR)
    now = campaign(two, reward()).offer(NOW, ())
    assert now is not None
    assert now.state is OfferState.OPEN
