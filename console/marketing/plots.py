"""Campaigns and what they came to as plots, laid out in parts of a hundred; pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Final

from rewards.domain.campaigns import KeptCampaign

WHOLE: Final = 100.0
# A bar that is shorter could not be seen.
_LEAST: Final = 0.6
_BEFORE: Final = timedelta(days=366)
_AFTER: Final = timedelta(days=366)
# What has no end goes on at least so far into the time that is shown.
_OPEN: Final = timedelta(days=45)
_TICKS: Final = 6
_MONTH_STEPS: Final = (1, 2, 3, 4, 6, 12)
_PACE_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment on an axis."""

    x: float
    at: date


@dataclass(frozen=True, slots=True)
class Bar:
    """A campaign's time; an end that is not shown is open on that side."""

    kept: KeptCampaign
    x: float
    width: float
    open_left: bool
    open_right: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """Campaigns one below the other, and where now is."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    now: float


def lay_out_timeline(campaigns: Sequence[KeptCampaign], now: datetime) -> Timeline:
    """Lay campaigns out over the time that they are in, a year at most each way.

    `now` is on the clock whose months are marked.
    """
    starts = [max(each.starts_at, now - _BEFORE) for each in campaigns]
    ends = [
        min(each.ends_at, now + _AFTER)
        for each in campaigns
        if each.ends_at is not None
    ]
    first = min([*starts, now - timedelta(days=15)])
    last = max([*ends, *starts, now + _OPEN])
    whole = (last - first) / timedelta(seconds=1)

    def at(moment: datetime) -> float:
        share = (moment - first) / timedelta(seconds=1) / whole
        return round(WHOLE * min(max(share, 0.0), 1.0), 2)

    bars = []
    for each in campaigns:
        x = at(each.starts_at)
        end = WHOLE if each.ends_at is None else at(each.ends_at)
        width = max(round(end - x, 2), _LEAST)
        bars.append(
            Bar(
                each,
                min(x, WHOLE - width),
                width,
                each.starts_at < first,
                each.ends_at is None or each.ends_at > last,
            )
        )
    months = list(_months(first.astimezone(now.tzinfo), last))
    step = next(
        (n for n in _MONTH_STEPS if len(months) <= n * _TICKS), _MONTH_STEPS[-1]
    )
    ticks = tuple(Tick(at(month), month.date()) for month in months[::step])
    return Timeline(tuple(bars), ticks, at(now))


def _months(first: datetime, last: datetime) -> Iterable[datetime]:
    """Give the first moments of the months between two moments."""
    month = first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while month < last:
        if month >= first:
            yield month
        month = (month + timedelta(days=32)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Spend:
    """What was given in all by the end of each day, as a line below a budget.

    `line` are points of a square of a hundred with the top at 0; `budget_y` is None for
    what has none. `lasts_until` is when it is spent at the pace of the last days.
    """

    line: str
    area: str
    budget_y: float | None
    most: int
    ticks: tuple[Tick, ...]
    totals: tuple[tuple[date, int, int], ...]
    lasts_until: date | None


def lay_out_spend(
    by_day: Sequence[tuple[date, int]], *, budget: int | None, today: date
) -> Spend | None:
    """Lay out what was given by day, up to today; None where nothing was yet."""
    if not by_day:
        return None
    first, last = by_day[0][0], max(by_day[-1][0], today)
    sums = list(accumulate(amount for _, amount in by_day))
    most = max([budget or 0, *sums, 1])
    days = max((last - first).days + 1, 1)

    def x(day: date, ends: int) -> float:
        return round(WHOLE * ((day - first).days + ends) / days, 2)

    def y(amount: int) -> float:
        return round(WHOLE * (1 - amount / most), 2)

    points = [(0.0, WHOLE)]
    for (day, _), before, total in zip(by_day, [0, *sums], sums, strict=False):
        # A day on which nothing happened adds nothing: the line goes level over it.
        points += [(x(day, 0), y(before)), (x(day, 1), y(total))]
    points.append((WHOLE, y(sums[-1])))
    line = " ".join(f"{a:g},{b:g}" for a, b in points)
    step = max(-(-days // _TICKS), 1)
    ticks = (first + timedelta(days=n) for n in range(0, days, step))
    return Spend(
        line,
        f"0,100 {line} 100,100",
        None if budget is None else y(budget),
        most,
        tuple(Tick(x(day, 0), day) for day in ticks),
        tuple((day, n, total) for (day, n), total in zip(by_day, sums, strict=True)),
        _last_day(by_day, sums[-1], budget, today),
    )


def _last_day(
    by_day: Sequence[tuple[date, int]], spent: int, budget: int | None, today: date
) -> date | None:
    """Tell on which day a budget is spent at the pace of the last whole days."""
    since = today - timedelta(days=_PACE_DAYS)
    lately = sum(amount for day, amount in by_day if since <= day < today)
    if budget is None or lately <= 0 or spent >= budget:
        return None
    left = (budget - spent) * _PACE_DAYS // lately
    return today + timedelta(days=left) if left <= _AFTER.days * 10 else None


def lay_out_shares(counts: Sequence[int]) -> list[float]:
    """Give the lengths of bars, the longest whole; what is not zero can be seen."""
    most = max([*counts, 1])
    return [round(max(WHOLE * n / most, _LEAST if n else 0), 2) for n in counts]


@dataclass(frozen=True, slots=True)
class Curve:
    """How many there were by when, as a line over the time that is shown.

    `line` are points of a square of a hundred with the top at 0; `now` is None where
    it lies outside. What `is_long` is over a year.
    """

    line: str
    area: str
    most: int
    ticks: tuple[Tick, ...]
    now: float | None
    is_long: bool


def lay_out_curve(
    given: Sequence[tuple[datetime, int]],
    span: tuple[datetime, datetime],
    now: datetime,
) -> Curve | None:
    """Lay out how many there were by when; None where there are none yet.

    `now` is on the clock whose days are marked. What came before the span is shown at
    its beginning, and what will come is not known.
    """
    if not given:
        return None
    first = min(span[0], given[0][0])
    last = max(span[1], given[-1][0], first + timedelta(minutes=1))
    most = max(number for _, number in given)

    def x(at: datetime) -> float:
        share = (at - first) / (last - first)
        return round(WHOLE * min(max(share, 0.0), 1.0), 2)

    points = [(x(given[0][0]), WHOLE)]
    for at, number in given:
        # Clocks of two workers differ: no line goes back.
        points.append(
            (max(x(at), points[-1][0]), round(WHOLE * (1 - number / most), 2))
        )
    points.append((max(x(min(now, last)), points[-1][0]), points[-1][1]))
    line = " ".join(f"{a:g},{b:g}" for a, b in points)
    ends = f"{points[-1][0]:g},100 {points[0][0]:g},100"
    return Curve(
        line,
        f"{line} {ends}",
        most,
        tuple(_days(x, first.astimezone(now.tzinfo), last.astimezone(now.tzinfo))),
        x(now) if first <= now <= last else None,
        is_long=last - first > _AFTER,
    )


def _days(
    x: Callable[[datetime], float], first: datetime, last: datetime
) -> Iterable[Tick]:
    """Mark a few days, evenly; fewer over years, which take more room."""
    days = (last - first).days
    most = _TICKS // 2 if last - first > _AFTER else _TICKS
    step = max(-(-days // most), 1)
    for number in range(0, days + 1, step):
        at = first + timedelta(days=number)
        yield Tick(x(at), at.date())
