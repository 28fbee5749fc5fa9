"""Tallies: all that is counted of one key, in one string.

A window counts in ten sub-buckets, so its total covers the last 90 to 100 % of it; a
sub-bucket holds at most 65,535, and forty that are not empty are kept, for what comes
late. A set tells who was there in a window, exact to the second, up to so many that
were seen last. Records are the newest of what happened.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

MIN_WINDOW_S: Final = 10
# What a set tells apart at most, and how many records are kept at most.
MOST_APART: Final = 200
MOST_RECORDS: Final = 100
WHO_BYTES: Final = 8
# Stands for nobody, whom no set counts.
NOBODY: Final = bytes(WHO_BYTES)
# How late anything can be told to be, in milliseconds: seven weeks.
MAX_LATE_MS: Final = 2**32 - 1
_KEPT_BUCKETS: Final = 40
_SECONDS_BITS: Final = 24
# The kind of a set of what counts once: who is in it adds nothing by coming again.
ONCE: Final = 254
_RECORDS: Final = 255
_WHEN_BYTES: Final = 6


@dataclass(frozen=True, slots=True)
class Apart:
    """A set of a tally: `kind` (1 to 254) tells it from others of the same window.

    Of the kind ONCE a tally has one at most, and nobody reads it.

    It is read once for all (0) and for those that are less than a number away (`who` is
    a u64 then, little-endian), as `nears` says.
    """

    kind: int
    window_s: int
    most: int
    nears: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest records of a tally, which expires so long after the last of them."""

    most: int
    expiry_s: int


class Record(NamedTuple):
    """What was kept (8 bytes), and when that happened by the server's clock (ms)."""

    at_ms: int
    what: bytes


# Told apart by identity: a shape is looked up for each visit.
@dataclass(frozen=True, slots=True, eq=False)
class TallyShape:
    """What is counted of a key: raises ValueError for what no tally can be."""

    windows: tuple[int, ...] = ()
    sets: tuple[Apart, ...] = ()
    newest: Newest | None = None
    # As packed.lua reads it.
    packed: bytes = field(init=False, repr=False)
    # How many numbers and how many `who` or records one visit has.
    numbers: int = field(init=False, repr=False)
    whos: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the parts, and pack them."""
        names = [
            *self.windows,
            *(each.kind << 24 | each.window_s for each in self.sets),
        ]
        lasting = [*self.windows, *(each.window_s for each in self.sets)]
        if self.newest:
            lasting.append(self.newest.expiry_s)
        if not lasting or not all(
            MIN_WINDOW_S <= each < 1 << _SECONDS_BITS for each in lasting
        ):
            raise ValueError(f"Windows last {MIN_WINDOW_S} s or more, not {lasting}.")
        if len(set(names)) < len(names):
            raise ValueError(f"Each window and set is counted once: {names}.")
        if not all(
            0 < s.kind < _RECORDS and 0 < s.most <= MOST_APART for s in self.sets
        ):
            raise ValueError(f"There are no such sets: {self.sets}.")
        if self.newest and not 0 < self.newest.most <= MOST_RECORDS:
            raise ValueError(f"So many records are never kept: {self.newest.most}.")
        parts = list(self._pack())
        object.__setattr__(self, "packed", bytes((len(parts),)) + b"".join(parts))
        numbers = len(self.windows) + sum(len(each.nears) for each in self.sets)
        object.__setattr__(self, "numbers", numbers)
        whos = len(self.sets) + (self.newest is not None)
        object.__setattr__(self, "whos", whos)

    def _pack(self) -> Iterator[bytes]:
        for window_s in self.windows:
            yield _PART.pack(window_s, _KEPT_BUCKETS, 0)
        for each in self.sets:
            name = each.kind << _SECONDS_BITS | each.window_s
            count = len(each.nears)
            nears = struct.pack(f"<{count}I", *each.nears)
            yield _PART.pack(name, each.most, count) + nears
        if self.newest:
            name = _RECORDS << _SECONDS_BITS | self.newest.expiry_s
            yield _PART.pack(name, self.newest.most, 0)


_PART: Final = struct.Struct("<IBB")
_HEAD: Final = struct.Struct("<II")


@lru_cache(maxsize=256)
def windows_only(windows: tuple[int, ...]) -> TallyShape:
    """Give the shape that has just windows."""
    return TallyShape(windows)


class TallySection:
    """The visits of one batch to keys whose tallies have one shape."""

    __slots__ = (
        "_keys",
        "_length",
        "_requests",
        "number_at",
        "ranks",
        "record_at",
        "shape",
    )

    def __init__(self, shape: TallyShape) -> None:
        self.shape = shape
        self._length = WHO_BYTES * shape.whos
        self._keys: list[bytes] = []
        self._requests: list[bytes] = []
        # Where its numbers and records begin in the answer, once it is asked, and of
        # each visit the how manieth it is there.
        self.number_at = 0
        self.record_at = 0
        self.ranks: Sequence[int] = ()

    def __len__(self) -> int:
        """Return how many keys are visited."""
        return len(set(self._keys))

    @property
    def first_key(self) -> bytes:
        """A key of it; each section has one."""
        return self._keys[0]

    def visit(self, key: bytes, n: int, late_ms: int, whos: bytes) -> "Visit":
        """Visit a key; raises ValueError unless each set and record has its 8 bytes."""
        if len(whos) != self._length:
            raise ValueError(f"{self.shape} has other parts than {whos!r}.")
        self._keys.append(key)
        self._requests.append(_HEAD.pack(n, late_ms) + whos)
        return self, len(self._keys) - 1

    def encode(self, number_at: int, record_at: int) -> tuple[list[bytes], int, int]:
        """Return the section's bytes, and where the next one's results begin.

        Visits of one key stand together.
        """
        self.number_at, self.record_at = number_at, record_at
        visits = len(self._keys)
        number_at += visits * self.shape.numbers
        record_at += visits * (self.shape.newest is not None)
        by_key: dict[bytes, list[int]] = {}
        for place, key in enumerate(self._keys):
            by_key.setdefault(key, []).append(place)
        parts = [
            self.shape.packed,
            _COUNT.pack(len(by_key)),
            bytes(map(len, by_key)),
            *by_key,
        ]
        requests = self._requests
        if len(by_key) == visits:
            self.ranks = range(visits)
            for request in requests:
                parts += (_ONCE, request)
            return parts, number_at, record_at
        ranks = [0] * visits
        rank = 0
        for places in by_key.values():
            parts.append(_TIMES.pack(len(places)))
            for place in places:
                parts.append(requests[place])
                ranks[place] = rank
                rank += 1
        self.ranks = ranks
        return parts, number_at, record_at


# The section that a visit is in, and its place there.
Visit = tuple[TallySection, int]
_COUNT: Final = struct.Struct("<I")
_TIMES: Final = struct.Struct("<H")
_ONCE: Final = _TIMES.pack(1)


def read_records(packed: bytes) -> list[Record]:
    """Read records as packed.lua answers them."""
    width = _WHEN_BYTES + WHO_BYTES
    return [
        Record(
            int.from_bytes(packed[at : at + _WHEN_BYTES], "little"),
            packed[at + _WHEN_BYTES : at + width],
        )
        for at in range(0, len(packed), width)
    ]
