"""Cases over HTTP: a cap in two places at once, and an analyst who decides."""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx

from tests.fixtures.colleague import at_work
from tests.fixtures.processes import wait_for
from tests.fixtures.service import Json, Service

BEIJING: Json = {"lat": 39.9, "lon": 116.4}
SHANGHAI: Json = {"lat": 31.2, "lon": 121.5}


def problem(answer: httpx.Response, status: int, code: str) -> None:
    """Hold an answer to a problem."""
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == code


def anne_of(service: Service) -> str:
    """Give the token of an analyst."""
    return service.staff_token("analyst", name="anne")


def open_case(service: Service, member: str, code: str | None = None) -> Json:
    """Let a member claim a cap that was elsewhere a moment ago; gives its case."""
    code = code or service.fresh_code()
    service.scan(code, None, position=BEIJING)
    held = service.scan(code, member, position=SHANGHAI)
    assert held["outcome"] == "held"
    scans = [(int(held["scan_id"]),)]
    filed = "SELECT case_id FROM case_scans WHERE scan_id = %s"
    wait_for(lambda: bool(service.query(filed, *scans[0])), what="its case")
    [(case_id,)] = service.query(filed, *scans[0])
    shown = service.get(f"/v1/cases/{case_id}", anne_of(service))
    assert shown.status_code == 200, shown.text
    case: Json = shown.json()
    return case


def wallet(service: Service, member: str) -> tuple[int, int]:
    """Tell what a member may spend, and what waits."""
    points = service.get("/v1/me/wallet", service.member_token(member)).json()["points"]
    return points["available"], points["pending"]


def test_a_held_scan_is_paid_once_an_analyst_approves(service: Service) -> None:
    """Seen in the queue with its value, read with its reasons, taken, decided."""
    anne, ben = anne_of(service), service.staff_token("analyst", name="ben")
    case = open_case(service, "case-traveller")
    assert wallet(service, "case-traveller") == (0, 5)
    number, path = case["case_id"], f"/v1/cases/{case['case_id']}"
    items = service.get("/v1/cases?kind=clone&sort=score&limit=200", anne).json()
    [listed] = [each for each in items["items"] if each["case_id"] == number]
    assert listed["value"] == {"points": 5, "minor": 0, "others": 0}
    assert (listed["rules"], listed["score"]) == (["two-places"], 60)
    [scan] = case["shown"]
    assert (scan["hold"], scan["member_id"]) == ("waiting", "case-traveller")
    [hit] = scan["hits"]
    assert hit["sentence"]["zh"] == "同一码在短时间内于相距过远的两地被扫描。"
    far = next(c for c in hit["conditions"] if c["fact"] == "place_distance_km")
    assert (far["threshold"], far["unit"], far["holds"]) == (50, "km", True)
    assert far["value"] > 1_000
    assert [each["outcome"] for each in case["of_code"]] == ["verified"]
    wish = {"to": "me", "expected_version": case["version"]}
    taken = service.post(f"{path}/assignments", wish, anne).json()
    assert taken["assignee"] == "anne"
    mine = service.get("/v1/cases?assignee=me", anne).json()["items"]
    assert number in [each["case_id"] for each in mine]
    decision = {"decision": "approve", "note": "a shop"}
    decision["expected_version"] = taken["version"]
    problem(service.post(f"{path}/decisions", decision, ben), 409, "held_by_another")
    for _ in range(2):
        done = service.post(
            f"{path}/decisions", decision, anne, idempotency_key="approve-once"
        )
        assert done.status_code == 201, done.text
        assert done.json()["posted"]["points"] == 5
    problem(service.post(f"{path}/decisions", decision, anne), 409, "stale")
    assert wallet(service, "case-traveller") == (5, 0)
    after = service.get(path, anne).json()
    assert (after["state"], after["decided_by"]) == ("decided", "anne")
    kinds = [entry["kind"] for entry in after["timeline"]]
    assert kinds == ["decided", "assigned", "opened"]


def test_what_is_denied_is_void_and_the_world_is_told(service: Service) -> None:
    """With a note and an event; a case that is over takes notes and nothing else."""
    anne = anne_of(service)
    case = open_case(service, "case-denied")
    path = f"/v1/cases/{case['case_id']}"
    row = {"case_id": case["case_id"], "decision": "deny"}
    row["expected_version"] = case["version"]
    bulk = {"rows": [row, row | {"case_id": "12"}], "note": "a bot"}
    for preview in (True, False):
        answer = service.post("/v1/cases/decisions", bulk | {"preview": preview}, anne)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert [each["ok"] for each in told["results"]] == [True, False]
        assert told["results"][1]["code"] == "not_found"
        assert told["voided"]["points"] == 5
    assert wallet(service, "case-denied") == (0, 0)
    assert service.post(f"{path}/notes", {"text": "n"}, anne).status_code == 201
    late = {"queue": "senior", "reason": "r"}
    problem(service.post(f"{path}/escalations", late, anne), 409, "illegal_state")
    [event] = service.query(
        "SELECT e FROM outbox, jsonb_array_elements(events) AS e"
        " WHERE e ->> 0 = 'case.decided' AND e -> 1 ->> 'case_id' = %s",
        case["case_id"],
    )
    assert event[0][1]["decision"] == "deny"
    twice = {"rows": [row, row], "note": "a bot"}
    problem(service.post("/v1/cases/decisions", twice, anne), 422, "invalid_input")


def test_the_next_case_is_given_to_who_asks(service: Service) -> None:
    """From a queue of its own; 204 once nobody's are left."""
    anne = anne_of(service)
    case = open_case(service, "case-next")
    passed = {"queue": "next-queue", "reason": "harder"}
    path = f"/v1/cases/{case['case_id']}/escalations"
    assert service.post(path, passed, anne).status_code == 201
    wish = {"queue": "next-queue"}
    taken = service.post("/v1/cases/next", wish, anne)
    assert taken.status_code == 200, taken.text
    assert taken.json()["case_id"] == case["case_id"]
    assert taken.json()["assignee"] == "anne"
    assert service.post("/v1/cases/next", wish, anne).status_code == 204


def test_settings_hold_once_a_second_person_approves_them(service: Service) -> None:
    """What is left out is as it ships."""
    anne, ben = anne_of(service), service.staff_token("analyst", name="ben")
    before = service.get("/v1/case-settings", anne).json()
    assert before["four_eyes_points"] == 1_000_000
    assert before["early_scans_hold"] == 20
    headers = {"authorization": f"Bearer {anne}"}
    asked = service.http.put(
        "/v1/case-settings", json={"due_hours": 25}, headers=headers
    )
    assert asked.status_code == 201, asked.text
    approval = {"version": asked.json()["version"]}
    path = "/v1/case-settings/approvals"
    problem(service.post(path, approval, anne), 409, "second_person_needed")
    assert service.post(path, approval, ben).json()["state"] == "active"
    after = service.get("/v1/case-settings", anne).json()
    assert after["due_hours"] == 25
    approved = [each["approved_by"] for each in after["items"] if each["approved_by"]]
    assert "ben" in approved


def test_a_decision_is_taken_back_where_nothing_was_spent(service: Service) -> None:
    """Alone and in bulk, once; whoever spent some keeps what was posted."""
    anne = anne_of(service)
    case = open_case(service, "case-undone")
    path = f"/v1/cases/{case['case_id']}"
    problem(service.post(f"{path}/undos", {}, anne), 409, "illegal_state")
    decision = {"decision": "approve", "note": "n", "expected_version": 1}
    assert service.post(f"{path}/decisions", decision, anne).status_code == 201
    assert wallet(service, "case-undone") == (5, 0)
    stale = {"expected_version": 1}
    problem(service.post(f"{path}/undos", stale, anne), 409, "stale")
    wish = {"reason": "the wrong case", "expected_version": 2}
    for _ in range(2):
        undone = service.post(f"{path}/undos", wish, anne, idempotency_key="undo-once")
        assert undone.status_code == 201, undone.text
    assert undone.json()["reopened"] == {"points": 5, "minor": 0, "others": 0}
    assert (undone.json()["state"], undone.json()["version"]) == ("open", 3)
    assert wallet(service, "case-undone") == (0, 5)
    shown = service.get(path, anne).json()
    assert shown["timeline"][0]["kind"] == "undone"
    assert shown["shown"][0]["hold"] == "waiting"
    decision["expected_version"] = 3
    assert service.post(f"{path}/decisions", decision, anne).status_code == 201
    rows = [{"case_id": case["case_id"]}, {"case_id": "12"}]
    for preview in (True, False):
        bulk = {"rows": rows, "preview": preview}
        answer = service.post("/v1/cases/undos", bulk, anne)
        assert answer.status_code == 200, answer.text
        told = [each.get("code") for each in answer.json()["results"]]
        assert told == [None if preview else "undone_before", "not_found"]
    assert wallet(service, "case-undone") == (5, 0)
    [event] = service.query(
        "SELECT e FROM outbox, jsonb_array_elements(events) AS e"
        " WHERE e ->> 0 = 'case.reopened' AND e -> 1 ->> 'case_id' = %s",
        case["case_id"],
    )
    assert event[0][1]["person"] == "anne"
    twice = {"rows": rows[:1] * 2}
    problem(service.post("/v1/cases/undos", twice, anne), 422, "invalid_input")


def test_what_is_denied_may_be_anothers(service: Service) -> None:
    """On every worker, though filters called it claimed: of two at once one has it."""
    anne = anne_of(service)
    code = service.fresh_code()
    case = open_case(service, "case-released", code)
    path = f"/v1/cases/{case['case_id']}"
    assert service.scan(code, "case-early")["outcome"] == "already_claimed"
    wish = {"decision": "approve", "note": "n", "release_code": True}
    wish["expected_version"] = case["version"]
    problem(service.post(f"{path}/decisions", wish, anne), 422, "invalid_input")
    wish["decision"] = "deny"
    done = service.post(f"{path}/decisions", wish, anne)
    assert (done.status_code, done.json()["released"]) == (201, 1), done.text
    assert service.scan(code, "case-released")["outcome"] == "refused"
    tokens = service.member_tokens(["case-one", "case-two"])
    with ThreadPoolExecutor(2) as pool:
        told = pool.map(partial(service.post, "/v1/scans", {"code": code}), tokens)
        answers = {each.json()["outcome"] for each in told}
    assert answers == {"rewarded", "already_claimed"}
    assert service.scan(code, "case-released")["by_you"] is False
    problem(service.post(f"{path}/undos", {}, anne), 409, "claimed_since")
    with at_work(service, anne) as analyst:
        shown = analyst.press("/console/codes", "/console/codes", code=code).text
    kinds = re.findall(r'<li class="e-(\w+)"', shown)
    assert kinds[-4:] == ["held", "hold_voided", "claim_released", "rewarded"]


def test_an_action_is_foretold_taken_and_taken_back(service: Service) -> None:
    """A member is blocked because of a case, which its timeline tells."""
    anne = anne_of(service)
    case = open_case(service, "case-acted")
    path = f"/v1/cases/{case['case_id']}"
    wish = {"action": "block", "kind": "member", "value": "acted", "reason": "a bot"}
    told = service.post(f"{path}/actions", wish | {"preview": True}, anne)
    assert (told.status_code, told.json()["foretold"]["scans"]) == (200, 1), told.text
    done = service.post(f"{path}/actions", wish, anne)
    assert done.status_code == 201, done.text
    undos = f"/v1/actions/{done.json()['action_id']}/undos"
    code = service.fresh_code()
    try:
        assert service.scan(code, "acted")["outcome"] == "refused"
    finally:
        undone = service.post(undos, {}, anne)
    assert undone.status_code == 201, undone.text
    assert service.scan(code, "acted")["outcome"] == "rewarded"
    problem(service.post(undos, {}, anne), 409, "illegal_state")
    problem(service.post("/v1/actions/12/undos", {}, anne), 404, "not_found")
    timeline = service.get(path, anne).json()["timeline"]
    assert [each["kind"] for each in timeline[:2]] == ["action_undone", "acted"]
    missing = {"action": "freeze_tier", "reason": "r", "campaign_id": "c"}
    problem(service.post(f"{path}/actions", missing, anne), 422, "invalid_input")
