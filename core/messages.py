"""Sentences for people: entries of catalogues, each in Chinese and in English.

A feature's `messages.py` is its catalogue. Whoever has something to say names an entry
and gives its parameters. What comes of it is the English sentence, as APIs, logs and
terminals tell it, which knows how the same is told in the reader's language.
"""

from collections.abc import Mapping
from typing import Any, Final, Self

# Entries by code, each as (Chinese, English) with the same named gaps.
Sentences = Mapping[str, tuple[str, str]]
# A message within another is told in the language of that.
Param = str | int | float

CHINESE: Final = "zh"
ENGLISH: Final = "en"


class Catalogue:
    """What a feature has to say, by the codes of its entries."""

    def __init__(self, *topics: Sentences) -> None:
        self.sentences: dict[str, tuple[str, str]] = {}
        for topic in topics:
            assert not self.sentences.keys() & topic.keys(), "a code names one entry"
            self.sentences.update(topic)

    def __call__(self, code: str, /, **params: Param) -> "Message":
        """Say an entry of the catalogue; raises KeyError for what it does not have."""
        return Message(self, code, params)

    def text(self, language: str, code: str) -> str:
        """Give an entry in zh or en as it is written, with its gaps."""
        chinese, english = self.sentences[code]
        return chinese if language == CHINESE else english

    def tell(self, language: str, code: str, /, **params: Param) -> str:
        """Say an entry to who reads this one language."""
        text = self.text(language, code)
        if not params:
            return text.format()
        return text.format_map(
            {name: say(language, param) for name, param in params.items()}
        )

    def recall(self, kept: Any) -> "Message | None":
        """Say again what was kept of a message; None where no entry fits any more."""
        code, params = kept
        filled: dict[str, Param] = {}
        for name, param in params.items():
            told = self.recall(param) if isinstance(param, list) else param
            if told is None:
                return None
            filled[name] = told
        try:
            return self(code, **filled)
        except KeyError:
            return None


class Message(str):
    """A sentence in English that can be told in Chinese too."""

    __slots__ = ("_catalogue", "_entry", "params")

    def __new__(
        cls, catalogue: Catalogue, entry: str, params: Mapping[str, Param]
    ) -> Self:
        """Fill in the gaps of the English entry."""
        english = catalogue.text(ENGLISH, entry)
        made = super().__new__(cls, english.format_map(params))
        made._catalogue, made._entry, made.params = catalogue, entry, params
        return made

    _catalogue: Catalogue
    _entry: str
    params: Mapping[str, Param]

    @property
    def kept(self) -> list[Any]:
        """Give what `Catalogue.recall` says it from again, as JSON can hold it."""
        params = {
            name: param.kept if isinstance(param, Message) else param
            for name, param in self.params.items()
        }
        return [self._entry, params]

    def say(self, language: str) -> str:
        """Tell the sentence in zh or en."""
        if language != CHINESE:
            return str(self)
        return self._catalogue.tell(language, self._entry, **self.params)


class WrongValueError(ValueError):
    """What somebody gave is wrong; the message tells them why."""

    def __init__(self, detail: Message) -> None:
        super().__init__(detail)
        self.detail = detail


def say(language: str, told: Any) -> Any:
    """Tell a message in the reader's language; anything else stays as it is."""
    return told.say(language) if isinstance(told, Message) else told


def encode_plainly(value: Any) -> str:
    """Make plain text of a message, for msgspec, which takes no kind of str.

    Raises NotImplementedError for anything else, as msgspec asks of such a hook.
    """
    if isinstance(value, Message):
        return str(value)
    raise NotImplementedError(f"JSON has nothing for a {type(value).__name__}.")
