"""What a claim would earn and why not more, chosen as the ledger would; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from rewards.domain.active_campaigns import Campaign
from rewards.domain.limits import Counts, Limit, Per
from rewards.domain.plans import (
    Claim,
    HindranceReason,
    PlannedReward,
    RewardKind,
    open_at,
)

# A row of limit_uses: its limit, its holder and its period.
Row = tuple[int, int, date]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who claims, where and on which business day: whose rows limits are taken from."""

    member_no: int
    region: int
    day: date

    def row(self, limit: Limit) -> Row:
        """Name the row that a claim takes from."""
        holder = limit.holder(self.member_no, self.region)
        return limit.limit_no, holder, limit.period(self.day)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a campaign would give; of a chance only that there is one."""

    campaign_id: str
    offer_id: str
    kind: RewardKind | None
    amount: int
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """What a campaign, or one offer of it, would not give, and until when."""

    campaign_id: str
    offer_id: str | None
    reason: HindranceReason
    until: datetime | None = None


_OF_DAYS: Final = {
    Per.DAY: HindranceReason.CAP_DAY,
    Per.MEMBER_DAY: HindranceReason.CAP_MEMBER_DAY,
    Per.REGION_DAY: HindranceReason.CAP_REGION_DAY,
}


def reason_of(limit: Limit) -> HindranceReason:
    """Say which limit was full."""
    if limit.counts is Counts.AWARDS and not limit.of_member:
        return HindranceReason.DAILY_STOCK if limit.by_day else HindranceReason.STOCK
    if limit.per is Per.TOTAL:
        return HindranceReason.BUDGET
    return _OF_DAYS.get(limit.per, HindranceReason.CAP_MEMBER)


def preview_claim(
    campaigns: Sequence[Campaign],
    claim: Claim,
    *,
    now: datetime,
    tomorrow: datetime,
    holder: Holder,
    used: Mapping[Row, int],
) -> tuple[list[Expected], list[Withheld]]:
    """Tell what a claim would earn of campaigns, in their order.

    `used` is what was taken of each row so far. Limits of a day begin anew `tomorrow`.
    """
    awards: list[Expected] = []
    withheld: list[Withheld] = []
    taken = dict(used)
    ended: str | None = None
    for campaign in campaigns:
        hindrance = campaign.hindrance(claim, now)
        if hindrance is not None:
            withheld.append(
                Withheld(campaign.campaign_id, None, hindrance.reason, hindrance.until)
            )
            continue
        if ended is not None:
            withheld.append(
                Withheld(campaign.campaign_id, None, HindranceReason.EXCLUSIVE)
            )
            continue
        once: set[Row] = set()
        for reward in campaign.rewards:
            if open_at(reward, now) is None:
                withheld.append(_absent(reward, now))
                continue
            full = _take(reward, holder, taken, once)
            if full is None:
                awards.append(
                    Expected(
                        *(reward.campaign_id, reward.offer_id, reward.kind),
                        *(reward.amount, reward.name),
                    )
                )
                ended = campaign.campaign_id if reward.exclusive else ended
            else:
                until = tomorrow if full.by_day else None
                withheld.append(
                    Withheld(
                        *(campaign.campaign_id, reward.offer_id),
                        *(reason_of(full), until),
                    )
                )
        awards += [
            Expected(campaign.campaign_id, chance.offer_id, None, 1)
            for chance in campaign.chances
        ]
    return awards, withheld


def _absent(reward: PlannedReward, now: datetime) -> Withheld:
    """Say why there is none of it: coupons are over, a draw is closed or to open."""
    begins_at, who = reward.begins_at, (reward.campaign_id, reward.offer_id)
    if begins_at is not None and now < begins_at:
        return Withheld(*who, HindranceReason.NOT_BEGUN, begins_at)
    return Withheld(*who, HindranceReason.ENDED)


def _take(
    reward: PlannedReward, holder: Holder, taken: dict[Row, int], once: set[Row]
) -> Limit | None:
    """Take what a reward takes; gives the last limit that has no room, else None."""
    takes: dict[Row, int] = {}
    full: Limit | None = None
    for limit in reward.limits:
        row = holder.row(limit)
        if limit.once and row in once:
            continue
        takes[row] = reward.amount if limit.by_amount else 1
        if taken.get(row, 0) + takes[row] > limit.most:
            full = limit
    if full is not None:
        return full
    for row, take in takes.items():
        taken[row] = taken.get(row, 0) + take
    once.update(holder.row(limit) for limit in reward.limits if limit.once)
    return None
