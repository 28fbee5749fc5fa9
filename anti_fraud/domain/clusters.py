"""Members who are linked by what few people share; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

# The job that finds them.
JOB: Final = "clusters"
# What links members strongly.
DEVICE: Final = "device"
# What more members share links nobody: a shop's tablet, a device that lies.
HUB: Final = 50
# Fewer are a family, whose phone goes round.
SMALLEST: Final = 5
# Links and flags are remembered for so long, as traces are kept.
REMEMBERED: Final = timedelta(days=90)

Numbers = NDArray[np.int64]


class Link(NamedTuple):
    """A member, and the hash of something that the member used."""

    key: int
    member_no: int


class Linked(NamedTuple):
    """What a scan's member belongs to: how many members, and how many flagged."""

    size: int
    flagged: int


@dataclass(frozen=True, slots=True)
class NewLinks:
    """What scans up to `end` tell: links, and whom they flag or may have."""

    end: int
    links: Sequence[Link]
    suspects: frozenset[int]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Members who are linked, in ascending order, and how many are flagged."""

    members: tuple[int, ...]
    flagged: int


def key_of(kind: str, value: bytes) -> int:
    """Hash what links members to a number of 64 bits with a sign."""
    digest = blake2b(value, digest_size=8, person=kind.encode()).digest()
    return int.from_bytes(digest, "big", signed=True)


def find_clusters(links: Iterable[Link]) -> list[tuple[int, ...]]:
    """Group members who share a key, or are so linked through others; of two or more.

    Union-find over arrays: each root hangs itself under the lowest that it touches,
    until no link leads from one tree to another.
    """
    found = np.array(list(links), np.int64).reshape(-1, 2)
    members, ends = np.unique(found[:, 1], return_inverse=True)
    keys, starts = np.unique(found[:, 0], return_inverse=True)
    starts = starts + members.size
    parent = np.arange(members.size + keys.size)
    while True:
        left, right = parent[starts], parent[ends]
        differ = left != right
        if not differ.any():
            break
        low, high = np.minimum(left, right), np.maximum(left, right)
        np.minimum.at(parent, high[differ], low[differ])
        while (parent[parent] != parent).any():
            parent = parent[parent]
    roots = parent[: members.size]
    order = np.argsort(roots, kind="stable")
    cuts = np.flatnonzero(np.diff(roots[order])) + 1
    groups = np.split(members[order], cuts)
    return [tuple(group.tolist()) for group in groups if group.size > 1]


def without_hubs(sharers: Mapping[int, Sequence[int]]) -> list[Link]:
    """Give the links of keys, each with its members, that are of few enough."""
    return [
        Link(key, member)
        for key, members in sharers.items()
        if len(members) <= HUB
        for member in members
    ]


@dataclass(frozen=True, slots=True)
class Clusters:
    """All clusters as a worker knows them: columns by member, in ascending order."""

    version: int = -1
    counted_at: datetime | None = None
    members: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    sizes: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    flagged: Numbers = field(default_factory=lambda: np.empty(0, np.int64))

    def find(self, member_no: int) -> Linked | None:
        """Tell what a member belongs to; None for who is linked to hardly anybody."""
        place = int(self.members.searchsorted(member_no))
        if place == self.members.size or self.members[place] != member_no:
            return None
        return Linked(int(self.sizes[place]), int(self.flagged[place]))
