"""The EPCIS event hash: one event has one, however it is written (CBV 2.0, 8.9).

What an event says is put in one order and one spelling, and that text is hashed. Where
the standard's table of fields and the answers of its authors' reference differ (source
after destination, and ilmd between them), the answers are followed, since others
compute those. In one thing we are stricter: text stays text. The reference reads it as
a number where it can, so that lot 007 and lot 7 would be one.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any, Final

from printer_export.domain.epcis.canonical import (
    NAMESPACES,
    canonical_uri,
    expand,
    namespaces_of,
)
from printer_export.domain.epcis.shapes import read_moment

Fields = Mapping[str, Any]
Write = Callable[[str, Any, Mapping[str, str]], Iterable[str]]
_CBV: Final = "https://ref.gs1.org/cbv/"
_WEB: Final = "https://gs1.org/voc/"
_NOT_HASHED: Final = frozenset(
    {"type", "@context", "eventID", "recordTime", "errorDeclaration"}
    | {"rdfs:comment", "comment"}
)


def event_hash(event: Fields, context: Any) -> tuple[str, bytes]:
    """Hash an event of the right shape; gives its name (RFC 6920) and the digest.

    `context` is that of its document.
    """
    digest = hashlib.sha256(pre_hash(event, context).encode()).digest()
    return f"ni:///sha-256;{digest.hex()}?ver=CBV2.0", digest


def pre_hash(event: Fields, context: Any) -> str:
    """Write what an event says in the one text that is hashed."""
    prefixes = {
        **NAMESPACES,
        **namespaces_of(context),
        **namespaces_of(event.get("@context")),
    }
    own = {name: event[name] for name in event if name not in _NOT_HASHED}
    return f"eventType={event['type']}" + _in_order(own, _EVENT, prefixes)


def _in_order(
    fields: Fields, order: Mapping[str, Write], prefixes: Mapping[str, str]
) -> str:
    """Write known fields in their order, then all others in that of the alphabet."""
    known = (
        "".join(sorted(write(name, fields[name], prefixes)))
        for name, write in order.items()
        if name in fields
    )
    others = (
        each
        for name in fields
        if name not in order
        for each in _any(name, fields[name], prefixes)
    )
    return "".join(known) + "".join(sorted(others))


def _any(name: str, value: Any, prefixes: Mapping[str, str]) -> Iterable[str]:
    """Write a field that somebody added, whatever it holds."""
    space, rest = expand(name, prefixes)
    key = f"{{{space}}}{rest}" if space else name
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            inside = (w for n, v in each.items() for w in _any(n, v, prefixes))
            yield key + "".join(sorted(inside))
        elif isinstance(each, list):
            yield key + "".join(sorted(_any("", each, prefixes)))
        else:
            text = each.strip() if isinstance(each, str) else _plain(each)
            yield f"{key}={canonical_uri(text)}" if text else key


def _plain(value: Any) -> str:
    """Write a number without what it could do without, and yes, no and nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    number = Decimal(str(value)).normalize()
    return f"{number:f}" if number else "0"


def _text(name: str, value: Any, _prefixes: Mapping[str, str]) -> Iterable[str]:
    yield (
        f"{name}={value.strip()}"
        if isinstance(value, str)
        else f"{name}={_plain(value)}"
    )


def _uri(name: str, value: Any, prefixes: Mapping[str, str]) -> Iterable[str]:
    for each in value if isinstance(value, list) else [value]:
        yield f"{name}={canonical_uri(''.join(expand(each.strip(), prefixes)))}"


def _time(name: str, value: Any, _prefixes: Mapping[str, str]) -> Iterable[str]:
    """Write a time in UTC, rounded to the millisecond; the end of time stays."""
    whole, fraction = read_moment(value)
    digits = fraction.ljust(4, "0")
    ms = int(digits[:3]) + (digits[3] >= "5")
    try:
        at = whole.astimezone(UTC) + timedelta(milliseconds=ms)
    except OverflowError:
        yield f"{name}={value}"
        return
    yield f"{name}={at.isoformat(timespec='milliseconds')[:-6]}Z"


def _word(before: str) -> Write:
    """Write words of a vocabulary as the URIs that they stand for."""

    def write(name: str, value: Any, prefixes: Mapping[str, str]) -> Iterable[str]:
        for each in value if isinstance(value, list) else [value]:
            uri = "".join(expand(each, prefixes))
            yield f"{name}={uri if ':' in uri else before + uri}"

    return write


def _list(item: str) -> Write:
    """Write a list of URIs under the name of each."""

    def write(name: str, value: Any, prefixes: Mapping[str, str]) -> Iterable[str]:
        if value:
            yield name + "".join(sorted(_uri(item, value, prefixes)))

    return write


def _inside(item: str, order: Mapping[str, Write]) -> Write:
    """Write a list of objects, each behind the name of an item."""

    def write(name: str, value: Any, prefixes: Mapping[str, str]) -> Iterable[str]:
        each = [item + _in_order(fields, order, prefixes) for fields in value]
        if each:
            yield name + "".join(sorted(each))

    return write


def _object(order: Mapping[str, Write]) -> Write:
    """Write the fields of an object, or of each in a list, behind its name."""

    def write(name: str, value: Any, prefixes: Mapping[str, str]) -> Iterable[str]:
        for fields in value if isinstance(value, list) else [value]:
            yield name + _in_order(fields, order, prefixes)

    return write


_QUANTITY: Final = {"epcClass": _uri, "quantity": _text, "uom": _text}
_DEVICE: Final = dict.fromkeys(
    ("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod"), _uri
)
_METADATA: Final[Mapping[str, Write]] = {
    **dict.fromkeys(("time", "startTime", "endTime"), _time),
    **_DEVICE,
    "bizRules": _uri,
}
_REPORT: Final[Mapping[str, Write]] = {
    "type": _word(_WEB),
    "exception": _word(_WEB),
    **_DEVICE,
    "time": _time,
    "microorganism": _uri,
    "chemicalSubstance": _uri,
    "value": _text,
    "component": _word(_CBV + "Comp-"),
    "stringValue": _text,
    "booleanValue": _text,
    "hexBinaryValue": _text,
    "uriValue": _uri,
    **dict.fromkeys(
        ("minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), _text
    ),
    "uom": _text,
    "coordinateReferenceSystem": _uri,
}
_EVENT: Final[Mapping[str, Write]] = {
    "eventTime": _time,
    "eventTimeZoneOffset": _text,
    "certificationInfo": _uri,
    "epcList": _list("epc"),
    "parentID": _uri,
    "childEPCs": _list("epc"),
    "quantityList": _inside("quantityElement", _QUANTITY),
    "childQuantityList": _inside("quantityElement", _QUANTITY),
    "action": _text,
    "bizStep": _word(_CBV + "BizStep-"),
    "disposition": _word(_CBV + "Disp-"),
    "persistentDisposition": _object(
        {"set": _word(_CBV + "Disp-"), "unset": _word(_CBV + "Disp-")}
    ),
    "readPoint": _object({"id": _uri}),
    "bizLocation": _object({"id": _uri}),
    "sensorElementList": _inside(
        "sensorElement",
        {"sensorMetadata": _object(_METADATA), "sensorReport": _object(_REPORT)},
    ),
    "bizTransactionList": _inside(
        "", {"type": _word(_CBV + "BTT-"), "bizTransaction": _uri}
    ),
    "destinationList": _inside("", {"type": _word(_CBV + "SDT-"), "destination": _uri}),
    "ilmd": _object({}),
    "sourceList": _inside("", {"type": _word(_CBV + "SDT-"), "source": _uri}),
}
