"""Whether what ended holds may wait again: nothing of it spent, room for it; pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from rewards.domain.holds import Resolution
from rewards.domain.plans import RewardKind
from rewards.domain.reversals import Use
from rewards.domain.transfers import Transfer, TransferKind


class ReopenFault(StrEnum):
    """Why a hold that has ended stays so, in order of precedence."""

    UNDONE_BEFORE = "undone_before"
    SPENT = "spent"
    LIMIT_FULL = "limit_full"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why holds stay ended, with the figures.

    Of what was posted so many points, and so many other rewards, are not there any
    more; `most` is how much a limit lets that is full.
    """

    fault: ReopenFault
    points: int = 0
    others: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class ReopenWish:
    """Holds that are to wait again together or not at all, which ended at a time."""

    key: int
    scan_ids: tuple[int, ...]
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class EndedReward:
    """A reward of a hold that has ended; `paid` is the transfer that had waited.

    `is_there` tells that it is as it was left then; of what has a balance, lots tell.
    """

    kind: RewardKind
    paid: Transfer
    end: TransferKind
    is_there: bool
    again: bool
    draw_no: int | None = None


class Taking(NamedTuple):
    """What a hold took of a row of a limit, and how much that limit lets."""

    use: Use
    amount: int
    most: int


@dataclass(frozen=True, slots=True)
class EndedHold:
    """A hold that has ended; `takes` is what limits got back of it if it was void."""

    scan_id: int
    member_no: int
    resolution: Resolution
    ended_at: datetime
    rewards: tuple[EndedReward, ...]
    takes: tuple[Taking, ...]


class LotKey(NamedTuple):
    """A lot, in the order in which lots are locked; `expires_on` None is the last."""

    unit: int
    expires_on: date | None
    member_no: int


# What has a balance, from which it can be taken back whatever else is there.
BALANCED: Final = frozenset({RewardKind.POINTS, RewardKind.CARD})


# What is a member's own, at the first try or the second.
POSTED: Final = frozenset({TransferKind.POST, TransferKind.REPOST})


class Spent(NamedTuple):
    """Of what was posted, what is not there any more: points, and other rewards."""

    points: int
    others: int


def find_spent(rewards: Sequence[EndedReward], left: Mapping[LotKey, int]) -> Spent:
    """Tell what is gone of rewards, where lots have so much left."""
    missing = {
        key: amount - left.get(key, 0)
        for key, amount in _by_lot(rewards).items()
        if amount > left.get(key, 0)
    }
    points = sum(n for key, n in missing.items() if key.unit == 0)
    others = sum(n for key, n in missing.items() if key.unit != 0)
    return Spent(points, others + sum(not each.is_there for each in rewards))


def _by_lot(rewards: Sequence[EndedReward]) -> Counter[LotKey]:
    """Add up what went into which lot."""
    lots: Counter[LotKey] = Counter()
    for each in rewards:
        if each.kind in BALANCED and each.end in POSTED:
            lots[_lot_of(each.paid)] += each.paid.amount
    return lots


@dataclass(slots=True)
class Room:
    """What is there as far as holds have been looked at: of lots, and of limits.

    Rows of limits that are not there any more are of days that are long over.
    """

    lots: dict[LotKey, int] = field(default_factory=dict)
    used: dict[Use, int] = field(default_factory=dict)


def take_room(holds: Sequence[EndedHold], room: Room) -> Refusal | None:
    """Tell why holds that go together cannot wait again; takes the room if they can."""
    rewards = [each for hold in holds for each in hold.rewards]
    if any(each.again for each in rewards):
        return Refusal(ReopenFault.UNDONE_BEFORE)
    spent = find_spent(rewards, room.lots)
    if any(spent):
        return Refusal(ReopenFault.SPENT, points=spent.points, others=spent.others)
    takes = [
        each
        for hold in holds
        if hold.resolution is Resolution.VOIDED
        for each in hold.takes
        if each.use in room.used
    ]
    needs: Counter[Use] = Counter()
    for use, amount, most in takes:
        needs[use] += amount
        if room.used[use] + needs[use] > most:
            return Refusal(ReopenFault.LIMIT_FULL, most=most)
    for use, amount in needs.items():
        room.used[use] += amount
    for key, amount in _by_lot(rewards).items():
        room.lots[key] -= amount
    return None


def _lot_of(paid: Transfer) -> LotKey:
    return LotKey(paid.unit, paid.expires_on, paid.credit)
