"""Every door of the service, and the same absurd values at each of them.

A value may be refused or taken; it is never a fault of ours, and nobody else's scan
notices.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from core.clock import utc_datetime
from crowncap.demo import GTIN
from tests.acceptance.test_batch_routes import refused
from tests.fixtures.colleague import HOME, Colleague, at_work
from tests.fixtures.doors import (
    HOSTILE,
    IN_ADDRESSES,
    REFUSED_OR_DONE,
    UNIT,
    Doors,
    operations,
    places_in,
    put,
)
from tests.fixtures.epcis import cap_names, of_caps
from tests.fixtures.processes import fresh_address
from tests.fixtures.service import CLOCK, Json, Service


def test_no_value_at_any_door_is_a_fault_of_ours(
    service: Service, doors: Doors
) -> None:
    """Each parameter and each field that the API describes, one at a time."""
    fields = 0
    for method, path, operation, schemas in operations(service):
        for parameter in operation.get("parameters", ()):
            fields += 1
            for text in IN_ADDRESSES:
                name = parameter["name"]
                if parameter["in"] == "path":
                    doors.send(method, doors.path_of(path, **{name: text}))
                elif parameter["in"] == "query":
                    doors.send(method, doors.path_of(path), params={name: text})
        body = operation.get("requestBody", {}).get("content", {})
        schema = body.get("application/json", {}).get("schema", {})
        for place in dict.fromkeys(places_in(schema, schemas, ())):
            fields += 1
            sent = json.dumps(put(doors.bodies[path], place, "@"))
            for value in HOSTILE:
                doors.send(
                    method,
                    doors.path_of(path),
                    content=sent.replace('"@"', value).encode(),
                    headers={
                        "content-type": "application/json",
                        "x-forwarded-for": fresh_address(),
                    },
                )
    report = doors.bodies["/v1/line-reports"]
    row = {"code": "0", "unit": "u", "quantity": 1, "reason": "r", "grade": "A"}
    for place in [(name,) for name in report] + [
        ("rows", 0, name) for name in (*report["rows"][0], *row)
    ]:
        fields += 1
        sent = json.dumps(put(report, place, "@"))
        for value in HOSTILE:
            doors.send(
                "POST",
                "/v1/line-reports",
                content=sent.replace('"@"', value).encode(),
                headers={"content-type": "application/json"},
            )
    assert fields > 120
    assert doors.faults == [], len(doors.faults)
    others_are_served(service)


def test_no_name_at_any_door_is_a_fault_of_ours(doors: Doors, service: Service) -> None:
    """A field named by half of a surrogate pair, which no answer can say as it is."""
    asked = 0
    for method, path, operation, _ in operations(service):
        body = operation.get("requestBody", {}).get("content", {})
        if "application/json" in body:
            asked += 1
            doors.send(
                method,
                doors.path_of(path),
                content=json.dumps(doors.bodies[path] | {"\ud800": 1}).encode(),
                headers={
                    "content-type": "application/json",
                    "x-forwarded-for": fresh_address(),
                },
            )
    assert asked > 20
    assert doors.faults == [], len(doors.faults)


def others_are_served(service: Service) -> None:
    """Other people's scans are paid, by both workers."""
    for _ in range(8):
        code = service.fresh_code()
        assert service.scan(code, f"of-{code}")["outcome"] == "rewarded"
    assert service.get("/health/ready").status_code == 200


WRONG_DATES: Final = [
    ("0001-01-01", "no_date"),
    ("1899-12-30", "no_date"),
    ("1970-01-01", "no_date"),
    ("9999-12-31", "no_date"),
    ("1999-12-31", "out_of_range"),
    ("2200-01-01", "out_of_range"),
]


@pytest.mark.parametrize(("day", "code"), WRONG_DATES)
def test_a_wrong_date_is_pointed_at_wherever_it_comes_in(
    service: Service, doors: Doors, day: str, code: str
) -> None:
    """In bodies, in the parameter of a report, in events and in a room's address."""
    moment = f"{day}T00:00:00" + ("+08:00" if day == "0001-01-01" else "Z")
    for path, name, value in (
        ("/v1/batches", "produced_on", day),
        ("/v1/batches/{batch_id}/activations", "produced_on", day),
        ("/v1/batches/{batch_id}/activations", "effective_at", moment),
        ("/v1/activations/{activation_id}/moves", "effective_at", moment),
        ("/v1/logistic-units/{sscc}/activations", "produced_on", day),
        ("/v1/logistic-units/{sscc}/activations", "effective_at", moment),
        ("/v1/batches/{batch_id}/packages", "download_by", moment),
        ("/v1/batches/{batch_id}/packages", "activate_by", moment),
    ):
        body = doors.bodies[path] | {name: value}
        problem = refused(service.post(doors.path_of(path), body, doors.token), 422)
        assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [
            (f"/{name}", code)
        ]
        assert value[:10] in problem["detail"]
    for name, path, value in (
        ("activate", "/v1/line-reports", moment),
        ("from", "/v1/reconciliation", day),
        ("to", "/v1/reconciliation", day),
    ):
        method = "POST" if name == "activate" else "GET"
        csv = {"content-type": "text/csv"}
        of_batch = {"batch_id": doors.names["batch_id"]} if method == "POST" else {}
        params = {name: value} | of_batch
        content = b"from_index,to_index,status\n60,61,printed\n"
        answer = doors.send(method, path, params=params, content=content, headers=csv)
        problem = refused(answer, 422, code)
        assert problem["errors"][0]["pointer"] == f"/{name}"
    said: Json = {"ilmd": {"cbvmda:productionDate": day}}
    problem = capture_refused(service, doors, said)
    assert (problem["pointer"], problem["code"]) == (
        "/epcisBody/eventList/0/ilmd/cbvmda:productionDate",
        code,
    )
    problem = capture_refused(service, doors, {"eventTime": moment})
    assert problem["pointer"] == "/epcisBody/eventList/0/eventTime"


def capture_refused(service: Service, doors: Doors, more: Json) -> Json:
    """Commission a cap in an event with more in it; gives what was wrong."""
    batch = service.issue(1, activate=False)
    event = of_caps("ADD", "commissioning", cap_names(GTIN, service.codes(batch)))
    document = {
        "@context": [],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-05-01T00:00:00Z",
        "epcisBody": {"eventList": [event | more]},
    }
    answer = service.post("/v1/epcis/capture", document, doors.token)
    wrong: Json = refused(answer, 422, "capture_refused")["errors"][0]
    return wrong


def test_no_value_in_an_event_is_a_fault_of_ours(
    service: Service, doors: Doors
) -> None:
    """Each field of a commissioning."""
    batch = service.issue(1, activate=False)
    event = of_caps("ADD", "commissioning", cap_names(GTIN, service.codes(batch)))
    event |= {
        "eventID": "urn:x:1",
        "readPoint": {"id": "urn:x:p"},
        "bizLocation": {"id": "urn:x:b"},
        "ilmd": {"cbvmda:lotNumber": "L", "cbvmda:productionDate": "2026-05-01"},
        "quantityList": [],
        "recordTime": "2026-05-01T00:00:00Z",
        "x:y": {"x:z": ["own"]},
    }
    head = {
        "@context": [],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-05-01T00:00:00Z",
    }
    places: list[tuple[Any, ...]] = [(name,) for name in event]
    places += [("ilmd", name) for name in event["ilmd"]]
    places += [("readPoint", "id"), ("epcList", 0), ("x:y", "x:z"), ("x:y", "x:z", 0)]
    places += [("errorDeclaration",), ("@context",), ("x:other",)]
    for place in places:
        told = head | {"epcisBody": {"eventList": [put(event, place, "@")]}}
        for value in HOSTILE:
            content = json.dumps(told).replace('"@"', value).encode()
            json_ = {"content-type": "application/json"}
            doors.send("POST", "/v1/epcis/capture", content=content, headers=json_)
    assert doors.faults == []
    others_are_served(service)


CELLS: Final = (
    *("0001-01-01", "a\x1bb", "x" * 5_000, "9" * 5_000, "9" * 19, str(1 << 63), "-1"),
    *("1e9", "", "NaN", "\u0665", "=1+1", "a\x85b", "\ud7ff\ue000"),
)

UNPRINTABLE: Final = ("a\x1bb", "a\x85b")
FINE_CELLS: Final = {
    "grade": ("",),
    "reason": tuple(c for c in CELLS if len(c) < 200 and c not in UNPRINTABLE),
}


@pytest.mark.parametrize(
    "header",
    [
        "from_index,to_index,status,reason,grade",
        "code,status,reason,grade",
        "unit,quantity,status,reason,grade",
    ],
)
def test_no_cell_of_a_report_is_a_fault_of_ours(
    service: Service, doors: Doors, header: str
) -> None:
    """A wrong cell is an error line with its line and column; the next row counts."""
    batch = service.issue(100, activate=False, units=[UNIT | {"to_index": 99}])
    first, second = (
        {
            "from_index": str(index),
            "to_index": str(index),
            "code": service.codes(batch)[index],
            "unit": "roll-1",
            "quantity": "1",
            "status": "rejected",
            "reason": "torn",
            "grade": "",
        }
        for index in (0, 1)
    )
    columns = header.split(",")
    for number, column in enumerate(columns, 1):
        for cell in CELLS:
            rows = [
                first | {column: cell},
                second | {"reason": f"{number}{cell[:9]!a}"},
            ]
            lines = [header, *(",".join(row[name] for name in columns) for row in rows)]
            answer = doors.send(
                "POST",
                "/v1/line-reports",
                params={"batch_id": batch["batch_id"]},
                content="\n".join(lines).encode(),
                headers={"content-type": "text/csv"},
            )
            assert answer.status_code == 201, answer.text
            found = [e["column"] for e in answer.json()["errors"] if e["line"] == 2]
            fine = cell in FINE_CELLS.get(column, ())
            assert found == ([] if fine else [number]), (column, cell[:20])
    assert doors.faults == []
    others_are_served(service)


def test_a_scan_with_absurd_facts_is_its_own_trouble(
    service: Service, doors: Doors
) -> None:
    """An app's backend tells of its member and context; the code is always judged."""
    app, just_now = service.staff("app"), utc_datetime(CLOCK.now_ms()).isoformat()
    body: Json = {
        "code": "0000-0000",
        "gtin": GTIN,
        "device_id": "d",
        "member_id": "m",
        "position": {"lat": 1.0, "lon": 2.0, "accuracy_m": 3.0},
        "context": {
            "ip": "192.0.2.1",
            "user_agent": "u",
            "channel": "c",
            "entry": "camera",
            "scanned_at": just_now,
            "risk_rank": 1,
            "environment": "normal",
            "store_id": "s",
        },
    }
    places: list[tuple[Any, ...]] = [(name,) for name in body]
    places += [(n, inner) for n in ("position", "context") for inner in body[n]]
    for place in places:
        for value in HOSTILE:
            fresh = put(body, ("code",), service.fresh_code())
            fresh = put(fresh, ("context", "ip"), fresh_address())
            content = json.dumps(put(fresh, place, "@")).replace('"@"', value).encode()
            headers = {
                "authorization": f"Bearer {app}",
                "content-type": "application/json",
            }
            doors.send("POST", "/v1/scans", content=content, headers=headers)
    assert doors.faults == []
    for place, value, code in (
        (("member_id",), "a\0b", "unstorable"),
        # Looked up for the whole batch, where a campaign asks for regions.
        (("context", "store_id"), "a\0b", "unstorable"),
        (("context", "channel"), "a\0b", "unstorable"),
        (("context", "scanned_at"), "0001-01-01T00:00:00Z", "no_date"),
        (("context", "scanned_at"), "2026-05-01T00:00:00", "no_offset"),
    ):
        problem = refused(
            service.post("/v1/scans", put(body, place, value), app), 422, code
        )
        assert problem["errors"][0]["pointer"] == "/" + "/".join(place)
    others_are_served(service)


def test_no_form_and_no_address_of_a_page_is_a_fault_of_ours(
    service: Service, doors: Doors, ann: Colleague, tmp_path: Path
) -> None:
    """The console's forms and addresses, and the addresses of consumers' pages."""
    batch = doors.names["batch_id"]
    forms = {
        f"{HOME}/batches/{batch}/order": (
            *("preset", "lanes", "quantity", "overage_percent", "codes_per_roll"),
            *("from_index", "downloads_allowed", "expires_after_days", "printhouse"),
            *("unit", "unwind", "link_form", "sheet", "encryption", "age_recipients"),
        ),
        f"{HOME}/codes": ("code",),
        f"{HOME}/leaks": ("codes",),
        f"{HOME}/sign-in": ("staff_token", "next"),
    }
    statuses: dict[str, int] = {}
    for path, names in forms.items():
        shown = ann.get(path) if path != f"{HOME}/sign-in" else ann.get(f"{HOME}/codes")
        token = shown.text.partition('name="token" value="')[2].partition('"')[0]
        for name in names:
            for text in IN_ADDRESSES:
                form = {"token": token, "preset": "csv", "encryption": "none"}
                answer = ann.post(path, form | {name: text})
                statuses[f"{path} {name} {text[:30]!a}"] = answer.status_code
    for number in (
        *("9" * 5_000, str(10**30), str(1 << 63), "-1", "%00", "%ED%A0%80", "%FF"),
    ):
        for path in (
            *(f"{HOME}?cursor={number}", f"{HOME}/batches/{number}"),
            *(f"{HOME}/packages/{number}", f"{HOME}/reports/{number}"),
            f"{HOME}/batches/{batch}/codes/{number}",
            *(f"/v1/scans/{number}", f"/C/{number}", f"/01/{GTIN}/21/{number}"),
            *(f"/01/{number}", f"/01/{GTIN}/10/{number}/21/0", f"/{number}.txt"),
        ):
            statuses[path[:60]] = ann.get(path).status_code
    for day in ("0001-01-01", "9999-12-31", "infinity", "9" * 5_000, "%00", "%FF"):
        for name in ("from", "to"):
            path = f"{HOME}/plants?{name}={day}"
            answer = ann.get(path)
            statuses[path[:60]] = answer.status_code
            assert answer.status_code == 422
    assert {k: v for k, v in statuses.items() if v not in REFUSED_OR_DONE} == {}
    reason = {"reason": "a\x00b", "reach": "listed", "codes": service.fresh_code()}
    shown = ann.get(f"{HOME}/leaks")
    token = shown.text.partition('name="token" value="')[2].partition('"')[0]
    answer = ann.post(f"{HOME}/leaks/void", reason | {"token": token})
    assert answer.status_code == 422
    assert "U+0000" in answer.text
    report = tmp_path / "report.csv"
    report.write_text("from_index,to_index,status\n70,71,printed\n")
    with at_work(service, doors.token) as admin:
        for moment in IN_ADDRESSES:
            dropped = admin.drop(int(batch), report, activate=moment)
            assert dropped.status_code == 422, moment
    others_are_served(service)
