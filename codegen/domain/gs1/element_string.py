"""GS1 element strings, as scanners send them and as labels show them.

`(01)06901234567892(21)SERIAL` is how people read one (GS1 General Specifications,
section 4.15); scanners send `0106901234567892` `21SERIAL`, with a separator behind
values whose length is not predefined (section 7.8). Only the structure is judged: a
wrong date says nothing of who made a cap.
"""

from typing import Final

from codegen.domain.gs1.identifiers import ENCODABLE, IDENTIFIERS

# FNC1 as scanners send it, ASCII 29.
SEPARATOR: Final = "\x1d"
# What stands between values on a label.
_BETWEEN: Final = " \t\n" + SEPARATOR
_SHORTEST_AI: Final = 2
_LONGEST_AI: Final = 4


def read_element_string(text: str) -> dict[str, str] | None:
    """Read the values by their identifiers; None for what is no element string.

    Any character that no value can have separates values. Linear in the text.
    """
    text = text.strip(_BETWEEN)
    return _read_bracketed(text) if text.startswith("(") else _read_plain(text)


def _read_bracketed(text: str) -> dict[str, str] | None:
    """Read `(AI)value(AI)value`; brackets may also stand in values."""
    found: dict[str, str] = {}
    ai: str | None = None
    kept = ""
    for piece in text.split("("):
        number, closed, value = piece.partition(")")
        number = number.strip(" ")
        if closed and number in IDENTIFIERS:
            if not _keep(found, ai, kept):
                return None
            ai, kept = number, value
        elif ai is None:
            if piece:
                return None
        else:
            kept += "(" + piece
    return found if ai is not None and _keep(found, ai, kept) else None


def _keep(found: dict[str, str], ai: str | None, value: str) -> bool:
    """Keep a value of a bracketed string, unless it is the second one of its kind."""
    if ai is None:
        return True
    if ai in found:
        return False
    found[ai] = value.strip(_BETWEEN)
    return bool(found[ai])


def _read_plain(text: str) -> dict[str, str] | None:
    found: dict[str, str] = {}
    at, end = _next_value(text, 0), len(text)
    while at < end:
        ai = _identifier_at(text, at)
        if ai is None or ai in found:
            return None
        identifier = IDENTIFIERS[ai]
        at += len(ai)
        if identifier.predefined:
            stop = at + identifier.longest
        else:
            stop = at
            while stop < end and text[stop] in ENCODABLE:
                stop += 1
        value = text[at:stop]
        if not identifier.fits(value):
            return None
        found[ai] = value
        at = _next_value(text, stop)
    return found or None


def _next_value(text: str, at: int) -> int:
    """Skip what separates values."""
    while at < len(text) and text[at] not in ENCODABLE:
        at += 1
    return at


def _identifier_at(text: str, at: int) -> str | None:
    """Find the identifier that a text goes on with: none begins like another."""
    for length in range(_SHORTEST_AI, _LONGEST_AI + 1):
        if text[at : at + length] in IDENTIFIERS:
            return text[at : at + length]
    return None
