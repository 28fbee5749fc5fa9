"""The names that EPCIS gives to caps, goods, cartons and places.

Written as GS1 Digital Links on id.gs1.org (EPCIS 2.0, section 6.4; CBV 2.0, section
8). Read on any host, and as the older URNs of the Tag Data Standard too.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from codegen.domain.gtin import check_digit
from codegen.domain.scanned import NO_SUCH_GTIN, parse_scanned
from core.messages import WrongValueError
from printer_export.domain.aggregation.units import SsccError, parse_sscc
from printer_export.domain.messages import message

ID_HOST: Final = "https://id.gs1.org"
# The characters and the length of a lot (GS1 General Specifications, AI 10): a lot
# that has others is named in words only.
_LOT: Final = re.compile(r"""[!"%-?A-Z_a-z]{1,20}""")
_URN: Final = re.compile(
    r"urn:epc:id:(?P<scheme>sscc|sgtin):(?P<company>\d{6,12})\.(?P<rest>\d+)"
    r"(?:\.(?P<serial>[^.]+))?"
)
_URI: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"
)
_SSCC_BODY: Final = 17
_GTIN_BODY: Final = 13


@dataclass(frozen=True, slots=True)
class CapName:
    """A code as an event names it, not verified; `gtin` if the name has one."""

    code_text: str
    gtin: str | None


@dataclass(frozen=True, slots=True)
class UnitName:
    """The SSCC of a carton or pallet."""

    sscc: str


class NameProblem(WrongValueError):  # noqa: N818 - a name is wrong, not the program
    """An identifier names nothing that we know."""


def unit_uri(sscc: str) -> str:
    """Name a carton or pallet."""
    return f"{ID_HOST}/00/{sscc}"


def cap_uri_prefix(gtin: str) -> str:
    """Return what precedes the code in the name of a cap."""
    return f"{ID_HOST}/01/{gtin}/21/"


def class_uri(gtin: str, lot: str | None) -> str:
    """Name goods by product, and by lot where the lot is one of GS1's."""
    goods = f"{ID_HOST}/01/{gtin}"
    if lot is None or not _LOT.fullmatch(lot):
        return goods
    return f"{goods}/10/{quote(lot, safe='')}"


def place_uri(base: str, place: str) -> str:
    """Name a place: as it was given if that is a URI, else below the brand's host."""
    if _URI.fullmatch(place):
        return place
    return f"{base.rstrip('/').lower()}/places/{quote(place, safe='')}"


def read_name(uri: str) -> CapName | UnitName:
    """Read what an event names; raises NameProblem with the reason."""
    if uri.lower().startswith("urn:"):
        return _read_urn(uri)
    try:
        path = urlsplit(uri).path
    except ValueError:
        raise NameProblem(message("no_uri")) from None
    segments = [unquote(part) for part in path.strip("/").split("/")]
    try:
        if len(segments) > 1 and segments[-2] == "00":
            return UnitName(parse_sscc(segments[-1]))
    except SsccError as fault:
        raise NameProblem(fault.detail) from None
    keys = segments[segments.index("01") :: 2] if "01" in segments else []
    if "10" in keys and "21" in keys:
        raise NameProblem(message("cap_with_lot"))
    scanned = parse_scanned(uri)
    if scanned.code_text is None:
        raise NameProblem(message("names_nothing"))
    if scanned.gtin == NO_SUCH_GTIN:
        raise NameProblem(message("no_gtin_there"))
    return CapName(scanned.code_text, scanned.gtin)


def _read_urn(urn: str) -> CapName | UnitName:
    """Read an EPC pure identity URI (Tag Data Standard 2.0, section 6.3)."""
    match = _URN.fullmatch(urn)
    problem = NameProblem(message("other_urn"))
    if match is None:
        raise problem
    # The first digit, indicator or extension, stands after the company's prefix.
    body = match["rest"][0] + match["company"] + match["rest"][1:]
    if match["scheme"] == "sscc":
        if len(body) != _SSCC_BODY or match["serial"] is not None:
            raise NameProblem(message("sscc_body"))
        return UnitName(body + check_digit(body))
    scanned = parse_scanned(unquote(match["serial"] or ""))
    if len(body) != _GTIN_BODY or scanned.code_text is None:
        raise problem
    return CapName(scanned.code_text, body + check_digit(body))
