"""Stretches of codes, both ends included: which of some covers a code; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


class Ranked(NamedTuple):
    """A stretch of codes, and what it has, of which the highest counts."""

    first_code_id: int
    last_code_id: int
    rank: int


def cut_by_highest(stretches: Iterable[Ranked]) -> tuple[list[int], list[int]]:
    """Cut stretches where others begin or end.

    Gives where ranks change, in order, and the highest from there on; 0 where there is
    no stretch.
    """
    edges: list[int] = []
    ranks: list[int] = []
    # The highest rank first, and until where it holds.
    held: list[tuple[int, int]] = []
    begins = sorted(stretches)
    at = 0
    ends = sorted({e for s in begins for e in (s.first_code_id, s.last_code_id + 1)})
    for edge in ends:
        while at < len(begins) and begins[at].first_code_id == edge:
            heappush(held, (-begins[at].rank, begins[at].last_code_id))
            at += 1
        while held and held[0][1] < edge:
            heappop(held)
        edges.append(edge)
        ranks.append(-held[0][0] if held else 0)
    return edges, ranks


def no_numbers() -> Numbers:
    """Give an empty column."""
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """Stretches in ascending order that neither overlap nor touch; int64, one shape."""

    firsts: Numbers = field(default_factory=no_numbers)
    lasts: Numbers = field(default_factory=no_numbers)

    def __len__(self) -> int:
        """Count them."""
        return self.firsts.size

    def equals(self, other: "Stretches") -> bool:
        """Tell whether both cover the same codes."""
        mine, theirs = (self.firsts, self.lasts), (other.firsts, other.lasts)
        return np.array_equal(mine, theirs)

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> "Stretches":
        """Join (first, last) of any order, whatever overlaps what."""
        columns = np.array(list(pairs), np.int64).reshape(-1, 2).T
        return cls().changed(NOTHING, cls(*columns))

    def changed(self, less: "Stretches", more: "Stretches") -> "Stretches":
        """Take codes away, and then add others; what touches becomes one."""
        parts = (self, less, more)
        edges = np.concatenate(
            [edge for part in parts for edge in (part.firsts, part.lasts + 1)]
        )
        order = np.argsort(edges, kind="stable")
        edges = edges[order]
        covers = np.zeros((len(parts), edges.size), np.int8)
        at = 0
        for row, part in zip(covers, parts, strict=True):
            row[at : at + len(part)] = 1
            row[at + len(part) : at + 2 * len(part)] = -1
            at += 2 * len(part)
        own, taken, added = covers[:, order].cumsum(axis=1, dtype=np.int64)
        is_last = np.append(edges[1:] != edges[:-1], True)[: edges.size]
        edges = edges[is_last]
        within = ((own > 0) & (taken == 0) | (added > 0))[is_last]
        before = np.concatenate([[False], within[:-1]])[: edges.size]
        return Stretches(edges[within & ~before], edges[~within & before] - 1)

    def newest(self, most: int) -> "Stretches":
        """Keep so many, of the codes that were issued last."""
        return Stretches(self.firsts[-most:], self.lasts[-most:])


NOTHING: Final = Stretches()
