"""Counts as the parts of one bar; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# How caps stand, from the best to what nobody knows yet.
STATUSES: Final = (
    *("printed", "rejected", "wasted", "missing", "indeterminate", "unprinted"),
)
WIDTH: Final = 1_000
# One wasted cap among a million has to be seen.
_LEAST: Final = 4


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar, from `x` on, in thousandths of its width."""

    name: str
    quantity: int
    x: int
    width: int


def lay_out(counts: Mapping[str, int]) -> tuple[Part, ...]:
    """Lay counts out side by side; what is not zero can be seen, and all of it fits.

    The parts are as wide as their shares, except that none is thinner than _LEAST;
    the widest gives way.
    """
    present = {name: counts[name] for name in STATUSES if counts.get(name, 0) > 0}
    whole = sum(present.values())
    widths = {n: max(_LEAST, WIDTH * q // whole) for n, q in present.items()}
    if widths:
        widest = max(widths, key=lambda name: widths[name])
        widths[widest] += WIDTH - sum(widths.values())
    parts, x = [], 0
    for name, width in widths.items():
        parts.append(Part(name, present[name], x, width))
        x += width
    return tuple(parts)
