"""What a change did to goods: exact quantities, single voids left out."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.ranges import (
    LEGAL_FROM,
    Binding,
    CodeRange,
    Goods,
    Interval,
    RangeChange,
    RangePlan,
    RangeState,
)
from codegen.domain.skips import REASON_OF, Skip, SkipReason, tell_skips


@dataclass(frozen=True, slots=True)
class Measure:
    """How many codes a change moves, how many it leaves, and the goods among them.

    `moved` are the code_ids that it moves as ranges; single voids are none of them.
    """

    changed: int
    skipped: tuple[Skip, ...]
    goods: tuple[Goods, ...]
    moved: tuple[Interval, ...] = ()

    @property
    def unchanged(self) -> int:
        """How many codes it leaves."""
        return sum(skip.quantity for skip in self.skipped)


async def measure_plan(
    conn: AsyncConnection, plan: RangePlan, change: RangeChange
) -> Measure:
    """Measure a plan; codes that were voided one by one stay void whatever it says.

    Goods are the codes that become active, or that were active and are taken back.
    """
    pieces = [(p.first_code_id, p.last_code_id) for p in (*plan.moved, *plan.stayed)]
    voids = await store.count_voids(conn, pieces)
    moved = tuple(pieces[: len(plan.moved)])
    tally: Counter[Binding] = Counter()
    for piece, inside in zip(plan.moved, voids, strict=False):
        if change.state is RangeState.ACTIVATED:
            assert change.binding is not None
            tally[change.binding] += piece.size - inside
        elif piece.state is RangeState.ACTIVATED:
            tally[piece.binding] += piece.size - inside
    lost = sum(voids[: len(moved)])
    skipped = Counter({SkipReason.VOID: lost})
    for piece, inside in zip(plan.stayed, voids[len(moved) :], strict=True):
        skipped += tell_kept(piece, inside)
    goods = goods_of(tally)
    return Measure(plan.changed - lost, tell_skips(skipped), goods, moved)


def tell_kept(piece: CodeRange, singles: int) -> Counter[SkipReason]:
    """Tell why the codes of a piece stay, of which so many were voided one by one."""
    told = Counter({REASON_OF[piece.state]: piece.size})
    if piece.state in LEGAL_FROM[RangeState.VOID]:
        told[REASON_OF[piece.state]] -= singles
        told[SkipReason.VOID] += singles
    return told


def measure_voids(
    ranges: Sequence[CodeRange], voids: Sequence[int], asked: Sequence[int]
) -> Measure:
    """Measure single voids of (sorted, tiling) ranges, among the codes asked for."""
    starts = [r.first_code_id for r in ranges]
    fresh = frozenset(voids)
    tally: Counter[Binding] = Counter()
    skipped: Counter[SkipReason] = Counter()
    for code_id in asked:
        r = ranges[bisect_right(starts, code_id) - 1]
        if code_id not in fresh:
            # In a range that is not recalled, only a void from before keeps it.
            recalled = r.state is RangeState.RECALLED
            skipped[SkipReason.RECALLED if recalled else SkipReason.VOID] += 1
        elif r.state is RangeState.ACTIVATED:
            tally[r.binding] += 1
    return Measure(len(voids), tell_skips(skipped), goods_of(tally))


def goods_of(tally: Counter[Binding]) -> tuple[Goods, ...]:
    """Sum quantities by what goods are, whatever campaign or region they are for."""
    sums: Counter[Goods] = Counter()
    for b, quantity in tally.items():
        sums[Goods(b.gtin, b.lot, b.produced_on, b.plant, b.line, 0)] += quantity
    return tuple(
        replace(goods, quantity=quantity)
        for goods, quantity in sums.items()
        if quantity
    )
