"""Points over HTTP: the programme, adjustments by two persons, and statements."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.fixtures.service import Json, Service


def problem(answer: httpx.Response, status: int, code: str) -> None:
    """Hold an answer to a problem."""
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == code


def adjust(service: Service, member: str, points: int) -> Json:
    """Give or take points by two persons; gives the second one's answer."""
    wish = {"member_id": member, "points": points, "reason": "a test"}
    asked = service.post(
        "/v1/adjustments", wish, service.staff_token("support", name="ann")
    )
    assert asked.status_code == 201, asked.text
    assert asked.json()["state"] == "waiting"
    path = f"/v1/adjustments/{asked.json()['adjustment_id']}/approvals"
    answer: Json = service.post(
        path, {}, service.staff_token("support", name="ben")
    ).json()
    return answer


def entries(service: Service, member: str, **query: object) -> Json:
    """Read a page of a member's own statement."""
    told = "&".join(f"{name}={value}" for name, value in query.items())
    answer = service.get(f"/v1/me/entries?{told}", service.member_token(member))
    assert answer.status_code == 200, answer.text
    page: Json = answer.json()
    return page


def member_of(service: Service, name: str, caps: int) -> str:
    """Let a new member claim some caps of five points each."""
    batch = service.issue(caps)
    for code in service.codes(batch):
        answer = service.scan(code, name)
        assert answer["outcome"] == "rewarded", answer
    return name


def test_two_persons_give_and_take_points(service: Service) -> None:
    """Four eyes by person, however a name is written; never more than there is."""
    member = member_of(service, "adjusted", 1)
    wish = {"member_id": member, "points": 20, "reason": "the cap was damaged"}
    ann = service.staff_token("support", name="Ann Lee")
    asked = service.post("/v1/adjustments", wish, ann).json()
    path = f"/v1/adjustments/{asked['adjustment_id']}/approvals"
    alike = service.staff_token("support", name="ann  LEE")
    for token in (ann, alike):
        problem(service.post(path, {}, token), 409, "second_person_needed")
    ben = service.staff_token("support", name="ben")
    assert service.post(path, {}, ben).json()["state"] == "posted"
    problem(service.post(path, {}, ben), 409, "already_approved")
    assert adjust(service, member, -24)["state"] == "posted"
    assert adjust(service, member, -2)["code"] == "not_enough_points"
    token = service.member_token(member)
    wallet = service.get("/v1/me/wallet", token).json()
    assert wallet["points"]["available"] == 1
    problem(
        service.post("/v1/adjustments", wish | {"member_id": "nobody-yet"}, ann),
        422,
        "invalid_input",
    )
    service.audit()


def test_a_second_person_refuses_points_for_good(service: Service) -> None:
    """With a reason, which is audited; nothing is posted, then or later."""
    member = member_of(service, "refused", 1)
    wish = {"member_id": member, "points": 20, "reason": "the cap was damaged"}
    ann = service.staff_token("support", name="ann refuses")
    ben = service.staff_token("support", name="ben refuses")
    number = service.post("/v1/adjustments", wish, ann).json()["adjustment_id"]
    path = f"/v1/adjustments/{number}/rejections"
    why = {"reason": "it was given before"}
    problem(service.post(path, why, ann), 409, "second_person_needed")
    problem(service.post(path, {}, ben), 422, "invalid_input")
    assert service.post(path, why, ben).json() == {
        "adjustment_id": number,
        "state": "rejected",
    }
    problem(service.post(path, why, ben), 409, "illegal_state")
    approving = f"/v1/adjustments/{number}/approvals"
    problem(service.post(approving, {}, ben), 409, "illegal_state")
    wallet = service.get("/v1/me/wallet", service.member_token(member)).json()
    assert wallet["points"]["available"] == 5
    [(person, detail)] = service.query(
        "SELECT person, detail FROM audit_log WHERE action = 'adjustment.reject'"
        f" AND subject = 'adjustment:{number}'"
    )
    assert (person, detail["rejection"]) == ("ben refuses", why["reason"])
    posted = service.post("/v1/adjustments", wish, ann).json()["adjustment_id"]
    assert service.post(f"/v1/adjustments/{posted}/approvals", {}, ben).is_success
    too_late = service.post(f"/v1/adjustments/{posted}/rejections", why, ben)
    problem(too_late, 409, "already_approved")
    service.audit()


def test_a_statement_runs_down_from_what_there_is(service: Service) -> None:
    """In pages of any size, each entry with the balance after it."""
    member = member_of(service, "reader", 3)
    adjust(service, member, 10)
    adjust(service, member, -4)
    whole = entries(service, member, limit=50)["items"]
    assert [each["kind"] for each in whole] == ["adjustment"] * 2 + ["award"] * 3
    assert [each["amount"] for each in whole] == [-4, 10, 5, 5, 5]
    assert [each["balance"] for each in whole] == [21, 25, 15, 10, 5]
    assert whole[0]["because"] == "a test"
    assert whole[4]["because"] == "demo-points"
    for limit in (1, 2, 4):
        read, cursor = [], None
        while True:
            more: Json = {} if cursor is None else {"cursor": cursor}
            page = entries(service, member, limit=limit, **more)
            read += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert read == whole
    support = service.staff("support")
    answer = service.get(f"/v1/members/{member}/entries?limit=50", support)
    assert answer.json()["items"] == whole
    problem(service.get("/v1/members/nobody/entries", support), 404, "not_found")
    problem(
        service.get("/v1/me/entries?cursor=x", service.member_token(member)),
        422,
        "invalid_input",
    )


def test_a_programme_holds_for_what_is_earned_after_two_persons_wrote_it(
    service: Service,
) -> None:
    """Points that are there keep the end that they have; the wallet tells the next."""
    member = member_of(service, "saver", 1)
    token = service.member_token(member)
    assert service.get("/v1/me/wallet", token).json()["points"]["next_expiry"] is None
    ann = service.staff_token("marketer", name="ann")
    ben = service.staff_token("marketer", name="ben")
    wish = {"points_valid_months": 12, "clawback": "debt"}
    drafted = service.post("/v1/programme/versions", wish, ann).json()
    assert drafted["state"] == "draft"
    path = f"/v1/programme/versions/{drafted['version']}/approvals"
    problem(service.post(path, {}, ann), 409, "second_person_needed")
    assert service.post(path, {}, ben).json()["state"] == "active"
    shown = service.get("/v1/programme", ann).json()
    assert shown["points_valid_months"] == 12
    assert shown["items"][0]["approved_by"] == "ben"
    try:
        adjust(service, member, 7)
        points = service.get("/v1/me/wallet", token).json()["points"]
        assert points["available"] == 12
        assert points["next_expiry"]["amount"] == 7
        [latest, *_] = entries(service, member)["items"]
        assert points["next_expiry"]["at"] > latest["expires_on"]
    finally:
        # The service is shared: whoever comes next earns for ever again.
        back = service.post("/v1/programme/versions", {}, ann).json()
        path = f"/v1/programme/versions/{back['version']}/approvals"
        assert service.post(path, {}, ben).status_code == 201
    brand = service.staff_token("marketer", name="cat", brand="Demo Dairy")
    problem(service.post("/v1/programme/versions", wish, brand), 403, "forbidden")
    service.audit()


def test_what_a_scan_earned_is_taken_back_once_by_a_policy(service: Service) -> None:
    """Two at once are one; what is not there is owed, and later points pay it first."""
    member, support = "taken-back", service.staff("support")
    codes = service.codes(service.issue(3))
    scans = [service.scan(code, member)["scan_id"] for code in codes[:2]]
    adjust(service, member, -8)
    path = f"/v1/scans/{scans[0]}/reversals"
    wish = {"reason": "stolen caps", "policy": "within_balance"}
    problem(
        service.post(path, wish | {"policy": "pending_only"}, support),
        409,
        "illegal_state",
    )
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: service.post(path, wish, support), "abcd"))
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
    [first] = [each.json() for each in answers if each.status_code == 201]
    assert (first["points"], first["debt"]) == (2, 0)
    problem(service.post(path, wish, support), 409, "already_reversed")
    owed = service.post(
        f"/v1/scans/{scans[1]}/reversals", wish | {"policy": "debt"}, support
    ).json()
    assert (owed["points"], owed["debt"]) == (0, 5)
    token = service.member_token(member)
    points = service.get("/v1/me/wallet", token).json()["points"]
    assert (points["available"], points["debt"]) == (0, 5)
    service.scan(codes[2], member)
    adjust(service, member, 2)
    points = service.get("/v1/me/wallet", token).json()["points"]
    assert points["available"] == 2
    told = entries(service, member)["items"]
    assert [each["kind"] for each in told[:4]] == [
        *("adjustment", "award", "debt", "reversal"),
    ]
    assert told[0]["balance"] == 2
    problem(service.post("/v1/scans/1/reversals", wish, support), 404, "not_found")
    [back] = first["awards"]
    assert (back["kind"], back["taken"], back["fate"]) == ("points", 2, "partly")
    service.audit()
    told = service.cli("ledger", "rebuild", "--repair", "--yes")
    assert told == "Every balance, lot and limit is what its transfers say."


def test_staff_see_what_a_campaign_paid_to_whom(service: Service) -> None:
    """Newest first, in pages; who looks after lines does not see members."""
    member_of(service, "paid-first", 1)
    member_of(service, "paid-last", 1)
    path = "/v1/campaigns/demo-points/entries"
    page = service.get(f"{path}?limit=1", service.staff("marketer")).json()
    [newest] = page["items"]
    assert (newest["member_id"], newest["kind"]) == ("paid-last", "award")
    assert (newest["offer_id"], newest["reward"], newest["amount"]) == (
        *("points", "points", 5),
    )
    below = f"{path}?limit=1&cursor={page['next_cursor']}"
    [older] = service.get(below, service.staff("support")).json()["items"]
    assert older["member_id"] == "paid-first"
    problem(service.get(path, service.staff("line")), 403, "forbidden")
    problem(
        service.get(f"{path}?cursor=x", service.staff("support")), 422, "invalid_input"
    )
