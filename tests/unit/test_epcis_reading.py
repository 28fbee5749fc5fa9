"""Reading EPCIS events: what they ask for, and where they are wrong."""

import json
from contextlib import suppress
from typing import Any

import pytest

from core.errors import InvalidInput
from printer_export.domain.epcis.reading import (
    MAX_EVENTS,
    Reading,
    Step,
    read_document,
)
from tests.fixtures.epcis import (
    cap_names,
    document,
    faults_of,
    of_caps,
    packing,
    unit_name,
    unpacking,
)

GTIN = "06901234567892"
CAP = cap_names(GTIN, ["06E91P6CY48P6H22"])
CARTON, PALLET = unit_name("106141412345678908"), unit_name("069012340000000016")


def read(*events: Any) -> Reading:
    """Read a document of events."""
    written = {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-05-01T00:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }
    return read_document(json.dumps(written).encode())


@pytest.mark.parametrize(
    ("event", "step"),
    [
        (of_caps("ADD", "commissioning", CAP), Step.COMMISSIONING),
        (of_caps("DELETE", "decommissioning", CAP), Step.DECOMMISSIONING),
        (of_caps("DELETE", "destroying", CAP), Step.DECOMMISSIONING),
        (packing(CARTON, CAP), Step.PACKING),
        (packing(PALLET, [CARTON]), Step.PACKING),
        (unpacking(CARTON), Step.UNPACKING),
        (of_caps("OBSERVE", "shipping", [CARTON]), Step.SHIPPING),
        (of_caps("OBSERVE", "receiving", [CARTON]), Step.RECEIVING),
    ],
)
@pytest.mark.parametrize(
    "prefix",
    ["", "https://ref.gs1.org/cbv/BizStep-", "cbv:BizStep-"],
)
def test_each_step_is_read_in_each_spelling(
    event: dict[str, Any], step: Step, prefix: str
) -> None:
    """What we read is valid by the official schema."""
    assert faults_of(document(event)) == []
    reading = read(event | {"bizStep": prefix + event["bizStep"]})
    assert reading.problems == ()
    (told,) = reading.events
    assert told.step is step


# What is wrong; and whether the official schema lets it pass.
WRONG = [
    (packing(CARTON, CAP) | {"parentID": 7}, "/parentID", "invalid"),
    (of_caps("ADD", "commissioning", [CARTON]), "/epcList", "no_cap"),
    (of_caps("OBSERVE", "shipping", CAP), "/epcList", "no_unit"),
    (of_caps("OBSERVE", "shipping", []), "/epcList", "required"),
    (packing(CARTON, [*CAP, PALLET]), "/childEPCs", "one_needed"),
    (packing(CAP[0], CAP), "/parentID", "no_unit"),
    (of_caps("OBSERVE", "commissioning", CAP), "/bizStep", "not_understood"),
    (of_caps("ADD", "commissioning", CAP, eventTime="today"), "/eventTime", "invalid"),
    (
        of_caps("ADD", "commissioning", CAP, eventTime="2026-05-01T00:00:00"),
        "/eventTime",
        "invalid",
    ),
    (
        of_caps("ADD", "urn:epcglobal:cbv:bizstep:commissioning", CAP),
        "/bizStep",
        "invalid",
    ),
    (
        of_caps("ADD", "commissioning", CAP, bizlocation={}),
        "/bizlocation",
        "unknown_field",
    ),
    (
        of_caps("ADD", "commissioning", CAP, eventTimeZoneOffset="8"),
        "/eventTimeZoneOffset",
        "invalid",
    ),
    (
        of_caps(
            "ADD",
            "commissioning",
            CAP,
            errorDeclaration={"declarationTime": "2026-05-02T00:00:00Z"},
        ),
        "/errorDeclaration",
        "not_understood",
    ),
    (
        of_caps("ADD", "commissioning", CAP, ilmd={"cbvmda:productionDate": "May"}),
        "/ilmd/cbvmda:productionDate",
        "invalid",
    ),
    ({"type": "TransformationEvent"}, "/type", "invalid"),
    (of_caps("ADD", "commissioning", CAP, eventID="17"), "/eventID", "invalid"),
    (of_caps("ADD", "commissioning", CAP, eventID="x:\0"), "/eventID", "invalid"),
    (of_caps("ADD", "commissioning\0", CAP), "/bizStep", "invalid"),
    (
        of_caps("ADD", "commissioning", CAP, readPoint={"id": "gate\0"}),
        "/readPoint/id",
        "invalid",
    ),
    (
        of_caps("ADD", "commissioning", CAP, eventTimeZoneOffset="+08:00\n"),
        "/eventTimeZoneOffset",
        "invalid",
    ),
]


@pytest.mark.parametrize(("event", "below", "code"), WRONG)
def test_a_wrong_event_is_told_where(
    event: dict[str, Any], below: str, code: str
) -> None:
    """The right one beside it is read all the same."""
    reading = read(unpacking(CARTON), event)
    assert [told.step for told in reading.events] == [Step.UNPACKING]
    (problem,) = reading.problems
    assert problem.pointer == f"/epcisBody/eventList/1{below}"
    assert problem.code == code
    assert problem.detail[-1] in ".?"


def test_two_rules_that_the_schema_misses() -> None:
    """It lets pass an aggregation to nothing, and a cap that is named with its lot."""
    orphan = packing(CARTON, CAP)
    del orphan["parentID"]
    with_lot = CAP[0].replace("/21/", "/10/L1/21/")
    events = [orphan, of_caps("ADD", "commissioning", [with_lot])]
    assert [fault[:10] for fault in faults_of_schema(*events)] == []
    codes = [(p.pointer, p.code) for p in read(*events).problems]
    assert codes == [
        ("/epcisBody/eventList/0/parentID", "required"),
        ("/epcisBody/eventList/1/epcList/0", "invalid_name"),
    ]


def faults_of_schema(*events: dict[str, Any]) -> list[str]:
    """Name what the schema alone finds wrong."""
    written = document(unpacking(CARTON))
    written["epcisBody"]["eventList"] = list(events)
    return [fault for fault in faults_of(written) if fault.startswith("$")]


def test_a_document_has_a_limit() -> None:
    """What is beyond it is sent in another one."""
    with pytest.raises(InvalidInput):
        read(*[unpacking(CARTON)] * (MAX_EVENTS + 1))
    assert len(read(*[unpacking(CARTON)] * MAX_EVENTS).events) == MAX_EVENTS


# What a strict reader may stumble over; inside an event only that event is wrong.
ODD = [b'"\xff\xfe"', b"[" * 100_000 + b"]" * 100_000, b"1e400", b"9" * 5_000]


@pytest.mark.parametrize("value", ODD, ids=["utf-8", "nesting", "float", "integer"])
@pytest.mark.parametrize("place", ["@context", "event"])
def test_odd_json_is_refused_in_a_sentence(value: bytes, place: str) -> None:
    """Whatever stands in fields that nobody reads."""
    event = unpacking(CARTON)
    content = json.dumps(document(event)).encode()
    mark = b'"@context": ["' if place == "@context" else b'"type": "AggregationEvent"'
    odd = (b'"x:y": ' + value + b", " + mark) if place == "event" else b""
    content = content.replace(mark, odd or b'"x": ' + value + b", " + mark, 1)
    with suppress(InvalidInput):
        reading = read_document(content)
        assert all(problem.detail.endswith(".") for problem in reading.problems)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"type": "EPCISDocument"}'])
def test_what_is_no_document_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_document(body)
