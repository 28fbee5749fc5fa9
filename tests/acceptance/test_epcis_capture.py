"""EPCIS 2.0 over HTTP: events of other systems, carried out once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from crowncap.demo import GTIN
from printer_export.domain.epcis.hashing import event_hash
from tests.acceptance.test_batch_routes import path_of, refused
from tests.fixtures.cartons import Warehouse, fresh_sscc, span
from tests.fixtures.epcis import (
    PROCEED,
    cap_names,
    capture,
    captured,
    document,
    of_caps,
    packing,
    told,
    unit_name,
    unpacking,
)
from tests.fixtures.service import Json, Service


@pytest.fixture(scope="module")
def line(service: Service) -> Warehouse:
    """Give a line operator."""
    return Warehouse(service, service.staff("line"))


def test_events_of_another_system_do_what_they_tell(
    service: Service, line: Warehouse
) -> None:
    """From commissioning to receiving, in one document."""
    batch = line.batch(20)
    names = cap_names(GTIN, service.codes(batch))
    carton, pallet = fresh_sscc(), fresh_sscc()
    job = captured(
        service,
        line.token,
        of_caps("ADD", "commissioning", names[:12], ilmd={"cbvmda:lotNumber": "X1"}),
        of_caps("DELETE", "decommissioning", names[11:12]),
        packing(unit_name(carton), names[:10], readPoint={"id": "urn:x:gate:4"}),
        packing(unit_name(pallet), [unit_name(carton)]),
        of_caps("OBSERVE", "shipping", [unit_name(pallet)]),
        of_caps("OBSERVE", "receiving", [unit_name(pallet)]),
        unpacking(unit_name(pallet), childEPCs=[unit_name(carton)]),
    )
    assert job["success"] is True
    assert (job["captured"], job["repeated"]) == (7, 0)
    assert (job["activated"], job["voided"]) == (12, 1)
    assert line.outcomes(batch, 0, 10, 11, 12) == [
        *("verified", "verified", "not_active", "not_active"),
    ]
    shown = service.get(f"/v1/logistic-units/{carton}", line.token).json()
    assert shown["contents"] == [span(batch, 0, 9)]
    assert (shown["state"], shown["pallet"]) == ("received", None)
    moment = shown["events"][0]["moment"]
    assert moment["happened_at"] == "2026-05-01T00:00:00Z"
    assert moment["read_point"] == "urn:x:gate:4"
    counts = service.get(path_of(batch), line.token).json()["counts"]
    assert (counts["activated"], counts["void"]) == (11, 1)


def test_printed_caps_become_active_when_another_system_ships_them(
    service: Service, line: Warehouse
) -> None:
    """As they do when they are shipped here."""
    batch = line.batch(10)
    line.report(batch, "0,9,printed", activate="shipped")
    names = cap_names(GTIN, service.codes(batch, 0, 4))
    carton = unit_name(fresh_sscc())
    shipping = of_caps("OBSERVE", "shipping", [carton])
    job = captured(service, line.token, packing(carton, names), shipping)
    assert (job["activated"], job["not_activated"]) == (5, "")
    assert line.outcomes(batch, 4, 5) == ["verified", "not_active"]


def test_a_carton_that_is_unpacked_the_same_day_has_shipped(
    service: Service, line: Warehouse
) -> None:
    """Its printed caps become active, though it is empty at the end of the document."""
    batch = line.batch(10)
    line.report(batch, "0,9,printed", activate="shipped")
    carton = unit_name(line.carton(batch, 0, 9))
    moves = [of_caps("OBSERVE", step, [carton]) for step in ("shipping", "receiving")]
    job = captured(service, line.token, *moves, unpacking(carton))
    assert (job["captured"], job["activated"]) == (3, 10)
    assert line.outcomes(batch, 9) == ["verified"]


def test_a_capture_names_more_units_than_a_statement_has_parameters(
    service: Service, line: Warehouse
) -> None:
    """PostgreSQL takes 65,535; whoever sends more is told what is wrong, by event."""
    names = [unit_name(fresh_sscc()) for _ in range(70_000)]
    events = [
        of_caps("OBSERVE", "shipping", names[n : n + 10_000])
        for n in range(0, len(names), 10_000)
    ]
    body = refused(capture(service, line.token, *events), 422, "capture_refused")
    assert {error["code"] for error in body["errors"]} == {"not_found"}


def test_events_of_one_document_do_not_contradict_each_other(
    service: Service, line: Warehouse
) -> None:
    """The second is told, as it would be in a document of its own."""
    batch = line.batch(10)
    names = cap_names(GTIN, service.codes(batch))
    one, two = (
        of_caps("ADD", "commissioning", part, ilmd={"cbvmda:lotNumber": lot})
        for part, lot in ((names[:6], "A"), (names[5:], "B"))
    )
    body = refused(capture(service, line.token, one, two), 422, "activated_otherwise")
    assert body["errors"][0]["pointer"] == "/epcisBody/eventList/1"
    job = captured(service, line.token, one, two, two, **PROCEED)
    # What failed was not captured before either.
    assert (job["captured"], job["repeated"], job["activated"]) == (1, 0, 6)


def test_brands_may_use_the_same_event_id(service: Service, line: Warehouse) -> None:
    """Neither learns of the other's events, nor keeps them out."""
    batch = line.batch(10)
    names = cap_names(GTIN, service.codes(batch))
    event_id = f"https://plant.example/{fresh_sscc()}"
    token = service.staff_token("line", brand="Demo Dairy")
    for sender, part in ((line.token, names[:5]), (token, names[5:])):
        event = packing(unit_name(fresh_sscc()), part, eventID=event_id)
        assert captured(service, sender, event)["captured"] == 1


def test_the_older_names_are_read_too(service: Service, line: Warehouse) -> None:
    """URNs of the Tag Data Standard, and printed links on any host."""
    batch = line.batch(10)
    one, two, three = service.codes(batch, 0, 2)
    urn = f"urn:epc:id:sgtin:{GTIN[1:8]}.{GTIN[0]}{GTIN[8:13]}.{one}"
    sscc = fresh_sscc()
    carton = f"urn:epc:id:sscc:{sscc[1:8]}.{sscc[0]}{sscc[8:17]}"
    names = [urn, f"https://caps.example/c/{two}", f"HTTPS://B.CN/01/{GTIN}/21/{three}"]
    assert captured(service, line.token, packing(carton, names))["captured"] == 1
    shown = service.get(f"/v1/logistic-units/{sscc}", line.token).json()
    assert shown["contents"] == [span(batch, 0, 2)]


def test_an_event_counts_once(service: Service, line: Warehouse) -> None:
    """By its eventID, or by its content; another event under its ID is an error."""
    batch = line.batch(10)
    names = cap_names(GTIN, service.codes(batch))
    event_id = f"urn:x:event:{fresh_sscc()}"
    named = packing(unit_name(fresh_sscc()), names[:5], eventID=event_id)
    plain = packing(unit_name(fresh_sscc()), names[5:])
    assert captured(service, line.token, named, plain, plain)["repeated"] == 1
    # The time of recording is that of whoever keeps it, and the order is nobody's.
    again = dict(reversed(plain.items())) | {"recordTime": "2026-05-02T00:00:00Z"}
    job = captured(service, line.token, again, named)
    assert (job["captured"], job["repeated"]) == (0, 2)
    other = packing(unit_name(fresh_sscc()), names[:5], eventID=event_id)
    body = refused(capture(service, line.token, other), 422, "event_id_reused")
    assert body["errors"][0]["pointer"] == "/epcisBody/eventList/0/eventID"
    ids = {event["eventID"] for event in told(service, batch, line.token)}
    assert event_id in ids
    assert len(ids) == 2


def test_copies_at_once_are_carried_out_once(service: Service, line: Warehouse) -> None:
    """Both are told that it was captured, one of them that it was before."""
    for _ in range(3):
        batch = line.batch(20)
        names = cap_names(GTIN, service.codes(batch))
        events = [
            of_caps("ADD", "commissioning", names),
            packing(unit_name(fresh_sscc()), names[:10]),
            packing(unit_name(fresh_sscc()), names[10:]),
        ]
        with ThreadPoolExecutor(6) as pool:
            jobs = list(
                pool.map(
                    lambda part: captured(service, line.token, *part),
                    [events, events[::-1], events, events[::-1], events, events],
                )
            )
        assert sum(job["captured"] for job in jobs) == 3
        assert sum(job["activated"] for job in jobs) == 20


def test_a_wrong_event_keeps_all_others_out(service: Service, line: Warehouse) -> None:
    """Unless they shall proceed; each wrong one is told with its place."""
    batch = line.batch(20)
    names = cap_names(GTIN, service.codes(batch))
    carton, unknown = unit_name(fresh_sscc()), unit_name(fresh_sscc())
    forged = f"https://id.gs1.org/01/{GTIN}/21/{'0' * 16}"
    events = [
        packing(carton, names[:10]),
        packing(unit_name(fresh_sscc()), [names[10], names[3], names[11]]),
        packing(unit_name(fresh_sscc()), [names[12], forged]),
        of_caps("OBSERVE", "shipping", [unknown]),
        of_caps("ADD", "commissioning", [*names[:2], forged]),
        of_caps("OBSERVE", "storing", [carton]),
        unpacking(carton, childEPCs=names[:3]),
        of_caps("ADD", "commissioning", names[:2], eventTime="2099-01-01T00:00:00Z"),
        of_caps("OBSERVE", "shipping", [carton], eventTime="1900-01-01T00:00:00Z"),
    ]
    body = refused(capture(service, line.token, *events), 422, "capture_refused")
    at = "/epcisBody/eventList"
    wrong = [
        (f"{at}/5/bizStep", "not_understood"),
        (f"{at}/7/eventTime", "invalid_time"),
        (f"{at}/8/eventTime", "invalid_time"),
        (f"{at}/1/childEPCs", "already_packed"),
        (f"{at}/2/childEPCs/1", "invalid_code"),
        (f"{at}/3", "not_found"),
        (f"{at}/4/epcList/2", "invalid_code"),
        (f"{at}/6", "part_of_unit"),
    ]
    assert [(error["pointer"], error["code"]) for error in body["errors"]] == wrong
    assert service.get(f"/v1/logistic-units/{carton[-18:]}", line.token).is_error
    job = captured(service, line.token, *events, **PROCEED)
    assert (job["captured"], job["success"]) == (1, False)
    assert [(error["pointer"], error["code"]) for error in job["errors"]] == wrong
    shown = service.get(f"/v1/logistic-units/{carton[-18:]}", line.token).json()
    assert shown["contents"] == [span(batch, 0, 9)]
    # What came to nothing may come again.
    packed = packing(unknown, names[12:14])
    assert captured(service, line.token, packed, events[3])["captured"] == 2


def test_codes_stand_for_one_thing(service: Service, line: Warehouse) -> None:
    """Another product's name, and another lot's activation, are refused."""
    batch = line.batch(10)
    other = cap_names("04012345000009", service.codes(batch, 0, 0))
    event = of_caps("ADD", "commissioning", other)
    refused(capture(service, line.token, event), 422, "other_product")
    service.change(batch, "activations", lot="A")
    names = cap_names(GTIN, service.codes(batch))
    event = of_caps("ADD", "commissioning", names, ilmd={"cbvmda:lotNumber": "B"})
    refused(capture(service, line.token, event), 422, "activated_otherwise")


def test_codes_of_another_brand_or_line_are_nobodys(
    service: Service, line: Warehouse
) -> None:
    """As they are when they are packed by hand; nothing is told of a capture either."""
    batch = line.batch(10, line="line-1")
    token = service.staff_token("line", line="line-2")
    event = packing(unit_name(fresh_sscc()), cap_names(GTIN, service.codes(batch)))
    refused(capture(service, token, event), 422, "invalid_code")
    answer = capture(service, line.token, event)
    refused(service.get(answer.headers["location"], token), 404)
    refused(capture(service, service.staff("cashier"), event), 403)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "EPCISQueryDocument"}, "invalid"),
        ({"schemaVersion": "1.2"}, "invalid"),
        ({"epcisBody": {"eventList": []}}, "invalid"),
        ({"epcisBody": {}}, "required"),
    ],
)
def test_what_is_no_document_is_refused(
    service: Service, line: Warehouse, change: Json, code: str
) -> None:
    event = of_caps("OBSERVE", "shipping", [unit_name(fresh_sscc())])
    body = document(event) | change
    refused(service.post("/v1/epcis/capture", body, line.token), 422, code)


def test_a_capture_says_what_it_takes(service: Service, line: Warehouse) -> None:
    """Limits and versions are in the headers of the standard; XML is not read."""
    batch = line.batch(10)
    event = of_caps("ADD", "commissioning", cap_names(GTIN, service.codes(batch)))
    answer = capture(service, line.token, event)
    assert answer.headers["gs1-epcis-version"] == "2.0.0"
    assert int(answer.headers["gs1-epcis-capture-limit"]) == 1_000
    assert answer.headers["gs1-capture-error-behaviour"] == "rollback"
    headers = {
        "authorization": f"Bearer {line.token}",
        "content-type": "application/xml",
    }
    sent = service.http.post("/v1/epcis/capture", content=b"<x/>", headers=headers)
    refused(sent, 415)
    odd = capture(service, line.token, event, gs1_capture_error_behaviour="maybe")
    refused(odd, 422, "invalid_error_behaviour")


def test_a_replayed_capture_is_answered_alike(
    service: Service, line: Warehouse
) -> None:
    """By its Idempotency-Key; the same key with another behaviour is another call."""
    batch = line.batch(10)
    event = of_caps("ADD", "commissioning", cap_names(GTIN, service.codes(batch)))
    key = {"idempotency_key": fresh_sscc()}
    first, second = (capture(service, line.token, event, **key) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert first.headers["location"] == second.headers["location"]
    again = capture(service, line.token, event, **PROCEED, **key)
    refused(again, 422, "idempotency_key_reused")


def test_what_an_answer_did_not_move_it_explains(
    service: Service, line: Warehouse
) -> None:
    """Void caps stay void whatever comes later, in one document or in two."""
    batch = line.batch(10)
    names = cap_names(GTIN, service.codes(batch))
    job = captured(
        service,
        line.token,
        of_caps("DELETE", "decommissioning", names[:2]),
        of_caps("ADD", "commissioning", names[:4]),
        of_caps("DELETE", "destroying", names[1:3]),
    )
    at = "/epcisBody/eventList"
    assert (job["activated"], job["voided"]) == (2, 3)
    assert skipped(job) == [(f"{at}/1", "void", 2)]
    changes = [(e["action"], e["bizStep"]) for e in told(service, batch, line.token)]
    assert changes == [("ADD", "commissioning"), ("DELETE", "decommissioning")]
    service.change(batch, "voids", from_index=8, to_index=9, reason="torn")
    again = [
        of_caps("ADD", "commissioning", names[2:6]),
        of_caps("DELETE", "destroying", names[6:]),
    ]
    job = captured(service, line.token, *again)
    assert (job["activated"], job["voided"]) == (2, 2)
    assert skipped(job) == [
        (f"{at}/0", "already_active", 1),
        (f"{at}/0", "void", 1),
        (f"{at}/1", "void", 2),
    ]
    assert all(each["detail"].endswith(".") for each in job["skipped"])
    nothing = captured(service, line.token, of_caps("ADD", "commissioning", names[:1]))
    assert (nothing["activated"], skipped(nothing)) == (0, [(f"{at}/0", "void", 1)])


def skipped(job: Json) -> list[tuple[str, str, int]]:
    """Give what a capture left as it was."""
    return [(s["pointer"], s["reason"], s["quantity"]) for s in job["skipped"]]


def test_caps_that_wait_for_their_carton_stay_void_when_it_ships(
    service: Service, line: Warehouse
) -> None:
    """An event before voids them in the same document."""
    batch = line.batch(6)
    line.report(batch, "0,5,printed", activate="shipped")
    carton = unit_name(line.carton(batch, 0, 5))
    job = captured(
        service,
        line.token,
        of_caps("DELETE", "destroying", cap_names(GTIN, service.codes(batch, 0, 1))),
        of_caps("OBSERVE", "shipping", [carton]),
    )
    assert (job["activated"], job["voided"]) == (4, 2)
    changes = told(service, batch, line.token)
    assert "decommissioning" not in {event["bizStep"] for event in changes}


def test_an_event_counts_once_however_it_is_written(
    service: Service, line: Warehouse
) -> None:
    """With another offset, by URN and by link, and under its hash as its eventID."""
    batch = line.batch(4)
    codes = service.codes(batch)
    event = of_caps("ADD", "commissioning", cap_names(GTIN, codes))
    urns = [f"urn:epc:id:sgtin:{GTIN[1:8]}.{GTIN[0]}{GTIN[8:13]}.{c}" for c in codes]
    same = [
        event,
        event | {"eventTime": "2026-05-01T00:00:00Z"},
        event | {"epcList": urns[::-1]},
    ]
    job = captured(service, line.token, *same)
    assert (job["captured"], job["repeated"], job["activated"]) == (1, 2, 4)
    name = event_hash(event, None)[0]
    job = captured(service, line.token, same[2] | {"eventID": name})
    assert (job["captured"], job["repeated"]) == (0, 1)


def test_the_books_are_in_order_afterwards(service: Service) -> None:
    """Whatever the tests above did."""
    service.audit()
