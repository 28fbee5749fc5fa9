"""EPCIS 2.0 over HTTP: what a batch tells of its goods and cartons."""

import json

import pytest

from crowncap.demo import GTIN
from tests.acceptance.test_batch_routes import path_of, refused
from tests.fixtures.cartons import Warehouse, accepted, fresh_sscc
from tests.fixtures.epcis import (
    cap_names,
    captured,
    of_caps,
    packing,
    told,
    unit_name,
)
from tests.fixtures.service import Json, Service


@pytest.fixture(scope="module")
def line(service: Service) -> Warehouse:
    """Give a line operator."""
    return Warehouse(service, service.staff("line"))


def steps(events: list[Json]) -> list[str]:
    """Name the steps of events."""
    return [event["bizStep"] for event in events]


def test_a_batch_tells_all_that_happened_to_it(
    service: Service, line: Warehouse
) -> None:
    """Valid by the official schema, caps as quantities of their lot."""
    batch = line.batch(40, lot="L 7/a", produced_on="2026-05-01", line="line-1")
    first, second = line.carton(batch, 0, 9), line.carton(batch, 10, 19)
    pallet = line.pallet(first, second)
    line.report(batch, "0,7,printed", "8,9,wasted", "10,19,printed", activate="now")
    accepted(line.move("shipments", pallet))
    accepted(line.move("receipts", pallet))
    accepted(line.move("unpackings", pallet))
    service.change(batch, "voids", codes=service.codes(batch, 0, 2))
    events = told(service, batch, line.token)
    assert steps(events) == [
        *("commissioning", "decommissioning"),
        *("packing", "packing", "packing", "shipping", "receiving", "unpacking"),
    ]
    made, taken = events[:2]
    # A lot with a space is none of GS1's, and stands in words only.
    goods = f"https://id.gs1.org/01/{GTIN}"
    assert made["quantityList"] == [{"epcClass": goods, "quantity": 18}]
    assert made["ilmd"] == {
        "cbvmda:lotNumber": "L 7/a",
        "cbvmda:productionDate": "2026-05-01",
    }
    assert made["readPoint"]["id"].endswith("/places/line-1")
    assert made["eventTimeZoneOffset"] == "+08:00"
    assert (taken["action"], taken["disposition"]) == ("DELETE", "inactive")
    assert taken["quantityList"][0]["quantity"] == 3
    packed, _, on_pallet, shipped, *_, unpacked = events[2:]
    assert packed["parentID"] == unit_name(first)
    assert packed["childQuantityList"][0]["quantity"] == 10
    assert on_pallet["childEPCs"] == sorted([unit_name(first), unit_name(second)])
    assert shipped["epcList"] == [unit_name(pallet)]
    assert (unpacked["action"], unpacked["parentID"]) == ("DELETE", unit_name(pallet))
    assert len({event["eventID"] for event in events}) == len(events)
    assert told(service, batch, line.token) == events


def test_goods_with_a_lot_are_named_by_it(service: Service, line: Warehouse) -> None:
    """Also where activations bind parts of a batch to several lots."""
    batch = line.batch(30)
    service.change(batch, "activations", from_index=0, to_index=9, lot="A/1")
    service.change(batch, "activations", from_index=10, to_index=29, lot="B2")
    service.change(batch, "voids", from_index=5, to_index=14)
    *_, voided = told(service, batch, line.token)
    assert voided["quantityList"] == [
        {"epcClass": f"https://id.gs1.org/01/{GTIN}/10/A%2F1", "quantity": 5},
        {"epcClass": f"https://id.gs1.org/01/{GTIN}/10/B2", "quantity": 5},
    ]


def test_no_code_leaves_in_an_event(service: Service, line: Warehouse) -> None:
    """Whoever holds a code can claim it; an EPCISDocument goes to many."""
    batch = line.batch(20)
    codes = service.codes(batch)
    captured(
        service,
        line.token,
        of_caps("ADD", "commissioning", cap_names(GTIN, codes)),
        packing(unit_name(fresh_sscc()), cap_names(GTIN, codes)),
    )
    text = json.dumps(told(service, batch, line.token))
    assert not [code for code in codes if code in text]
    for table in ("epcis_captures", "captured_events", "audit_log"):
        kept = str(service.query(f"SELECT * FROM {table}"))
        assert not [code for code in codes if code in kept]


def test_what_has_no_product_yet_is_not_told(service: Service, line: Warehouse) -> None:
    """Its goods have no name; once they are bound to a product, they have."""
    batch = service.issue(10, activate=False, gtin=None, campaign_id=None)
    line.carton(batch, 0, 9)
    assert told(service, batch, line.token) == []
    service.change(batch, "activations", gtin=GTIN)
    assert steps(told(service, batch, line.token)) == ["commissioning", "packing"]


def test_a_recall_is_told(service: Service, line: Warehouse) -> None:
    """As goods that are held, with the disposition `recalled`."""
    batch = service.issue(10)
    asked = {"batch_id": batch["batch_id"], "reason": "taste", "instructions": "Stop."}
    recall = accepted(service.post("/v1/recalls", asked, service.issuer))
    path = f"/v1/recalls/{recall['recall_id']}/approvals"
    accepted(service.post(path, {}, service.staff("admin")))
    *_, event = told(service, batch, line.token)
    assert (event["bizStep"], event["disposition"]) == ("holding", "recalled")
    assert event["quantityList"][0]["quantity"] == 10


def test_a_shared_load_shows_what_the_caller_may_see(
    service: Service, line: Warehouse
) -> None:
    """One line's operator learns nothing of another line's cartons."""
    mine, other = line.batch(10, line="line-1"), line.batch(10, line="line-2")
    cartons = [line.carton(mine, 0, 9), line.carton(other, 0, 9)]
    accepted(line.move("shipments", *cartons))
    everything = told(service, mine, line.token)[-1]
    assert len(everything["epcList"]) == 2
    token = service.staff_token("line", line="line-1")
    scoped = told(service, mine, token)[-1]
    assert scoped["epcList"] == [unit_name(cartons[0])]
    refused(service.get(path_of(other, "/epcis"), token), 404)
    refused(service.get(path_of(mine, "/epcis"), service.staff("cashier")), 403)


def test_the_books_are_in_order_afterwards(service: Service) -> None:
    """Whatever the tests above did."""
    service.audit()
