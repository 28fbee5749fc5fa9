"""Our own events in the words of EPCIS 2.0 and of the Core Business Vocabulary 2.0.

Caps are told as quantities of goods: the code of a cap that nobody has claimed is
worth money to whoever holds it, and leaves in an approved package only.
"""

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from codegen.domain.ranges import CodeRange, Goods, GoodsChange, RangeState
from printer_export.domain.aggregation.pack import CapRange
from printer_export.domain.aggregation.units import EventKind, LogisticEvent, offset_of
from printer_export.domain.epcis.names import class_uri, place_uri, unit_uri

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
Event = dict[str, Any]

# What an activation, a void and a recall are called: action, business step and
# disposition.
_STEPS: Final = {
    RangeState.ACTIVATED: ("ADD", "commissioning", "active"),
    RangeState.VOID: ("DELETE", "decommissioning", "inactive"),
    RangeState.RECALLED: ("OBSERVE", "holding", "recalled"),
}
_DISPOSITIONS: Final = {
    EventKind.PACKING: "in_progress",
    EventKind.UNPACKING: "in_progress",
    EventKind.SHIPPING: "in_transit",
    EventKind.RECEIVING: "in_progress",
}


@dataclass(frozen=True, slots=True)
class GoodsIn:
    """A quantity of goods in a carton; `gtin` is None while nobody said."""

    gtin: str | None
    lot: str | None
    quantity: int


def goods_in(part: CapRange, ranges: Sequence[CodeRange]) -> list[GoodsIn]:
    """Tell what goods the caps of a carton are, by the (sorted) ranges of a batch."""
    at = bisect_right(ranges, part.first_code_id, key=lambda r: r.first_code_id) - 1
    goods: list[GoodsIn] = []
    for place in range(max(at, 0), len(ranges)):
        r = ranges[place]
        if r.first_code_id > part.last_code_id:
            break
        first = max(r.first_code_id, part.first_code_id)
        last = min(r.last_code_id, part.last_code_id)
        goods.append(GoodsIn(r.binding.gtin, r.binding.lot, last - first + 1))
    return goods


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose events are told: below which host its places are, and on which clock."""

    place_base: str
    timezone: ZoneInfo

    def tell_change(self, change: GoodsChange) -> Event | None:
        """Tell of codes that became active or were taken back; None without a GTIN."""
        quantities = _quantities(change.goods)
        if not quantities:
            return None
        action, step, disposition = _STEPS[change.state]
        at = change.at.astimezone(self.timezone)
        event: Event = {
            "type": "ObjectEvent",
            "eventID": f"urn:uuid:{change.event_id}",
            "eventTime": _moment(at),
            "eventTimeZoneOffset": offset_of(at),
            "action": action,
            "bizStep": step,
            "disposition": disposition,
            "quantityList": quantities,
        }
        if change.state is RangeState.ACTIVATED:
            event |= self._origin(change.goods)
        return event

    def _origin(self, goods: Sequence[Goods]) -> Event:
        """Tell the lot, the day and the place; an activation has one of each."""
        made = goods[0]
        origin: Event = {}
        if master := _master(made.lot, made.produced_on):
            origin["ilmd"] = master
        if made.line is not None:
            origin["readPoint"] = {"id": place_uri(self.place_base, made.line)}
        if made.plant is not None:
            origin["bizLocation"] = {"id": place_uri(self.place_base, made.plant)}
        return origin

    def tell_logistics(
        self, event: LogisticEvent, contents: Mapping[str, Sequence[GoodsIn]]
    ) -> Event | None:
        """Tell of units; `contents` has the goods of cartons that were packed.

        None for a carton whose goods have no GTIN yet: it would hold nothing.
        """
        moment = event.moment
        told: Event = {
            "eventID": moment.epcis_id or f"urn:uuid:{event.event_id}",
            "eventTime": _moment(moment.happened_at.astimezone(UTC)),
            "eventTimeZoneOffset": moment.time_zone_offset,
            "recordTime": _moment(moment.recorded_at.astimezone(UTC)),
            "bizStep": event.kind.value,
            "disposition": _DISPOSITIONS[event.kind],
        }
        if event.kind in {EventKind.SHIPPING, EventKind.RECEIVING}:
            told |= {
                "type": "ObjectEvent",
                "action": "OBSERVE",
                "epcList": [unit_uri(sscc) for sscc in event.named],
            }
        else:
            inside = _inside(event, event.named[0], contents)
            if inside is None:
                return None
            told |= inside
        if moment.read_point is not None:
            told["readPoint"] = {"id": place_uri(self.place_base, moment.read_point)}
        if moment.biz_location is not None:
            place = place_uri(self.place_base, moment.biz_location)
            told["bizLocation"] = {"id": place}
        return told


def _inside(
    event: LogisticEvent, parent: str, contents: Mapping[str, Sequence[GoodsIn]]
) -> Event | None:
    """Tell what was packed in a unit, or that all of it was taken out."""
    aggregation: Event = {"type": "AggregationEvent", "parentID": unit_uri(parent)}
    if event.kind is EventKind.UNPACKING:
        return aggregation | {"action": "DELETE"}
    children = [unit.sscc for unit in event.units if unit.pallet_sscc is not None]
    if children:
        inside: Event = {"childEPCs": [unit_uri(sscc) for sscc in children]}
    else:
        quantities = _quantities(contents.get(parent, ()))
        if not quantities:
            return None
        inside = {"childQuantityList": quantities}
    return aggregation | {"action": "ADD"} | inside


def _quantities(goods: Iterable[Goods | GoodsIn]) -> list[Event]:
    """Add up quantities by their class; goods without a GTIN have none."""
    sums: Counter[str] = Counter()
    for each in goods:
        if each.gtin is not None:
            sums[class_uri(each.gtin, each.lot)] += each.quantity
    return [{"epcClass": name, "quantity": count} for name, count in sums.items()]


def _moment(at: datetime) -> str:
    """Write an aware datetime as xsd:dateTime, to the millisecond."""
    return at.isoformat(timespec="milliseconds")


def word_head(created_at: datetime) -> bytes:
    """Open an EPCISDocument; its events follow, with commas between them."""
    document = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _moment(created_at),
        "epcisBody": {"eventList": []},
    }
    return word_event(document).removesuffix(TAIL)


TAIL: Final = b"]}}"


def frame_commissioning(
    lot: str | None, produced_on: date | None, at: datetime
) -> tuple[bytes, bytes]:
    """Open and close a document that commissions caps; their names stand between.

    It goes into approved packages only: whoever has a name has the code.
    """
    event: Event = {
        "type": "ObjectEvent",
        "eventTime": _moment(at),
        "eventTimeZoneOffset": offset_of(at),
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
    }
    if master := _master(lot, produced_on):
        event["ilmd"] = master
    opened = word_event(event | {"epcList": []}).removesuffix(b"]}")
    return word_head(at) + opened + b"\r\n", b"]}" + TAIL + b"\r\n"


def _master(lot: str | None, produced_on: date | None) -> Event:
    """Word what an activation says of its goods (CBV 2.0, section 9)."""
    told = {
        "cbvmda:lotNumber": lot,
        "cbvmda:productionDate": produced_on and produced_on.isoformat(),
    }
    return {name: value for name, value in told.items() if value is not None}


def word_event(event: Event) -> bytes:
    """Write one event of a document."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
