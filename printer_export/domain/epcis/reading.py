"""Events that others tell us in EPCIS 2.0, as far as they ask for something here.

The official JSON schema lets two things pass that mean nothing: an AggregationEvent
that adds to no parent, and a cap named with its lot. Both are refused here.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from core.bounds import check_day
from core.errors import FieldError, InvalidInput
from printer_export.domain.epcis.canonical import NAMESPACES, expand, namespaces_of
from printer_export.domain.epcis.hashing import event_hash
from printer_export.domain.epcis.names import (
    CapName,
    NameProblem,
    UnitName,
    read_name,
)
from printer_export.domain.epcis.shapes import Misshapen, Text, pointer_to
from printer_export.domain.epcis.vocabulary import DOCUMENT, EVENTS

MAX_EVENTS: Final = 1_000
_LIST: Final = "/epcisBody/eventList"
_STEP_PREFIX: Final = "https://ref.gs1.org/cbv/BizStep-"
_EVENT_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-~]+")
# Lots are stored and told again; what no text can hold is refused.
_LOT: Final = Text("a lot of 1 to 64 characters", re.compile(r"[^\x00-\x1f\x7f]{1,64}"))
_DAY: Final = Text("a day, as in 2026-05-01", re.compile(r"\d{4}-\d\d-\d\d", re.ASCII))
_MASTER: Final = NAMESPACES["cbvmda"]
_WORD_SHOWN: Final = 64


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
    eventID, or else its event hash. `parent` is the unit that is packed or unpacked.
    `older_hash` is what events were known by before they had an event hash.
    """

    place: int
    key: str
    event_id: str | None
    content_hash: bytes
    older_hash: bytes
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


@dataclass(frozen=True, slots=True)
class Reading:
    """The events of a document in their order, and what is wrong with the others."""

    events: tuple[ToldEvent, ...]
    problems: tuple[FieldError, ...]


def read_document(content: bytes) -> Reading:
    """Read the events of an EPCISDocument.

    Raises InvalidInput for what is not a document of EPCIS 2.0, or holds no event or
    more than MAX_EVENTS.
    """
    try:
        context, raw_events = _open(content)
    except Misshapen as wrong:
        raise InvalidInput.field(wrong.pointer, wrong.code, wrong.detail) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise InvalidInput(f"The body is not JSON: {fault}.", code="no_json") from None
    events: list[ToldEvent] = []
    problems: list[FieldError] = []
    for place, raw in enumerate(raw_events):
        try:
            events.append(_read_event(place, bytes(raw), context))
        except Misshapen as wrong:
            at = pointer_of(place) + wrong.pointer
            problems.append(FieldError(at, wrong.code, wrong.detail))
    return Reading(tuple(events), tuple(problems))


def _open(content: bytes) -> tuple[Any, list[msgspec.Raw]]:
    """Check all of a document but its events; gives its context, and the events."""
    content.decode("utf-8")
    document = _fields(content, "")
    # Events are opened one by one: what is odd in one is wrong with that one alone.
    body = _fields(document.pop("epcisBody", msgspec.Raw(b"{}")), "/epcisBody")
    told = {name: msgspec.json.decode(value) for name, value in document.items()}
    DOCUMENT.check(told | {"epcisBody": body})
    try:
        events = msgspec.json.decode(body["eventList"], type=list[msgspec.Raw])
    except msgspec.ValidationError:
        raise Misshapen(_LIST, "invalid", "This is not a list.") from None
    if not 1 <= len(events) <= MAX_EVENTS:
        detail = f"A document has 1 to {MAX_EVENTS:,} events; this one {len(events):,}."
        raise Misshapen(_LIST, "invalid", detail)
    return told["@context"], events


def _read_event(place: int, raw: bytes, context: Any) -> ToldEvent:
    try:
        event = msgspec.json.decode(raw)
        kind = _check_event(event)
        name, digest = event_hash(event, context)
        older = _older_hash(event)
    except Misshapen:
        raise
    except (msgspec.DecodeError, RecursionError, ValueError) as fault:
        raise Misshapen("", "invalid", f"This is not an event: {fault}.") from None
    prefixes = {
        **NAMESPACES,
        **namespaces_of(context),
        **namespaces_of(event.get("@context")),
    }
    step = _step_of(event, prefixes)
    event_id = event.get("eventID")
    if event_id is not None and not _EVENT_ID.fullmatch(event_id):
        raise Misshapen("/eventID", "invalid", "An eventID is a URI.")
    told = ToldEvent(
        place=place,
        key=f"id:{event_id or name}",
        event_id=event_id,
        content_hash=digest,
        older_hash=older,
        step=step,
        happened_at=datetime.fromisoformat(event["eventTime"].upper()),
        time_zone_offset=event["eventTimeZoneOffset"],
        read_point=event.get("readPoint", {}).get("id"),
        biz_location=event.get("bizLocation", {}).get("id"),
    )
    if kind == "AggregationEvent":
        return _read_aggregation(told, event)
    return _read_object(told, event, prefixes)


def _check_event(event: Any) -> str:
    """Give the type of an event of the right shape; raises Misshapen for others."""
    kind = event.get("type") if isinstance(event, dict) else None
    if isinstance(kind, str) and kind in EVENTS:
        EVENTS[kind].check(event)
        return kind
    detail = f"Events are of the type {' or '.join(EVENTS)} here."
    raise Misshapen("/type", "required" if kind is None else "invalid", detail)


def _step_of(event: Mapping[str, Any], prefixes: Mapping[str, str]) -> Step:
    """Find out what an event asks for; raises Misshapen if that is nothing here."""
    biz_step = "".join(expand(event["bizStep"], prefixes)).removeprefix(_STEP_PREFIX)
    kind, action = event["type"], event["action"]
    step = _KINDS.get((kind, action, biz_step))
    if step is None:
        raise Misshapen(
            "/bizStep",
            "not_understood",
            f"{kind} {action} {biz_step[:_WORD_SHOWN]!a} asks for nothing here. "
            f"Understood are: {_UNDERSTOOD}.",
        )
    if "errorDeclaration" in event:
        raise Misshapen(
            "/errorDeclaration",
            "not_understood",
            "A declared error takes nothing back here: unpack or decommission.",
        )
    return step


def _older_hash(event: Mapping[str, Any]) -> bytes:
    """Hash an event as it was kept before events had event hashes."""
    content = {name: value for name, value in event.items() if name != "recordTime"}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()


def _read_object(
    told: ToldEvent, event: Mapping[str, Any], prefixes: Mapping[str, str]
) -> ToldEvent:
    if event.get("quantityList") or not event.get("epcList"):
        detail = "Name each cap, carton or pallet in epcList; a quantity names none."
        raise Misshapen("/epcList", "required", detail)
    if "ilmd" in event and event["action"] != "ADD":
        detail = "Only what is made has ilmd: leave it out, or ADD."
        raise Misshapen("/ilmd", "invalid", detail)
    caps, units = _names(event["epcList"], "/epcList")
    of_caps = told.step in {Step.COMMISSIONING, Step.DECOMMISSIONING}
    if of_caps and units:
        detail = "Caps are commissioned and decommissioned; this is a carton or pallet."
        raise Misshapen("/epcList", "no_cap", detail)
    if caps and not of_caps:
        detail = "Cartons and pallets are shipped and received; pack the caps first."
        raise Misshapen("/epcList", "no_unit", detail)
    master = _master(event.get("ilmd", {}), prefixes)
    return replace(told, caps=caps, units=units, **master)


def _master(ilmd: Mapping[str, Any], prefixes: Mapping[str, str]) -> dict[str, Any]:
    """Read the lot and the day of production, under whatever prefix they stand."""
    found: dict[str, Any] = {}
    for name, value in ilmd.items():
        meant = "".join(expand(name, prefixes))
        at = f"/ilmd{pointer_to(name)}"
        field = {"lotNumber": "lot", "productionDate": "produced_on"}.get(
            meant.removeprefix(_MASTER) if meant.startswith(_MASTER) else ""
        )
        if field is None:
            continue
        if field in found:
            raise Misshapen(at, "invalid", "This stands twice, under two prefixes.")
        try:
            (_LOT if field == "lot" else _DAY).check(value)
            found[field] = value if field == "lot" else date.fromisoformat(value)
        except Misshapen as wrong:
            raise Misshapen(at, wrong.code, wrong.detail) from None
        except ValueError:
            raise Misshapen(at, "invalid", "The calendar has no such day.") from None
        if field == "produced_on":
            for error in check_day(at, found[field]):
                raise Misshapen(error.pointer, error.code, error.detail)
    return found


def _read_aggregation(told: ToldEvent, event: Mapping[str, Any]) -> ToldEvent:
    if "parentID" not in event:
        detail = "Say in which carton or on which pallet: parentID."
        raise Misshapen("/parentID", "required", detail)
    parent = _name(event["parentID"], "/parentID")
    if isinstance(parent, CapName):
        raise Misshapen(
            "/parentID", "no_unit", "A cap holds nothing; this names a cap."
        )
    caps, units = _names(event.get("childEPCs", ()), "/childEPCs")
    if event.get("childQuantityList"):
        detail = "Name each child in childEPCs; a quantity names none."
        raise Misshapen("/childQuantityList", "not_understood", detail)
    if told.step is Step.PACKING and bool(caps) == bool(units):
        detail = "A carton has caps as its children, a pallet has cartons; not both."
        raise Misshapen("/childEPCs", "one_needed", detail)
    return replace(told, caps=caps, units=units, parent=parent.sscc)


def _fields(content: bytes | msgspec.Raw, at: str) -> dict[str, msgspec.Raw]:
    """Open an object one level deep."""
    try:
        return msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        raise Misshapen(at, "invalid", "This is not an object.") from None


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
        raise Misshapen(pointer, "invalid_name", str(fault)) from None
