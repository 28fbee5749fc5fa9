"""Cases: held scans of one attack, which a person decides together; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self

import msgspec

from anti_fraud.domain.entities import Entity
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.verdict import CaseKind, Hit

# A case takes so many scans; what comes of its attack then is the next case, so that
# one decision is never too much for one transaction.
MOST_SCANS: Final = 2_000
# Whoever does nothing with a case for so long has let it go.
IDLE: Final = timedelta(minutes=30)
MOST_SNOOZED: Final = timedelta(days=180)
# How long a decision can be taken back.
UNDO_WITHIN: Final = timedelta(minutes=10)
FIRST_QUEUE: Final = "first"
# With this begins the subject of a case whose network is forgotten.
FORGOTTEN: Final = "forgotten-"


class CaseState(StrEnum):
    """How far a case has come; one that is waiting needs a second person."""

    OPEN = "open"
    WAITING = "waiting"
    DECIDED = "decided"


class SubjectKind(StrEnum):
    """What the scans of an attack have in common."""

    CODE = "code"
    DEVICE = "device"
    MEMBER = "member"
    NETWORK = "network"
    DEALER = "dealer"
    BATCH = "batch"


class Verb(StrEnum):
    """What is decided: approve posts what scans earned, deny voids it."""

    APPROVE = "approve"
    DENY = "deny"


class CaseEntryKind(StrEnum):
    """What happened to a case."""

    OPENED = "opened"
    ASSIGNED = "assigned"
    RELEASED = "released"
    SNOOZED = "snoozed"
    ESCALATED = "escalated"
    NOTE = "note"
    PROPOSED = "proposed"
    REJECTED = "rejected"
    DECIDED = "decided"
    UNDONE = "undone"
    CLOSED = "closed"
    ACTED = "acted"
    ACTION_UNDONE = "action_undone"


class Sort(StrEnum):
    """What a queue begins with: what is due first, worth most, scored highest."""

    DUE = "due"
    VALUE = "value"
    SCORE = "score"


class Value(msgspec.Struct, frozen=True):
    """What scans earned: points, money in hundredths, and how many other things."""

    points: int = 0
    minor: int = 0
    others: int = 0

    def __add__(self, other: Self) -> "Value":
        """Add up."""
        return Value(
            self.points + other.points,
            self.minor + other.minor,
            self.others + other.others,
        )

    def less(self, other: "Value") -> "Value":
        """Take away."""
        return Value(
            self.points - other.points,
            self.minor - other.minor,
            self.others - other.others,
        )


NOTHING: Final = Value()


class Attack(NamedTuple):
    """What makes scans one case: how they attack, and by what."""

    kind: CaseKind
    subject_kind: SubjectKind
    subject: str


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that a scan is of: its key here, and its name for people."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class HeldScan:
    """A held scan that is in no case yet, with what is known of it.

    One that is not `held` passed, and a rule wants a person to look at it.
    """

    scan_id: int
    score: int
    hits: tuple[Hit, ...]
    subjects: Mapping[SubjectKind, Subject]
    value: Value
    # What no rule explains, or rules would have refused, is never approved by itself.
    needs_person: bool = False
    held: bool = True


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision that waits for a second person."""

    decision: Verb
    note: str
    release_code: bool = False
    scans: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case; `value` and `waiting` are of scans that nobody has decided yet."""

    case_id: int
    kind: CaseKind
    subject_kind: SubjectKind
    subject: str
    subject_name: str
    state: CaseState
    version: int
    queue: str
    score: int
    heaviest: int
    value: Value
    scans: int
    waiting: int
    rules: tuple[str, ...]
    collects: bool
    opened_at: datetime
    last_at: datetime
    due_at: datetime
    assignee: str | None = None
    assigned_until: datetime | None = None
    snoozed_until: datetime | None = None
    proposal: Proposal | None = None
    proposed_by: str | None = None
    decision: Verb | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None

    @property
    def is_forgotten(self) -> bool:
        """Whether its network is; `subject_name` is what sort of one it was."""
        return self.subject.startswith(FORGOTTEN)

    def holder(self, now: datetime) -> str | None:
        """Tell who works on it; nobody whose time with it is over."""
        if self.assigned_until is None or self.assigned_until <= now:
            return None
        return self.assignee


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened to a case, as its timeline has it."""

    entry_id: int
    case_id: int
    at: datetime
    kind: CaseEntryKind
    person: str
    detail: Mapping[str, Any]


# By what of a scan is counted, what its facts speak of.
_COUNTED: Final = {
    Entity.MEMBER: SubjectKind.MEMBER,
    Entity.DEVICE: SubjectKind.DEVICE,
    Entity.NETWORK: SubjectKind.NETWORK,
    Entity.SITE: SubjectKind.NETWORK,
    Entity.CODE: SubjectKind.CODE,
}
# The narrowest first: one code in two places says more than a busy network.
_NARROWEST: Final = (
    SubjectKind.CODE,
    SubjectKind.DEVICE,
    SubjectKind.MEMBER,
    SubjectKind.NETWORK,
    SubjectKind.DEALER,
    SubjectKind.BATCH,
)
_KINDS: Final = {
    SubjectKind.CODE: CaseKind.CLONE,
    SubjectKind.DEVICE: CaseKind.DEVICE_FARM,
    SubjectKind.MEMBER: CaseKind.VELOCITY,
    SubjectKind.NETWORK: CaseKind.VELOCITY,
    SubjectKind.DEALER: CaseKind.DIVERSION,
    SubjectKind.BATCH: CaseKind.OTHER,
}
# What other facts speak of than counts and places.
_TOLD: Final = {
    "days_past_sell_by": SubjectKind.BATCH,
    "dealer_outside_share": SubjectKind.DEALER,
}


def find_attack(
    hits: Sequence[Hit],
    rule_set: RuleSet | None,
    subjects: Mapping[SubjectKind, Subject],
) -> Attack:
    """Tell which case a scan belongs to, by what the weightiest rule speaks of.

    A rule may say itself what its cases are called. A scan whose rules speak of nothing
    that it has is its member's.
    """
    named = {rule.rule_id: rule.kind for rule in rule_set.rules} if rule_set else {}
    for hit in sorted(hits, key=lambda each: -each.score):
        told = {_spoken_of(each.fact, rule_set) for each in hit.conditions}
        for kind in _NARROWEST:
            if kind in told and kind in subjects:
                of_rule = named.get(hit.rule_id) or _KINDS[kind]
                return Attack(of_rule, kind, subjects[kind].key)
    member = subjects[SubjectKind.MEMBER]
    return Attack(CaseKind.OTHER, SubjectKind.MEMBER, member.key)


def _spoken_of(fact: str, rule_set: RuleSet | None) -> SubjectKind | None:
    for counter in rule_set.counters if rule_set else ():
        if counter.fact == fact:
            return _COUNTED.get(counter.entity)
    if fact.startswith("place_"):
        return SubjectKind.CODE
    return _TOLD.get(fact)
