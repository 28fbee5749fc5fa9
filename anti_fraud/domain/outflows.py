"""Campaigns that give far more on a day than on those before; pure."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple

# The job that looks.
JOB: Final = "outflows"
# What a day is expected to give is the mean of so many before it, from the campaign's
# first on; of fewer than the second nothing is expected.
HISTORY_D: Final = 7
LEAST_D: Final = 3
FACTOR: Final = 3
# Points, or money in the smallest coin: less hurts nobody.
LEAST: Final = 10_000
# Who closed an incident is asked again that day once so many times as much was given.
AGAIN: Final = 2


class GivenDay(NamedTuple):
    """What a campaign gave of a kind of reward on a business day."""

    campaign_id: str
    kind: str
    day: date
    amount: int


class Outflow(NamedTuple):
    """What a campaign gave today, and what was expected of the whole day."""

    campaign_id: str
    kind: str
    amount: int
    expected: int

    @property
    def subject(self) -> str:
        """The subject of its incident."""
        return f"campaign:{self.campaign_id}"

    def is_news(self, looked_into: int) -> bool:
        """Tell whether it is, to who has looked into so much of it; 0 is nobody."""
        return self.amount >= AGAIN * looked_into


def find_outflows(given: Iterable[GivenDay], today: date) -> list[Outflow]:
    """Find what is over so many times what was expected, in one order."""
    amounts: dict[tuple[str, str], dict[date, int]] = defaultdict(dict)
    for each in given:
        amounts[each.campaign_id, each.kind][each.day] = each.amount
    found = []
    for (campaign_id, kind), by_day in sorted(amounts.items()):
        before = [
            by_day.get(day, 0)
            for day in (today - timedelta(days=n) for n in range(1, HISTORY_D + 1))
            if day >= min(by_day)
        ]
        amount = by_day.get(today, 0)
        if len(before) < LEAST_D or amount < LEAST:
            continue
        if amount * len(before) > FACTOR * sum(before):
            expected = round(sum(before) / len(before))
            found.append(Outflow(campaign_id, kind, amount, expected))
    return found
