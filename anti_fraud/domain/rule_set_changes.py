"""What two documents of rules differ in; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

Document = Mapping[str, Any]

# The lists of a document, and what names an item of each.
_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "counters": ("fact",),
    "throttles": ("entity", "window_s"),
    "rules": ("id",),
}


class Changed(StrEnum):
    """What became of a part of a document."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class PartChange:
    """A part of a document, by its name, as it was and as it is."""

    part: str
    name: str
    changed: Changed
    before: Any
    after: Any


def compare_documents(old: Document, new: Document) -> Iterator[PartChange]:
    """Tell what was added, removed and changed; what only moved is the same."""
    before, after = old.get("thresholds", {}), new.get("thresholds", {})
    yield from _compare("thresholds", before, after)
    for part, named_by in _LISTS.items():
        yield from _compare(
            part,
            _by_name(old.get(part, ()), named_by),
            _by_name(new.get(part, ()), named_by),
        )


def _by_name(items: Any, named_by: tuple[str, ...]) -> dict[str, Any]:
    return {" ".join(str(item.get(name)) for name in named_by): item for item in items}


def _compare(
    part: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[PartChange]:
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        changed = Changed.CHANGED
        if before is None:
            changed = Changed.ADDED
        elif after is None:
            changed = Changed.REMOVED
        yield PartChange(part, name, changed, before, after)
