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
from core.messages import Message
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
from printer_export.domain.messages import message

MAX_EVENTS: Final = 1_000
_LIST: Final = "/epcisBody/eventList"
_STEP_PREFIX: Final = "https://ref.gs1.org/cbv/BizStep-"
_EVENT_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-~]+")
# Lots are stored and told again; what no text can hold is refused.
_LOT: Final = Text(message("a_lot"), re.compile(r"[^\x00-\x1f\x7f]{1,64}"))
_DAY: Final = Text(message("a_day"), re.compile(r"\d{4}-\d\d-\d\d", re.ASCII))
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
        raise InvalidInput(message("no_json", why=str(fault)), code="no_json") from None
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
        raise Misshapen(
            _LIST, "invalid", message("is_not_this", wanted=message("a_list"))
        ) from None
    if not 1 <= len(events) <= MAX_EVENTS:
        detail = message("how_many_events", most=MAX_EVENTS, count=len(events))
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
        detail = message("not_an_event", why=str(fault).removesuffix("."))
        raise Misshapen("", "invalid", detail) from None
    prefixes = {
        **NAMESPACES,
        **namespaces_of(context),
        **namespaces_of(event.get("@context")),
    }
    step = _step_of(event, prefixes)
    event_id = event.get("eventID")
    if event_id is not None and not _EVENT_ID.fullmatch(event_id):
        raise Misshapen("/eventID", "invalid", message("event_id_uri"))
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
    code = "required" if kind is None else "invalid"
    raise Misshapen("/type", code, message("event_type"))


def _step_of(event: Mapping[str, Any], prefixes: Mapping[str, str]) -> Step:
    """Find out what an event asks for; raises Misshapen if that is nothing here."""
    biz_step = "".join(expand(event["bizStep"], prefixes)).removeprefix(_STEP_PREFIX)
    kind, action = event["type"], event["action"]
    step = _KINDS.get((kind, action, biz_step))
    if step is None:
        raise Misshapen(
            "/bizStep",
            "not_understood",
            message(
                "asks_for_nothing",
                event=f"{kind} {action} {biz_step[:_WORD_SHOWN]!a}",
                understood=_UNDERSTOOD,
            ),
        )
    if "errorDeclaration" in event:
        raise Misshapen(
            "/errorDeclaration", "not_understood", message("declared_error")
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
        raise Misshapen("/epcList", "required", message("name_each"))
    if "ilmd" in event and event["action"] != "ADD":
        raise Misshapen("/ilmd", "invalid", message("ilmd_of_made"))
    caps, units = _names(event["epcList"], "/epcList")
    of_caps = told.step in {Step.COMMISSIONING, Step.DECOMMISSIONING}
    if of_caps and units:
        raise Misshapen("/epcList", "no_cap", message("not_a_cap"))
    if caps and not of_caps:
        raise Misshapen("/epcList", "no_unit", message("not_a_unit"))
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
            raise Misshapen(at, "invalid", message("lot_or_day_twice"))
        try:
            (_LOT if field == "lot" else _DAY).check(value)
            found[field] = value if field == "lot" else date.fromisoformat(value)
        except Misshapen as wrong:
            raise Misshapen(at, wrong.code, wrong.detail) from None
        except ValueError:
            raise Misshapen(at, "invalid", message("no_such_day")) from None
        if field == "produced_on":
            for error in check_day(at, found[field]):
                assert isinstance(error.detail, Message)
                raise Misshapen(error.pointer, error.code, error.detail)
    return found


def _read_aggregation(told: ToldEvent, event: Mapping[str, Any]) -> ToldEvent:
    if "parentID" not in event:
        raise Misshapen("/parentID", "required", message("parent_lacking"))
    parent = _name(event["parentID"], "/parentID")
    if isinstance(parent, CapName):
        raise Misshapen("/parentID", "no_unit", message("cap_as_parent"))
    caps, units = _names(event.get("childEPCs", ()), "/childEPCs")
    if event.get("childQuantityList"):
        raise Misshapen(
            "/childQuantityList", "not_understood", message("name_each_child")
        )
    if told.step is Step.PACKING and bool(caps) == bool(units):
        raise Misshapen("/childEPCs", "one_needed", message("caps_or_cartons"))
    return replace(told, caps=caps, units=units, parent=parent.sscc)


def _fields(content: bytes | msgspec.Raw, at: str) -> dict[str, msgspec.Raw]:
    """Open an object one level deep."""
    try:
        return msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        raise Misshapen(
            at, "invalid", message("is_not_this", wanted=message("an_object"))
        ) from None


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
        raise Misshapen(pointer, "invalid_name", fault.detail) from None
