"""What a request to pack says, and what is wrong with it by itself; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from core.errors import FieldError
from printer_export.domain.aggregation.units import SsccError, UnitKind, parse_sscc
from printer_export.domain.messages import message

MAX_PIECES: Final = 100_000


@dataclass(frozen=True, slots=True)
class CapRange:
    """Caps of one batch in a carton, both ends included.

    `pointer` is where a request named them (RFC 6901), and empty otherwise.
    """

    sscc: str
    batch_id: int
    first_code_id: int
    last_code_id: int
    pointer: str = ""

    @property
    def size(self) -> int:
        """How many caps these are."""
        return self.last_code_id - self.first_code_id + 1


@dataclass(frozen=True, slots=True)
class Span:
    """Indexes of a batch, 0-based and inclusive."""

    batch_id: int
    from_index: int
    to_index: int


@dataclass(frozen=True, slots=True)
class UnitOrder:
    """A unit to pack: a carton of ranges or codes, or a pallet of cartons."""

    sscc: str
    contents: tuple[Span, ...] = ()
    codes: tuple[str, ...] = ()
    children: tuple[str, ...] = ()

    @property
    def kind(self) -> UnitKind:
        """What holds cartons is a pallet."""
        return UnitKind.PALLET if self.children else UnitKind.CARTON


def doubly_packed(parts: Iterable[CapRange]) -> list[tuple[CapRange, CapRange]]:
    """Pair each part of a request with an earlier one that shares caps with it."""
    ordered = sorted(parts, key=lambda part: (part.first_code_id, part.last_code_id))
    pairs: list[tuple[CapRange, CapRange]] = []
    widest: CapRange | None = None
    for part in ordered:
        if widest is not None and part.first_code_id <= widest.last_code_id:
            pairs.append((part, widest))
        if widest is None or part.last_code_id > widest.last_code_id:
            widest = part
    return pairs


def read_ssccs(
    given: Sequence[str], pointer: str, problems: list[FieldError]
) -> tuple[str, ...]:
    """Read SSCCs, in order and each once; what is none becomes a problem."""
    read: dict[str, None] = {}
    for number, text in enumerate(given):
        try:
            read[parse_sscc(text)] = None
        except SsccError as fault:
            at = f"{pointer}/{number}"
            problems.append(FieldError(at, "invalid_sscc", fault.detail))
    return tuple(read)


def check_orders(
    given: Sequence[UnitOrder],
) -> tuple[list[UnitOrder], list[FieldError]]:
    """Read the SSCCs of a request, and find what contradicts itself in it."""
    problems: list[FieldError] = []
    orders: list[UnitOrder] = []
    named: dict[str, str] = {}
    placed: dict[str, str] = {}
    for number, order in enumerate(given):
        at = f"/units/{number}"
        if bool(order.children) == bool(order.contents or order.codes):
            problems.append(FieldError(at, "one_needed", message("carton_or_pallet")))
        own = read_ssccs((order.sscc,), at, problems)
        if not own:
            problems[-1] = replace(problems[-1], pointer=f"{at}/sscc")
            continue
        children = read_ssccs(order.children, f"{at}/children", problems)
        _note(named, own, f"{at}/sscc", problems)
        _note(placed, children, f"{at}/children", problems)
        orders.append(replace(order, sscc=own[0], children=children))
    pieces = sum(len(o.contents) + len(o.codes) + len(o.children) for o in orders)
    if pieces > MAX_PIECES:
        detail = message("too_many_pieces", most=MAX_PIECES)
        problems.append(FieldError("/units", "too_many", detail))
    return orders, problems


def _note(
    places: dict[str, str],
    ssccs: Iterable[str],
    pointer: str,
    problems: list[FieldError],
) -> None:
    for sscc in ssccs:
        if sscc in places:
            detail = message("sscc_twice", sscc=sscc, pointer=places[sscc])
            problems.append(FieldError(pointer, "not_unique", detail))
        places[sscc] = pointer
