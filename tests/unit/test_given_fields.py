"""What is given beside scans is read from two fields of a form."""

import pytest

from console.frame.fields import Reader
from console.marketing.given import place_given, read_given
from rewards.domain.terms import Given, OfferKind

NAMES = ("kind", "what")


@pytest.mark.parametrize(
    ("texts", "given"),
    [
        (("points", "1,000"), Given(kind=OfferKind.POINTS, amount=1_000)),
        (("gift", "A cup"), Given(kind=OfferKind.GIFT, name="A cup")),
        (("coupon", "five"), Given(kind=OfferKind.COUPON, pool_id="five")),
        (("red_packet", "8.80"), Given(kind=OfferKind.RED_PACKET, minor=880)),
        (("card", "zodiac"), Given(kind=OfferKind.CARD, set_id="zodiac")),
        (
            ("ticket", "3 \u00d7 box 7"),
            Given(kind=OfferKind.TICKET, amount=3, draw_id="box 7"),
        ),
        (("ticket", "7th"), Given(kind=OfferKind.TICKET, amount=1, draw_id="7th")),
    ],
)
def test_each_kind_says_what_it_needs(texts: tuple[str, str], given: Given) -> None:
    reader = Reader()
    assert (read_given(reader, NAMES, texts), reader.faults) == (given, {})


@pytest.mark.parametrize(
    "texts",
    [
        ("points", "many"),
        ("red_packet", ""),
        ("red_packet", "a lot"),
        ("red_packet", "0"),
        ("red_packet", "99999999"),
        ("card", ""),
        ("ticket", ""),
        ("ticket", "0 * box"),
        ("ticket", "3 * "),
    ],
)
def test_what_says_nothing_is_pointed_at(texts: tuple[str, str]) -> None:
    reader = Reader()
    read_given(reader, NAMES, texts)
    assert set(reader.faults) == {"what"}


def test_a_fault_of_any_field_is_placed() -> None:
    names = {"amount", "minor", "name", "pool_id", "draw_id", "set_id"}
    placed = {f"/gives/{name}": "what" for name in names} | {"/gives/kind": "kind"}
    assert dict(place_given("/gives", NAMES)) == placed
