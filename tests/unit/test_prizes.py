"""What is to be had is said in both languages, whatever it is."""

import pytest

from core.messages import say
from rewards.domain.prizes import tell_given, tell_odds
from rewards.domain.terms import Given, OfferKind


@pytest.mark.parametrize("kind", OfferKind)
def test_each_kind_is_told(kind: OfferKind) -> None:
    told = tell_given(Given(kind=kind, amount=1_234, minor=500, name="a mug"))
    english, chinese = say("en", told), say("zh", told)
    assert english
    assert english != chinese


@pytest.mark.parametrize(
    ("per_million", "whole", "told"),
    [
        (1, 1_000_000, "0.0001%"),
        (10_000, 1_000_000, "1%"),
        (1_000_000, 1_000_000, "100%"),
        (123_400, 1_000_000, "12.34%"),
        (1, 3, "33.3333%"),
        (0, 1_000_000, "0%"),
    ],
)
def test_odds_are_told_in_full(per_million: int, whole: int, told: str) -> None:
    assert tell_odds(per_million, whole) == told
