"""What is taken back of what a scan earned, and what room that gives limits; pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from rewards.domain.awards import Award
from rewards.domain.limits import Counts
from rewards.domain.plans import RewardKind
from rewards.domain.programme import Clawback


class Fate(StrEnum):
    """What became of a reward; `voided` is what waited for a review, or did once."""

    VOIDED = "voided"
    TAKEN_BACK = "taken_back"
    PARTLY = "partly"
    KEPT = "kept"


class Note(StrEnum):
    """Why a reward was kept, or what taking a card back did to its set."""

    SPENT = "spent"
    REDEEMED = "redeemed"
    VOID = "void"
    SHIPPED = "shipped"
    HANDED_OVER = "handed_over"
    SENT = "sent"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DRAWN = "drawn"
    SET_REOPENED = "set_reopened"
    SET_PAID = "set_paid"


# A red packet that had ended unpaid before is as good as taken back.
_ENDED = frozenset({Note.FAILED, Note.CANCELLED})


class AwardBack(msgspec.Struct, frozen=True, gc=False):
    """What became of one reward: so much of it was taken back, so much is owed."""

    award: Award
    fate: Fate
    taken: int = 0
    owed: int = 0
    note: Note | None = None

    @property
    def is_gone(self) -> bool:
        """Tell whether nothing of it is left to its member."""
        ended = self.award.kind is RewardKind.RED_PACKET and self.note in _ENDED
        return ended or self.fate in {Fate.TAKEN_BACK, Fate.VOIDED}


def whole(award: Award, note: Note | None = None) -> AwardBack:
    """Tell that all of a reward was taken back."""
    return AwardBack(award, Fate.TAKEN_BACK, award.amount, note=note)


def kept(award: Award, note: Note) -> AwardBack:
    """Tell that nothing of a reward could be taken back."""
    return AwardBack(award, Fate.KEPT, note=note)


def part(award: Award, taken: int, owed: int) -> AwardBack:
    """Tell how many points were taken back, of which some are owed."""
    fate = Fate.PARTLY if taken + owed else Fate.KEPT
    if taken + owed == award.amount:
        fate = Fate.TAKEN_BACK
    note = None if fate is Fate.TAKEN_BACK else Note.SPENT
    return AwardBack(award, fate, taken, owed, note)


@dataclass(slots=True)
class TakenBack:
    """What became of all that a scan had earned, in the order of its rewards."""

    backs: list[AwardBack] = field(default_factory=list)

    @property
    def points(self) -> int:
        """How many points were taken back."""
        return sum(each.taken for each in self._of(RewardKind.POINTS))

    @property
    def debt(self) -> int:
        """How many points are owed beside them."""
        return sum(each.owed for each in self.backs)

    @property
    def voided(self) -> int:
        """How many rewards waited, and wait no more."""
        return sum(each.fate is Fate.VOIDED for each in self.backs)

    @property
    def kept(self) -> tuple[RewardKind, ...]:
        """Of which kinds something is left to the member."""
        left = {Fate.PARTLY, Fate.KEPT}
        kinds = (each.award.kind for each in self.backs if each.fate in left)
        return tuple(dict.fromkeys(kinds))

    def count(self, kind: RewardKind) -> int:
        """Tell how many of a kind were taken back; of tickets, how many tickets."""
        return sum(each.taken for each in self._of(kind))

    @property
    def red_packets(self) -> int:
        """How many red packets were cancelled."""
        return sum(each.taken > 0 for each in self._of(RewardKind.RED_PACKET))

    def _of(self, kind: RewardKind) -> Iterable[AwardBack]:
        return (each for each in self.backs if each.award.kind is kind)

    def tell(self) -> dict[str, Any]:
        """Tell it to others, as staff, events and the audit log are told."""
        return {
            "points": self.points,
            "debt": self.debt,
            "coupons_voided": self.count(RewardKind.COUPON),
            "gifts_voided": self.count(RewardKind.GIFT),
            "red_packets_cancelled": self.red_packets,
            "tickets_voided": self.count(RewardKind.TICKET),
            "cards_taken": self.count(RewardKind.CARD),
            "voided": self.voided,
            "kept": [kind.value for kind in self.kept],
            "awards": [
                {
                    "award_id": str(each.award.transfer_id),
                    "kind": each.award.kind.value,
                    "campaign_id": each.award.campaign_id,
                    "amount": each.award.amount,
                    "taken": each.taken,
                    "owed": each.owed,
                    "fate": each.fate.value,
                    "note": each.note and each.note.value,
                }
                for each in self.backs
            ],
        }


@dataclass(frozen=True, slots=True)
class Reversal:
    """That what a scan earned was taken back: when, by whom, how far and why."""

    at: datetime
    person: str
    policy: Clawback
    reason: str
    points: int
    debt: int


class Use(NamedTuple):
    """A row of what was taken of a limit, in the order in which these are locked."""

    holder: int
    limit_no: int
    period: date


class Take(NamedTuple):
    """That a reward took from a limit."""

    transfer_id: int
    use: Use
    counts: Counts


def plan_room(
    backs: Sequence[AwardBack], takes: Iterable[Take], used: Mapping[Use, int]
) -> dict[Use, int]:
    """Tell how much room limits are given back, in the periods that it was taken from.

    Amounts as they were taken back; a reward's place once nothing of it is left; and
    that a scan was paid, once nothing is left of all that counted so. What red packets
    took themselves is given back where they end. `used` are the rows that are there.
    """
    by_number = {each.award.transfer_id: each for each in backs}
    room: Counter[Use] = Counter()
    scans: defaultdict[Use, list[AwardBack]] = defaultdict(list)
    for take in takes:
        back = by_number[take.transfer_id]
        if take.counts is Counts.CLAIMS:
            scans[take.use].append(back)
        elif back.award.kind is RewardKind.RED_PACKET:
            continue
        elif take.counts is Counts.AWARDS:
            room[take.use] += back.fate is Fate.TAKEN_BACK
        else:
            room[take.use] += back.taken + back.owed
    for use, of_scan in scans.items():
        room[use] += all(each.is_gone for each in of_scan)
    return {
        use: min(amount, used[use])
        for use, amount in sorted(room.items())
        if min(amount, used.get(use, 0)) > 0
    }
