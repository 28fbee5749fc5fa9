"""Codes and links as people, phones and printers write them.

Printed links are upper case, so that a QR code keeps them in its alphanumeric mode:
`HTTPS://HOST/C/CODE` has 27 characters beside the host, and a version 2-M symbol
(25 x 25 modules) holds 38, so the host may have 11. The GS1 Digital Link
`HTTPS://HOST/01/GTIN/21/CODE` has 46, and version 3-M (29 x 29) holds 61, so the
host may have 15. A lower-case letter makes either one version larger.
"""

from enum import StrEnum
from typing import Final

from codegen.domain.gtin import normalise_gtin
from codegen.domain.symbols import ALPHABET, CODE_SYMBOLS, GROUP_SYMBOLS

MAX_SCANNED_CHARACTERS: Final = 256

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


def normalise(text: str) -> str | None:
    """Return the canonical 16 symbols of a code as typed, or None if it has others.

    Lower case, spaces and hyphens are fine, O is read as 0, I and L as 1, and
    full-width letters and digits as plain ones.
    """
    if len(text) == CODE_SYMBOLS and not text.strip(ALPHABET):
        return text
    if len(text) > MAX_SCANNED_CHARACTERS:
        return None
    return read_symbols(text, CODE_SYMBOLS)


def read_symbols(text: str, count: int) -> str | None:
    """Read so many symbols, typed in any of the ways that codes are; else None."""
    symbols = text.translate(_READ_AS)
    if len(symbols) == count and not symbols.strip(ALPHABET):
        return symbols
    return None


def group(symbols: str) -> str:
    """Write a canonical code as people read it: XXXX-XXXX-XXXX-XXXX."""
    starts = range(0, len(symbols), GROUP_SYMBOLS)
    return "-".join(symbols[start : start + GROUP_SYMBOLS] for start in starts)


def mask(code_text: str) -> str:
    """Write a code for logs: its first four symbols, and dots for the rest."""
    return code_text[:GROUP_SYMBOLS] + "." * (CODE_SYMBOLS - GROUP_SYMBOLS)


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
