"""GS1 Digital Links: paths and queries of identifiers, compressed or not.

URI syntax 1.4, section 4: a primary key, its qualifiers in their only order, and data
attributes in the query, none of them twice. What the query says besides is not GS1's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final
from urllib.parse import unquote, unquote_plus

from codegen.domain.gs1.compression import decompress
from codegen.domain.gs1.identifiers import IDENTIFIERS, Gs1Error, Identifier
from codegen.domain.gtin import GtinError, normalise_gtin
from codegen.domain.messages import message
from core.messages import Message

Elements = tuple[tuple[str, str], ...]
_GTIN: Final = "01"


@dataclass(frozen=True, slots=True)
class Gs1Link:
    """What a link names: identifiers with their values, in the order of the link."""

    key: str
    value: str
    qualifiers: Elements = ()
    attributes: Elements = ()

    @property
    def elements(self) -> Elements:
        """All that it says."""
        return ((self.key, self.value), *self.qualifiers, *self.attributes)


def read_gs1_link(path: str, query: str = "") -> Gs1Link:
    """Read a path `/AI/value[/AI/value…]` with its query; raises Gs1Error.

    The path begins with the primary key, or is compressed from there or behind it. A
    last slash is tolerated, and a GTIN of less than 14 digits.
    """
    segments = [unquote(each) for each in path.strip("/").split("/")]
    attributes = _read_query(query)
    if len(segments) == 1:
        return _arrange([*_decompress(segments[0]), *attributes])
    pairs = list(zip(segments[::2], segments[1::2], strict=False))
    if len(segments) % 2:
        if len(pairs) != 1:
            last = segments[-1][:40]
            raise Gs1Error(message("link_ends", part=last))
        return _read_half_compressed(pairs[0], segments[-1], attributes)
    _check_order(pairs[0][0], [ai for ai, _ in pairs[1:]])
    return _check(pairs[0], pairs[1:], attributes)


def _read_query(query: str) -> list[tuple[str, str]]:
    """Keep what a query says in identifiers: numbers as names are GS1's alone."""
    found: list[tuple[str, str]] = []
    for pair in query.split("&"):
        name, given, value = pair.partition("=")
        name = unquote_plus(name)
        if given and name.isascii() and name.isdigit():
            found.append((name, unquote_plus(value)))
    return found


def _read_half_compressed(
    key: tuple[str, str], rest: str, attributes: list[tuple[str, str]]
) -> Gs1Link:
    """Read a link of which all but the primary key is compressed."""
    if rest in IDENTIFIERS:
        raise Gs1Error(message("link_ends", part=rest))
    _key_of(key[0])
    return _arrange([key, *_decompress(rest), *attributes])


def _decompress(text: str) -> Elements:
    elements = decompress(text)
    if elements is None:
        raise Gs1Error(message("not_a_part_of_links", part=text[:40]))
    return elements


def _arrange(elements: Iterable[tuple[str, str]]) -> Gs1Link:
    """Give unordered elements their places in a link.

    The first primary key is the link's; where it can be qualified in two ways, the way
    is the one that more of the elements go.
    """
    rest = list(elements)
    keys = [pair for pair in rest if _known(pair[0]).qualifiers is not None]
    if not keys:
        raise Gs1Error(message("link_without_key"))
    named = {ai for ai, _ in rest}
    ways = IDENTIFIERS[keys[0][0]].qualifiers or ((),)
    way = max(ways, key=lambda each: len(named.intersection(each)))
    rest.remove(keys[0])
    qualifiers = [pair for ai in way for pair in rest if pair[0] == ai]
    others = [pair for pair in rest if pair[0] not in way]
    return _check(keys[0], qualifiers, others)


def _check_order(key: str, named: Sequence[str]) -> None:
    ways = _key_of(key)
    allowed = {ai for way in ways for ai in way}
    for ai in named:
        if ai not in allowed:
            raise Gs1Error(message("no_qualifier", ai=ai[:40], key=key))
    if not any(
        list(named) == [ai for ai in way if ai in named] for way in ways or [()]
    ):
        told = (", ".join(f"/{ai}/" for ai in way) for way in ways)
        orders = reduce(_either, told)
        raise Gs1Error(message("order_of_qualifiers", orders=orders))


def _either(one: str, other: str) -> Message:
    return message("either_order", one=one, other=other)


def _key_of(ai: str) -> tuple[tuple[str, ...], ...]:
    identifier = IDENTIFIERS.get(ai)
    if identifier is None or identifier.qualifiers is None:
        raise Gs1Error(message("no_start_of_links", ai=ai[:40]))
    return identifier.qualifiers


def _check(
    key: tuple[str, str],
    qualifiers: Sequence[tuple[str, str]],
    attributes: Sequence[tuple[str, str]],
) -> Gs1Link:
    """Check each value, and that nothing is told twice or in the wrong place."""
    key = (key[0], _check_value(*key))
    for ai, value in qualifiers:
        _check_value(ai, value)
    for ai, _ in attributes:
        if not _known(ai).attribute:
            raise Gs1Error(message("not_for_queries", ai=ai))
    kept = tuple((ai, _check_value(ai, value)) for ai, value in attributes)
    link = Gs1Link(*key, tuple(qualifiers), kept)
    named = [ai for ai, _ in link.elements]
    for ai in named:
        if named.count(ai) > 1:
            raise Gs1Error(message("twice_in_link", ai=ai))
    _refuse_misplaced(link)
    return link


def _refuse_misplaced(link: Gs1Link) -> None:
    """Refuse a qualifier in the query that the path could have had."""
    taken = {ai for ai, _ in link.qualifiers}
    for way in _key_of(link.key):
        if taken.issubset(way):
            for ai, _ in link.attributes:
                if ai in way:
                    raise Gs1Error(message("for_the_path", ai=ai))


def _known(ai: str) -> Identifier:
    identifier = IDENTIFIERS.get(ai)
    if identifier is None:
        raise Gs1Error(message("unknown_identifier", ai=ai[:40]))
    return identifier


def _check_value(ai: str, value: str) -> str:
    """Return a value as it is kept; raises Gs1Error."""
    if ai == _GTIN:
        try:
            return normalise_gtin(value)
        except GtinError as fault:
            raise Gs1Error(fault.detail) from None
    IDENTIFIERS[ai].check(value)
    return value
