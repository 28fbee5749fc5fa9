"""What stays set in a printer of ZPL II from label to label, and what it does there.

Zebra's programming guide says of each command whether it is for a field, a format, or
stays until it is said again or the power goes.
"""

from typing import Final

from feeder.simulators.canvas import (
    MIRRORED,
    NEGATIVE,
    PALE,
    TURNED,
    Mark,
    Picture,
)

_DPI: Final = 300
_MM_PER_INCH: Final = 25.4
# Below this a label is too pale to be read.
_DARK_ENOUGH: Final = 5
# A roll with gaps that is fed as if it had none runs off by this each label.
_DRIFT: Final = 24
# National variants of ASCII (^CI1 to ^CI12) put letters in place of these.
_NATIONAL: Final = str.maketrans("#$@[\\]^`{|}~", "x" * 12)
_NATIONAL_SETS: Final = range(1, 13)
# Of `MA,data`: error correction and input mode say how to encode, not what.
_SWITCHES: Final = 3
_DEFAULTS: Final = {
    "LH": ("0", "0"),
    "LS": ("0",),
    "LT": ("0",),
    "PO": ("N",),
    "PM": ("N",),
    "LR": ("N",),
    "FW": ("N", "0"),
    "CI": ("0",),
    "BY": ("2", "3", "10"),
    "PW": ("812",),
    "LL": ("1218",),
    "MN": ("Y",),
    "MT": ("T",),
    "MD": ("0",),
    "SD": ("15",),
    "MU": ("D", "300", "300"),
    "JM": ("A",),
    "SZ": ("2",),
    "MC": ("Y",),
}
_IN_UNITS: Final = frozenset({"LH", "LS", "LT", "PW", "LL"})


class ZplState:
    """Settings that stay, and the format that is open."""

    def __init__(self) -> None:
        self._set = {code: list(values) for code, values in _DEFAULTS.items()}
        self._kept: tuple[Mark, ...] = ()
        self.begin()

    def begin(self) -> None:
        """Open a format: what is for a field or a format begins anew."""
        self.copies = 1
        self.texts: list[str] = []
        self._marks: list[Mark] = []
        self._next_field()

    def obey(self, code: str, values: list[str], raw: str) -> None:
        """Obey a command: its parameters, and all of them as one text."""
        if code in self._set:
            stays = self._set[code]
            for place, value in enumerate(values[: len(stays)]):
                if value:
                    stays[place] = self._dots(value) if code in _IN_UNITS else value
            if code == "MC" and stays[0] == "Y":
                self._kept = ()
        elif code == "PQ":
            self.copies = _whole(values[0], 1)
        else:
            self._obey_field(code, [*values, "", "", ""], raw)

    def _obey_field(self, code: str, values: list[str], raw: str) -> None:
        if code == "FO":
            self._at = (_whole(self._dots(values[0])), _whole(self._dots(values[1])))
            self._justified = values[2] or self._set["FW"][1]
        elif code == "BQ":
            self._symbol = _whole(values[2], 1)
        elif code.startswith("A"):
            down = _whole(values[1], 9)
            self._font = (down, _whole(values[2], down))
        elif code == "FH":
            self._escape = raw[:1] or "_"
        elif code == "FD":
            self._draw(raw)
        elif code == "FS":
            self._next_field()

    def end(self) -> Picture:
        """Close the format, and give what is printed."""
        marks = (*self._kept, *self._marks)
        if self._set["MC"][0] == "N":
            self._kept = marks
        home_x, home_y = (_whole(x) for x in self._set["LH"])
        drift = 0 if self._set["MN"][0] in {"Y", "W"} else _DRIFT
        moved = home_x - self._number("LS")
        dark = self._number("SD") + self._number("MD")
        traits = {
            TURNED: self._set["PO"][0] == "I",
            MIRRORED: self._set["PM"][0] == "Y",
            NEGATIVE: self._set["LR"][0] == "Y",
            PALE: dark < _DARK_ENOUGH or self._set["MT"][0] == "D",
        }
        return Picture(
            self._number("PW"),
            self._number("LL"),
            marks,
            (moved, home_y + self._number("LT") + drift),
            2 if self._set["JM"][0] == "B" else 1,
            frozenset(trait for trait, is_so in traits.items() if is_so),
        )

    def _next_field(self) -> None:
        self._at, self._justified = (0, 0), "0"
        self._symbol = 0
        self._font = (9, 5)
        self._escape = ""

    def _dots(self, value: str) -> str:
        unit, base, wanted = self._set["MU"]
        dots = {"D": 1.0, "I": float(_DPI), "M": _DPI / _MM_PER_INCH}[unit.upper()]
        try:
            return str(round(float(value) * dots * int(wanted) / int(base)))
        except ValueError:
            return "0"

    def _number(self, code: str) -> int:
        return _whole(self._set[code][0])

    def _draw(self, raw: str) -> None:
        text = _unescape(raw, self._escape) if self._escape else raw
        if self._number("CI") in _NATIONAL_SETS:
            text = text.translate(_NATIONAL)
        x, y = self._at
        if self._symbol and self._set["SZ"][0] == "2":
            text = text[_SWITCHES:]
            self.texts.append(text)
            # A ZD621 sets the symbol lower by the height of ^BY, less one.
            lowered = y + _whole(self._set["BY"][2]) - 1
            side = self._symbol
            mark = Mark(True, x, lowered, side, side, text)  # noqa: FBT003 - its kind
        else:
            down, across = self._font
            mark = Mark(False, x, y, max(1, across * 6 // 10), down, text)  # noqa: FBT003 - its kind
        if self._justified == "1":
            mark = Mark(mark.is_symbol, x - 99, mark.y, mark.across, mark.down, text)
        self._marks.append(mark)


def _whole(text: str, otherwise: int = 0) -> int:
    """Read a number; printers take their default for what is none."""
    try:
        return int(text)
    except ValueError:
        return otherwise


def _unescape(raw: str, escape: str) -> str:
    """Read `^FH` data: what follows the mark is a byte in hexadecimal."""
    pieces = raw.encode("latin-1").split(escape.encode("latin-1"))
    out = pieces[0]
    for piece in pieces[1:]:
        try:
            out += bytes([int(piece[:2], 16)]) + piece[2:]
        except ValueError:
            out += escape.encode("latin-1") + piece
    return out.decode("utf-8", "replace")
