"""What something says, line by line, and what one version changes of another; pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is said; `key` names it in every version."""

    key: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one thing was, and what it is to be; None where it is not said."""

    label: str
    before: str | None
    after: str | None


def compare_lines(before: Iterable[Line], after: Iterable[Line]) -> list[Change]:
    """List what differs between two versions."""
    old = {line.key: line for line in before}
    new = {line.key: line for line in after}
    changes = []
    for key in dict.fromkeys((*old, *new)):
        was, is_ = old.get(key), new.get(key)
        told = [each.value if each else None for each in (was, is_)]
        if told[0] != told[1]:
            line = is_ or was
            assert line is not None
            changes.append(Change(line.label, *told))
    return changes
