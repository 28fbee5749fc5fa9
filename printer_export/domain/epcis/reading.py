"""Events that others tell us in EPCIS 2.0, as far as they ask for something here.

The official JSON schema lets two things pass that mean nothing: an AggregationEvent
that adds to no parent, and a cap named with its lot. Both are refused here.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import msgspec

from core.bounds import check_day
from core.errors import FieldError, InvalidInput, field_error
from printer_export.domain.epcis.names import (
    CapName,
    NameProblem,
    UnitName,
    read_name,
)
from printer_export.domain.logistics import OFFSET_PATTERN

MAX_EVENTS: Final = 1_000
MAX_NAMES: Final = 10_000
_LIST: Final = "/epcisBody/eventList"
_STEP_PREFIX: Final = re.compile(
    r"(https://ref\.gs1\.org/cbv/BizStep-|urn:epcglobal:cbv:bizstep:)"
)
# Names and places are stored and told again; what no text can hold is refused.
_PLAIN: Final = r"^[^\x00-\x1f\x7f]*\Z"
_Uri = Annotated[str, msgspec.Meta(max_length=1024)]
_EventId = Annotated[
    str,
    msgspec.Meta(max_length=1024, pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-~]+\Z"),
]
_Place = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=_PLAIN)]
_Names = Annotated[tuple[_Uri, ...], msgspec.Meta(max_length=MAX_NAMES)]
_Offset = Annotated[str, msgspec.Meta(pattern=OFFSET_PATTERN)]
_Lot = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=_PLAIN)]


class Step(StrEnum):
    """What an event asks for, in the order in which the steps of a cap come."""

    COMMISSIONING = "commissioning"
    DECOMMISSIONING = "decommissioning"
    PACKING = "packing"
    UNPACKING = "unpacking"
    SHIPPING = "shipping"
    RECEIVING = "receiving"


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """An event that was read: what it asks for, of which caps and units.

    `place` counts from 0 in the document. `key` names the event for good: its
    eventID, or else its content. `parent` is the unit that is packed or unpacked.
    """

    place: int
    key: str
    event_id: str | None
    content_hash: bytes
    step: Step
    happened_at: datetime
    time_zone_offset: str
    read_point: str | None
    biz_location: str | None
    caps: tuple[CapName, ...] = ()
    units: tuple[str, ...] = ()
    parent: str | None = None
    lot: str | None = None
    produced_on: date | None = None

    @property
    def pointer(self) -> str:
        """Where it stands in its document (RFC 6901)."""
        return pointer_of(self.place)


def pointer_of(place: int) -> str:
    """Point at an event of a document (RFC 6901)."""
    return f"{_LIST}/{place}"


class _Where(msgspec.Struct, frozen=True):
    id: _Place


class _Master(msgspec.Struct, frozen=True):
    lot: _Lot | None = msgspec.field(default=None, name="cbvmda:lotNumber")
    produced_on: date | None = msgspec.field(default=None, name="cbvmda:productionDate")


class _Event(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    action: Literal["ADD", "OBSERVE", "DELETE"]
    biz_step: Annotated[str, msgspec.Meta(max_length=200, pattern=_PLAIN)]
    event_time: datetime
    event_time_zone_offset: _Offset
    event_id: _EventId | None = msgspec.field(default=None, name="eventID")
    read_point: _Where | None = None
    biz_location: _Where | None = None
    error_declaration: Any = None


class _ObjectEvent(
    _Event, frozen=True, kw_only=True, rename="camel", tag="ObjectEvent"
):
    epc_list: _Names = ()
    quantity_list: tuple[Any, ...] = ()
    ilmd: _Master = _Master()


class _AggregationEvent(
    _Event, frozen=True, kw_only=True, rename="camel", tag="AggregationEvent"
):
    parent_id: _Uri | None = msgspec.field(default=None, name="parentID")
    child_epcs: _Names = msgspec.field(default=(), name="childEPCs")
    child_quantity_list: tuple[Any, ...] = ()


class _Body(msgspec.Struct, frozen=True, rename="camel"):
    event_list: Annotated[
        tuple[msgspec.Raw, ...], msgspec.Meta(min_length=1, max_length=MAX_EVENTS)
    ]


class _Document(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    type: Literal["EPCISDocument"]
    schema_version: Annotated[str, msgspec.Meta(pattern=r"^2\.0(\.\d+)?\Z")]
    epcis_body: _Body
    context: Any = msgspec.field(name="@context")


_KINDS: Final = {
    ("ObjectEvent", "ADD", "commissioning"): Step.COMMISSIONING,
    ("ObjectEvent", "DELETE", "decommissioning"): Step.DECOMMISSIONING,
    ("ObjectEvent", "DELETE", "destroying"): Step.DECOMMISSIONING,
    ("AggregationEvent", "ADD", "packing"): Step.PACKING,
    ("AggregationEvent", "DELETE", "unpacking"): Step.UNPACKING,
    ("ObjectEvent", "OBSERVE", "shipping"): Step.SHIPPING,
    ("ObjectEvent", "OBSERVE", "receiving"): Step.RECEIVING,
}
_UNDERSTOOD: Final = ", ".join(" ".join(kind) for kind in _KINDS)


class _Wrong(Exception):  # noqa: N818 - one event is wrong, not the program
    """Something in an event is wrong; `error` points below the event."""

    def __init__(self, pointer: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.error = FieldError(pointer, code, detail)


@dataclass(frozen=True, slots=True)
class Reading:
    """The events of a document in their order, and what is wrong with the others."""

    events: tuple[ToldEvent, ...]
    problems: tuple[FieldError, ...]


def read_document(content: bytes) -> Reading:
    """Read the events of an EPCISDocument.

    Raises InvalidInput for what is no document of EPCIS 2.0, or holds no event or
    more than MAX_EVENTS.
    """
    try:
        content.decode("utf-8")
        document = msgspec.json.decode(content, type=_Document)
    except msgspec.ValidationError as fault:
        error = _point(fault)
        raise InvalidInput(error.detail, errors=(error,)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise InvalidInput(f"The body is no JSON: {fault}.", code="no_json") from None
    events: list[ToldEvent] = []
    problems: list[FieldError] = []
    for place, raw in enumerate(document.epcis_body.event_list):
        try:
            events.append(_read_event(place, bytes(raw)))
        except _Wrong as wrong:
            error = wrong.error
            at = pointer_of(place) + error.pointer
            problems.append(FieldError(at, error.code, error.detail))
    return Reading(tuple(events), tuple(problems))


def _point(fault: msgspec.ValidationError) -> FieldError:
    detail, _, path = str(fault).partition(" - at `$")
    return field_error(detail, path.rstrip("`"))


def _read_event(place: int, raw: bytes) -> ToldEvent:
    try:
        event = msgspec.json.decode(raw, type=_ObjectEvent | _AggregationEvent)
        content_hash = _hash(raw)
    except msgspec.ValidationError as fault:
        error = _point(fault)
        raise _Wrong(error.pointer, error.code, error.detail) from None
    except (RecursionError, ValueError) as fault:
        raise _Wrong("", "invalid", f"This is no event: {fault}.") from None
    biz_step = _STEP_PREFIX.sub("", event.biz_step)
    kind = type(event).__struct_config__.tag
    step = _KINDS.get((str(kind), event.action, biz_step))
    if step is None:
        raise _Wrong(
            "/bizStep",
            "not_understood",
            f"{kind} {event.action} {biz_step[:64]} asks for nothing here. Understood "
            f"are: {_UNDERSTOOD}.",
        )
    if event.error_declaration is not None:
        raise _Wrong(
            "/errorDeclaration",
            "not_understood",
            "A declared error takes nothing back here: unpack or decommission.",
        )
    if event.event_time.tzinfo is None:
        raise _Wrong("/eventTime", "invalid_time", "The time has no offset.")
    told = ToldEvent(
        place=place,
        key=f"id:{event.event_id}" if event.event_id else content_hash.hex(),
        event_id=event.event_id,
        content_hash=content_hash,
        step=step,
        happened_at=event.event_time,
        time_zone_offset=event.event_time_zone_offset,
        read_point=None if event.read_point is None else event.read_point.id,
        biz_location=None if event.biz_location is None else event.biz_location.id,
    )
    if isinstance(event, _AggregationEvent):
        return _read_aggregation(told, event)
    return _read_object(told, event)


def _hash(raw: bytes) -> bytes:
    """Hash what an event says, whatever the order of its fields.

    The time of recording is that of whoever keeps it, and not part of the event.
    """
    content = msgspec.json.decode(raw)
    content.pop("recordTime", None)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()


def _read_object(told: ToldEvent, event: _ObjectEvent) -> ToldEvent:
    if event.quantity_list or not event.epc_list:
        detail = "Name each cap, carton or pallet in epcList; a quantity names none."
        raise _Wrong("/epcList", "required", detail)
    caps, units = _names(event.epc_list, "/epcList")
    of_caps = told.step in {Step.COMMISSIONING, Step.DECOMMISSIONING}
    if of_caps and units:
        detail = "Caps are commissioned and decommissioned; this is a carton or pallet."
        raise _Wrong("/epcList", "no_cap", detail)
    if caps and not of_caps:
        detail = "Cartons and pallets are shipped and received; pack the caps first."
        raise _Wrong("/epcList", "no_unit", detail)
    for wrong in check_day("/ilmd/cbvmda:productionDate", event.ilmd.produced_on):
        raise _Wrong(wrong.pointer, wrong.code, wrong.detail)
    return replace(
        told,
        caps=caps,
        units=units,
        lot=event.ilmd.lot,
        produced_on=event.ilmd.produced_on,
    )


def _read_aggregation(told: ToldEvent, event: _AggregationEvent) -> ToldEvent:
    if event.parent_id is None:
        detail = "Say in which carton or on which pallet: parentID."
        raise _Wrong("/parentID", "required", detail)
    parent = _name(event.parent_id, "/parentID")
    if isinstance(parent, CapName):
        raise _Wrong("/parentID", "no_unit", "A cap holds nothing; this names a cap.")
    caps, units = _names(event.child_epcs, "/childEPCs")
    if event.child_quantity_list:
        detail = "Name each child in childEPCs; a quantity names none."
        raise _Wrong("/childQuantityList", "not_understood", detail)
    if told.step is Step.PACKING and bool(caps) == bool(units):
        detail = "A carton has caps as its children, a pallet has cartons; not both."
        raise _Wrong("/childEPCs", "one_needed", detail)
    return replace(told, caps=caps, units=units, parent=parent.sscc)


def _names(
    given: Sequence[str], pointer: str
) -> tuple[tuple[CapName, ...], tuple[str, ...]]:
    """Read names, in order: those of caps, and the SSCCs of units."""
    caps: list[CapName] = []
    units: list[str] = []
    for place, uri in enumerate(given):
        name = _name(uri, f"{pointer}/{place}")
        if isinstance(name, UnitName):
            units.append(name.sscc)
        else:
            caps.append(name)
    return tuple(caps), tuple(units)


def _name(uri: str, pointer: str) -> CapName | UnitName:
    try:
        return read_name(uri)
    except NameProblem as fault:
        raise _Wrong(pointer, "invalid_name", str(fault)) from None
