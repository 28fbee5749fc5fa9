"""Rule sets over HTTP, to a service of two workers, by two people."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx
import pytest

from anti_fraud.default_rules import shipped_rules
from tests.acceptance.test_batch_routes import refused
from tests.fixtures.service import Json, Service, running_service

SHIPPED: Final[int] = shipped_rules()["version"]
SENTENCE: Final = {"en": "Not today.", "zh": "今天不发放。"}


def rule(rule_id: str, *, value: Any = True, **more: Any) -> Json:
    """Make a rule of scans whose signals are known, which all are."""
    when = {"fact": "signals_available", "op": "==", "value": value}
    return {"id": rule_id, "score": 100, "sentence": SENTENCE, "when": when} | more


class Desk:
    """Two analysts of a service: one writes rules, the other activates them."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.li = service.staff_token("analyst", name="li")
        self.wang = service.staff_token("analyst", name="wang")

    def write(self, *rules: Json, **changed: Any) -> httpx.Response:
        """Write the rules that ship with other rules, as Li."""
        document = shipped_rules() | {"rules": [*rules]} | changed
        return self.service.post("/v1/rule-sets", {"document": document}, self.li)

    def committed(self, *rules: Json, **changed: Any) -> int:
        """Write and commit a version; gives its number."""
        written = self.write(*rules, **changed)
        assert written.status_code == 201, written.text
        version: int = written.json()["version"]
        done = self.service.post(f"/v1/rule-sets/{version}/commits", {}, self.li)
        assert (done.status_code, done.json()["state"]) == (201, "committed")
        return version

    def activate(
        self, version: int, expected: int, token: str | None = None
    ) -> httpx.Response:
        """Activate a version, as Wang."""
        path = f"/v1/rule-sets/{version}/activations"
        body = {"expected_active": expected, "reason": "better"}
        return self.service.post(path, body, token or self.wang)

    def roll_back(self, **more: Any) -> httpx.Response:
        """Roll back, as Li."""
        body = {"reason": "worse"} | more
        return self.service.post("/v1/rule-sets/rollbacks", body, self.li)

    @property
    def states(self) -> dict[int, str]:
        """Tell where each version stands."""
        listed = self.service.get("/v1/rule-sets", self.li).json()["items"]
        return {each["version"]: each["state"] for each in listed}

    @property
    def active(self) -> int:
        """Tell which one is active."""
        [active] = [v for v, state in self.states.items() if state == "active"]
        return active

    def outcomes(self, prefix: str) -> set[str]:
        """Scan fresh caps on both workers at once, each as another member."""
        codes = [self.service.fresh_code() for _ in range(12)]
        tokens = {c: self.service.member_token(f"{prefix}-{c}") for c in codes}

        def scan(code: str) -> str:
            # A connection of its own, so that whichever worker is free takes it.
            with self.service.client() as http:
                headers = {"authorization": f"Bearer {tokens[code]}"}
                body = {"code": code}
                answer = http.post("/v1/scans", json=body, headers=headers)
                outcome: str = answer.json()["outcome"]
                return outcome

        with ThreadPoolExecutor(6) as pool:
            return set(pool.map(scan, codes))


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """Give a service whose rules are changed, to all tests here."""
    with running_service() as service:
        yield Desk(service)
        service.audit()


def test_a_rule_set_is_obeyed_by_every_worker_once_its_activation_is_answered(
    desk: Desk,
) -> None:
    """And what it replaced is, once it is rolled back."""
    before = desk.active
    version = desk.committed(rule("nobody"))
    assert desk.outcomes("unharmed") == {"rewarded"}
    done = desk.activate(version, before)
    assert (done.status_code, done.json()["state"]) == (201, "active")
    assert desk.outcomes("refused") == {"refused"}
    assert desk.states[before] == "retired"
    back = desk.roll_back(expected_active=version)
    assert (back.status_code, back.json()["version"]) == (201, before)
    assert desk.outcomes("again") == {"rewarded"}
    assert desk.states[version] == "retired"
    shown = desk.service.get(f"/v1/rule-sets/{version}", desk.li).json()
    assert shown["document"]["rules"] == [rule("nobody")]
    assert [
        (each["action"], each["before"], each["after"], each["person"])
        for each in shown["changes"]
    ] == [("roll_back", version, before, "li"), ("activate", before, version, "wang")]


def test_a_retired_set_is_activated_again_and_each_roll_back_goes_one_back(
    desk: Desk,
) -> None:
    first = desk.active
    second, third = (desk.committed(rule("never", value=False)) for _ in "ab")
    for version, expected in ((second, first), (third, second), (second, third)):
        assert desk.activate(version, expected).status_code == 201
    backs = [desk.roll_back().json()["version"] for _ in range(3)]
    assert backs == [third, second, first]


def test_only_what_somebody_else_wrote_and_committed_is_activated(desk: Desk) -> None:
    active = desk.active
    draft: int = desk.write(rule("r")).json()["version"]
    assert desk.states[draft] == "draft"
    refused(desk.activate(draft, active), 409, "illegal_state")
    version = desk.committed(rule("r"))
    refused(desk.activate(version, active, desk.li), 409, "second_person_needed")
    refused(desk.activate(version, version), 409, "stale")
    refused(desk.activate(active, active), 409, "illegal_state")
    refused(desk.activate(10**6, active), 404, "not_found")
    path = f"/v1/rule-sets/{version}/commits"
    refused(desk.service.post(path, {}, desk.li), 409, "illegal_state")
    refused(desk.roll_back(expected_active=version), 409, "stale")
    assert desk.active == active


def test_nothing_is_rolled_back_below_what_was_first(desk: Desk) -> None:
    while (answer := desk.roll_back()).status_code == 201:
        continue
    refused(answer, 409, "illegal_state")
    assert desk.active == SHIPPED


def test_each_mistake_is_named_by_its_place_and_nothing_is_stored(desk: Desk) -> None:
    known = desk.states
    answer = desk.write(
        rule("r") | {"score": 0},
        rule("s", effect="explode", group="", kind="war", expires_on="soon"),
        {"id": "t"},
        thresholds={"refuse": 10, "hold": 20},
    )
    refused(answer, 422, "invalid_input")
    places = [each["pointer"] for each in answer.json()["errors"]]
    assert places == [
        "/document/thresholds/hold",
        "/document/rules/0/score",
        "/document/rules/1/effect",
        "/document/rules/2",
    ]
    assert desk.states == known


def test_what_will_not_do_what_its_author_thinks_is_told(desk: Desk) -> None:
    never = {"all": [{"fact": "member_scans_1d", "op": op, "value": 5} for op in "<>"]}
    device = {"fact": "device_scans_1d", "op": ">", "value": 5}
    answer = desk.write(
        rule("never", when=never, score=5),
        rule("over", expires_on="2020-01-01", score=5),
        rule("device", when=device, score=5),
    )
    assert answer.status_code == 201
    warned = {(w["pointer"], w["code"]) for w in answer.json()["warnings"]}
    assert warned == {
        ("/document/rules/0/when", "never_fires"),
        ("/document/rules/1/expires_on", "expired"),
        ("/document/rules/2/when", "not_rebuildable"),
        ("/document/thresholds/hold", "out_of_reach"),
        ("/document/thresholds/refuse", "out_of_reach"),
    }


def test_facts_are_told_in_both_languages(desk: Desk) -> None:
    facts = {
        each["fact"]: each
        for each in desk.service.get("/v1/facts", desk.li).json()["items"]
    }
    assert facts["place_speed_kmh"]["unit"] == "km/h"
    assert facts["member_scans_1d"]["rebuildable"] is True
    assert facts["cluster_size"]["source"] == "background"
    assert facts["dealer_outside_share"]["source"] == "background"
    assert facts["device_scans_1d"]["sentence"] == {
        "zh": "该设备在 1 天内的扫码次数，含本次。",
        "en": "Scans of the device within 1 d, this one included.",
    }


def test_an_activation_that_is_sent_twice_is_one(desk: Desk) -> None:
    active = desk.active
    version = desk.committed(rule("never", value=False))
    path = f"/v1/rule-sets/{version}/activations"
    body = {"expected_active": active}
    first, again = (
        desk.service.post(path, body, desk.wang, idempotency_key="once") for _ in "ab"
    )
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert desk.roll_back().json()["version"] == active


def test_a_scan_is_explained_by_what_judged_it_and_by_what_is_active(
    desk: Desk,
) -> None:
    """Each rule with what its conditions saw; what nobody counted is unknown."""
    before = desk.active
    service = desk.service
    member = service.member_token("explained")
    code = service.fresh_code()
    answer = service.post("/v1/scans", {"code": code}, member).json()
    assert answer["outcome"] == "rewarded"
    more = {"fact": "member_scans_9d", "entity": "member", "window_s": 777_600}
    long = {"fact": "renamed", "entity": "member", "window_s": 86_400}
    version = desk.committed(
        rule("often", when={"fact": "renamed", "op": ">=", "value": 1}, score=60),
        rule("ever", when={"fact": "member_scans_9d", "op": ">=", "value": 1}),
        rule("over", expires_on="2020-01-01"),
        counters=[more, long],
    )
    assert desk.activate(version, before).status_code == 201
    path = f"/v1/scans/{answer['scan_id']}/evaluation"
    told = service.get(path, desk.li).json()
    assert (told["outcome"], told["equals_record"]) == ("rewarded", True)
    judged = {each["id"]: each for each in told["judged"]["rules"]}
    assert told["judged"]["version"] == before
    assert judged["member-day"]["answer"] == "miss"
    condition, shop = judged["member-day"]["conditions"]
    assert (condition["actual"], condition["holds"]) == (1, False)
    assert (shop["actual"], shop["holds"]) == (False, True)
    active = {each["id"]: each["answer"] for each in told["active"]["rules"]}
    assert told["active"]["version"] == version
    assert active == {"often": "hit", "ever": "miss", "over": "ended"}
    assert told["active"]["verdict"] == "hold"
    assert told["active"]["unknown"] == ["member_scans_9d"]
    assert desk.roll_back(expected_active=version).status_code == 201
    nobody = service.scan(service.fresh_code())
    told = service.get(f"/v1/scans/{nobody['scan_id']}/evaluation", desk.li).json()
    assert (told["outcome"], told["judged"], told["active"]) == ("verified", None, None)
    refused(service.get("/v1/scans/1/evaluation", desk.li), 404, "not_found")
    # Rules hold for all brands, and who works for one of them reads none.
    scoped = service.staff_token("analyst", name="li-of-one", brand="Demo Dairy")
    refused(service.get(path, scoped), 403, "forbidden")
    refused(service.get("/v1/rule-sets", scoped), 403, "forbidden")
