"""A printer of ZPL II (Zebra's programming guide).

Formats stand between `^XA` and `^XZ`; `~` commands are obeyed wherever they stand.
Both prefixes and the delimiter can be changed, and stay so; RS and DLE always mean
the same as caret and tilde. What a connection leaves half done stays half done over the
next one, until the format is ended or cancelled with `~JX`.
"""

import re
from collections.abc import Iterator
from typing import Final

from feeder.simulators.dialect import QUERY, Condition, Query
from feeder.simulators.paper import Sheet
from feeder.simulators.zpl_state import ZplState

_RS: Final = b"\x1e"
_DLE: Final = b"\x10"
_CODE_BYTES: Final = 2
# These have no parameters, so that nothing need follow before they are obeyed.
_AT_ONCE: Final = frozenset({"XA", "XZ", "HS", "JX"})
# The one character that follows is the new one, whatever it is.
_PREFIXES: Final = {"CC": 0, "CT": 1, "CD": 2}


class ZplDialect:
    """Reads formats and answers `~HS`."""

    name = "ZPL II"

    def __init__(self) -> None:
        self._state = ZplState()
        self._signs = [b"^", b"~", b","]
        self._look()
        self._tail = b""
        self._open: bytes | None = None

    def receive(self, content: bytes) -> Iterator[Sheet | Query]:
        """Read formats and queries; `^PQ` copies are as many products."""
        self._tail += content
        while (command := self._next()) is not None:
            code, raw = command
            if code == "HS":
                yield QUERY
            elif code == "JX":
                self._open = None
            elif code == "XA" and self._open is None:
                self._open = b"^XA"
                self._state.begin()
            elif code == "XZ" and self._open is not None:
                frame, self._open = self._open, None
                picture = self._state.end()
                text = " ".join(self._state.texts)
                yield from [Sheet(text, frame, "", picture)] * self._state.copies
            elif code in _PREFIXES:
                self._signs[_PREFIXES[code]] = raw
                self._look()
            elif self._open is not None or code == "SD":
                values = raw.split(self._signs[2])
                if code != "FD":
                    values = [value.strip() for value in values]
                words = [value.decode("latin-1") for value in values]
                self._state.obey(code, words, raw.decode("latin-1"))

    def status(self, condition: Condition) -> bytes:
        """Give the three strings: formats in the buffer, and one under the head."""
        head = min(condition.waiting, 1)
        half = int(self._open is not None)
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
        self._tail, self._open = b"", None
        for _ in self.receive(half):
            pass

    def hang_up(self) -> None:
        """Keep what is half done."""

    def _look(self) -> None:
        caret, tilde, _ = (re.escape(sign) for sign in self._signs)
        self._prefix = re.compile(b"[" + caret + tilde + _RS + _DLE + b"]")

    def _next(self) -> tuple[str, bytes] | None:
        """Take the next whole command: its code and what follows it."""
        begin = self._prefix.search(self._tail)
        if begin is None or len(self._tail) <= begin.end() + _CODE_BYTES - 1:
            return None
        after = begin.end() + _CODE_BYTES
        code = self._tail[begin.end() : after].decode("latin-1").upper()
        if code in _AT_ONCE:
            end = after
        elif code in _PREFIXES:
            end = after + 1
            if len(self._tail) < end:
                return None
        else:
            following = self._prefix.search(self._tail, after)
            if following is None:
                return None
            end = following.start()
        raw = self._tail[after:end]
        if self._open is not None and code not in {"HS", "JX"}:
            # A roll shows what arrived, in the usual characters.
            self._open += b"^" + self._tail[begin.end() : end]
        self._tail = self._tail[end:]
        return code, raw
