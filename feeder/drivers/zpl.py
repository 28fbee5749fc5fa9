"""ZPL II: labels in `^XA … ^XZ`, the host status `~HS` (Zebra programming guide).

A printer keeps most of what it is told until it is told otherwise, by whomever. So each
label says all that could move or hide it, and begins with the prefixes themselves.

There is no acknowledgement per label. `~HS` answers three strings; formats in the
receive buffer and labels left in the batch are what is not printed yet.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.errors import InvalidInput
from feeder.codes import Code
from feeder.drivers.labels import (
    QUIET_MODULES,
    Choice,
    Range,
    modules_of,
    read_options,
    readable_code,
)
from feeder.printer_replies import Answer, Readiness, Status

_OPTIONS: Final[Mapping[str, Range | Choice]] = {
    "dpi": Range(300, 150, 600),
    "mag": Range(4, 1, 10),
    "width": Range(25, 5, 200),
    "height": Range(25, 5, 400),
    "x": Range(0, 0, 4000),
    "y": Range(0, 0, 4000),
    "text": Range(20, 0, 200),
    "dark": Range(15, 0, 30),
    "speed": Range(4, 1, 14),
    "media": Choice(("gap", "mark", "continuous")),
    "ink": Choice(("transfer", "direct")),
}
# ^MN and ^MT, in the order of the words above.
_TRACKING: Final = "YMN"
_TYPES: Final = "TD"
# DLE is a tilde whatever a tilde has been made (`~CT`, `~CD`, `~CC`).
_PREFIXES: Final = "\x10CT~\x10CD,\x10CC^"
_MM_PER_INCH: Final = 25.4
# A grouped code in font 0 is as wide as so many of its letters are said to be.
_CODE_WIDTHS: Final = 13
_NARROWEST: Final = 10
_STRING = re.compile(rb"\x02([^\x02\x03]*)\x03")
_FIRST_FIELDS: Final = 12
_SECOND_FIELDS: Final = 11
_LONGEST_TAIL: Final = 512
# What stands in a field as itself; the rest is written in hexadecimal after "_".
_PLAIN: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    b" !#$%&'()*+,-./:;<=>?@[]{|}\""
)


@dataclass(frozen=True, slots=True)
class ZplLayout:
    """A label, in dots; `x` and `y` are the symbol's corner without its quiet zone.

    `text_height` 0 leaves the readable code away. `settings` is what each label
    begins with.
    """

    width: int
    height: int
    magnification: int
    x: int
    y: int
    text_height: int
    settings: str


def zpl_layout(options: Mapping[str, str]) -> ZplLayout:
    """Read `dpi`, `mag`, `width` and `height` in mm, `x`, `y` and `text` in dots.

    And how it is printed: `dark`, `speed` in inches a second, `media` and `ink`. The
    quiet zone is no part of what `^BQ` draws: `x` and `y` start after it.
    """
    values = read_options("zpl", options, _OPTIONS)
    dots_per_mm = values["dpi"] / _MM_PER_INCH
    quiet = QUIET_MODULES * values["mag"]
    width = round(values["width"] * dots_per_mm)
    height = round(values["height"] * dots_per_mm)
    return ZplLayout(
        width=width,
        height=height,
        magnification=values["mag"],
        x=max(values["x"], quiet),
        y=max(values["y"], quiet),
        text_height=values["text"],
        settings=_say_settings(values, width, height),
    )


def _say_settings(values: Mapping[str, int], width: int, height: int) -> str:
    """Say all that stays set and could move or hide a label, in an order that holds.

    What an error cut short is not printed again (^JZN): its code may be read already.
    """
    return "".join((
        _PREFIXES,
        "~JX",  # whatever somebody else has begun and not ended
        f"~SD{values['dark']:02d}",  # darkness; ^MD, which is added to it, is below
        "^XA^SZ2",  # ZPL II
        "^MUD,300,300^JMA",  # units: dots, none converted, none doubled
        "^MCY",  # nothing kept from the label before
        "^CI28^CVN^JZN",  # UTF-8, no check of bar codes, nothing again after an error
        f"^MT{_TYPES[values['ink']]}^MN{_TRACKING[values['media']]}",
        f"^PR{values['speed']}^MD0",
        f"^PW{width}^LL{height}",
        "^LH0,0^LS0^LT0^PON^PMN^LRN^FWN,0",  # place, turn and colour
        "^BY2,3,1",  # printers set ^BQ lower by its height less one
    ))  # fmt: skip


class ZplDriver:
    """Writes labels and reads `~HS`."""

    name = "ZPL II"
    remembers_indexes = False
    prints_in_order = True
    infers_from_waiting = True

    def __init__(self, layout: ZplLayout) -> None:
        self._layout = layout
        self._tail = b""
        self._first: list[bytes] | None = None

    def begin(self) -> bytes:
        """Forget half an answer; a connection begins with nothing special."""
        self._tail = b""
        self._first = None
        return b""

    def frame(self, code: Code) -> bytes:
        """Write a label; raises InvalidInput when the symbol does not fit on it."""
        layout = self._layout
        side = modules_of(code.link) * layout.magnification
        quiet = QUIET_MODULES * layout.magnification
        below = layout.y + side + quiet
        if layout.x + side + quiet > layout.width or below > layout.height:
            raise InvalidInput(
                f"A symbol of {side} dots and its quiet zone do not fit on a label of "
                f"{layout.width} by {layout.height} dots: lower mag or widen the label."
            )
        parts = [
            (
                f"{layout.settings}"
                f"^FO{layout.x},{layout.y}^BQN,2,{layout.magnification}"
                f"^FH_^FDMA,{escape(code.link)}^FS"
            )
        ]
        text, size = readable_code(code.link), layout.text_height
        # Digits stand out of the top of their field by some dots.
        top = below + size // 10
        width = min(size, round((layout.width - layout.x) / _CODE_WIDTHS))
        if text and width >= _NARROWEST and top + size <= layout.height:
            parts.append(f"^FO{layout.x},{top}^A0N,{size},{width}^FD{text}^FS")
        parts.append("^PQ1,0,1,Y^XZ\r\n")
        return "".join(parts).encode("ascii")

    def query(self) -> bytes:
        """Ask for the host status."""
        return _PREFIXES.encode() + b"~HS\r\n"

    def end_half_frame(self) -> bytes:
        """Cancel a label that was begun: to close it would print half a link."""
        return _PREFIXES.encode() + b"~JX\r\n"

    def read(self, received: bytes) -> list[Answer]:
        """Read status strings: the second one completes what the first began."""
        data = self._tail + received
        answers: list[Answer] = []
        end = 0
        for match in _STRING.finditer(data):
            end = match.end()
            fields = match[1].split(b",")
            if len(fields) == _FIRST_FIELDS:
                self._first = fields
            elif len(fields) == _SECOND_FIELDS and self._first is not None:
                status = _status(self._first, fields)
                self._first = None
                if status is not None:
                    answers.append(status)
        self._tail = data[end:][-_LONGEST_TAIL:]
        return answers


def escape(text: str) -> str:
    """Write field data for `^FH_`: what means something to ZPL as hexadecimal."""
    return "".join(
        chr(octet) if octet in _PLAIN else f"_{octet:02X}" for octet in text.encode()
    )


def _status(first: list[bytes], second: list[bytes]) -> Status | None:
    """Read the two strings; None when a number in them is none."""
    if not all(field.strip().isdigit() for field in first + second):
        return None
    flags = [int(field) for field in first]
    more = [int(field) for field in second]
    faults = [
        sentence
        for sentence, flag in (
            ("media out", flags[1]),
            ("paused", flags[2]),
            ("memory lost", flags[9]),
            ("too cold", flags[10]),
            ("too hot", flags[11]),
            ("head open", more[2]),
            ("ribbon out", more[3]),
        )
        if flag
    ]
    if faults:
        readiness = Readiness.FAULT
    else:
        readiness = Readiness.FULL if flags[5] else Readiness.READY
    return Status(
        readiness=readiness,
        waiting=flags[4] + more[8],
        detail=", ".join(faults),
        half_frame=bool(flags[7]),
    )
