"""What consumers read: every outcome, in both languages, in the one they asked for."""

import pytest

from core.pages import LANGUAGES, choose_language
from scan_api.domain import Outcome
from scan_api.texts import message_for


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_sentence(outcome: Outcome, language: str) -> None:
    """Complete, and no place-holder is left in it."""
    said = message_for(outcome, language, points=5)
    assert said.endswith((".", "。"))
    assert not set("{}") & set(said)
    assert said.isascii() == (language == "en")


def test_a_reward_says_how_much() -> None:
    """The points stand in the sentence."""
    assert "17" in message_for(Outcome.REWARDED, "en", points=17)
    assert "17" in message_for(Outcome.REWARDED, "zh", points=17)


def test_ones_own_claim_reads_differently_from_anothers() -> None:
    """Nobody is frightened by their own second look."""
    mine = message_for(Outcome.ALREADY_CLAIMED, "en", by_you=True)
    assert mine != message_for(Outcome.ALREADY_CLAIMED, "en")


def test_a_recalls_own_instructions_come_first() -> None:
    """Braces in them are only braces."""
    said = message_for(Outcome.RECALLED, "en", instructions="Call {us} now.")
    assert said == "Call {us} now."


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.2, zh;q=0.9", "zh"),
        ("en;q=0.9, zh;q=0.2", "en"),
        ("fr, de;q=0.5", "zh"),
        ("fr, en;q=0.1", "en"),
        ("en;q=0", "zh"),
        ("en;q=nonsense", "zh"),
        ("en;q=nan", "zh"),
        ("*", "zh"),
        (";;;,,,", "zh"),
        ("en," * 10_000, "en"),
    ],
)
def test_the_language_follows_the_header(header: str | None, expected: str) -> None:
    """RFC 9110, and Chinese when in doubt."""
    assert choose_language(header) == expected
