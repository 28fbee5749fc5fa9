"""Caps into cartons, cartons onto pallets, and what becomes active on the way."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.test_batch_routes import path_of, refused
from tests.fixtures.cartons import Warehouse, accepted, fresh_sscc, span
from tests.fixtures.service import Service


@pytest.fixture(scope="module")
def line(service: Service) -> Warehouse:
    """Give a line operator."""
    return Warehouse(service, service.staff("line"))


def test_printed_caps_become_active_when_their_carton_ships(
    service: Service, line: Warehouse
) -> None:
    """Not before; what was wasted in it stays void, what stays behind waits."""
    batch = line.batch(30)
    carton = line.carton(batch, 0, 9)
    body = line.report(batch, "0,4,printed", "5,5,wasted", "6,19,printed")
    assert (body["activated"], body["voided"]) == (0, 1)
    assert line.outcomes(batch, 4) == ["not_active"]
    shipped = accepted(line.move("shipments", carton))
    assert (shipped["units"], shipped["not_activated"]) == (1, "")
    assert line.outcomes(batch, 4, 5, 9, 10) == [
        *("verified", "not_active", "verified", "not_active"),
    ]
    assert service.scan(service.codes(batch)[4], "lia")["outcome"] == "rewarded"


def test_a_report_after_the_shipment_activates_at_once(line: Warehouse) -> None:
    """Whichever comes second, the report or the truck, activates."""
    batch = line.batch(20)
    carton = line.carton(batch, 0, 9)
    assert accepted(line.move("shipments", carton))["activated"] == 0
    assert line.outcomes(batch, 3) == ["not_active"]
    body = line.report(batch, "0,2,printed", "3,3,missing", "4,14,printed")
    assert body["activated"] == 9
    assert line.outcomes(batch, 2, 3, 9, 10) == [
        *("verified", "not_active", "verified", "not_active"),
    ]


def test_missing_caps_are_not_activated_by_their_carton(line: Warehouse) -> None:
    """Printed, then missed, then shipped: nobody knows where they are."""
    batch = line.batch(10)
    carton = line.carton(batch, 0, 9)
    line.report(batch, "0,9,printed")
    line.report(batch, "4,4,missing", activate="none")
    assert accepted(line.move("shipments", carton))["activated"] == 9
    assert line.outcomes(batch, 3, 4) == ["verified", "not_active"]


def test_a_report_and_a_shipment_at_once_activate_in_the_end(line: Warehouse) -> None:
    """They meet under one lock, so that one of them sees the other."""
    batches = [line.batch(100) for _ in range(4)]
    cartons = [line.carton(batch, 0, 99) for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        for batch, carton in zip(batches, cartons, strict=True):
            pool.submit(line.report, batch, "0,99,printed")
            pool.submit(line.move, "shipments", carton)
    for batch in batches:
        counts = line.service.get(path_of(batch), line.token).json()["counts"]
        assert counts["activated"] == 100


def test_a_pallet_ships_and_arrives_with_its_cartons(
    service: Service, line: Warehouse
) -> None:
    """A carton on a pallet does nothing by itself; off it, it does again."""
    batch = line.batch(20)
    cartons = [line.carton(batch, 0, 9), line.carton(batch, 10, 19)]
    pallet = line.pallet(*cartons)
    line.report(batch, "0,19,printed")
    refused(line.move("shipments", cartons[0]), 409, "illegal_state")
    refused(line.move("unpackings", cartons[0]), 409, "illegal_state")
    # Who scans everything names a pallet and a carton on it.
    shipped = accepted(line.move("shipments", pallet, cartons[0]))
    assert (shipped["units"], shipped["activated"]) == (3, 20)
    refused(line.move("shipments", pallet), 409, "illegal_state")
    refused(line.move("unpackings", pallet), 409, "illegal_state")
    assert accepted(line.move("receipts", pallet))["units"] == 3
    accepted(line.move("unpackings", pallet))
    shown = service.get(f"/v1/logistic-units/{cartons[0]}", line.token).json()
    assert (shown["state"], shown["pallet"]) == ("received", None)
    kinds = ["packing", "packing", "shipping", "receiving", "unpacking"]
    assert [event["kind"] for event in shown["events"]] == kinds
    assert shown["contents"] == [span(batch, 0, 9)]
    shown = service.get(f"/v1/logistic-units/{pallet}", line.token).json()
    assert (shown["state"], shown["children"]) == ("unpacked", sorted(cartons))


def test_cartons_and_their_pallet_are_packed_in_one_request(line: Warehouse) -> None:
    """A batch of units; the pallet may even stand before its cartons."""
    batch = line.batch(100)
    cartons = [fresh_sscc() for _ in range(10)]
    pallet = fresh_sscc()
    units = [
        {"sscc": sscc, "contents": [span(batch, n * 10, n * 10 + 9)]}
        for n, sscc in enumerate(cartons)
    ]
    packed = accepted(line.pack({"sscc": f"(00){pallet}", "children": cartons}, *units))
    assert [unit["sscc"] for unit in packed["units"]] == [pallet, *cartons]
    assert accepted(line.move("shipments", pallet))["units"] == 11


def test_cameras_name_caps_by_their_codes(service: Service, line: Warehouse) -> None:
    """In any order, twice, as links, of several batches."""
    one, two = line.batch(10), line.batch(10)
    codes = [*service.codes(one, 2, 5)[::-1], *service.codes(two, 7, 7)]
    read = [*codes, codes[0].lower(), f"HTTPS://B.CN/C/{codes[1]}"]
    sscc = fresh_sscc()
    accepted(line.pack({"sscc": sscc, "codes": read}))
    shown = service.get(f"/v1/logistic-units/{sscc}", line.token).json()
    assert shown["contents"] == [span(one, 2, 5), span(two, 7, 7)]
    wrong = {"sscc": fresh_sscc(), "codes": [service.codes(one)[0], "0" * 16]}
    [error] = refused(line.pack(wrong), 422, "invalid_code")["errors"]
    assert error["pointer"] == "/units/0/codes/1"


def test_a_cap_is_in_one_carton(line: Warehouse) -> None:
    """The second carton is told which caps, and where they are; nothing is packed."""
    batch = line.batch(30)
    first = line.carton(batch, 0, 9)
    other = {"sscc": fresh_sscc(), "contents": [span(batch, 20, 29)]}
    second = {"sscc": fresh_sscc(), "contents": [span(batch, 8, 19)]}
    [error] = refused(line.pack(other, second), 409, "already_packed")["errors"]
    assert error["pointer"] == "/units/1/contents/0"
    assert "Caps 8 to 9" in error["detail"]
    assert first in error["detail"]
    accepted(line.pack(other))
    twice = {"sscc": fresh_sscc(), "contents": [span(batch, 10, 15)] * 2}
    refused(line.pack(twice), 422, "packed_twice")


def test_of_requests_for_the_same_cap_at_once_one_wins(line: Warehouse) -> None:
    """The others are told where it is now."""
    batch = line.batch(10)
    units = [
        {"sscc": fresh_sscc(), "contents": [span(batch, n % 3, 9)]} for n in range(8)
    ]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(line.pack, units))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    [winner] = [
        unit["sscc"]
        for unit, answer in zip(units, answers, strict=True)
        if answer.status_code == 201
    ]
    for answer in answers:
        if answer.status_code == 409:
            assert winner in refused(answer, 409, "already_packed")["detail"]


def test_unpacked_caps_are_packed_again_under_another_number(line: Warehouse) -> None:
    """An SSCC is used once; what waits for a shipment waits on in the new carton."""
    batch = line.batch(10)
    first = line.carton(batch, 0, 9)
    line.report(batch, "0,9,printed")
    accepted(line.move("unpackings", first))
    refused(line.move("shipments", first), 409, "illegal_state")
    again = {"sscc": first, "contents": [span(batch, 0, 9)]}
    refused(line.pack(again), 409, "sscc_used")
    second = line.carton(batch, 0, 4)
    assert accepted(line.move("shipments", second))["activated"] == 5
    assert line.outcomes(batch, 4, 5) == ["verified", "not_active"]


def test_a_carton_is_on_one_pallet(line: Warehouse) -> None:
    """A pallet of what is on another, of pallets, or of nothing, is none."""
    batch = line.batch(10)
    carton = line.carton(batch, 0, 9)
    pallet = line.pallet(carton)
    for child in (carton, pallet, fresh_sscc()):
        unit = {"sscc": fresh_sscc(), "children": [child]}
        [error] = refused(line.pack(unit), 409, "not_free")["errors"]
        assert error["pointer"] == "/units/0/children/0"


def test_all_caps_of_a_pallet_are_activated_through_it(
    service: Service, line: Warehouse
) -> None:
    """Bound to what the request says; wasted and missing ones stay as they are."""
    batch = line.batch(30)
    pallet = line.pallet(line.carton(batch, 0, 9), line.carton(batch, 10, 19))
    line.report(batch, "0,0,wasted", "1,1,missing", activate="none")
    path = f"/v1/logistic-units/{pallet}/activations"
    done = accepted(line.post(path, {"lot": "L77"}))
    assert line.outcomes(batch, 0, 1, 2, 19, 20) == [
        *("not_active", "not_active", "verified", "verified", "not_active"),
    ]
    assert done["changed"] >= 18
    refused(line.post(path, {"lot": "L78"}), 409, "activated_otherwise")
    counts = service.get(path_of(batch), line.token).json()["counts"]
    assert (counts["activated"], counts["void"]) == (18, 1)


@pytest.mark.parametrize("named", ["carton", "pallet"])
def test_a_recall_reaches_what_was_packed(
    service: Service, line: Warehouse, named: str
) -> None:
    """Also what was unpacked between the order and its approval."""
    batch = line.batch(30)
    carton = line.carton(batch, 0, 9)
    units = {"carton": carton, "pallet": line.pallet(carton)}
    service.change(batch, "activations")
    recall = {"carton": units[named], "reason": "taste", "instructions": "Stop."}
    asked = accepted(service.post("/v1/recalls", recall, service.issuer))
    accepted(line.move("unpackings", units["pallet"]))
    accepted(line.move("unpackings", carton))
    second = service.staff("admin")
    path = f"/v1/recalls/{asked['recall_id']}/approvals"
    assert accepted(service.post(path, {}, second))["changed"] == 10
    assert line.outcomes(batch, 0, 9, 10) == ["recalled", "recalled", "verified"]


@pytest.mark.parametrize(
    ("recall", "code"),
    [
        ({"carton": "069012340000000011"}, "invalid_sscc"),
        ({"carton": fresh_sscc()}, "unknown_carton"),
        ({"carton": fresh_sscc(), "lot": "L1"}, "one_needed"),
    ],
)
def test_a_recall_of_no_carton_is_refused(
    service: Service, recall: dict[str, str], code: str
) -> None:
    body = recall | {"reason": "taste", "instructions": "Stop."}
    refused(service.post("/v1/recalls", body, service.issuer), 422, code)


def test_units_of_another_brand_or_line_are_not_there(
    service: Service, line: Warehouse
) -> None:
    """404, as their batches are."""
    batch = line.batch(10, line="line-1")
    carton = line.carton(batch, 0, 4)
    others = [
        Warehouse(service, service.staff_token("line", line="line-2")),
        Warehouse(service, service.staff_token("line", brand="Other Dairy")),
    ]
    for other in others:
        unit = {"sscc": fresh_sscc(), "contents": [span(batch, 5, 9)]}
        refused(other.pack(unit), 404)
        refused(other.move("shipments", carton), 404)
        refused(other.post(f"/v1/logistic-units/{carton}/activations", {}), 404)
        refused(service.get(f"/v1/logistic-units/{carton}", other.token), 404)
        children = {"sscc": fresh_sscc(), "children": [carton]}
        refused(other.pack(children), 409, "not_free")
    accepted(line.move("shipments", carton))


@pytest.mark.parametrize(
    ("unit", "pointer", "code"),
    [
        ({"sscc": "069012340000000011", "codes": ["A"]}, "/sscc", "invalid_sscc"),
        ({"sscc": fresh_sscc()}, "", "one_needed"),
        ({"sscc": fresh_sscc(), "codes": ["A"], "children": ["1"]}, "", "one_needed"),
        ({"sscc": fresh_sscc(), "children": ["1"]}, "/children/0", "invalid_sscc"),
    ],
)
def test_a_wrong_unit_is_told_where_it_is_wrong(
    line: Warehouse, unit: dict[str, object], pointer: str, code: str
) -> None:
    body = refused(line.pack(unit), 422, code)
    assert f"/units/0{pointer}" in [error["pointer"] for error in body["errors"]]


def test_indexes_outside_the_batch_and_times_to_come_are_refused(
    line: Warehouse,
) -> None:
    """Each by its field."""
    batch = line.batch(10)
    unit = {"sscc": fresh_sscc(), "contents": [span(batch, 5, 10)]}
    refused(line.pack(unit), 422, "out_of_range")
    for at in (
        "2099-01-01T00:00:00Z",
        "2026-05-01T08:00:00",
        "0001-01-01T00:00:00+14:00",
        "2026-05-01T08:00:00+23:59",
    ):
        body = {"ssccs": [fresh_sscc()], "happened_at": at}
        refused(line.post("/v1/shipments", body), 422, "invalid_time")


def test_copies_of_a_packing_do_it_once(line: Warehouse) -> None:
    """The same key gets the same answer."""
    batch = line.batch(10)
    body = {"units": [{"sscc": fresh_sscc(), "contents": [span(batch, 0, 9)]}]}
    key = {"idempotency_key": fresh_sscc()}
    answers = [line.post("/v1/logistic-units", body, **key) for _ in range(2)]
    assert accepted(answers[0]) == accepted(answers[1])


def test_a_code_tells_its_cartons_and_events(service: Service, line: Warehouse) -> None:
    """When and where it was packed and shipped, with the offset of the place."""
    batch = line.batch(10)
    carton = line.carton(batch, 0, 9)
    body = {
        "ssccs": [carton],
        "happened_at": "2026-05-01T08:00:00+08:00",
        "read_point": "gate 4",
        "biz_location": "plant 1",
    }
    accepted(line.post("/v1/shipments", body))
    [told] = service.get(path_of(batch, "/codes/3"), line.token).json()["cartons"]
    assert (told["sscc"], told["current"]) == (carton, True)
    packing, shipping = told["events"]
    assert packing["moment"]["person"] == "the-line"
    assert shipping["kind"] == "shipping"
    assert shipping["moment"]["happened_at"] == "2026-05-01T00:00:00Z"
    assert shipping["moment"]["time_zone_offset"] == "+08:00"
    assert shipping["moment"]["biz_location"] == "plant 1"


def test_the_books_are_in_order_afterwards(service: Service) -> None:
    """Whatever the tests above did."""
    service.audit()
