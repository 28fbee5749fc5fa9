"""Problems as they are sent."""

import msgspec

from core.errors import FieldError, InvalidInput, problem_of
from core.sentences import message


def test_a_problem_can_be_sent_whatever_it_says_again() -> None:
    """Half of a surrogate pair is told escaped, in the sentence and in the place."""
    said = message("half_a_character", name="a\ud800b")
    fault = InvalidInput(said, errors=(FieldError("/a\ud800b", "x", said, "\ud800"),))
    sent = msgspec.json.decode(msgspec.json.encode(problem_of(fault)))
    assert r"a\ud800b" in sent["detail"]
    assert sent["errors"][0]["pointer"] == r"/a\ud800b"
    assert sent["errors"][0]["did_you_mean"] == r"\ud800"


def test_a_problem_says_other_text_as_it_is() -> None:
    """What UTF-8 can hold is not escaped."""
    assert problem_of(InvalidInput("没有 \N{SNOWMAN} \\u00e4"))["detail"] == (
        "没有 \N{SNOWMAN} \\u00e4"
    )
