"""GS1 Digital Links: what is read, what is refused, and what a link set tells."""

import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.domain.products import Product
from core.errors import Unparsable
from scan_api.domain.digital_link import (
    VOCABULARY,
    DigitalLink,
    find_target,
    link_set,
    parse_digital_link,
)

GTIN = "06901234567892"
ROOT = "https://cap.example"
MILK = Product(GTIN, "Milk", "Dairy", page_url="https://dairy.example/milk")
VALUE = st.text(
    string.ascii_letters + string.digits + "-_./%+", min_size=1, max_size=20
)


@given(st.none() | VALUE, st.none() | VALUE, st.none() | VALUE)
def test_a_link_is_read_back_as_it_was_written(
    variant: str | None, lot: str | None, serial: str | None
) -> None:
    """Any qualifiers of 1 to 20 allowed signs, with or without a last slash."""
    link = DigitalLink(GTIN, variant, lot, serial)
    assert parse_digital_link(link.path) == link
    assert parse_digital_link(link.path + "/") == link


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/01/06901234567893", "check digit"),
        ("/01/0690123456789x", "digits"),
        ("/gtin/06901234567892", "begins with"),
        (f"/01/{GTIN}/21", "without its value"),
        (f"/01/{GTIN}/21/A/10/L", "in the order"),
        (f"/01/{GTIN}/10/A/10/L", "once each"),
        (f"/01/{GTIN}/17/270101", "cannot qualify"),
        (f"/01/{GTIN}/10/" + "L" * 21, "1 to 20"),
        (f"/01/{GTIN}/10/" + quote("批"), "1 to 20"),
        (f"/01/{GTIN}/10//21/A", "1 to 20"),
    ],
)
def test_bad_syntax_is_refused_with_a_reason(path: str, why: str) -> None:
    """Check digits, order, lengths and signs."""
    with pytest.raises(Unparsable, match=why):
        parse_digital_link(path)


@given(VALUE)
def test_a_link_set_never_depends_on_the_serial(serial: str) -> None:
    """Nobody learns from links whether a code exists; only the page's address has it.

    The page judges the code, and counts who guesses.
    """
    with_serial = link_set(DigitalLink(GTIN, None, "L1", serial), MILK, ROOT)
    without = link_set(DigitalLink(GTIN, None, "L1"), MILK, ROOT)
    (entry,), (plain,) = with_serial["linkset"], without["linkset"]
    assert entry["anchor"] == plain["anchor"] == f"{ROOT}/01/{GTIN}/10/L1"
    assert set(entry) == set(plain)
    assert entry[f"{VOCABULARY}pip"] == plain[f"{VOCABULARY}pip"]


def test_there_is_one_default_link_and_types_are_found_by_either_name() -> None:
    """`gs1:pip` and its full address are the same type; an absent one leads nowhere."""
    link = DigitalLink(GTIN, serial="A")
    (entry,) = link_set(link, MILK, ROOT)["linkset"]
    assert len(entry[f"{VOCABULARY}defaultLink"]) == 1
    assert find_target(link, MILK, ROOT, "gs1:pip") == MILK.page_url
    assert find_target(link, MILK, ROOT, f"{VOCABULARY}pip") == MILK.page_url
    assert find_target(link, MILK, ROOT, "gs1:recipeInfo") is None
    assert find_target(link, Product(GTIN, "Milk", "Dairy"), ROOT, "gs1:pip") is None
