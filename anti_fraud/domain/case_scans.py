"""What a case page shows of its scans, as whoever sees codes and rewards tells it."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from anti_fraud.domain.cases import SubjectKind, Value
from core.conditions import Fact


class ShownCondition(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison of a rule: what it asked for, what it saw, and what that is."""

    fact: str
    op: str
    threshold: Fact | tuple[Fact, ...]
    value: Fact
    holds: bool | None
    unit: str | None
    sentence: Mapping[str, str]


class ShownHit(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that hit, in a sentence for people by language, with its values."""

    rule_id: str
    score: int
    sentence: Mapping[str, str]
    conditions: tuple[ShownCondition, ...]


class ShownReward(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan earned of one offer, and whether it waits, was posted or voided."""

    kind: str
    amount: int
    name: str | None
    status: str


class ShownScan(msgspec.Struct, frozen=True, kw_only=True):
    """A scan, and what became of what it earned.

    `hold` is waiting, posted or voided, and None where nothing was held. `region` is
    where it was made, as far as that is known, and `sale_regions` are where its code is
    sold; where none is named it is sold everywhere.
    """

    scan_id: str
    at: datetime
    code_id: str
    member_id: str | None
    outcome: str
    score: int
    hold: str | None
    value: Value
    rewards: tuple[ShownReward, ...]
    network: str | None
    device: str | None
    cell: str | None
    rule_set: int | None
    hits: tuple[ShownHit, ...]
    region: str | None = None
    sale_regions: tuple[str, ...] = ()
    batch_id: str | None = None


class Linked(msgspec.Struct, frozen=True):
    """Something that scans of a case have in common, and how many have it."""

    kind: SubjectKind
    id: str
    scans: int


class Evidence(msgspec.Struct, frozen=True):
    """Scans of a case; what they have in common; others of code, member, device.

    `subjects` are what cases of the same attackers would be of, by their keys.
    """

    scans: tuple[ShownScan, ...]
    linked: tuple[Linked, ...]
    of_code: tuple[ShownScan, ...]
    of_member: tuple[ShownScan, ...]
    of_device: tuple[ShownScan, ...] = ()
    subjects: tuple[tuple[SubjectKind, str], ...] = ()
