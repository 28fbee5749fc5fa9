"""Why a change left codes as they were, which an answer says beside how many moved."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from codegen.domain.ranges import RangeState


class SkipReason(StrEnum):
    """Why a code was left as it was."""

    VOID = "void"
    RECALLED = "recalled"
    ACTIVE = "already_active"
    ISSUED = "not_activated"
    ASKED = "second_person_needed"


SENTENCES: Final[Mapping[SkipReason, str]] = {
    SkipReason.VOID: "These caps are void, for good.",
    SkipReason.RECALLED: "These caps are recalled, for good.",
    SkipReason.ACTIVE: (
        "These caps are active already, or from a start on that was set before; one "
        "that is to come can be moved."
    ),
    SkipReason.ISSUED: "These caps were reported missing, or lie in too many pieces.",
    SkipReason.ASKED: "A line does not void these caps alone; a second person has to.",
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
        Skip(reason, quantity, SENTENCES[reason])
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
