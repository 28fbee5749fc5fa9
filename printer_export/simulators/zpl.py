"""A printer of ZPL II (Zebra's programming guide).

Formats stand between `^XA` and `^XZ`; `~` commands are obeyed wherever they stand.
What a connection leaves half done stays half done over the next one, until the format
is ended or cancelled with `~JX`.
"""

import re
from collections.abc import Iterator
from typing import Final

from printer_export.simulators.dialect import QUERY, Condition, Query
from printer_export.simulators.paper import Sheet

_ENDS: Final = re.compile(rb"~HS|~JX|\^XZ")
_COMMAND: Final = re.compile(rb"\^(XA|FH|FD|FS|BQ|PQ)([^^~]*)")
_ESCAPED: Final = re.compile(rb"_([0-9A-Fa-f]{2})")
# Of `MA,data`: error correction and input mode say how to encode, not what.
_SWITCHES: Final = 3


class ZplDialect:
    """Reads formats and answers `~HS`."""

    name = "ZPL II"

    def __init__(self) -> None:
        self._open = b""

    def receive(self, content: bytes) -> Iterator[Sheet | Query]:
        """Read formats and queries; `^PQ` copies are as many products."""
        self._open += content
        while match := _ENDS.search(self._open):
            before, rest = self._open[: match.start()], self._open[match.end() :]
            if match[0] == b"~HS":
                self._open = before + rest
                yield QUERY
            elif match[0] == b"~JX":
                self._open = rest
            else:
                self._open = rest
                start = before.find(b"^XA")
                if start >= 0:
                    yield from _products(before[start:] + b"^XZ")

    def status(self, condition: Condition) -> bytes:
        """Give the three strings: formats in the buffer, and one under the head."""
        head = min(condition.waiting, 1)
        half = int(b"^XA" in self._open)
        return (
            f"\x02030,0,0,0203,{condition.waiting - head:03d},{condition.is_full:d},"
            f"0,{half},000,0,0,0\x03\r\n"
            f"\x02000,0,0,0,0,2,4,0,{head:08d},1,000\x03\r\n\x021234,0\x03\r\n"
        ).encode("ascii")

    def acknowledge(self, sheet: Sheet) -> bytes:
        """Say nothing: labels are not acknowledged."""
        del sheet
        return b""

    def hold(self, half: bytes) -> None:
        """Have a format open."""
        self._open = half

    def hang_up(self) -> None:
        """Keep what is half done."""


def _products(label: bytes) -> Iterator[Sheet]:
    """Print a format: the texts of all its QR symbols, as many times as it says."""
    texts: list[str] = []
    copies = 1
    is_symbol = is_escaped = False
    for command, value in _COMMAND.findall(label):
        if command == b"FS":
            is_symbol = is_escaped = False
        elif command == b"BQ":
            is_symbol = True
        elif command == b"FH":
            is_escaped = True
        elif command == b"PQ":
            copies = int(value.split(b",")[0] or 1)
        elif command == b"FD" and is_symbol:
            data = value[_SWITCHES:]
            if is_escaped:
                data = _ESCAPED.sub(lambda m: bytes([int(m[1], 16)]), data)
            texts.append(data.decode("utf-8", "replace"))
    yield from [Sheet(" ".join(texts), label)] * copies
