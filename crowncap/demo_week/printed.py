"""What the lines of the week printed of each roll, and what they spoilt; pure."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

ROLL: Final = 5_000
ROLLS: Final = 4


@dataclass(frozen=True, slots=True)
class Row:
    """Caps of a roll, 0-based and inclusive, and what a line told of them."""

    first: int
    last: int
    status: str
    reason: str = ""
    grade: str = ""


GOOD: Final = (
    Row(0, 1_199, "printed", grade="A"),
    Row(1_200, 1_203, "rejected", "unreadable", "F"),
    Row(1_204, 3_199, "printed", grade="A"),
    Row(3_200, 4_599, "printed", grade="B"),
    Row(4_600, 4_629, "rejected", "smeared", "D"),
    Row(4_630, 4_899, "printed", grade="A"),
    Row(4_900, 4_969, "wasted", "splice"),
    Row(4_970, 4_989, "missing"),
    Row(4_990, 4_999, "printed", grade="B"),
)
POOR: Final = (
    Row(0, 899, "printed", grade="A"),
    Row(900, 979, "rejected", "smeared", "D"),
    Row(980, 2_399, "printed", grade="B"),
    Row(2_400, 2_459, "rejected", "unreadable", "F"),
    Row(2_460, 3_899, "printed", grade="B"),
    Row(3_900, 3_999, "wasted", "web break"),
    Row(4_000, 4_799, "printed", grade="C"),
    Row(4_800, 4_939, "wasted", "splice"),
    Row(4_940, 4_999, "missing"),
)
# What the line is at just now, in two reports.
BEGUN: Final = (
    Row(0, 1_849, "printed", grade="A"),
    Row(1_850, 1_857, "rejected", "unreadable", "F"),
    Row(1_858, 2_099, "printed", grade="A"),
    # Past the end of the last roll, by somebody's hand: a row that is wrong.
    Row(5_000, 5_019, "wasted", "splice"),
)
GOING_ON: Final = (
    Row(2_100, 3_229, "printed", grade="A"),
    Row(3_230, 3_249, "wasted", "start-up"),
)


def write_report(rows: tuple[Row, ...], roll: int) -> bytes:
    """Write rows of a roll, counted from 0, as the CSV that a line sends."""
    base = roll * ROLL
    lines = ["from_index,to_index,status,reason,grade"]
    lines += [
        f"{base + r.first},{base + r.last},{r.status},{r.reason},{r.grade}"
        for r in rows
    ]
    return "\n".join(lines).encode()


def sound_caps(rows: tuple[Row, ...], roll: int) -> NDArray[np.int64]:
    """List the indexes within a batch of what was printed well of a roll."""
    return np.concatenate(
        [np.arange(r.first, r.last + 1) for r in rows if r.status == "printed"]
    ) + np.int64(roll * ROLL)
