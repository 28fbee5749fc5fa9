"""GTINs: the numbers of products (GS1 General Specifications, section 3.3.2).

A GTIN has 8, 12, 13 or 14 digits; here it is kept as 14, with zeros in front.
"""

from typing import Final

from codegen.domain.messages import message
from core.errors import InvalidInput
from core.messages import WrongValueError

GTIN_DIGITS: Final = 14
_LENGTHS: Final = (8, 12, 13, 14)


class GtinError(WrongValueError):
    """The text is not a GTIN."""


def check_digit(body: str) -> str:
    """Return the check digit that follows `body`, a GTIN without its last digit.

    Weights 3 and 1 alternate from the right (GS1 General Specifications, section
    7.9.1). `body` is ASCII digits.
    """
    total = sum(
        int(digit) * (3 if place % 2 == 0 else 1)
        for place, digit in enumerate(reversed(body))
    )
    return str(-total % 10)


def normalise_gtin(text: str) -> str:
    """Return a GTIN-8, -12, -13 or -14 as 14 digits; raises GtinError."""
    if not (text.isascii() and text.isdigit()):
        raise GtinError(message("gtin_digits"))
    if len(text) not in _LENGTHS:
        raise GtinError(message("gtin_length", length=len(text)))
    expected = check_digit(text[:-1])
    if text[-1] != expected:
        raise GtinError(
            message("gtin_check_digit", gtin=text, expected=expected, given=text[-1])
        )
    return text.zfill(GTIN_DIGITS)


def read_gtin(given: str) -> str:
    """Normalise a GTIN to 14 digits; raises InvalidInput at /gtin."""
    try:
        return normalise_gtin(given)
    except GtinError as fault:
        raise InvalidInput.field("/gtin", "invalid_gtin", fault.detail) from None
