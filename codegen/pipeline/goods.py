"""What a change did to goods: exact quantities, single voids left out."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.ranges import (
    Binding,
    CodeRange,
    Goods,
    Interval,
    RangeChange,
    RangePlan,
    RangeState,
)


@dataclass(frozen=True, slots=True)
class Measure:
    """How many codes a change moves, how many it leaves, and the goods among them.

    `moved` are the code_ids that it moves as ranges; single voids are none of them.
    """

    changed: int
    unchanged: int
    goods: tuple[Goods, ...]
    moved: tuple[Interval, ...] = ()


async def measure_plan(
    conn: AsyncConnection, plan: RangePlan, change: RangeChange
) -> Measure:
    """Measure a plan; codes that were voided one by one stay void whatever it says.

    Goods are the codes that become active, or that were active and are taken back.
    """
    moved = tuple((piece.first_code_id, piece.last_code_id) for piece in plan.moved)
    voids = await store.count_voids(conn, moved)
    tally: Counter[Binding] = Counter()
    for piece, inside in zip(plan.moved, voids, strict=True):
        if change.state is RangeState.ACTIVATED:
            assert change.binding is not None
            tally[change.binding] += piece.size - inside
        elif piece.state is RangeState.ACTIVATED:
            tally[piece.binding] += piece.size - inside
    lost = sum(voids)
    goods = goods_of(tally)
    return Measure(plan.changed - lost, plan.unchanged + lost, goods, moved)


def measure_voids(
    ranges: Sequence[CodeRange], voids: Sequence[int], asked: int
) -> Measure:
    """Measure single voids of (sorted, tiling) ranges, of `asked` codes in all."""
    starts = [r.first_code_id for r in ranges]
    held = [ranges[bisect_right(starts, code_id) - 1] for code_id in voids]
    tally = Counter(r.binding for r in held if r.state is RangeState.ACTIVATED)
    return Measure(len(voids), asked - len(voids), goods_of(tally))


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
