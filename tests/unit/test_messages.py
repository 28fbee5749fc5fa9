"""What features have to say, in English and in the reader's language."""

import json

import pytest

from core.messages import Catalogue, Message, recall, say

FRUIT = Catalogue(
    "fruit",
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


def test_what_was_written_down_is_said_again() -> None:
    """Through JSON, with what is named in it."""
    kept = json.loads(json.dumps(ripe(3).record()))
    again = recall([FRUIT], kept)
    assert (again, again.say("zh")) == (ripe(3), ripe(3).say("zh"))


def test_nothing_is_said_that_has_no_entry() -> None:
    """Nor with a gap that nothing fills."""
    with pytest.raises(KeyError):
        FRUIT("sour")
    with pytest.raises(KeyError):
        FRUIT("ripe", count=1)
