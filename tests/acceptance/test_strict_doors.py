"""What comes in is read strictly at every door, and refused in its sender's words."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.acceptance.test_batch_routes import refused
from tests.fixtures.colleague import HOME, Colleague, at_work
from tests.fixtures.doors import Doors, operations, put
from tests.fixtures.service import Json, Service

JSON = {"content-type": "application/json"}


def objects_in(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """List the places of objects in a body."""
    if isinstance(value, dict):
        yield at
        for name, each in value.items():
            yield from objects_in(each, (*at, name))
    if isinstance(value, list) and value:
        yield from objects_in(value[0], (*at, 0))


def changing(service: Service) -> Iterator[str]:
    """List the addresses to which one can POST JSON."""
    for method, path, operation, _ in operations(service):
        if method == "POST" and "requestBody" in operation:
            yield path


def test_an_unknown_name_is_refused_by_every_route_that_changes_something(
    service: Service, doors: Doors
) -> None:
    """Wherever an object stands in the body; a scan alone passes over it."""
    for path in [*changing(service), "/v1/line-reports"]:
        if path in {"/v1/scans", "/v1/epcis/capture"}:
            continue
        right = doors.bodies[path]
        for place in objects_in(right):
            wrong = put(right, (*place, "reasons_"), 1)
            answer = service.post(doors.path_of(path), wrong, doors.token)
            error = refused(answer, 422, "unknown_field")["errors"][0]
            assert error["pointer"] == "/" + "/".join(map(str, (*place, "reasons_")))
    for more in ({"cod": 1}, {"context": {"stor_id": "s"}}):
        code = service.fresh_code()
        answer = service.post("/v1/scans", {"code": code} | more, service.staff("app"))
        assert answer.json()["outcome"] == "verified"


def test_a_body_that_may_be_left_out_may_be_left_out(
    service: Service, doors: Doors
) -> None:
    """A person who approves what is there says nothing; what is said is read."""
    path = doors.path_of("/v1/recalls/{recall_id}/approvals")
    second = service.staff_token("issuer", name="second")
    wrong = {"digst": "x"}
    refused(service.post(path, wrong, second), 422, "unknown_field")
    headers = {"authorization": f"Bearer {second}"}
    assert service.http.post(path, headers=headers).status_code == 201


def test_a_misspelt_range_activates_nothing(service: Service) -> None:
    """Once it activated the whole batch."""
    batch = service.issue(200, activate=False)
    path = f"/v1/batches/{batch['batch_id']}"
    wish = {"from_indx": 100, "to_index": 199}
    answer = service.post(f"{path}/activations", wish, service.issuer)
    problem = refused(answer, 422, "unknown_field")
    assert problem["errors"][0]["did_you_mean"] == "from_index"
    assert service.get(path, service.issuer).json()["counts"]["activated"] == 0


@pytest.mark.parametrize(
    ("query", "code", "pointer"),
    [
        ("limit=0", "invalid", "/limit"),
        ("limit=-1", "invalid", "/limit"),
        ("limit=1000000", "invalid", "/limit"),
        ("limit=x", "invalid", "/limit"),
        ("limit=5&limit=6", "given_twice", "/limit"),
        ("stat=active", "unknown_field", "/stat"),
        ("state=activ", "invalid", "/state"),
        ("cursor=zz", "invalid", "/cursor"),
        (f"cursor={10**30}", "invalid", "/cursor"),
    ],
)
def test_a_wrong_parameter_is_refused_by_its_own_name(
    service: Service, query: str, code: str, pointer: str
) -> None:
    answer = service.get(f"/v1/batches?{query}", service.issuer)
    problem = refused(answer, 422, code)
    assert problem["errors"][0]["pointer"] == pointer
    assert "`" not in problem["detail"]


def test_every_list_refuses_a_limit_past_its_bounds(
    service: Service, doors: Doors
) -> None:
    """At each door where lists are asked for; none is changed in silence."""
    asked = 0
    for method, path, operation, _ in operations(service):
        asks = {each["name"]: each for each in operation.get("parameters", ())}
        if method != "GET" or "limit" not in asks:
            continue
        most = asks["limit"]["schema"]["maximum"]
        assert most == (1_000 if path == "/v1/events" else 200)
        asked += 1
        token = service.member_token("m") if "/me/" in path else service.staff("admin")
        for limit in (0, -1, most + 1):
            more = "&batch_id=1" if "line-reports" in path else ""
            address = f"{doors.path_of(path)}?limit={limit}{more}"
            answer = service.get(address, token)
            assert refused(answer, 422)["errors"][0]["pointer"] == "/limit"
        address = f"{doors.path_of(path)}?limit={most}{more}"
        assert service.get(address, token).status_code != 422
    assert asked >= 4


def test_a_span_that_ends_before_it_begins_is_refused(
    service: Service, ann: Colleague
) -> None:
    span = "from=2026-05-02&to=2026-05-01"
    answer = service.get(f"/v1/reconciliation?{span}", service.staff("analyst"))
    assert refused(answer, 422, "out_of_order")["errors"][0]["pointer"] == "/to"
    assert ann.get(f"{HOME}/plants?{span}").status_code == 422


def test_what_is_wrong_with_an_address_is_told_once_to_whoever_is_signed_in(
    service: Service, ann: Colleague
) -> None:
    """Several values in a list alone; in the reader's language; and nobody is out."""
    page = ann.get(f"{HOME}/plants?from=9999-12-31&to=0001-01-01").text
    assert page.count("leave it out instead") == 2
    twice = ann.get(f"{HOME}/plants?from=2026-05-01&from=2026-05-02")
    assert twice.status_code == 422
    assert f"{HOME}/sign-out" in twice.text
    with at_work(service, service.issuer, "zh") as chinese:
        page = chinese.get(f"{HOME}/plants?from=2026-05-02&to=2026-05-01").text
        assert "from 是 2026-05-02，晚于 to 2026-05-01。" in page


def test_a_method_that_an_address_has_not_is_told_those_it_has(
    service: Service, doors: Doors
) -> None:
    """RFC 9110, section 15.5.6: 405 says Allow. OPTIONS is answered to anybody."""
    document = service.get("/schema/openapi.json").json()
    for path, methods in document["paths"].items():
        address = doors.path_of(path, index="0")
        answer = service.http.request("PATCH", address)
        refused(answer, 405, "method_not_allowed")
        allowed = set(answer.headers["allow"].split(", "))
        assert allowed >= {method.upper() for method in methods}
        assert ("GET" in allowed) is ("HEAD" in allowed)
        if "OPTIONS" in allowed:
            assert service.http.options(address).status_code == 204


def test_a_body_of_a_kind_that_is_not_read_is_told_which_are(
    service: Service, doors: Doors
) -> None:
    """RFC 9110, section 15.5.16: by Accept, and by Accept-Encoding if compressed."""
    for path in [*changing(service), "/v1/line-reports?batch_id=1"]:
        address = doors.path_of(path)
        zipped = JSON | {"content-encoding": "gzip"}
        body = gzip.compress(json.dumps({"code": "0"}).encode())
        answer = doors.send("POST", address, content=body, headers=zipped)
        refused(answer, 415)
        assert answer.headers["accept-encoding"] == "identity"
        assert "gzip" in answer.json()["detail"]
        text = {"content-type": "text/plain"}
        answer = doors.send("POST", address, content=b"{}", headers=text)
        refused(answer, 415)
        assert "application/json" in answer.headers["accept"]


def test_nobody_has_a_body_read_before_it_is_known_who_it_is(
    service: Service, doors: Doors
) -> None:
    """Nor is one that nests without end a fault of ours once it is read."""
    deep = b"[" * 200_000
    for path in [*changing(service), "/v1/line-reports?batch_id=1"]:
        if path == "/v1/scans":
            continue
        address = doors.path_of(path)
        for wrong in ("Bearer x", "Bearer ccs_x", "Basic eDp5", "x"):
            headers = JSON | {"authorization": wrong}
            answer = service.http.post(address, content=deep, headers=headers)
            refused(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == "Bearer"
        answer = doors.send("POST", address, content=deep, headers=JSON)
        assert answer.status_code in {400, 422}
    assert doors.faults == []


def test_a_scan_that_cannot_be_read_is_no_fault_of_ours(service: Service) -> None:
    for body in (b'{"x":' + b"[" * 8_000, b"[" * 8_000, b'{"code": ' + b"9" * 5_000):
        answer = service.http.post("/v1/scans", content=body, headers=JSON)
        assert answer.status_code in {400, 422}


def pieces(n_bytes: int) -> Iterator[bytes]:
    """Send a body in pieces, without saying how long it is."""
    for _ in range(n_bytes >> 16):
        yield b"a" * (1 << 16)


def test_a_form_without_end_is_read_to_its_limit_only(
    service: Service, ann: Colleague
) -> None:
    """Six MiB in pieces, to the console's forms and the page's."""
    form = {"content-type": "application/x-www-form-urlencoded"}
    paths = [f"{HOME}/sign-in", f"{HOME}/codes", f"{HOME}/leaks", "/sign-in"]
    for path in [*paths, f"/C/{service.fresh_code()}"]:
        answer = ann.http.post(path, content=pieces(6 << 20), headers=form)
        assert answer.status_code == 413, path


def test_a_form_has_its_own_fields_only(service: Service, ann: Colleague) -> None:
    """One that was made up is refused, and so is one that says a thing twice."""
    token = token_of(ann.get(f"{HOME}/codes"))
    for wrong in ("cod=1", "code=1&code=2"):
        answer = ann.http.post(
            f"{HOME}/codes",
            content=f"token={token}&{wrong}",
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "origin": service.base_url,
            },
        )
        assert answer.status_code == 422, answer.text
    assert ann.get(f"{HOME}/plants?from=&from=2026-05-01").status_code == 422


def token_of(page: httpx.Response) -> str:
    """Read the token of a form."""
    return page.text.partition('name="token" value="')[2].partition('"')[0]


def test_a_page_of_a_product_is_an_address_and_nothing_more(service: Service) -> None:
    """Not one with a line feed behind it, which a header could not carry."""
    product: Json = {"gtin": "06901234567892", "name": "Milk", "brand": "b"}
    wrong = product | {"page_url": "https://brand.cn/milk\n"}
    answer = service.post("/v1/products", wrong, service.issuer)
    assert refused(answer, 422)["errors"][0]["pointer"] == "/page_url"


def test_the_type_of_a_problem_leads_to_what_it_means(service: Service) -> None:
    """With what to do about it; /problems lists all, and nothing else is there."""
    problem = service.get("/v1/batches/1").json()
    page = service.http.get(problem["type"])
    assert page.status_code == 200
    assert "The token is missing" in page.text
    assert f'href="{problem["type"]}"' in service.http.get("/problems").text
    assert service.http.get("/problems/nonsense").status_code == 404
