"""Lists: whom to block, whom to let through, and which shops scan much; pure.

A scan is looked up in all entries at once, at a cost that does not grow with them.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_network
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import h3.api.basic_int as h3
import msgspec

from anti_fraud.domain.places import RESOLUTION


class ListName(StrEnum):
    """What an entry does, the strongest first; `shop` is a fact that rules read."""

    OVERRIDE = "override"
    BLOCK = "block"
    ALLOW = "allow"
    SHOP = "shop"


class ListKind(StrEnum):
    """What an entry names."""

    MEMBER = "member"
    DEVICE = "device"
    NETWORK = "network"
    CODE_RANGE = "code_range"
    STORE = "store"
    CELL = "cell"
    PRODUCT = "product"


class CodeSpan(NamedTuple):
    """Codes from one to another, both included (code_ids)."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ListEntry:
    """An entry as it holds: until when, if it ends; codes for a range."""

    entry_id: int
    list: ListName
    kind: ListKind
    value: str
    until: datetime | None = None
    codes: CodeSpan | None = None


@dataclass(frozen=True, slots=True)
class WrittenEntry:
    """An entry, who made it and why."""

    entry: ListEntry
    reason: str
    created_by: str
    created_at: datetime


class Listed(msgspec.Struct, frozen=True, gc=False):
    """An entry that decides a scan, beside or instead of the rules."""

    list: ListName
    entry_id: int


class Subject(msgspec.Struct, frozen=True, gc=False):
    """What entries may name of a scan; `address` has 4 or 16 bytes."""

    code_id: int
    member_id: str | None = None
    device_id: str | None = None
    address: bytes | None = None
    store_id: str | None = None
    cell: int | None = None
    gtin: str | None = None


class Found(NamedTuple):
    """What the lists say of a scan."""

    listed: Listed | None
    is_shop: bool


NOTHING_FOUND: Final = Found(None, is_shop=False)
_ORDER: Final = tuple(ListName)
_BITS: Final = 8
_Entries = tuple[ListEntry, ...]
_Exact = Mapping[ListKind, Mapping[str | int, _Entries]]


@dataclass(frozen=True, slots=True)
class Lists:
    """All entries that hold, ready to be asked; another one when an entry changes."""

    entries: Mapping[int, ListEntry] = field(default_factory=dict)
    _exact: _Exact = field(init=False, repr=False, compare=False)
    # By bytes of an address, and bits to drop of it: what remains.
    _networks: Mapping[tuple[int, int], Mapping[int, _Entries]] = field(
        init=False, repr=False, compare=False
    )
    # By resolution, finest first.
    _cells: Mapping[int, Mapping[int, _Entries]] = field(
        init=False, repr=False, compare=False
    )
    # Where stretches begin that the same entries hold, and which.
    _starts: Sequence[int] = field(init=False, repr=False, compare=False)
    _spans: Sequence[_Entries] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Order the entries by what is asked."""
        exact: dict[ListKind, dict[Any, list[ListEntry]]] = {}
        networks: dict[Any, dict[int, list[ListEntry]]] = {}
        cells: dict[Any, dict[int, list[ListEntry]]] = {}
        spans: list[ListEntry] = []
        for entry in self.entries.values():
            if entry.kind is ListKind.NETWORK:
                length, shift, prefix = _network(entry.value)
                same = networks.setdefault((length, shift), defaultdict(list))
                same[prefix].append(entry)
            elif entry.kind is ListKind.CELL:
                cell = int(entry.value, 16)
                same = cells.setdefault(h3.get_resolution(cell), defaultdict(list))
                same[cell].append(entry)
            elif entry.kind is ListKind.CODE_RANGE:
                spans.append(entry)
            else:
                named = exact.setdefault(entry.kind, defaultdict(list))
                named[entry.value].append(entry)
        starts, stretches = _stretches(spans)
        object.__setattr__(self, "_exact", _frozen(exact))
        object.__setattr__(self, "_networks", _frozen(networks))
        object.__setattr__(self, "_cells", _frozen(cells))
        object.__setattr__(self, "_starts", starts)
        object.__setattr__(self, "_spans", stretches)

    def __bool__(self) -> bool:
        """Tell whether there is any entry: where there is none, nothing is asked."""
        return bool(self.entries)

    def with_changed(
        self, changed: Iterable[ListEntry], removed: Iterable[int]
    ) -> "Lists":
        """Give these lists with entries added and others taken away."""
        entries = dict(self.entries)
        entries |= {entry.entry_id: entry for entry in changed}
        for entry_id in removed:
            entries.pop(entry_id, None)
        return Lists(entries) if entries != self.entries else self

    def find(self, subject: Subject, now: datetime) -> Found:
        """Tell what holds of a scan: the strongest entry, and whether it is a shop."""
        strongest: ListEntry | None = None
        is_shop = False
        for entry in self._named(subject):
            if entry.until is not None and entry.until <= now:
                continue
            if entry.list is ListName.SHOP:
                is_shop = True
            elif strongest is None or _is_before(entry, strongest):
                strongest = entry
        if strongest is None:
            return Found(None, is_shop)
        return Found(Listed(strongest.list, strongest.entry_id), is_shop)

    def _named(self, subject: Subject) -> Iterator[ListEntry]:
        for kind, named in self._exact.items():
            value = getattr(subject, _FIELDS[kind])
            if value is not None:
                yield from named.get(value, ())
        address = subject.address
        if address is not None and self._networks:
            length, number = len(address), int.from_bytes(address, "big")
            for (wanted, shift), prefixes in self._networks.items():
                if wanted == length:
                    yield from prefixes.get(number >> shift, ())
        if subject.cell is not None:
            for resolution, cells in self._cells.items():
                yield from cells.get(h3.cell_to_parent(subject.cell, resolution), ())
        if self._starts:
            place = bisect_right(self._starts, subject.code_id) - 1
            if place >= 0:
                yield from self._spans[place]


_FIELDS: Final = MappingProxyType(
    {
        ListKind.MEMBER: "member_id",
        ListKind.DEVICE: "device_id",
        ListKind.STORE: "store_id",
        ListKind.PRODUCT: "gtin",
    }
)


def _is_before(one: ListEntry, other: ListEntry) -> bool:
    """Tell which of two decides; of equals the older, so that it is always the same."""
    ranks = [(_ORDER.index(each.list), each.entry_id) for each in (one, other)]
    return ranks[0] < ranks[1]


def _frozen(found: Mapping[Any, Mapping[Any, list[ListEntry]]]) -> Any:
    return {
        kind: {value: tuple(entries) for value, entries in named.items()}
        for kind, named in found.items()
    }


def _network(value: str) -> tuple[int, int, int]:
    network = ip_network(value)
    shift = network.max_prefixlen - network.prefixlen
    first = int(network.network_address)
    return network.max_prefixlen // _BITS, shift, first >> shift


def _stretches(entries: Sequence[ListEntry]) -> tuple[list[int], list[_Entries]]:
    """Cut ranges that may overlap into stretches, each with the entries of it."""
    edges: dict[int, list[tuple[bool, ListEntry]]] = defaultdict(list)
    for entry in entries:
        assert entry.codes is not None, "a range is stored with its codes"
        edges[entry.codes.first].append((True, entry))
        edges[entry.codes.last + 1].append((False, entry))
    starts: list[int] = []
    held: list[_Entries] = []
    current: dict[int, ListEntry] = {}
    for edge in sorted(edges):
        for begins, entry in edges[edge]:
            if begins:
                current[entry.entry_id] = entry
            else:
                del current[entry.entry_id]
        starts.append(edge)
        held.append(tuple(current.values()))
    return starts, held


def tidy_network(value: str) -> str | None:
    """Write a network in its one right way; None for what is none."""
    try:
        return str(ip_network(value))
    except ValueError:
        return None


def tidy_cell(value: str) -> str | None:
    """Write an H3 cell in its one right way; None for what no scan lies in."""
    try:
        cell = int(value, 16)
        if not h3.is_valid_cell(cell) or h3.get_resolution(cell) > RESOLUTION:
            return None
    except (ValueError, OverflowError):
        return None
    return f"{cell:x}"
