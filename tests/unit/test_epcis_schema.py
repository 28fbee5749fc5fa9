"""What the official schema of EPCIS 2.0 refuses is refused, wherever it stands."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

import pytest

from core.errors import FieldError, InvalidInput
from printer_export.domain.epcis.reading import read_document
from tests.fixtures.epcis import (
    CONTEXT,
    cap_names,
    document,
    is_valid,
    of_caps,
    packing,
    unit_name,
)

CAP: Final = cap_names("06901234567892", ["06E91P6CY48P6H22"])
CARTON: Final = unit_name("106141412345678908")
WHEN: Final = "2026-05-01T08:00:00.5+08:00"
GLN: Final = "urn:epc:id:sgln:4012345.00011.987"
# Each field that the standard has for what we read, once.
FULL: Final[dict[str, Any]] = {
    "@context": {"example": "https://example.com/ns/"},
    "recordTime": WHEN,
    "eventID": "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
    "certificationInfo": ["https://example.com/certificate"],
    "disposition": "active",
    "readPoint": {"id": GLN, "example:gate": 4},
    "bizLocation": {"id": "https://id.gs1.org/414/4012345000115"},
    "bizTransactionList": [{"type": "po", "bizTransaction": "http://acme.com/po/1"}],
    "sourceList": [{"type": "owning_party", "source": GLN}],
    "destinationList": [{"type": "location", "destination": GLN}],
    "sensorElementList": [
        {
            "sensorMetadata": {
                "time": WHEN,
                "startTime": WHEN,
                "endTime": WHEN,
                "deviceID": "urn:epc:id:giai:4000001.111",
                "deviceMetadata": "https://id.gs1.org/8004/4000001111",
                "rawData": "https://example.com/raw",
                "dataProcessingMethod": "https://example.com/method",
                "bizRules": "https://example.com/rules",
                "example:sensor": {"any": [None, "thing"]},
            },
            "sensorReport": [
                {
                    "type": "Temperature",
                    "exception": "ALARM_CONDITION",
                    "deviceID": "urn:epc:id:giai:4000001.111",
                    "time": WHEN,
                    "microorganism": "https://example.com/taxon",
                    "chemicalSubstance": "https://example.com/substance",
                    "coordinateReferenceSystem": "https://example.com/crs",
                    "component": "latitude",
                    "value": 26,
                    "minValue": 1.5,
                    "maxValue": 27,
                    "meanValue": 20,
                    "sDev": 0.1,
                    "percRank": 50,
                    "percValue": 12.7,
                    "uom": "CEL",
                    "stringValue": "mild",
                    "booleanValue": True,
                    "hexBinaryValue": "f0F0",
                    "uriValue": "https://example.com/value",
                }
            ],
        }
    ],
    "example:colour": ["red", {"example:inside": 1}],
}
MADE: Final[dict[str, Any]] = {
    "ilmd": {"cbvmda:lotNumber": "L1", "cbvmda:productionDate": "2026-05-01"},
    "quantityList": [],
    "persistentDisposition": {"set": ["completeness_verified"], "unset": ["recalled"]},
}
HEAD: Final[dict[str, Any]] = {
    "@context": [CONTEXT, {"example": "https://example.com/ns/"}],
    "id": "https://example.com/document",
    "instanceIdentifier": "1",
    "sender": "us",
    "receiver": "you",
    "example:more": {"of": "this"},
    "epcisHeader": {
        "epcisMasterData": {
            "vocabularyList": [
                {
                    "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
                    "vocabularyElementList": [
                        {
                            "id": GLN,
                            "attributes": [
                                {"id": "urn:x:name", "attribute": "Gate 4"},
                            ],
                            "children": ["urn:x:child"],
                        }
                    ],
                }
            ]
        }
    },
}
DOCUMENTS: Final = {
    "commissioning": document(of_caps("ADD", "commissioning", CAP, **FULL, **MADE))
    | HEAD,
    "packing": document(packing(CARTON, CAP, **FULL, childQuantityList=[])),
}
# The library that judges URIs takes it; RFC 3986 does not.
LINE_FEED: Final = "x:y\n"
WRONG: Final[tuple[Any, ...]] = (
    *(None, True, 0, -1.5, "", "word", "a b", "urn:x:y", "x:"),
    *([], {}, [None], [[]], [{}], {"word": 1}, {"id": 1}, {"x:y": None}),
    *("2026-05-01", "2026-02-30T00:00:00Z", "2026-05-01T08:00:00", "+8:00", "+15:00"),
    *("2026-05-01T24:00:00Z", "2026-05-01 08:00:00Z", "2026-05-01T08:00:00+0800"),
    *("urn:epcglobal:cbv:bizstep:packing", "https://ns.gs1.org/cbv/BizStep-packing"),
    *("https://gs1.org/voc/Temperature", "https://[x]/", "http://a:b/", "http://ä/"),
    *("x:%", "x:#a#b", "1x:y", LINE_FEED, "DELETE", "OBSERVE", "kgm", "KGMX"),
)
# Why we refuse what the schema does not, by the field that it is in.
BEYOND: Final = {
    "type": "events of other types, and documents of queries, ask for nothing here",
    "schemaVersion": "another version may mean another thing",
    "eventTime": "a time with a colon less or a blank is not RFC 3339",
    "action": "what this event asks for is not understood with another action",
    "bizStep": "an event without a step that we know asks for nothing",
    "epcList": "no cap is named",
    "parentID": "nothing is packed into nothing",
    "childEPCs": "nothing that is packed is named",
    "quantityList": "a quantity names no cap",
    "childQuantityList": "a quantity names no cap",
    "errorDeclaration": "a declared error takes nothing back",
    "ilmd": "a lot or day that no batch can have",
    "eventID": "an eventID of a scheme and nothing more names nothing",
    "eventList": "a document without an event asks for nothing",
}


def changes_of(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Name every place of a document, and every wrong thing to put there."""
    if at:
        yield (at, "drop", None)
        for wrong in WRONG:
            yield (at, "put", wrong)
    if isinstance(value, dict):
        for name in ("word", "x:y", "a b"):
            yield ((*at, name), "put", {"any": 1})
        for name, inside in value.items():
            yield from changes_of(inside, (*at, name))
    elif isinstance(value, list):
        for place, inside in enumerate(value):
            yield ((*at, place), "double", None)
            yield from changes_of(inside, (*at, place))


def changed(document: Any, at: tuple[Any, ...], how: str, wrong: Any) -> Any:
    """Change one place of a copy."""
    copy = deepcopy(document)
    *above, last = at
    inside = copy
    for step in above:
        inside = inside[step]
    if how == "drop":
        del inside[last]
    elif how == "double":
        inside.insert(last, inside[last])
    else:
        inside[last] = wrong
    return copy


def refusals_of(document: Any) -> list[str]:
    """Read a document; gives the pointers of what is wrong."""
    try:
        wrong = read_document(json.dumps(document).encode()).problems
    except InvalidInput as fault:
        wrong = fault.errors or (FieldError("", fault.code, fault.detail),)
    return [error.pointer for error in wrong]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_the_official_schema_refuses_is_refused(name: str) -> None:
    """In each place all that lacks or is double, and a third of the wrong things.

    The schema takes ten milliseconds a document, so that it is asked about all that we
    take, and about some of what we refuse: that has a reason.
    """
    right = DOCUMENTS[name]
    assert refusals_of(right) == []
    taken = 0
    for number, (at, how, wrong) in enumerate(changes_of(right)):
        if how == "put" and number % 3:
            continue
        document = changed(right, at, how, wrong)
        refusals = refusals_of(document)
        if not refusals:
            taken += 1
            assert is_valid(document), (at, how, wrong)
        elif number % 18 == 0 and is_valid(document) and wrong != LINE_FEED:
            assert any(field in BEYOND for field in at), (at, how, wrong, refusals)
    assert taken
