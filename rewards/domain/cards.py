"""Collecting cards: which one a claim gets, and what a member has of a set. Pure."""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from struct import Struct
from typing import Final

from core.errors import FieldError
from rewards.domain.chances import WHOLE
from rewards.domain.messages import message
from rewards.domain.prizes import find_unawardable
from rewards.domain.terms import Given

MAX_CARDS: Final = 100

# What is hashed: set_no and code_id, big-endian.
_INPUT: Final = Struct(">QQ")


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card as it is asked for; it comes so many times in all of its set's."""

    card_id: str
    name: str
    per_million: int


@dataclass(frozen=True, slots=True)
class NewCardSet:
    """A set as it is asked for, and what who has all of its cards is given, once."""

    set_id: str
    name: str
    cards: tuple[NewCard, ...]
    completes: Given
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A card of a set; the balance in its account unit is how many a member has."""

    unit: int
    card_id: str
    name: str
    per_million: int


@dataclass(frozen=True, slots=True)
class CardSet:
    """Cards to collect; what completing gives is paid by the account `set_no`."""

    set_no: int
    set_id: str
    name: str
    brand: str | None
    completes: Given
    cards: tuple[Card, ...]
    created_at: datetime

    @property
    def whole(self) -> int:
        """Count all of the cards' shares together, 1 to 1,000,000."""
        return sum(card.per_million for card in self.cards)

    def is_seen_by(self, brand: str | None) -> bool:
        """Tell whether who is narrowed to a brand may see it."""
        return brand is None or self.brand == brand


@dataclass(frozen=True, slots=True)
class SetFigures:
    """How many collect a set and have completed it, and hold each card by its unit.

    Where more collect it than are counted, it is of the first of them.
    """

    collectors: int
    completed: int
    holders: Mapping[int, int]
    is_all: bool


def pick_card(key: bytes, cards: CardSet, code_id: int) -> Card:
    """Tell which card of a set a code gives: HMAC-SHA256 under the key of its epoch.

    The 32 bytes are read as one big-endian number; its remainder by what all cards'
    shares add up to falls into one of them, in their order.
    """
    digest = hmac.digest(key, _INPUT.pack(cards.set_no, code_id), "sha256")
    rest = int.from_bytes(digest) % cards.whole
    for card in cards.cards:
        rest -= card.per_million
        if rest < 0:
            return card
    raise AssertionError("the remainder is less than all shares")


def find_faults_of_set(new: NewCardSet) -> Iterator[FieldError]:
    """Say what makes no sense in a set."""
    seen: set[str] = set()
    for place, card in enumerate(new.cards):
        if card.card_id in seen:
            told = message("card_twice", card_id=card.card_id)
            yield FieldError(f"/cards/{place}/card_id", "given_twice", told)
        seen.add(card.card_id)
    whole = sum(card.per_million for card in new.cards)
    if whole > WHOLE:
        told = message("cards_above_one", given=whole, most=WHOLE)
        yield FieldError("/cards", "out_of_range", told)
    yield from find_unawardable("/completes", new.completes)


@dataclass(frozen=True, slots=True)
class CompletedSet:
    """A set that a member has all cards of; `transfer_id` is the last one's."""

    set_no: int
    set_id: str
    member_no: int
    member_id: str
    transfer_id: int
    completed_at: datetime
    completes: Given
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class OwnCard:
    """How many a member has of a card; 0 is a gap."""

    card_id: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class OwnSet:
    """A set that a member collects: each of its cards, and when they had them all."""

    set_id: str
    name: str
    cards: Sequence[OwnCard]
    completes: Given
    completed_at: datetime | None

    @property
    def missing(self) -> int:
        """Count the gaps."""
        return sum(card.count == 0 for card in self.cards)
