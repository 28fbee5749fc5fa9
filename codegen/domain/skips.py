"""Why a change left codes as they were, which an answer says beside how many moved."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from codegen.domain.messages import message
from codegen.domain.ranges import RangeState
from core.messages import Message


class SkipReason(StrEnum):
    """Why a code was left as it was."""

    VOID = "void"
    RECALLED = "recalled"
    ACTIVE = "already_active"
    ISSUED = "not_activated"
    ASKED = "second_person_needed"


SENTENCES: Final[Mapping[SkipReason, Message]] = {
    SkipReason.VOID: message("skipped_void"),
    SkipReason.RECALLED: message("skipped_recalled"),
    SkipReason.ACTIVE: message("skipped_active"),
    SkipReason.ISSUED: message("skipped_issued"),
    SkipReason.ASKED: message("skipped_asked"),
}
REASON_OF: Final[Mapping[RangeState, SkipReason]] = {
    RangeState.VOID: SkipReason.VOID,
    RangeState.RECALLED: SkipReason.RECALLED,
    RangeState.ACTIVATED: SkipReason.ACTIVE,
    RangeState.ISSUED: SkipReason.ISSUED,
}


@dataclass(frozen=True, slots=True)
class Skip:
    """A quantity of codes that were left as they were, and why."""

    reason: SkipReason
    quantity: int
    detail: str


def tell_skips(counts: Mapping[SkipReason, int]) -> tuple[Skip, ...]:
    """Tell what was skipped, in the order of the reasons' names."""
    return tuple(
        Skip(reason, quantity, str(SENTENCES[reason]))
        for reason, quantity in sorted(counts.items())
        if quantity
    )


def add_skips(parts: Iterable[Sequence[Skip]]) -> tuple[Skip, ...]:
    """Add up what several changes skipped."""
    counts: Counter[SkipReason] = Counter()
    for part in parts:
        for skip in part:
            counts[skip.reason] += skip.quantity
    return tell_skips(counts)
