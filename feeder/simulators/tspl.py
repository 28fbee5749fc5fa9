"""A printer of TSPL (TSC's programming manual): lines, and the status `<ESC>!?`.

A line that makes no sense is passed over. `QRCODE` and `TEXT` draw into the image,
`CLS` clears it, `PRINT m,n` prints it; everything else stays set.
"""

import re
from collections.abc import Iterator
from typing import Final

from feeder.simulators.canvas import MIRRORED, PALE, TURNED, Mark, Picture
from feeder.simulators.dialect import QUERY, Condition, Query
from feeder.simulators.paper import Sheet

_ASKS: Final = b"\x1b!?"
_DRAWS: Final = re.compile(r'(QRCODE|TEXT) (\d+),(\d+),(.*?),?"((?:[^"]|\\\["\])*)"')
_PRINT: Final = re.compile(r"PRINT (\d+)(?:,(\d+))?")
_SETS: Final = re.compile(r"(SET [A-Z]+|[A-Z]+) ?(.*)")
_IDLE: Final = b"\x00"
_PRINTING: Final = b"\x20"
_MM_PER_INCH: Final = 25.4
_DARK_ENOUGH: Final = 2
# A roll with gaps that is fed as if it had none runs off by this each label.
_DRIFT: Final = 24
# Letters of the fonts of fixed size: dots across and down.
_FONTS: Final = {"1": (8, 12), "2": (12, 20), "3": (16, 24)}
_DEFAULTS: Final = {
    "SIZE": "100 mm,100 mm",
    "GAP": "3 mm,0 mm",
    "BLINE": "",
    "OFFSET": "0 mm",
    "SPEED": "4",
    "DENSITY": "8",
    "DIRECTION": "0",
    "REFERENCE": "0,0",
    "SHIFT": "0",
    "CODEPAGE": "437",
    "SET RIBBON": "ON",
    "SET PRINTKEY": "OFF",
    "SET REPRINT": "OFF",
    "SET RESPONSE": "OFF",
}


class TsplDialect:
    """Reads commands and answers with a byte."""

    name = "TSPL"

    def __init__(self, dpi: int = 300) -> None:
        self._dots_a_mm = dpi / _MM_PER_INCH
        self._tail = b""
        self._texts: list[str] = []
        self._marks: list[Mark] = []
        self._lines: list[bytes] = []
        self._set = dict(_DEFAULTS)

    def receive(self, content: bytes) -> Iterator[Sheet | Query]:
        """Read lines; the query is obeyed wherever it stands."""
        self._tail += content
        while True:
            asked = self._tail.find(_ASKS)
            ended = self._tail.find(b"\r\n")
            if asked >= 0 and (ended < 0 or asked < ended):
                self._tail = self._tail[:asked] + self._tail[asked + len(_ASKS) :]
                yield QUERY
            elif ended >= 0:
                line, self._tail = self._tail[:ended], self._tail[ended + 2 :]
                yield from self._obey(line)
            else:
                return

    def status(self, condition: Condition) -> bytes:
        """Say whether anything is left to print; TSPL has no number for it."""
        return _PRINTING if condition.waiting else _IDLE

    def acknowledge(self, sheet: Sheet) -> bytes:
        """Say nothing, unless somebody has set the printer to speak unasked."""
        del sheet
        return b"" if self._set["SET RESPONSE"] == "OFF" else b"{0}\r\n"

    def hold(self, half: bytes) -> None:
        """Have read whole lines, and the beginning of another."""
        *lines, self._tail = half.split(b"\r\n")
        for line in lines:
            for _ in self._obey(line):
                pass

    def hang_up(self) -> None:
        """Keep what is half done."""

    def _obey(self, line: bytes) -> Iterator[Sheet]:
        words = line.decode("ascii", "replace")
        if words == "CLS":
            self._texts, self._marks, self._lines = [], [], []
        self._lines.append(line + b"\r\n")
        if drawn := _DRAWS.fullmatch(words):
            self._draw(*drawn.groups())
        elif wanted := _PRINT.fullmatch(words):
            copies = int(wanted[1]) * int(wanted[2] or 1)
            frame, picture = b"".join(self._lines), self._picture()
            yield from [Sheet(" ".join(self._texts), frame, "", picture)] * copies
        elif (setting := _SETS.fullmatch(words)) and setting[1] in self._set:
            self._set[setting[1]] = setting[2]
            if setting[1] in {"GAP", "BLINE"}:
                # A roll has gaps or marks, whichever was said last.
                self._set["BLINE" if setting[1] == "GAP" else "GAP"] = ""

    def _draw(self, command: str, x: str, y: str, how: str, raw: str) -> None:
        text, options = raw.replace('\\["]', '"'), how.split(",")
        if command == "QRCODE":
            self._texts.append(text)
            cell = int(options[1])
            mark = Mark(True, int(x), int(y), cell, cell, text)  # noqa: FBT003 - its kind
        else:
            size = _FONTS[options[0].strip('"')]
            mark = Mark(False, int(x), int(y), *size, text)  # noqa: FBT003 - its kind
        self._marks.append(mark)

    def _picture(self) -> Picture:
        width, height = (self._dots(each) for each in self._set["SIZE"].split(","))
        x, y = (int(each) for each in self._set["REFERENCE"].split(","))
        gap = self._set["GAP"]
        drift = 0 if gap and self._dots(gap.split(",")[0]) else _DRIFT
        drift += self._dots(self._set["OFFSET"]) + int(self._set["SHIFT"])
        direction, _, mirror = self._set["DIRECTION"].partition(",")
        held = self._set["SET PRINTKEY"] != "OFF" or self._set["SET RIBBON"] != "ON"
        traits = {
            TURNED: direction == "0",
            MIRRORED: mirror == "1",
            PALE: held or int(self._set["DENSITY"]) < _DARK_ENOUGH,
        }
        return Picture(
            width,
            height,
            tuple(self._marks),
            (x, y + drift),
            1,
            frozenset(trait for trait, is_so in traits.items() if is_so),
        )

    def _dots(self, text: str) -> int:
        """Read a length in mm; gives dots."""
        return round(float(text.removesuffix("mm").strip() or 0) * self._dots_a_mm)
