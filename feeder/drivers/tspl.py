"""TSPL: lines that end in CRLF, and the immediate status `<ESC>!?` (TSC manuals).

The status is one byte without a count: only a printer that is idle says that all
it received is printed, so a buffer is filled, emptied and filled again.
"""

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
from feeder.printer_replies import UNKNOWN, Answer, Readiness, Status

_OPTIONS: Final[Mapping[str, Range | Choice]] = {
    "dpi": Range(300, 150, 600),
    "cell": Range(4, 1, 10),
    "width": Range(25, 5, 200),
    "height": Range(25, 5, 400),
    "gap": Range(2, 0, 30),
    "x": Range(0, 0, 4000),
    "y": Range(0, 0, 4000),
    "text": Range(1, 0, 1),
    "dark": Range(8, 0, 15),
    "speed": Range(4, 1, 18),
    "offset": Range(0, 0, 50),
    "media": Choice(("gap", "mark", "continuous")),
    "ink": Choice(("transfer", "direct")),
}
_MM_PER_INCH: Final = 25.4
# Fonts of fixed size, the larger first: name, dots across and down a letter.
_FONTS: Final = (("2", 12, 20), ("1", 8, 12))
_IDLE: Final = 0x00
_FAULTS: Final = (
    (0x01, "head open"),
    (0x02, "paper jam"),
    (0x04, "media out"),
    (0x08, "ribbon out"),
    (0x10, "paused"),
    (0x40, "cover open"),
    (0x80, "fault"),
)


@dataclass(frozen=True, slots=True)
class TsplLayout:
    """A label: sizes in mm as TSPL wants them, the symbol's corner in dots.

    `settings` are the lines that each label begins with.
    """

    width_mm: int
    height_mm: int
    dpi: int
    cell: int
    x: int
    y: int
    texts: int
    settings: tuple[str, ...]


def tspl_layout(options: Mapping[str, str]) -> TsplLayout:
    """Read `dpi`, `cell`, `width`, `height`, `gap` in mm, `x`, `y` in dots, `text`.

    And how it is printed: `dark`, `speed` in inches a second, `offset` in mm, `media`
    and `ink`.
    """
    values = read_options("tspl", options, _OPTIONS)
    quiet = QUIET_MODULES * values["cell"]
    return TsplLayout(
        width_mm=values["width"],
        height_mm=values["height"],
        dpi=values["dpi"],
        cell=values["cell"],
        x=max(values["x"], quiet),
        y=max(values["y"], quiet),
        texts=values["text"],
        settings=_say_settings(values),
    )


def _say_settings(values: Mapping[str, int]) -> tuple[str, ...]:
    """Say all that stays set and could move, hide or repeat a label.

    With PRINTKEY a label waits for somebody's finger, with REPRINT it is printed again
    after an error, and with RESPONSE the printer speaks unasked.
    """
    gap, media, ink = values["gap"], values["media"], values["ink"]
    return (
        f"SIZE {values['width']} mm,{values['height']} mm",
        (f"GAP {gap} mm,0 mm", f"BLINE {gap} mm,0 mm", "GAP 0 mm,0 mm")[media],
        f"OFFSET {values['offset']} mm",
        f"SPEED {values['speed']}",
        f"DENSITY {values['dark']}",
        "DIRECTION 1,0",
        "REFERENCE 0,0",
        "SHIFT 0",
        "CODEPAGE 850",
        f"SET RIBBON {('ON', 'OFF')[ink]}",
        "SET PRINTKEY OFF",
        "SET REPRINT OFF",
        "SET RESPONSE OFF",
    )


class TsplDriver:
    """Writes labels and reads status bytes."""

    name = "TSPL"
    remembers_indexes = False
    prints_in_order = True
    infers_from_waiting = True

    def __init__(self, layout: TsplLayout) -> None:
        self._layout = layout

    def begin(self) -> bytes:
        """End a half line."""
        return b"\r\n"

    def frame(self, code: Code) -> bytes:
        """Write a label; raises InvalidInput when the symbol does not fit on it."""
        layout = self._layout
        side = modules_of(code.link) * layout.cell
        quiet = QUIET_MODULES * layout.cell
        width = round(layout.width_mm * layout.dpi / _MM_PER_INCH)
        height = round(layout.height_mm * layout.dpi / _MM_PER_INCH)
        below = layout.y + side + quiet
        if layout.x + side + quiet > width or below > height:
            raise InvalidInput(
                f"A symbol of {side} dots and its quiet zone do not fit on a label of "
                f"{width} by {height} dots: lower cell or widen the label."
            )
        lines = [
            *layout.settings,
            "CLS",
            f"QRCODE {layout.x},{layout.y},M,{layout.cell},A,0,M2,{quote(code.link)}",
        ]
        text = readable_code(code.link)
        for font, across, down in _FONTS if text and layout.texts else ():
            if layout.x + across * len(text) <= width and below + down <= height:
                lines.append(f'TEXT {layout.x},{below},"{font}",0,1,1,{quote(text)}')
                break
        lines.append("PRINT 1,1")
        return "".join(f"{line}\r\n" for line in lines).encode("ascii")

    def query(self) -> bytes:
        """Ask for the immediate status."""
        return b"\x1b!?"

    def end_half_frame(self) -> bytes:
        """Say nothing: `begin` has ended the line, and CLS starts the label anew."""
        return b""

    def read(self, received: bytes) -> list[Answer]:
        """Read each byte as a status."""
        return [_status(octet) for octet in received]


def quote(text: str) -> str:
    r"""Write a TSPL string; a quote within it is `\["]`. Raises InvalidInput."""
    if not text.isascii() or not text.isprintable():
        raise InvalidInput("TSPL prints links of printable ASCII only.")
    return '"' + text.replace('"', '\\["]') + '"'


def _status(octet: int) -> Status:
    faults = [sentence for bit, sentence in _FAULTS if octet & bit]
    return Status(
        readiness=Readiness.FAULT if faults else Readiness.READY,
        waiting=0 if octet == _IDLE else UNKNOWN,
        detail=", ".join(faults),
    )
