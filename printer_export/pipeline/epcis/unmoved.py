"""Why events left codes as they were: what an answer says beside how many it moved."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.ranges import (
    LEGAL_FROM,
    CodeRange,
    Interval,
    RangeState,
    join_intervals,
)
from codegen.domain.skips import REASON_OF, SENTENCES, SkipReason
from codegen.store import find_voiding_changes, load_touched_ranges
from printer_export.domain.epcis.capture import CaptureSkip

MAX_UNMOVED: Final = 1_000
CodesByBatch = Mapping[int, Sequence[Interval]]


@dataclass(frozen=True, slots=True)
class Unmoved:
    """A quantity of an event's codes that were left as they were, and why."""

    pointer: str
    reason: SkipReason
    quantity: int

    def word(self) -> CaptureSkip:
        """Write it as an answer does."""
        detail = str(SENTENCES[self.reason])
        return CaptureSkip(self.pointer, self.reason.value, self.quantity, detail)


@dataclass(frozen=True, slots=True)
class _StateAfter:
    """How codes stand after some changes: ranges by batch, and single voids in order.

    `voided_by` tells the change of each single void.
    """

    ranges: Mapping[int, Sequence[CodeRange]]
    singles: Sequence[int]
    voided_by: Mapping[int, int]

    def count(
        self,
        batch_id: int,
        interval: Interval,
        change_ids: Collection[int],
        state: RangeState,
    ) -> Counter[SkipReason]:
        """Count the codes that are not in `state` by one of these changes."""
        counts: Counter[SkipReason] = Counter()
        first, last = interval
        ranges, singles = self.ranges[batch_id], self.singles
        place = bisect_right(ranges, first, key=lambda r: r.first_code_id) - 1
        for number in range(max(place, 0), len(ranges)):
            r = ranges[number]
            if r.first_code_id > last:
                break
            begin, end = max(r.first_code_id, first), min(r.last_code_id, last)
            # A code that was voided one by one is in a range that says nothing of it.
            inside = singles[bisect_left(singles, begin) : bisect_right(singles, end)]
            if r.state is not state or r.change_id not in change_ids:
                counts[_reason(r.state, state)] += end - begin + 1 - len(inside)
            ours = state is RangeState.VOID
            counts[SkipReason.VOID] += sum(
                not (ours and self.voided_by[code] in change_ids) for code in inside
            )
        return +counts


def _reason(present: RangeState, wanted: RangeState) -> SkipReason:
    legal = LEGAL_FROM[RangeState.VOID]
    if wanted is RangeState.VOID and present in legal:
        return SkipReason.ASKED
    return REASON_OF[present]


async def explain_unmoved(
    conn: AsyncConnection,
    wanted: Mapping[str, CodesByBatch],
    change_ids: Collection[int],
    state: RangeState,
) -> list[Unmoved]:
    """Tell what `change_ids` did not move into `state`, by what pointers name.

    The caller holds the fence since the first of the changes.
    """
    after = await _state_after(conn, wanted.values())
    told: list[Unmoved] = []
    for pointer, codes in wanted.items():
        counts: Counter[SkipReason] = Counter()
        for batch_id, intervals in codes.items():
            for interval in intervals:
                counts += after.count(batch_id, interval, change_ids, state)
        told += [Unmoved(pointer, *each) for each in sorted(counts.items())]
    return told[:MAX_UNMOVED]


async def _state_after(
    conn: AsyncConnection, wanted: Iterable[CodesByBatch]
) -> _StateAfter:
    together: dict[int, list[Interval]] = {}
    for codes in wanted:
        for batch_id, intervals in codes.items():
            together.setdefault(batch_id, []).extend(intervals)
    ranges: dict[int, list[CodeRange]] = {}
    voids: dict[int, int] = {}
    for batch_id, intervals in together.items():
        joined = join_intervals(intervals)
        ranges[batch_id] = await load_touched_ranges(conn, batch_id, joined)
        named = [code for first, last in joined for code in range(first, last + 1)]
        voids |= await find_voiding_changes(conn, named)
    return _StateAfter(ranges, sorted(voids), voids)
