"""Who shares what in a case: members, devices and codes with lines between; pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from anti_fraud.domain.case_scans import ShownScan
from anti_fraud.domain.cases import SubjectKind

KINDS: Final = (SubjectKind.MEMBER, SubjectKind.DEVICE, SubjectKind.CODE)
MOST_NODES: Final = 50
# Whatever so many others are linked to is named in full.
_HUB: Final = 3
# Of what is linked to one thing and nothing else, so many are drawn.
_LEAVES: Final = 5
_ROW: Final = 26
_TOP: Final = 40
# Where a column's dots stand, in a picture of this width.
WIDTH: Final = 720
_COLUMNS: Final[Mapping[SubjectKind, int]] = {
    SubjectKind.MEMBER: 190,
    SubjectKind.DEVICE: 360,
    SubjectKind.CODE: 530,
}

Key = tuple[SubjectKind, str]


@dataclass(frozen=True, slots=True)
class Node:
    """A member, device or code, with how many it is linked, and its scans."""

    kind: SubjectKind
    name: str
    links: int
    scans: int
    x: int
    y: int

    @property
    def is_hub(self) -> bool:
        """Whether many are linked to it."""
        return self.links >= _HUB


@dataclass(frozen=True, slots=True)
class Link:
    """A line between two, and the scans that it stands for."""

    one: Node
    other: Node
    scans: int


@dataclass(frozen=True, slots=True)
class Picture:
    """Nodes in three columns with lines; `left_out` had no room."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    left_out: int
    height: int

    @property
    def hubs(self) -> list[Node]:
        """List what most are linked to, most first."""
        found = [node for node in self.nodes if node.is_hub]
        return sorted(found, key=lambda node: (-node.links, node.kind, node.name))


def lay_out_links(scans: Iterable[ShownScan]) -> Picture | None:
    """Lay out who shares what; None where nobody shares anything.

    A device stands between its member and its codes; without one the member is linked
    to the code itself. The nodes with most links are kept where there are too many.
    """
    pairs = Counter[tuple[Key, Key]]()
    seen = Counter[Key]()
    for scan in scans:
        keys = [
            (kind, name)
            for kind, name in zip(
                KINDS, (scan.member_id, scan.device, scan.code_id), strict=True
            )
            if name is not None
        ]
        seen.update(keys)
        pairs.update(pairwise(keys))
    linked: dict[Key, set[Key]] = defaultdict(set)
    for one, other in pairs:
        linked[one].add(other)
        linked[other].add(one)
    if not any(len(others) > 1 for others in linked.values()):
        return None
    ranked = sorted(linked, key=lambda key: (-len(linked[key]), -seen[key], key))
    kept = set(_drop_leaves(ranked, linked)[:MOST_NODES])
    nodes = _place(kept, linked, seen)
    links = [
        Link(nodes[one], nodes[other], count)
        for (one, other), count in sorted(pairs.items())
        if one in kept and other in kept
    ]
    tallest = max(Counter(kind for kind, _ in kept).values())
    return Picture(
        tuple(nodes.values()),
        tuple(links),
        len(ranked) - len(kept),
        _TOP + tallest * _ROW,
    )


def _drop_leaves(ranked: Iterable[Key], linked: Mapping[Key, set[Key]]) -> list[Key]:
    """Leave out most of what hangs on one thing alone: that says how many there are."""
    leaves = Counter[tuple[SubjectKind, Key]]()
    kept = []
    for key in ranked:
        if len(linked[key]) == 1:
            [stem] = linked[key]
            leaves[key[0], stem] += 1
            if leaves[key[0], stem] > _LEAVES:
                continue
        kept.append(key)
    return kept


def _place(
    kept: Iterable[Key],
    linked: Mapping[Key, set[Key]],
    seen: Mapping[Key, int],
) -> dict[Key, Node]:
    """Give each its place: each column in the order of what it is linked to before."""
    columns: dict[SubjectKind, list[Key]] = {kind: [] for kind in KINDS}
    for key in sorted(kept, key=lambda each: (-len(linked[each]), each)):
        columns[key[0]].append(key)
    tallest = max(map(len, columns.values()))
    nodes: dict[Key, Node] = {}
    for kind, keys in columns.items():
        ordered = sorted(keys, key=lambda key: _height_of(linked[key], nodes))
        first = _TOP + (tallest - len(keys)) * _ROW // 2
        for place, key in enumerate(ordered):
            nodes[key] = Node(
                *(kind, key[1], len(linked[key]), seen[key], _COLUMNS[kind]),
                first + place * _ROW,
            )
    return nodes


def _height_of(others: Iterable[Key], nodes: Mapping[Key, Node]) -> float:
    """Tell where those stand in the middle that are placed already."""
    heights: Sequence[int] = [nodes[key].y for key in others if key in nodes]
    return sum(heights) / len(heights) if heights else 0.0
