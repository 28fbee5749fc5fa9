"""What an order for codes says, and what a batch is."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from codegen.domain.code_text import LinkForm, cap_link_prefix
from codegen.domain.gtin import GtinError, normalise_gtin
from codegen.domain.messages import message
from codegen.domain.ranges import SERIAL_BITS, RangeState
from codegen.domain.regions import read_regions
from codegen.domain.skips import Skip
from codegen.domain.symbol_size import SymbolSize, symbol_of
from codegen.domain.symbols import CODE_SYMBOLS
from core.errors import FieldError, InvalidInput
from core.messages import Message
from core.names import ByName, fold, tidy
from core.origin import OriginError, read_origin

MAX_QUANTITY = 1_000_000_000
MAX_UNITS = 100_000
MAX_CODES_PER_CHANGE = 10_000


class Placement(StrEnum):
    """Where a code is printed; only `inside` codes pay consumers."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    CARTON = "carton"
    PALLET = "pallet"


@dataclass(frozen=True, slots=True)
class Unit:
    """A roll or box: the smallest thing that a line can name."""

    name: str
    from_index: int
    to_index: int


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """An order for `quantity` codes, as asked for."""

    quantity: int
    link_base: str
    link_form: LinkForm
    gtin: str | None = None
    campaign_id: str | None = None
    placement: Placement = Placement.INSIDE
    units: tuple[Unit, ...] = ()
    lot: str | None = None
    produced_on: date | None = None
    sale_regions: tuple[str, ...] = ()
    line: str | None = None

    @classmethod
    def check(cls, **fields: Any) -> "BatchOrder":
        """Normalise and check an order; raises InvalidInput naming each wrong field."""
        order = cls(**fields)
        problems = list(_order_problems(order))
        if problems:
            raise InvalidInput(problems[0].detail, errors=tuple(problems))
        order = replace(
            order,
            link_base=read_origin(order.link_base),
            units=tuple(replace(unit, name=tidy(unit.name)) for unit in order.units),
            sale_regions=read_regions(order.sale_regions, "/sale_regions"),
        )
        if order.gtin is None:
            return order
        return replace(order, gtin=normalise_gtin(order.gtin))


def _order_problems(order: BatchOrder) -> list[FieldError]:
    problems: list[FieldError] = []
    if not 1 <= order.quantity <= MAX_QUANTITY:
        problems.append(
            FieldError(
                "/quantity",
                "out_of_range",
                message("batch_size", most=MAX_QUANTITY, quantity=order.quantity),
            )
        )
    if order.gtin is not None:
        try:
            normalise_gtin(order.gtin)
        except GtinError as fault:
            problems.append(FieldError("/gtin", "invalid_gtin", fault.detail))
    if order.link_form is LinkForm.GS1 and order.gtin is None:
        problems.append(FieldError("/gtin", "required", message("gtin_for_link")))
    try:
        read_origin(order.link_base)
    except OriginError as fault:
        problems.append(FieldError("/link_base", "invalid_url", fault.detail))
    problems += _unit_problems(order)
    return problems


def _unit_problems(order: BatchOrder) -> list[FieldError]:
    if len(order.units) > MAX_UNITS:
        return [
            FieldError("/units", "too_many", message("too_many_units", most=MAX_UNITS))
        ]
    problems: list[FieldError] = []
    names: set[str] = set()
    end_of_previous, previous = -1, ""
    for unit in sorted(order.units, key=lambda u: u.from_index):
        pointer = f"/units/{order.units.index(unit)}"
        name = fold(unit.name)
        if name in names or not name:
            problems.append(
                FieldError(
                    f"{pointer}/name",
                    "not_unique",
                    message("unit_names_unique"),
                )
            )
        names.add(name)
        if not 0 <= unit.from_index <= unit.to_index < order.quantity:
            problems.append(
                FieldError(
                    pointer,
                    "out_of_range",
                    message("unit_outside", unit=unit.name, last=order.quantity - 1),
                )
            )
        elif unit.from_index <= end_of_previous:
            problems.append(
                FieldError(
                    pointer,
                    "overlap",
                    message("units_overlap", unit=unit.name, other=previous),
                )
            )
        end_of_previous, previous = max(end_of_previous, unit.to_index), unit.name
    return problems


@dataclass(frozen=True, slots=True)
class Batch:
    """A row that stands for `quantity` codes."""

    batch_id: int
    epoch: int
    first_serial: int
    quantity: int
    gtin: str | None
    campaign_id: str | None
    brand: str | None
    placement: Placement
    lot: str | None
    produced_on: date | None
    sale_regions: tuple[str, ...]
    line: str | None
    link_base: str
    link_form: LinkForm
    issued_by: str
    issued_at: datetime
    units: tuple[Unit, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)

    def units_by_name(self) -> ByName[Unit]:
        """Give the units by their names, however those are written."""
        return ByName({unit.name: unit for unit in self.units})

    @property
    def first_code_id(self) -> int:
        """The code_id of index 0."""
        return self.epoch << SERIAL_BITS | self.first_serial

    @property
    def link_fault(self) -> Message | None:
        """Why its links cannot be printed; of batches issued before this was read."""
        why: str = message("not_punycode", link=self.link_base)
        try:
            read_origin(self.link_base)
        except OriginError as fault:
            why = fault.detail
        else:
            if self.link_base.isascii():
                return None
        return message("link_unprintable", batch_id=self.batch_id, why=why)

    @property
    def symbol(self) -> SymbolSize | None:
        """The QR symbol of its links; None when no link can be made."""
        if self.link_fault is not None:
            return None
        prefix = cap_link_prefix(self.link_base, self.link_form, self.gtin)
        return symbol_of(prefix + "0" * CODE_SYMBOLS)

    @property
    def state(self) -> str:
        """The state of its codes, or `mixed`."""
        states = [name for name, count in self.counts.items() if count]
        return states[0] if len(states) == 1 else "mixed"


@dataclass(frozen=True, slots=True)
class BatchFilter:
    """Which batches a list keeps; `state` keeps those with codes in that state."""

    state: RangeState | None = None
    line: str | None = None
    gtin: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which codes of a batch a change means; nothing named means all of them."""

    unit: str | None = None
    from_index: int | None = None
    to_index: int | None = None
    codes: tuple[str, ...] | None = None

    def indexes(self, batch: Batch) -> tuple[int, int]:
        """Resolve a unit or a range to inclusive indexes; raises InvalidInput."""
        if self.unit is not None:
            unit = batch.units_by_name().find(self.unit)
            if unit is None:
                raise InvalidInput.field(
                    "/unit", "unknown_unit", message("no_unit", unit=self.unit)
                )
            return unit.from_index, unit.to_index
        first = 0 if self.from_index is None else self.from_index
        last = batch.quantity - 1 if self.to_index is None else self.to_index
        if not 0 <= first <= last < batch.quantity:
            raise InvalidInput.field(
                "/from_index",
                "out_of_range",
                message(
                    "indexes_outside", limit=batch.quantity - 1, first=first, last=last
                ),
            )
        return first, last

    def check(self) -> None:
        """Raise InvalidInput when more than one way of naming codes is used."""
        named = [
            self.unit is not None,
            self.from_index is not None or self.to_index is not None,
            self.codes is not None,
        ]
        if sum(named) > 1:
            raise InvalidInput(message("name_one_way"))
        if self.codes is not None and not 1 <= len(self.codes) <= MAX_CODES_PER_CHANGE:
            raise InvalidInput.field(
                "/codes",
                "out_of_range",
                message("codes_a_call", most=MAX_CODES_PER_CHANGE),
            )


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """What a change of a batch did."""

    change_id: int
    changed: int
    unchanged: int
    skipped: tuple[Skip, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do now; `skipped` says why codes are `unchanged`."""

    would_change: int
    unchanged: int
    skipped: tuple[Skip, ...]
