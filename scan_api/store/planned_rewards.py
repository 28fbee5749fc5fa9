"""The rewards of a batch's plans as arrays for the hot statement."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from core.clock import business_day, utc_datetime
from core.ids import time_of_id
from rewards.domain.limits import ALWAYS
from rewards.domain.plans import PlannedReward
from scan_api.store.binary_arrays import (
    BOOL_ARRAY,
    INT4_ARRAY,
    INT8_ARRAY,
    TEXT_ARRAY,
    TIMESTAMPTZ_ARRAY,
    bool_array,
    int4_array,
    int8_array,
    text_array,
    timestamptz_array,
)

if TYPE_CHECKING:
    from scan_api.store.scans import Decided

Writer = Callable[[Sequence[Any]], bytes]

# How each column is written: of rewards, of what they take, of the rows they take from.
_REWARD: Final = (
    *(int4_array, int8_array, int8_array, int8_array, text_array, int4_array),
    *(int8_array, int4_array, int8_array, timestamptz_array, timestamptz_array),
    *(bool_array, bool_array),
)
_TAKER: Final = (int4_array, int4_array, int8_array, bool_array)
_ROW: Final = (int4_array, int8_array, int4_array, int8_array)
_TYPES: Final[dict[Writer, int]] = {
    int4_array: INT4_ARRAY,
    int8_array: INT8_ARRAY,
    text_array: TEXT_ARRAY,
    bool_array: BOOL_ARRAY,
    timestamptz_array: TIMESTAMPTZ_ARRAY,
}
REWARD_TYPES: Final = tuple(_TYPES[write] for write in (*_REWARD, *_TAKER, *_ROW))
# What never expires; days count from 1970.
NEVER: Final = 0


def days_of(scan_ids: Sequence[int], timezone: ZoneInfo) -> list[int]:
    """Tell each scan's business day, as days since 1970."""
    first, last = min(scan_ids), max(scan_ids)
    if _day_of(first, timezone) == _day_of(last, timezone):
        return [_day_of(first, timezone)] * len(scan_ids)
    return [_day_of(scan_id, timezone) for scan_id in scan_ids]


def _day_of(scan_id: int, timezone: ZoneInfo) -> int:
    return (business_day(time_of_id(scan_id), timezone) - ALWAYS).days


def in_order(rewards: Sequence[PlannedReward]) -> Iterator[tuple[PlannedReward, bool]]:
    """Give each reward, and whether it only takes the place of the one before it."""
    for reward in rewards:
        yield reward, False
        otherwise = reward.otherwise
        while otherwise is not None:
            yield otherwise, True
            otherwise = otherwise.otherwise


def write_rewards(
    decided: Sequence["Decided"], days: Sequence[int], timezone: ZoneInfo
) -> tuple[bytes, ...]:
    """Write each reward with its scan, and from which rows of limit_uses it takes.

    Scans, rewards and rows are counted from 1.
    """
    rewards: list[tuple[Any, ...]] = []
    takers: list[tuple[int, int, int, bool]] = []
    rows: dict[tuple[int, ...], int] = {}
    for place, (each, day) in enumerate(zip(decided, days, strict=True), 1):
        member_no = each.member_no
        transfers = each.transfers or (each.scan.scan_id,)
        for index, (planned, follows) in enumerate(in_order(each.plan.rewards)):
            number = len(rewards) + 1
            rewards.append(
                (
                    *(place, transfers[index], planned.campaign_no, planned.offer_no),
                    *(planned.kind.value, planned.unit, planned.amount),
                    _days(planned.expires_on),
                    planned.ref,
                    *_validity(planned, each.scan.scan_id, timezone),
                    *(follows, planned.exclusive),
                )
            )
            for limit in planned.limits:
                holder = limit.holder(member_no, each.plan.region)
                row = limit.limit_no, holder, day if limit.by_day else 0, limit.most
                takers.append(
                    (
                        *(number, rows.setdefault(row, len(rows) + 1)),
                        planned.amount if limit.by_amount else 1,
                        limit.once,
                    )
                )
    return (
        *_columns(rewards, _REWARD),
        *_columns(takers, _TAKER),
        *_columns(list(rows), _ROW),
    )


def _days(day: date | None) -> int:
    return NEVER if day is None else (day - ALWAYS).days


def _validity(
    planned: PlannedReward, scan_id: int, timezone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """Tell from when to when what was earned is good, if it is a coupon."""
    if planned.pool is None:
        return None, None
    return planned.pool.validity(utc_datetime(time_of_id(scan_id)), timezone)


def _columns(
    table: Sequence[tuple[Any, ...]], writers: tuple[Writer, ...]
) -> list[bytes]:
    columns = zip(*table, strict=True) if table else [()] * len(writers)
    return [write(column) for write, column in zip(writers, columns, strict=True)]
