"""A printer of TSPL (TSC's programming manual): lines, and the status `<ESC>!?`.

A line that makes no sense is passed over. `QRCODE` draws into the image, `CLS` clears
it, `PRINT m,n` prints it.
"""

import re
from collections.abc import Iterator
from typing import Final

from printer_export.simulators.dialect import QUERY, Condition, Query
from printer_export.simulators.paper import Sheet

_ASKS: Final = b"\x1b!?"
_QRCODE: Final = re.compile(rb'QRCODE \d+,\d+,[LMQH],\d+,[AM],\d+,(?:M\d,)?"(.*)"')
_PRINT: Final = re.compile(rb"PRINT (\d+)(?:,(\d+))?")
_IDLE: Final = b"\x00"
_PRINTING: Final = b"\x20"


class TsplDialect:
    """Reads commands and answers with a byte."""

    name = "TSPL"

    def __init__(self) -> None:
        self._tail = b""
        self._texts: list[str] = []
        self._lines: list[bytes] = []

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
        """Say nothing: labels are not acknowledged."""
        del sheet
        return b""

    def hold(self, half: bytes) -> None:
        """Have read whole lines, and the beginning of another."""
        *lines, self._tail = half.split(b"\r\n")
        for line in lines:
            for _ in self._obey(line):
                pass

    def hang_up(self) -> None:
        """Keep what is half done."""

    def _obey(self, line: bytes) -> Iterator[Sheet]:
        if line == b"CLS":
            self._texts, self._lines = [], []
        self._lines.append(line + b"\r\n")
        if drawn := _QRCODE.fullmatch(line):
            text = drawn[1].replace(b'\\["]', b'"')
            self._texts.append(text.decode("ascii", "replace"))
        elif wanted := _PRINT.fullmatch(line):
            copies = int(wanted[1]) * int(wanted[2] or 1)
            sheet = Sheet(" ".join(self._texts), b"".join(self._lines))
            yield from [sheet] * copies
