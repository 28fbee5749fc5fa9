"""Regions of sale: a country (ISO 3166-1) or a part of one (ISO 3166-2).

China's provinces are kept under the digits of GB/T 2260, which were ISO 3166-2:CN
until 2017 and which Chinese systems write; today's letters mean the same and are read
as well.
"""

import difflib
import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import pycountry

from codegen.domain.messages import message
from core.errors import FieldError, InvalidInput
from core.messages import Message

# The first two digits of GB/T 2260, and the letters of ISO 3166-2:CN since 2017.
_GB_2260: Final = (
    "11BJ 12TJ 13HE 14SX 15NM 21LN 22JL 23HL 31SH 32JS 33ZJ 34AH 35FJ 36JX 37SD 41HA "
    "42HB 43HN 44GD 45GX 46HI 50CQ 51SC 52GZ 53YN 54XZ 61SN 62GS 63QH 64NX 65XJ 71TW "
    "81HK 82MO"
)
# How alike a name has to be to what was told: within the country that it names, and
# anywhere, where short words are like much that nobody meant.
_ALIKE_THERE: Final = 0.6
_ALIKE: Final = 0.75
_SHOWN: Final = 40
_SUGGESTED: Final = 3
# What the European Union writes, and ISO 3166 reserves, for those with other codes.
_RESERVED: Final = {"UK": "GB", "EL": "GR"}
# Words that only say what a region is, which nobody types.
_KINDS: Final = re.compile(r" (Shi|Sheng|SAR|Zizhiqu)\Z")


def read_regions(given: Sequence[str], pointer: str) -> tuple[str, ...]:
    """Read regions, each once; raises InvalidInput that names each wrong one."""
    codes: list[str] = []
    faults: list[FieldError] = []
    for place, told in enumerate(given):
        code = find_region(told)
        if code is None:
            # Looking for the nearest takes milliseconds, in which no scan is answered.
            sentence = message("no_region", region=told[:_SHOWN])
            if len(faults) < _SUGGESTED:
                sentence = _suggest(told[:_SHOWN])
            faults.append(FieldError(f"{pointer}/{place}", "unknown_region", sentence))
        else:
            codes.append(code)
    if faults:
        raise InvalidInput(faults[0].detail, errors=tuple(faults))
    return tuple(dict.fromkeys(codes))


def find_region(told: str) -> str | None:
    """Find the code of a region by any of its codes; None where there is none."""
    return _known().get(told.strip().upper())


def _suggest(told: str) -> Message:
    named, meant = _names(), told.strip().upper()
    # Who begins with a country means a part of it.
    there = [name for name in named if name.startswith(meant[:3])]
    for names, alike in ((there, _ALIKE_THERE), (list(named), _ALIKE)):
        near = difflib.get_close_matches(meant, names, n=1, cutoff=alike)
        if not near:
            continue
        code, name = named[near[0]]
        return message("region_meant", region=told, code=code, name=name)
    return message("no_region", region=told)


@cache
def _known() -> dict[str, str]:
    """Map everything that is read to what is kept."""
    codes = [country.alpha_2 for country in pycountry.countries]
    codes += [part.code for part in pycountry.subdivisions]
    known = {code: code for code in codes}
    for pair in _GB_2260.split():
        digits, letters = f"CN-{pair[:2]}", f"CN-{pair[2:]}"
        known[letters] = known[digits] = digits
    return known


@cache
def _names() -> dict[str, tuple[str, str]]:
    """Map what somebody may have meant, in upper case, to a code and its name."""
    known = _known()
    parts = [
        (part.code, part.name, part.country_code) for part in pycountry.subdivisions
    ]
    countries = [(c.alpha_2, c.name, c.alpha_3) for c in pycountry.countries]
    named = {}
    for code, full, country in [*parts, *countries]:
        name = _KINDS.sub("", full)
        kept, shown = known[code], name.upper()
        # `CHN` means `CN`, and `CN-SHANGHAI` names its country too.
        also = f"{country}-{shown}" if "-" in code else country
        for meant in (code, kept, also, shown):
            named[meant] = (kept, name)
    return named | {reserved: named[kept] for reserved, kept in _RESERVED.items()}
