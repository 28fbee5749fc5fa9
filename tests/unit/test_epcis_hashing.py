"""One event has one hash, however it is written; another event has another.

The answers are those that the authors of the algorithm publish for their examples.
"""

import json
from typing import Any, Final

import pytest

from printer_export.domain.epcis.canonical import canonical_uri
from printer_export.domain.epcis.hashing import event_hash, pre_hash
from printer_export.domain.epcis.reading import read_document
from tests.fixtures.epcis import cap_names, document, of_caps, packing, unit_name

GTIN: Final = "06901234567892"
CODES: Final = ["06E91P6CY48P6H22", "06E91P6CY48P6H33"]
Fields = dict[str, Any]


def observed(epcs: list[str], when: str, offset: str, step: str, **more: Any) -> Fields:
    """Word an observation."""
    return {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "eventTime": when,
        "eventTimeZoneOffset": offset,
        "epcList": epcs,
        "bizStep": step,
    } | more


EXAMPLE: Final = {"example": "https://ns.example.com/epcis/"}
ANSWERS: Final = [
    (
        observed(
            [f"urn:epc:id:sscc:4012345.0000000{n}" for n in (333, 111, 222)],
            "2020-03-04T11:00:30.000+01:00",
            "+01:00",
            "departing",
            recordTime="2020-03-04T11:00:30.999+01:00",
            readPoint={"id": "urn:epc:id:sgln:4012345.00011.987"},
        )
        | {
            "example:myField1": {
                "example:mySubField1": "2",
                "example:mySubField2": "5",
            },
            "example:myField2": "0",
            "example:myField3": {"example:mySubField3": ["3", "1"]},
        },
        "6ae96341e0acc6d7a261364751f60e68278a81cdf51da0abb6b4e617014e39d7",
    ),
    (
        observed(
            ["urn:epc:id:sgtin:4012345.011111.9876"],
            "2020-04-01T15:00:00+01:00",
            "+01:00",
            "inspecting",
            readPoint={"id": "urn:epc:id:sgln:4012345.00005.0"},
            sensorElementList=[
                {
                    "sensorMetadata": {
                        "deviceID": "urn:epc:id:giai:4000001.111",
                        "deviceMetadata": "https://id.gs1.org/8004/4000001111",
                    },
                    "sensorReport": [
                        {
                            "type": "Temperature",
                            "value": 26,
                            "sDev": 0.1,
                            "uom": "CEL",
                        },
                        {"type": "AbsoluteHumidity", "value": 12.1, "uom": "A93"},
                        {
                            "type": "Dimensionless",
                            "microorganism": "https://www.ncbi.nlm.nih.gov/taxonomy/1126011",
                            "value": 0.05,
                            "uom": "C35",
                        },
                        {
                            "type": "Dimensionless",
                            "chemicalSubstance": "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N",
                            "value": 0.18,
                            "uom": "C35",
                        },
                    ],
                }
            ],
        ),
        "49b13037c36e84ad9307c531671b00e901318c3957e4b1151f816ec49eb668da",
    ),
    (
        observed(
            ["urn:epc:id:sgtin:0614141.011111.987"],
            "2020-03-04T11:00:30+01:00",
            "+01:00",
            "departing",
            disposition="in_transit",
            readPoint={
                "id": "urn:epc:id:sgln:4012345.00011.0",
                "example:myField1": "AB-12",
            },
            bizTransactionList=[
                {"type": "po", "bizTransaction": "urn:epc:id:gdti:4012345.11111.123"}
            ],
            sourceList=[
                {"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00000"}
            ],
            destinationList=[
                {"type": "owning_party", "destination": "urn:epc:id:pgln:0614141.00000"}
            ],
        )
        | {"example:userExt": "CD-34"},
        "a13cbe6c8bb6df3710b3edaeff760a1365ec8fd69ca1f4d7e0c10eb5189a883a",
    ),
    (
        observed(
            [f"urn:epc:id:sgtin:0614141.107346.{serial}" for serial in (2017, 2018)],
            "2022-02-16T20:33:31.116000-06:00",
            "-06:00",
            "shipping",
            disposition="in_transit",
            readPoint={"id": "urn:epc:id:sgln:0614141.07346.1234"},
            bizTransactionList=[
                {
                    "type": "po",
                    "bizTransaction": "http://transaction.acme.com/po/12345678",
                }
            ],
        ),
        "ffa491b16867e34a7791a8d5389d826afc24e63a121026b6a4004ace38631b4b",
    ),
    (
        observed(
            ["https://id.gs1.de/00/040123451111111110"],
            "2023-02-02T11:04:03.1415Z",
            "+01:00",
            "shipping",
            disposition="in_transit",
            readPoint={"id": "https://id.gs1.de/414/4012345000115"},
        ),
        "af7658e711574363633f20b3dadc7bc4c13c6f612cf96d95e03c421c0e58f3c6",
    ),
    (
        observed(
            ["urn:epc:id:sgtin:4012345.011111.2"],
            "2021-04-01T15:00:00+01:00",
            "+01:00",
            "inspecting",
            readPoint={"id": "urn:epc:id:sgln:4012345.00005.0"},
            persistentDisposition={"unset": ["recalled"]},
        ),
        "4dbb5d87794987ec4a7c519cff1260d00163e78bf44144d09aee135294d39d10",
    ),
]


@pytest.mark.parametrize(("event", "answer"), ANSWERS)
def test_an_event_has_the_hash_that_the_standard_gives_it(
    event: Fields, answer: str
) -> None:
    """And a name that can stand as its eventID."""
    name, digest = event_hash(event, [EXAMPLE])
    assert digest.hex() == answer
    assert name == f"ni:///sha-256;{answer}?ver=CBV2.0"


@pytest.mark.parametrize(
    ("told", "canonical"),
    [
        ("urn:epc:id:sgtin:4012345.011111.98%22", "01/04012345111118/21/98%22"),
        (
            "urn:epc:id:sgtin:0614141.812345.a%2F!()",
            "01/80614141123458/21/a%2F%21%28%29",
        ),
        ("urn:epc:id:sgln:4012345.00005.122", "414/4012345000054/254/122"),
        ("urn:epc:id:grai:4012345.00022.334455", "8003/04012345000221334455"),
        ("urn:epc:id:giai:4012345.ABC345", "8004/4012345ABC345"),
        ("urn:epc:id:gsrn:4012345.0000006765", "8018/401234500000067657"),
        ("urn:epc:id:gsrnp:4012345.0000000007", "8017/401234500000000074"),
        ("urn:epc:id:gdti:987659999999..9", "253/98765999999929"),
        ("urn:epc:id:cpi:0614141.11-A%23%2F.12", "8010/061414111-A%23%2F/8011/12"),
        ("urn:epc:id:ginc:0614141.xyz47%2F11", "401/0614141xyz47%2F11"),
        ("urn:epc:id:gsin:4012345.222333444", "402/40123452223334442"),
        ("urn:epc:id:itip:4012345.011111.01.02.9", "8006/040123451111180102/21/9"),
        ("urn:epc:id:upui:1234567.098765.51q", "01/01234567987651/235/51q"),
        ("urn:epc:id:pgln:999999999999.", "417/9999999999994"),
        ("urn:epc:class:lgtin:4012345.012345.Lot987", "01/04012345123456/10/Lot987"),
        ("urn:epc:idpat:sgtin:4012345.044444.*", "01/04012345444445"),
        (
            "https://example.com/gtin/09780345418913/21/7?abc=2",
            "01/09780345418913/21/7",
        ),
        ("http://a.cn/x/01/6901234567892/10/L/21/7", "01/06901234567892/21/7"),
    ],
)
def test_a_gs1_key_has_one_spelling(told: str, canonical: str) -> None:
    assert canonical_uri(told) == f"https://id.gs1.org/{canonical}"


@pytest.mark.parametrize(
    "uri",
    [
        *("urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8", "urn:epc:id:sgtin:1.2.3"),
        *("http://acme.com/po/12345678", "urn:epc:id:sscc:4012345.1", "urn:epc:"),
        *("https://a.cn/01/6901234567892/foo/1", "https://a.cn/01/12345/21", "x:y"),
    ],
)
def test_what_names_no_gs1_key_stays_as_it_is(uri: str) -> None:
    assert canonical_uri(uri) == uri


URNS: Final = [f"urn:epc:id:sgtin:{GTIN[1:8]}.{GTIN[0]}{GTIN[8:13]}.{c}" for c in CODES]
SSCC: Final = "106141412345678908"
CARTON: Final = unit_name(SSCC)
PACKED: Final = packing(CARTON, cap_names(GTIN, CODES))
SAME: Final[list[Fields]] = [
    {"eventTime": "2026-05-01T00:00:00Z"},
    {"eventTime": "2026-04-30T19:00:00.0000-05:00"},
    {"childEPCs": cap_names(GTIN, CODES[::-1])},
    {"childEPCs": [f"HTTPS://caps.cn/x/01/{GTIN[1:]}/21/{c}?17=991231" for c in CODES]},
    {"childEPCs": URNS},
    {"parentID": f"urn:epc:id:sscc:{SSCC[1:8]}.{SSCC[0]}{SSCC[8:17]}"},
    {"bizStep": "https://ref.gs1.org/cbv/BizStep-packing"},
    {"bizStep": "cbv:BizStep-packing"},
    {"recordTime": "2026-05-02T00:00:00Z"},
    {"childQuantityList": []},
]
OTHER: Final[list[Fields]] = [
    {"eventTime": "2026-05-01T00:00:00.001Z"},
    {"eventTimeZoneOffset": "+00:00"},
    {"childEPCs": cap_names(GTIN, CODES[:1])},
    {"parentID": unit_name("069012340000000016")},
    {"readPoint": {"id": "urn:x:gate:4"}},
    {"bizLocation": {"id": "urn:x:gate:4"}},
    {"x:lot": "007"},
    {"x:lot": "7"},
    {"x:lot": 7},
    {"x:lot": [7, 7]},
    {"x:lot": {"y:lot": 7}},
    {"x:lot": None},
    {"x:lot": True},
]


def key_of(event: Fields) -> str:
    """Read an event; gives what it is known by."""
    (told,) = read_document(json.dumps(document(event)).encode()).events
    return told.key


@pytest.mark.parametrize("more", SAME)
def test_an_event_that_is_written_in_another_way_is_the_same(more: Fields) -> None:
    """In another zone, order or spelling, as a URN or on any host."""
    assert key_of(PACKED | more) == key_of(PACKED)


def test_events_that_say_something_else_are_others() -> None:
    """Text that looks like a number stays text: lot 007 is not lot 7."""
    texts = [pre_hash(PACKED | more, None) for more in [{}, *OTHER[:8], *OTHER[9:]]]
    assert len(set(texts)) == len(texts)
    assert len({key_of(PACKED | more) for more in OTHER[:8]}) == 8


def test_an_event_may_be_named_by_its_hash() -> None:
    """Whoever sends it again under that name tells nothing new."""
    name = event_hash(PACKED, None)[0]
    assert key_of(PACKED | {"eventID": name}) == key_of(PACKED) == f"id:{name}"


def test_a_lot_counts_by_its_full_name() -> None:
    """Whatever prefix stands for the vocabulary of master data."""
    event = of_caps("ADD", "commissioning", cap_names(GTIN, CODES))
    made = {"mda:lotNumber": "L1"}
    context = {"mda": "urn:epcglobal:cbv:mda:"}
    other = event | {"@context": context, "ilmd": made}
    assert key_of(other) == key_of(event | {"ilmd": {"cbvmda:lotNumber": "L1"}})
    (told,) = read_document(json.dumps(document(other)).encode()).events
    assert told.lot == "L1"
