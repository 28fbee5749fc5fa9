"""China's 34 divisions as equal squares in roughly their places.

No border is drawn, so there is none to get wrong.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from anti_fraud.domain.divisions import find_division

COUNTRY: Final = "CN"
# By their letters of ISO 3166-2, north up.
_SQUARES: Final = """\
.. .. .. .. .. .. .. HL
.. .. .. .. .. NM .. JL
XJ .. GS NX .. BJ TJ LN
.. QH .. SN SX HE SD ..
XZ .. SC CQ HA AH JS SH
.. .. YN GZ HB JX ZJ ..
.. .. .. GX HN GD FJ TW
.. .. .. .. HI MO HK ..
"""
_NOTHING: Final = ".."


class Province(NamedTuple):
    """A square by its column and row from the upper left, and what stands in it."""

    code: str
    column: int
    row: int
    letters: str
    zh: str
    en: str

    def name(self, language: str) -> str:
        """Give its name in a language."""
        return self.zh if language == "zh" else self.en


def _read() -> Iterator[Province]:
    for row, line in enumerate(_SQUARES.splitlines()):
        for column, letters in enumerate(line.split()):
            if letters == _NOTHING:
                continue
            division = find_division(letters)
            assert division is not None, letters
            *_, zh, english = division.names
            yield Province(division.code, column, row, letters, zh, english.title())


PROVINCES: Final = tuple(_read())
NAMED: Final = {each.code: each for each in PROVINCES}
COLUMNS: Final = max(each.column for each in PROVINCES) + 1
ROWS: Final = max(each.row for each in PROVINCES) + 1
