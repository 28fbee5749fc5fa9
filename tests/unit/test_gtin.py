"""GTINs and their check digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.domain import GtinError, check_digit, normalise_gtin


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("06901234567892", "06901234567892"),
        ("6901234567892", "06901234567892"),
        ("012345678905", "00012345678905"),
        ("96385074", "00000096385074"),
        # The example of GS1 General Specifications, section 7.9.1.
        ("6291041500213", "06291041500213"),
    ],
)
def test_gtins_of_every_length_become_14_digits(text: str, gtin: str) -> None:
    """GTIN-8, -12, -13 and -14 with right check digits are padded on the left."""
    assert normalise_gtin(text) == gtin


@given(st.text("0123456789", min_size=13, max_size=13), st.integers(0, 12))
def test_any_single_wrong_digit_is_noticed(body: str, place: int) -> None:
    """A check digit of weights 3 and 1 catches each change of one digit."""
    gtin = body + check_digit(body)
    assert normalise_gtin(gtin) == gtin
    changed = str((int(gtin[place]) + 1) % 10)
    with pytest.raises(GtinError):
        normalise_gtin(gtin[:place] + changed + gtin[place + 1 :])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("690123456789", "has to be 7, not 9"),
        ("06901234567891", "has to be 2, not 1"),
        ("1234567890", "this has 10"),
        ("", "digits 0 to 9 only"),
        ("069012345678\uff192", "digits 0 to 9 only"),
        ("0690123456789X", "digits 0 to 9 only"),
        (" 6901234567892", "digits 0 to 9 only"),
    ],
)
def test_wrong_gtins_are_refused_in_a_sentence(text: str, says: str) -> None:
    """The message says what is wrong, and the right check digit."""
    with pytest.raises(GtinError, match=says):
        normalise_gtin(text)
