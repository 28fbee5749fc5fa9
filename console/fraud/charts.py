"""What rules and analysts came to as plots, laid out in parts of a hundred; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from anti_fraud.domain.figures import MOST_SCORE, SCORE_STEP, name_score

_WHOLE: Final = 100.0
# A bar that is shorter could not be seen.
_LEAST: Final = 1.0
_ROOM: Final = 0.2
_TICKS: Final = 7


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a column: its name, how many, and where it begins and how high it is.

    `y` counts down from the top.
    """

    name: str
    n: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a plot, from the left; `is_told` has its name written below."""

    name: str
    x: float
    width: float
    total: int
    parts: tuple[Part, ...]
    is_told: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns side by side; `most` is how many the highest has."""

    columns: tuple[Column, ...]
    names: tuple[str, ...]
    most: int


def lay_out_days(
    by_day: Mapping[date, Mapping[str, int]],
    names: Mapping[str, Sequence[str]],
    *,
    first: date,
    days: int,
) -> Columns:
    """Lay days out side by side; `names` are the parts, and what each adds up.

    A day on which nothing happened is a gap.
    """
    rows = []
    for number in range(days):
        day = first + timedelta(days=number)
        counts = by_day.get(day, {})
        parts = [
            (name, sum(counts.get(each, 0) for each in each_of))
            for name, each_of in names.items()
        ]
        rows.append((day.isoformat(), parts))
    step = -(-days // _TICKS)
    told = {row[0] for number, row in enumerate(rows) if number % step == 0}
    return _stack(rows, tuple(names), told)


def lay_out_scores(counts: Mapping[str, int], part: str) -> Columns:
    """Lay out how many scans had which score, in steps; the last has no end."""
    steps = [name_score(score) for score in range(0, MOST_SCORE + 1, SCORE_STEP)]
    rows = [(str(int(step)), [(part, counts.get(step, 0))]) for step in steps]
    return _stack(rows, (part,), {str(n) for n in range(0, MOST_SCORE + 1, 20)})


def place_score(score: int) -> float:
    """Tell where a threshold stands among the steps: at the edge of its own."""
    steps = MOST_SCORE // SCORE_STEP + 1
    return round(_WHOLE * min(score, MOST_SCORE) / SCORE_STEP / steps, 2)


def _stack(
    rows: Sequence[tuple[str, Sequence[tuple[str, int]]]],
    names: tuple[str, ...],
    told: set[str],
) -> Columns:
    most = max([sum(n for _, n in parts) for _, parts in rows], default=0)
    step = _WHOLE / max(len(rows), 1)
    columns = []
    for place, (name, parts) in enumerate(rows):
        top, stacked = _WHOLE, []
        for part, n in parts:
            height = max(_WHOLE * n / most, _LEAST) if n else 0.0
            top = max(top - height, 0.0)
            stacked.append(Part(part, n, round(top, 2), round(height, 2)))
        columns.append(
            Column(
                name,
                round(step * (place + _ROOM / 2), 2),
                round(step * (1 - _ROOM), 2),
                sum(n for _, n in parts),
                tuple(stacked),
                name in told,
            )
        )
    return Columns(tuple(columns), names, most)


@dataclass(frozen=True, slots=True)
class Bar:
    """One of some bars: its name, how many, and how long it is."""

    name: str
    n: int
    width: float


def lay_out_bars(counts: Mapping[str, int]) -> tuple[Bar, ...]:
    """Lay bars out one below the other, the longest whole."""
    most = max([*counts.values(), 1])
    return tuple(
        Bar(name, n, round(max(_WHOLE * n / most, _LEAST if n else 0.0), 2))
        for name, n in counts.items()
    )
