"""Sentences for people: entries of catalogues, each in Chinese and in English.

A feature's `messages.py` is its catalogue. Whoever has something to say names an entry
and gives its parameters. What comes of it is the English sentence, as APIs, logs and
terminals tell it, which knows how the same is told in the reader's language.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

# Entries by code, each as (Chinese, English) with the same named gaps.
Sentences = Mapping[str, tuple[str, str]]
# A message within another is told in the language of that.
Param = str | int | float

CHINESE: Final = "zh"


class Catalogue:
    """What a feature has to say; codes are those of its entries, after its name."""

    def __init__(self, feature: str, sentences: Sentences) -> None:
        self.feature = feature
        self.sentences = sentences

    def __call__(self, code: str, /, **params: Param) -> "Message":
        """Say an entry of the catalogue; raises KeyError for what it does not have."""
        return Message(self, code, params)


class Message(str):
    """A sentence in English that can be told in Chinese too."""

    __slots__ = ("_catalogue", "_entry", "params")

    def __new__(
        cls, catalogue: Catalogue, entry: str, params: Mapping[str, Param]
    ) -> Self:
        """Fill in the gaps of the English entry."""
        _, english = catalogue.sentences[entry]
        made = super().__new__(cls, english.format_map(params))
        made._catalogue, made._entry, made.params = catalogue, entry, params
        return made

    _catalogue: Catalogue
    _entry: str
    params: Mapping[str, Param]

    @property
    def code(self) -> str:
        """Name the entry among those of all features."""
        return f"{self._catalogue.feature}.{self._entry}"

    def say(self, language: str) -> str:
        """Tell the sentence in zh or en."""
        if language != CHINESE:
            return str(self)
        chinese, _ = self._catalogue.sentences[self._entry]
        return chinese.format_map(
            {name: say(language, param) for name, param in self.params.items()}
        )

    def record(self) -> dict[str, Any]:
        """Write down what was said, so that any language can tell it later."""
        return {
            "code": self.code,
            "params": {
                name: param.record() if isinstance(param, Message) else param
                for name, param in self.params.items()
            },
        }


def say(language: str, told: Any) -> Any:
    """Tell a message in the reader's language; anything else stays as it is."""
    return told.say(language) if isinstance(told, Message) else told


def recall(catalogues: Iterable[Catalogue], record: Mapping[str, Any]) -> Message:
    """Say again what was written down; raises KeyError for an entry that is gone."""
    feature, _, code = record["code"].partition(".")
    known = {catalogue.feature: catalogue for catalogue in catalogues}
    return known[feature](
        code,
        **{
            name: recall(catalogues, param) if isinstance(param, dict) else param
            for name, param in record["params"].items()
        },
    )
