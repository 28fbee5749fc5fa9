"""Which codes are in which state: an exact table of intervals.

The ranges of a batch tile it without gap or overlap. A change cuts the ranges it
touches, moves the pieces that may move, and joins equal neighbours again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

# A code_id is an epoch above this many bits of serial.
SERIAL_BITS = 36
SERIALS_PER_EPOCH = 1 << SERIAL_BITS
SEGMENT_BITS = 20


class RangeState(StrEnum):
    """The states of a code; `void` and `recalled` are final."""

    ISSUED = "issued"
    ACTIVATED = "activated"
    VOID = "void"
    RECALLED = "recalled"


class EpochState(StrEnum):
    """open; closed: issues no more; frozen: claims are held; retired: not active."""

    OPEN = "open"
    CLOSED = "closed"
    FROZEN = "frozen"
    RETIRED = "retired"


# From which states a change may take a code; others stay as they are.
LEGAL_FROM = {
    RangeState.ACTIVATED: frozenset({RangeState.ISSUED}),
    RangeState.VOID: frozenset({RangeState.ISSUED, RangeState.ACTIVATED}),
    RangeState.RECALLED: frozenset({RangeState.ISSUED, RangeState.ACTIVATED}),
}

Interval = tuple[int, int]


def code_ids_of(epoch: int) -> Interval:
    """Give the first and the last code_id of an epoch."""
    first = epoch << SERIAL_BITS
    return first, first + SERIALS_PER_EPOCH - 1


@dataclass(frozen=True, slots=True)
class Binding:
    """What a range's codes stand for."""

    gtin: str | None = None
    lot: str | None = None
    produced_on: date | None = None
    plant: str | None = None
    line: str | None = None
    sale_regions: tuple[str, ...] = ()
    campaign_id: str | None = None
    effective_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActivationTerms:
    """What an activation says of its codes; None leaves it to the batch."""

    gtin: str | None = None
    lot: str | None = None
    produced_on: date | None = None
    plant: str | None = None
    line: str | None = None
    sale_regions: tuple[str, ...] | None = None
    campaign_id: str | None = None
    effective_at: datetime | None = None

    @property
    def given(self) -> dict[str, Any]:
        """What is said, by name."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in said.items() if value is not None}


AS_THE_BATCH: Final = ActivationTerms()


@dataclass(frozen=True, slots=True)
class CodeRange:
    """Codes `first_code_id` to `last_code_id`, both included, in one state."""

    first_code_id: int
    last_code_id: int
    batch_id: int
    state: RangeState
    binding: Binding
    change_id: int = 0
    instructions: str | None = None

    @property
    def size(self) -> int:
        """How many codes the range holds."""
        return self.last_code_id - self.first_code_id + 1


@dataclass(frozen=True, slots=True)
class CodeState:
    """How one code stands, and what it stands for."""

    state: RangeState
    lot: str | None
    plant: str | None
    line: str | None
    effective_at: datetime | None


@dataclass(frozen=True, slots=True)
class StateChange:
    """A change that moved a code: who, why and when."""

    kind: str
    person: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ActivationRecord:
    """An activation; `active` and `effective_at` are those of codes it still names."""

    activation_id: int
    batch_id: int
    person: str
    reason: str
    at: datetime
    changed: int
    active: int
    effective_at: datetime | None


@dataclass(frozen=True, slots=True)
class RangeChange:
    """A wish: these codes into `state`, with what they stand for from now on."""

    state: RangeState
    change_id: int
    binding: Binding | None = None
    instructions: str | None = None


@dataclass(frozen=True, slots=True)
class RangePlan:
    """What a change does to a batch's ranges.

    `moved` are the pieces that change, in the state and with the binding they had;
    `stayed` are those that it leaves.
    """

    removed: tuple[CodeRange, ...]
    added: tuple[CodeRange, ...]
    moved: tuple[CodeRange, ...]
    changed: int
    stayed: tuple[CodeRange, ...]

    @property
    def unchanged(self) -> int:
        """How many codes it leaves."""
        return sum(piece.size for piece in self.stayed)


@dataclass(frozen=True, slots=True)
class Goods:
    """A quantity of caps of one product and lot, made active or taken back at once."""

    gtin: str | None
    lot: str | None
    produced_on: date | None
    plant: str | None
    line: str | None
    quantity: int


@dataclass(frozen=True, slots=True)
class GoodsChange:
    """What a change of a batch did to goods; `event_id` (a UUID) names it for good."""

    change_id: int
    event_id: str
    state: RangeState
    at: datetime
    goods: tuple[Goods, ...]


class BatchInterval(NamedTuple):
    """Codes of one batch, both ends included."""

    batch_id: int
    first_code_id: int
    last_code_id: int


def join_intervals(intervals: Iterable[Interval]) -> list[Interval]:
    """Sort inclusive intervals and join those that touch or overlap."""
    joined: list[Interval] = []
    for first, last in sorted(intervals):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def leave_out(
    intervals: Iterable[Interval], codes: Sequence[int]
) -> Iterator[Interval]:
    """Cut some (sorted) codes out of inclusive intervals."""
    for first, last in intervals:
        begin = first
        for code in codes[bisect_left(codes, first) : bisect_right(codes, last)]:
            if begin < code:
                yield begin, code - 1
            begin = code + 1
        if begin <= last:
            yield begin, last


def subtract_intervals(
    intervals: Iterable[Interval], taken: Iterable[Interval]
) -> list[Interval]:
    """Keep of inclusive intervals what lies in none of those that are taken."""
    holes = join_intervals(taken)
    ends = [last for _, last in holes]
    left: list[Interval] = []
    for first, last in join_intervals(intervals):
        begin = first
        for hole_first, hole_last in holes[bisect_left(ends, first) :]:
            if hole_first > last:
                break
            if begin < hole_first:
                left.append((begin, hole_first - 1))
            begin = hole_last + 1
        if begin <= last:
            left.append((begin, last))
    return left


def _lay_over(
    ranges: Sequence[CodeRange], wanted: Iterable[Interval]
) -> Iterable[tuple[CodeRange, list[Interval]]]:
    """Pair each range with the parts of it that are wanted, if any are."""
    targets = join_intervals(wanted)
    firsts, lasts = [first for first, _ in targets], [last for _, last in targets]
    for piece in ranges:
        begin = bisect_left(lasts, piece.first_code_id)
        end = bisect_right(firsts, piece.last_code_id)
        yield (
            piece,
            [
                (max(first, piece.first_code_id), min(last, piece.last_code_id))
                for first, last in targets[begin:end]
            ],
        )


def cut_out(
    ranges: Sequence[CodeRange], wanted: Iterable[Interval]
) -> Iterable[CodeRange]:
    """Cut `ranges` (sorted, tiling) down to what is wanted of them."""
    for piece, inside in _lay_over(ranges, wanted):
        for first, last in inside:
            yield replace(piece, first_code_id=first, last_code_id=last)


def plan_change(
    ranges: Sequence[CodeRange], wanted: Iterable[Interval], change: RangeChange
) -> RangePlan:
    """Cut `ranges` (sorted, tiling) along `wanted` and change the pieces inside.

    Pieces in a state that the change may not leave stay and count as unchanged.
    """
    legal = LEGAL_FROM[change.state]
    removed: list[CodeRange] = []
    added: list[CodeRange] = []
    moved: list[CodeRange] = []
    changed = 0
    stayed: list[CodeRange] = []
    for piece, inside in _lay_over(ranges, wanted):
        parts = [
            replace(piece, first_code_id=first, last_code_id=last)
            for first, last in inside
        ]
        if not inside or piece.state not in legal:
            stayed += parts
            continue
        changed += sum(part.size for part in parts)
        removed.append(piece)
        added.extend(_cut(piece, inside, change))
        moved += parts
    return RangePlan(
        tuple(removed), tuple(_join_equal(added)), tuple(moved), changed, tuple(stayed)
    )


def plan_start(
    ranges: Sequence[CodeRange], activation_id: int, effective_at: datetime
) -> RangePlan:
    """Let what an activation made active begin at another time."""
    moved = tuple(
        r
        for r in ranges
        if r.change_id == activation_id and r.state is RangeState.ACTIVATED
    )
    added = tuple(
        replace(r, binding=replace(r.binding, effective_at=effective_at)) for r in moved
    )
    return RangePlan(moved, added, moved, sum(r.size for r in moved), ())


def _cut(
    piece: CodeRange, inside: Sequence[Interval], change: RangeChange
) -> Iterable[CodeRange]:
    at = piece.first_code_id
    for first, last in inside:
        if at < first:
            yield replace(piece, first_code_id=at, last_code_id=first - 1)
        yield replace(
            piece,
            first_code_id=first,
            last_code_id=last,
            state=change.state,
            binding=change.binding or piece.binding,
            change_id=change.change_id,
            instructions=change.instructions,
        )
        at = last + 1
    if at <= piece.last_code_id:
        yield replace(piece, first_code_id=at)


def _join_equal(pieces: Iterable[CodeRange]) -> Iterable[CodeRange]:
    held: CodeRange | None = None
    for piece in pieces:
        if held is not None and piece.first_code_id == held.last_code_id + 1:
            joined = replace(held, last_code_id=piece.last_code_id)
            if joined == replace(piece, first_code_id=held.first_code_id):
                held = joined
                continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held
