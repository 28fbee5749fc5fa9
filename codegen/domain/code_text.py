"""Codes and links as people, phones and printers write them.

Printed links are upper case, so that a QR code keeps them in its alphanumeric mode:
`HTTPS://HOST/C/CODE` has 27 characters beside the host, and a version 2-M symbol
(25 x 25 modules) holds 38, so the host may have 11. The GS1 Digital Link
`HTTPS://HOST/01/GTIN/21/CODE` has 46, and version 3-M (29 x 29) holds 61, so the
host may have 15. A lower-case letter makes either one version larger.
"""

from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import unquote

from codegen.domain.gtin import GtinError, normalise_gtin
from codegen.domain.symbols import ALPHABET, CODE_SYMBOLS

MAX_SCANNED_CHARACTERS: Final = 256

# A GTIN that no product has: a link with a GTIN that cannot be one carries it.
NO_SUCH_GTIN: Final = ""

_GROUP: Final = 4
_APPLICATION_GTIN: Final = "01"
_APPLICATION_VARIANT: Final = "22"
_APPLICATION_LOT: Final = "10"
_APPLICATION_SERIAL: Final = "21"

_SPACES: Final = " \t\r\n\u00a0\u2007\u2009\u202f\u200b\ufeff\u3000"
_HYPHENS: Final = "-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"


def _reading_table() -> dict[int, str | None]:
    """Map each character that a code may be typed with to its symbol or to nothing."""
    table: dict[int, str | None] = dict.fromkeys(map(ord, _SPACES + _HYPHENS))
    lookalikes = {"O": "0", "I": "1", "L": "1"}
    letters_and_digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for written in letters_and_digits + letters_and_digits[10:].lower():
        symbol = lookalikes.get(written.upper(), written.upper())
        table[ord(written)] = symbol
        # Chinese and Japanese keyboards often type full-width forms.
        table[ord(written) + 0xFEE0] = symbol
    return table


_READ_AS: Final = _reading_table()


class LinkForm(StrEnum):
    """How a batch's links are written."""

    SHORT = "short"
    GS1 = "gs1"


class ScannedText(NamedTuple):
    """What a scanned text says.

    `code_text` is canonical (16 upper-case symbols) or None when there is none, and
    may still be a forgery. `gtin` is None when the text names no product, 14 digits
    when it does, and NO_SUCH_GTIN, which equals no product's, when what stands in
    its place is not a GTIN. (A NamedTuple because one is made for every scan: a
    frozen dataclass takes three times as long to make.)
    """

    code_text: str | None
    gtin: str | None


_NOTHING: Final = ScannedText(None, None)


def normalise(text: str) -> str | None:
    """Return the canonical 16 symbols of a code as typed, or None if it has others.

    Lower case, spaces and hyphens are fine, O is read as 0, I and L as 1, and
    full-width letters and digits as plain ones.
    """
    if len(text) == CODE_SYMBOLS and not text.strip(ALPHABET):
        return text
    if len(text) > MAX_SCANNED_CHARACTERS:
        return None
    symbols = text.translate(_READ_AS)
    if len(symbols) == CODE_SYMBOLS and not symbols.strip(ALPHABET):
        return symbols
    return None


def parse_scanned(text: str) -> ScannedText:
    """Find the code, and the GTIN if there is one, in what a phone scanned.

    The text is a code or a link: `…/C/CODE`, or the GS1 Digital Link (URI syntax
    1.4, section 4) `…/01/GTIN[/22/VARIANT][/10/LOT]/21/CODE`, in any letter case,
    with or without scheme, query, fragment and closing slashes, also percent-encoded
    once. The host is not judged. Never raises.
    """
    if len(text) == CODE_SYMBOLS and not text.strip(ALPHABET):
        return ScannedText(text, None)
    if len(text) > MAX_SCANNED_CHARACTERS:
        return _NOTHING
    segments = _path_segments(text)
    if len(segments) == 1:
        return ScannedText(normalise(segments[0]), None)
    key = segments[-2]
    if key in ("C", "c"):
        return ScannedText(normalise(segments[-1]), None)
    if key == _APPLICATION_SERIAL:
        return _parse_digital_link(segments)
    return _NOTHING


def _path_segments(text: str) -> list[str]:
    """Split a link at its slashes, decoded, without query, fragment or last slash."""
    if "%" in text and "/" not in text:
        # The link as a whole was encoded, its slashes too.
        text = unquote(text)
        encoded = False
    else:
        encoded = "%" in text
    path = text.partition("#")[0].partition("?")[0].strip().rstrip("/")
    segments = path.split("/")
    return [unquote(segment) for segment in segments] if encoded else segments


def _parse_digital_link(segments: list[str]) -> ScannedText:
    """Read the segments of a link that ends in `21/CODE`."""
    qualifiers = segments[:-2]
    for optional in (_APPLICATION_LOT, _APPLICATION_VARIANT):
        if len(qualifiers) > 1 and qualifiers[-2] == optional:
            qualifiers = qualifiers[:-2]
    if len(qualifiers) <= 1 or qualifiers[-2] != _APPLICATION_GTIN:
        return _NOTHING
    try:
        gtin = normalise_gtin(qualifiers[-1])
    except GtinError:
        gtin = NO_SUCH_GTIN
    return ScannedText(normalise(segments[-1]), gtin)


def group(code_text: str) -> str:
    """Write a canonical code as people read it: XXXX-XXXX-XXXX-XXXX."""
    starts = range(0, CODE_SYMBOLS, _GROUP)
    return "-".join(code_text[start : start + _GROUP] for start in starts)


def mask(code_text: str) -> str:
    """Write a code for logs: its first four symbols, and dots for the rest."""
    return code_text[:_GROUP] + "." * (CODE_SYMBOLS - _GROUP)


def cap_link(
    link_base: str, link_form: LinkForm, gtin: str | None, code_text: str
) -> str:
    """Return the link of one cap; raises as `cap_link_prefix` does."""
    return cap_link_prefix(link_base, link_form, gtin) + code_text


def cap_link_prefix(link_base: str, link_form: LinkForm, gtin: str | None) -> str:
    """Return what precedes the code in every link of a batch.

    `link_base` is scheme and host, such as `HTTPS://HOST`, and is kept in the letter
    case it has. `gtin` may have 8, 12, 13 or 14 digits and is needed for GS1 only.
    Raises ValueError for a base that no link can start with and for a missing GTIN,
    and GtinError for a wrong one.
    """
    base = link_base.rstrip("/")
    scheme, separator, rest = base.partition("://")
    if scheme.lower() not in ("https", "http") or not separator or not rest:
        raise ValueError(
            f"A link starts with HTTPS:// and a host; {link_base!r} does not."
        )
    if not base.isascii() or not base.isprintable() or set(base) & set(" \"',;?#<>\\"):
        raise ValueError(f"{link_base!r} has characters that a link base cannot have.")
    if link_form is LinkForm.SHORT:
        return f"{base}/C/"
    if gtin is None:
        raise ValueError("A GS1 Digital Link needs the GTIN of the product.")
    return f"{base}/01/{normalise_gtin(gtin)}/21/"
