"""Words of others on a terminal: what is not a letter there is spelled out."""

from typing import Final

_LONGEST: Final = 80


def printable(text: str) -> str:
    """Spell out what a terminal would obey or hide, but leave lines as they are.

    That is control characters, marks that turn the direction, and half surrogates.
    """
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode()
        for c in text
    )


def shown(value: object) -> str:
    """Give what somebody else wrote as a short piece of a sentence."""
    text = printable(str(value)[: _LONGEST + 1]).replace("\n", "\\n")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
