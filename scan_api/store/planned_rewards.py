"""The rewards of a batch's plans as arrays for the hot statement."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from core.clock import business_day
from core.ids import time_of_id
from rewards.domain.campaigns import PlannedReward
from rewards.domain.limits import ALWAYS, EVERYBODY
from scan_api.store.binary_arrays import (
    INT4_ARRAY,
    INT8_ARRAY,
    int4_array,
    int8_array,
)

if TYPE_CHECKING:
    from scan_api.store.scans import Decided

Writer = Callable[[Sequence[int]], bytes]

# How each column is written: of rewards, of what they take, of the rows they take from.
_REWARD = (int4_array, int8_array, int8_array, int4_array, int8_array, int4_array)
_TAKER = (int4_array, int4_array)
_ROW = (int4_array, int8_array, int4_array, int8_array)
REWARD_TYPES = tuple(
    {int4_array: INT4_ARRAY, int8_array: INT8_ARRAY}[write]
    for write in (*_REWARD, *_TAKER, *_ROW)
)


def days_of(scan_ids: Sequence[int], timezone: ZoneInfo) -> list[int]:
    """Tell each scan's business day, as days since 1970."""
    first, last = min(scan_ids), max(scan_ids)
    if _day_of(first, timezone) == _day_of(last, timezone):
        return [_day_of(first, timezone)] * len(scan_ids)
    return [_day_of(scan_id, timezone) for scan_id in scan_ids]


def _day_of(scan_id: int, timezone: ZoneInfo) -> int:
    return (business_day(time_of_id(scan_id), timezone) - ALWAYS).days


def write_rewards(
    decided: Sequence["Decided"], days: Sequence[int]
) -> tuple[bytes, ...]:
    """Write each reward with its scan, and from which rows of limit_uses it takes.

    Scans, rewards and rows are counted from 1. A reward that is taken otherwise follows
    the one whose place it takes. A scan's reward is transferred under its scan_id: two
    that are both paid would need two.
    """
    rewards: list[tuple[int, ...]] = []
    takers: list[tuple[int, int]] = []
    rows: dict[tuple[int, ...], int] = {}
    for place, (each, day) in enumerate(zip(decided, days, strict=True), 1):
        scan_id, member_no = each.scan.scan_id, each.member_no
        for planned, follows in _in_order(each.plan.rewards):
            number = len(rewards) + 1
            rewards.append(
                (
                    place,
                    scan_id,
                    planned.campaign_no,
                    planned.unit,
                    planned.amount,
                    number + 1 if follows else 0,
                )
            )
            for limit in planned.limits:
                holder = member_no if limit.of_member else EVERYBODY
                row = limit.limit_no, holder, day if limit.by_day else 0, limit.most
                takers.append((number, rows.setdefault(row, len(rows) + 1)))
    return (
        *_columns(rewards, _REWARD),
        *_columns(takers, _TAKER),
        *_columns(list(rows), _ROW),
    )


def _in_order(
    rewards: Sequence[PlannedReward],
) -> Iterator[tuple[PlannedReward, bool]]:
    """Give each reward, and whether the next one takes its place otherwise."""
    for reward in rewards:
        planned = reward
        while planned.otherwise is not None:
            yield planned, True
            planned = planned.otherwise
        yield planned, False


def _columns(
    table: Sequence[tuple[int, ...]], writers: tuple[Writer, ...]
) -> list[bytes]:
    columns = zip(*table, strict=True) if table else [()] * len(writers)
    return [write(column) for write, column in zip(writers, columns, strict=True)]
