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
    """A part of a bar, from `x` on, in thousandths of its width; its share in words."""

    name: str
    quantity: int
    share: str
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
    shares = write_shares(present)
    parts, x = [], 0
    for name, width in widths.items():
        parts.append(Part(name, present[name], shares[name], x, width))
        x += width
    return tuple(parts)


def write_shares(counts: Mapping[str, int]) -> dict[str, str]:
    """Write the shares of counts in percent, so that what is shown adds up to 100.

    Where that leaves nothing of something, or nothing beside it, the share is told as
    less than 0.01 % or more than 99.99 %.
    """
    present = {name: counts.get(name, 0) for name in STATUSES}
    whole = sum(present.values())
    if not whole:
        return dict.fromkeys(STATUSES, "0 %")
    hundredths = {name: 10_000 * count // whole for name, count in present.items()}
    rests = sorted(present, key=lambda name: -(10_000 * present[name] % whole))
    for name in rests[: 10_000 - sum(hundredths.values())]:
        hundredths[name] += 1
    return {
        name: _write_share(count, whole, hundredths[name])
        for name, count in present.items()
    }


def _write_share(part: int, whole: int, hundredths: int) -> str:
    if part in {0, whole}:
        return "0 %" if part == 0 else "100 %"
    if hundredths in {0, 10_000}:
        return "< 0.01 %" if hundredths == 0 else "> 99.99 %"
    return f"{hundredths / 100:.2f} %"
