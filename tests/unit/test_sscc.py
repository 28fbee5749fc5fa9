"""SSCCs: 18 digits, of which the last one checks the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer_export.domain.aggregation.units import SsccError, parse_sscc

BODIES = st.text("0123456789", min_size=17, max_size=17)


def slow_check_digit(body: str) -> str:
    """Add up as section 7.9.1 of the GS1 General Specifications lays it out."""
    weights = [3, 1] * 8 + [3]
    total = sum(int(d) * w for d, w in zip(body, weights, strict=True))
    return str((10 - total % 10) % 10)


def test_an_example_of_gs1_is_read() -> None:
    """As printed in the General Specifications."""
    assert parse_sscc("106141412345678908") == "106141412345678908"


@given(BODIES)
def test_exactly_one_last_digit_is_right(body: str) -> None:
    right = slow_check_digit(body)
    assert parse_sscc(body + right) == body + right
    for last in set("0123456789") - {right}:
        with pytest.raises(SsccError, match=f"has to be {right}"):
            parse_sscc(body + last)


@given(BODIES, st.integers(0, 17), st.integers(1, 9))
def test_any_single_wrong_digit_is_noticed(body: str, place: int, shift: int) -> None:
    sscc = body + slow_check_digit(body)
    wrong = str((int(sscc[place]) + shift) % 10)
    with pytest.raises(SsccError):
        parse_sscc(sscc[:place] + wrong + sscc[place + 1 :])


@given(BODIES)
def test_scanned_and_bracketed_identifiers_are_taken_off(body: str) -> None:
    sscc = body + slow_check_digit(body)
    assert parse_sscc(f"00{sscc}") == sscc
    assert parse_sscc(f"(00) {sscc}") == sscc


@pytest.mark.parametrize(
    "text", ["", "1", "x" * 18, "1" * 19, "11" + "1" * 18, "١" * 18]
)
def test_what_is_no_sscc_is_told_so(text: str) -> None:
    with pytest.raises(SsccError):
        parse_sscc(text)
