"""What features have to say, in English and in the reader's language."""

import json

import msgspec
import pytest

from core.messages import Catalogue, Message, encode_plainly, say

FRUIT = Catalogue(
    {
        "ripe": ("{count:,} 个{which}熟了。", "{count:,} {which} are ripe."),
        "pears": ("梨", "pears"),
    },
)


def ripe(count: int) -> Message:
    """Say how many pears are ripe."""
    return FRUIT("ripe", count=count, which=FRUIT("pears"))


def test_a_message_is_its_english_sentence() -> None:
    """APIs and logs tell it as it is."""
    assert ripe(1_000) == "1,000 pears are ripe."
    assert json.dumps(ripe(1)) == '"1 pears are ripe."'
    assert type(ripe(1).say("en")) is str


def test_a_message_is_told_in_chinese_with_all_that_is_named_in_it() -> None:
    """A message within another is told in the same language."""
    assert say("zh", ripe(1_000)) == "1,000 个梨熟了。"
    assert say("zh", "what somebody wrote") == "what somebody wrote"


def test_an_entry_is_told_in_one_language_alone() -> None:
    """And so is a message within it."""
    pears = FRUIT("pears")
    assert FRUIT.tell("zh", "ripe", count=2, which=pears) == "2 个梨熟了。"
    assert FRUIT.tell("en", "ripe", count=2, which=pears) == "2 pears are ripe."
    assert type(FRUIT.tell("en", "pears")) is str
    assert FRUIT.text("zh", "ripe") == "{count:,} 个{which}熟了。"
    with pytest.raises(KeyError):
        FRUIT.tell("zh", "ripe", count=1)


def test_a_message_in_an_answer_is_its_english_sentence() -> None:
    """Which msgspec has to be told; what else it does not know is refused."""
    answer = {"errors": [{"message": ripe(3)}]}
    written = msgspec.json.encode(answer, enc_hook=encode_plainly)
    assert json.loads(written) == {"errors": [{"message": "3 pears are ripe."}]}
    with pytest.raises(NotImplementedError, match="a object"):
        msgspec.json.encode([object()], enc_hook=encode_plainly)


def test_a_message_is_said_again_from_what_was_kept_of_it() -> None:
    """With all that is named in it, and in both languages."""
    kept = json.loads(json.dumps(ripe(3).kept))
    assert kept == ["ripe", {"count": 3, "which": ["pears", {}]}]
    told = FRUIT.recall(kept)
    assert told == "3 pears are ripe."
    assert say("zh", told) == "3 个梨熟了。"


@pytest.mark.parametrize(
    "kept",
    [
        ["sour", {}],
        ["ripe", {"count": 1}],
        ["ripe", {"count": 1, "which": ["plums", {}]}],
    ],
)
def test_what_no_entry_fits_any_more_is_not_said_again(kept: list[object]) -> None:
    """Entries come and go, and what was kept stays."""
    assert FRUIT.recall(kept) is None


def test_nothing_is_said_that_has_no_entry() -> None:
    """Nor with a gap that nothing fills."""
    with pytest.raises(KeyError):
        FRUIT("sour")
    with pytest.raises(KeyError):
        FRUIT("ripe", count=1)
