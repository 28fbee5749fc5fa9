"""Logistic units: caps in cartons, cartons on pallets, each under an SSCC; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from codegen.domain.gtin import check_digit
from core.errors import InvalidInput
from core.messages import Message, WrongValueError
from printer_export.domain.messages import message

SSCC_DIGITS: Final = 18
# How far ahead of ours the clock of who tells may be.
_CLOCKS_DIFFER: Final = timedelta(minutes=10)
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
# What EPCIS allows as an offset (its JSON schema, eventTimeZoneOffset).
OFFSET_PATTERN: Final = r"^[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)\Z"
_APPLICATION_IDENTIFIER: Final = "00"


class SsccError(WrongValueError):
    """The text is not an SSCC."""


def parse_sscc(text: str) -> str:
    """Return the 18 digits of an SSCC as typed or scanned; raises SsccError.

    A scanner gives the application identifier 00 in front, and people put it in
    brackets (GS1 General Specifications, sections 3.2.1 and 7.9.1).
    """
    digits = text.strip().removeprefix(f"({_APPLICATION_IDENTIFIER})").replace(" ", "")
    if not (digits.isascii() and digits.isdigit()):
        raise SsccError(message("sscc_digits"))
    if len(digits) == SSCC_DIGITS + len(_APPLICATION_IDENTIFIER):
        digits = digits.removeprefix(_APPLICATION_IDENTIFIER)
    if len(digits) != SSCC_DIGITS:
        raise SsccError(message("sscc_length", length=len(digits)))
    expected = check_digit(digits[:-1])
    if digits[-1] != expected:
        raise SsccError(
            message(
                "sscc_check_digit", sscc=digits, expected=expected, given=digits[-1]
            )
        )
    return digits


class UnitKind(StrEnum):
    """A carton holds caps, a pallet holds cartons."""

    CARTON = "carton"
    PALLET = "pallet"


class UnitState(StrEnum):
    """Where a unit stands; `unpacked` is final, since an SSCC is used once."""

    PACKED = "packed"
    SHIPPED = "shipped"
    RECEIVED = "received"
    UNPACKED = "unpacked"


class EventKind(StrEnum):
    """What happens to units, in the words of the Core Business Vocabulary."""

    PACKING = "packing"
    UNPACKING = "unpacking"
    SHIPPING = "shipping"
    RECEIVING = "receiving"


_AT_REST: Final = frozenset({UnitState.PACKED, UnitState.RECEIVED})
# From which states an event may take a unit; packing makes it.
LEGAL_FROM: Final = {
    EventKind.PACKING: frozenset[UnitState](),
    EventKind.SHIPPING: _AT_REST,
    EventKind.RECEIVING: frozenset({UnitState.SHIPPED}),
    EventKind.UNPACKING: _AT_REST,
}
STATE_AFTER: Final = {
    EventKind.PACKING: UnitState.PACKED,
    EventKind.SHIPPING: UnitState.SHIPPED,
    EventKind.RECEIVING: UnitState.RECEIVED,
    EventKind.UNPACKING: UnitState.UNPACKED,
}
_STATES: Final = {
    UnitState.PACKED: message("is_packed"),
    UnitState.SHIPPED: message("is_shipped"),
    UnitState.RECEIVED: message("is_received"),
    UnitState.UNPACKED: message("is_unpacked"),
}
_EVENTS: Final = {
    EventKind.PACKING: message("packing"),
    EventKind.UNPACKING: message("unpacking"),
    EventKind.SHIPPING: message("shipping"),
    EventKind.RECEIVING: message("receiving"),
}
# A pallet that is unpacked sets its cartons free; they stay as they are.
CARTONS_GO_ALONG: Final = frozenset({EventKind.SHIPPING, EventKind.RECEIVING})


@dataclass(frozen=True, slots=True)
class LogisticUnit:
    """A carton or a pallet; `pallet_sscc` is the pallet that a carton is on."""

    sscc: str
    kind: UnitKind
    state: UnitState
    brand: str | None
    line: str | None
    pallet_sscc: str | None = None

    @property
    def name(self) -> Message:
        """What people call its kind."""
        return message("carton" if self.kind is UnitKind.CARTON else "pallet")

    def refusal(self, kind: EventKind) -> Message | None:
        """Tell why this cannot happen to the unit itself; None if it can."""
        if self.pallet_sscc is not None:
            return message("on_pallet", sscc=self.sscc, pallet=self.pallet_sscc)
        return self.state_refusal(kind)

    def state_refusal(self, kind: EventKind) -> Message | None:
        """Tell why the unit's state rules this out; None if it does not."""
        if self.state in LEGAL_FROM[kind]:
            return None
        return message(
            "wrong_state",
            unit=self.name,
            sscc=self.sscc,
            state=_STATES[self.state],
            event=_EVENTS[kind],
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose a unit is: that of the caps in it."""

    brand: str | None
    line: str | None


def scope_of(owners: Sequence[Scope]) -> Scope | None:
    """Tell whose a unit of these is; None if they are of several brands.

    What several lines filled belongs to no line in particular.
    """
    brands = {owner.brand for owner in owners} - {None}
    lines = {owner.line for owner in owners}
    if len(brands) > 1:
        return None
    return Scope(
        next(iter(brands), None), next(iter(lines)) if len(lines) == 1 else None
    )


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where something happened, and who told.

    `epcis_id` is the eventID under which somebody else told of it.
    """

    happened_at: datetime
    time_zone_offset: str
    recorded_at: datetime
    person: str
    read_point: str | None = None
    biz_location: str | None = None
    epcis_id: str | None = None

    @classmethod
    def told(
        cls,
        at: datetime,
        now: datetime,
        person: str,
        read_point: str | None,
        biz_location: str | None,
    ) -> Self:
        """Take what a person tells; raises InvalidInput for what is yet to come."""
        offset = offset_of(at)
        if not may_have_happened(at, now) or not re.match(OFFSET_PATTERN, offset):
            raise InvalidInput.field(
                "/happened_at", "invalid_time", message("when_happened")
            )
        return cls(at, offset, now, person, read_point, biz_location)


@dataclass(frozen=True, slots=True)
class Load:
    """Units that are moved, or taken apart, at one moment."""

    ssccs: tuple[str, ...]
    moment: Moment


def may_have_happened(at: datetime, now: datetime) -> bool:
    """Tell whether a time can be that of an event: with its offset, and in our time."""
    return at.tzinfo is not None and _EARLIEST <= at <= now + _CLOCKS_DIFFER


def offset_of(at: datetime) -> str:
    """Write the offset of an aware datetime as EPCIS does: +08:00."""
    text = at.strftime("%z")
    return f"{text[:3]}:{text[3:5]}"


@dataclass(frozen=True, slots=True)
class EventUnit:
    """A unit of an event; `pallet_sscc` is the pallet that it went with or onto."""

    sscc: str
    pallet_sscc: str | None = None


@dataclass(frozen=True, slots=True)
class LogisticEvent:
    """Something that happened to units."""

    event_id: str
    kind: EventKind
    moment: Moment
    units: tuple[EventUnit, ...]

    @property
    def named(self) -> tuple[str, ...]:
        """The units it is about, without the cartons that go with a pallet."""
        return tuple(u.sscc for u in self.units if u.pallet_sscc is None)
