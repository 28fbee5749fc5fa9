"""Which card a code gives is a function of set, code and key, as likely as it says."""

import hmac
import math
from collections import Counter
from typing import Any

import msgspec
import pytest

from codegen.domain.keys import Secret, derive_secret
from core.clock import utc_datetime
from rewards.domain.cards import (
    Card,
    CardSet,
    NewCard,
    NewCardSet,
    find_faults_of_set,
    pick_card,
)
from rewards.domain.terms import Given, OfferKind

KEY = bytes(range(32))
POINTS = Given(kind=OfferKind.POINTS, amount=100)


def a_set(*shares: int, set_no: int = 7) -> CardSet:
    """Make a set of cards with these shares."""
    cards = tuple(Card(n, str(n), str(n), share) for n, share in enumerate(shares))
    return CardSet(set_no, "s", "S", None, POINTS, cards, utc_datetime(0))


def test_a_card_is_what_its_published_rule_says() -> None:
    """Numbers that another program has to come to as well."""
    assert derive_secret(KEY, 3, Secret.CARDS) != derive_secret(KEY, 3, Secret.CHANCES)
    digest = hmac.digest(
        KEY, bytes.fromhex("00000000000000070000003000000005"), "sha256"
    )
    rest = int(digest.hex(), 16) % 900_000
    card = pick_card(KEY, a_set(300_000, 500_000, 100_000), (3 << 36) | 5)
    assert card.unit == (0 if rest < 300_000 else 1 if rest < 800_000 else 2)
    many = a_set(1, 1, 1, 1)
    picked = [pick_card(KEY, many, code_id).unit for code_id in range(12)]
    assert picked == [0, 0, 0, 1, 0, 0, 0, 1, 3, 3, 2, 2]


def test_cards_are_as_likely_as_their_shares_whatever_they_add_up_to() -> None:
    """Each within what the binomial allows once in about 10^9 keys."""
    cards, tries = a_set(1_000, 99_000, 300_000), 200_000
    picked = Counter(pick_card(KEY, cards, code).unit for code in range(tries))
    for card in cards.cards:
        odds = card.per_million / cards.whole
        deviation = math.sqrt(tries * odds * (1 - odds))
        assert abs(picked[card.unit] - tries * odds) < 6 * deviation
    other = [pick_card(KEY, a_set(1, 1, 1, set_no=8), code).unit for code in range(50)]
    assert other != [pick_card(KEY, a_set(1, 1, 1), code).unit for code in range(50)]


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        (
            {"cards": (NewCard("a", "A", 1), NewCard("a", "B", 1))},
            "/cards/1/card_id",
            "given_twice",
        ),
        (
            {"cards": (NewCard("a", "A", 1), NewCard("b", "B", 1_000_000))},
            "/cards",
            "out_of_range",
        ),
        (
            {"completes": Given(kind=OfferKind.CHANCE)},
            "/completes/kind",
            "not_of_this_kind",
        ),
        (
            {"completes": Given(kind=OfferKind.RED_PACKET)},
            "/completes/minor",
            "required",
        ),
        ({"completes": Given(kind=OfferKind.GIFT)}, "/completes/name", "required"),
        (
            {"completes": msgspec.structs.replace(POINTS, name="x")},
            "/completes/name",
            "not_of_this_kind",
        ),
    ],
)
def test_a_set_that_makes_no_sense_is_pointed_at(
    given: dict[str, Any], pointer: str, code: str
) -> None:
    wish: dict[str, Any] = {"cards": (NewCard("a", "A", 1),), "completes": POINTS}
    found = list(find_faults_of_set(NewCardSet("s", "S", **wish | given)))
    assert [(each.pointer, each.code) for each in found] == [(pointer, code)]
    assert list(find_faults_of_set(NewCardSet("s", "S", **wish))) == []
