"""Red packets end to end: over HTTP, sent by the jobs process to a simulated payer."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import httpx
import pytest

from core.ids import TimeIds
from crowncap.payout_simulator.bank import Pace
from crowncap.payout_simulator.dice import Dice
from rewards.domain.payouts import bill_no_of
from tests.acceptance.test_batch_routes import refused
from tests.acceptance.test_events import read_all
from tests.fixtures.colleague import at_work
from tests.fixtures.ground import CLOCK
from tests.fixtures.payouts import RunningPayer, running_payer
from tests.fixtures.processes import wait_for
from tests.fixtures.service import Json, Service, running_service

NOTICES: Final = "/v1/payout-notices/wechat"
_IDS: Final = TimeIds(1_000)


@dataclass(frozen=True, slots=True)
class Paying:
    """A service that pays red packets out, and by whom."""

    service: Service
    payer: RunningPayer

    def put_payee(self, member_id: str) -> httpx.Response:
        """Let a member say where."""
        body = {"provider": "wechat", "account": f"openid-of-{member_id}"}
        return self._put("/v1/me/payee", body, self.service.member_token(member_id))

    def _put(self, path: str, body: Json, token: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"}
        return self.service.http.put(path, json=body, headers=headers)

    def app_puts_payee(self, member_id: str) -> httpx.Response:
        """Let the brand's app say where."""
        body = {"provider": "wechat", "account": f"openid-of-{member_id}"}
        path = f"/v1/members/{member_id}/payee"
        return self._put(path, body, self.service.staff("app"))

    def join(self, member_id: str) -> None:
        """Let somebody be a member who has said nothing."""
        number = _IDS.next_id(CLOCK.now_ms())
        self.service.query(
            "WITH i AS (INSERT INTO identities (shard, member_id, member_no)"
            " VALUES (0, %s, %s) RETURNING member_id, member_no)"
            " INSERT INTO members (shard, member_id, member_no, created_at)"
            " SELECT 0, member_id, member_no, now() FROM i",
            *(member_id, number),
        )

    def award(self, member_id: str) -> str:
        """Let a member win a red packet, as a commit writes it; gives the payout."""
        number = _IDS.next_id(CLOCK.now_ms())
        self.service.query(
            "WITH m AS (SELECT member_no AS m FROM identities WHERE member_id = %s),"
            " c AS (SELECT campaign_no AS c FROM campaigns WHERE campaign_id = 'red')"
            " SELECT add_payouts(0::smallint, now(), ARRAY[%s::bigint], ARRAY[m],"
            " ARRAY[%s::bigint], ARRAY[c], ARRAY[c], ARRAY[88::bigint], ARRAY[false])"
            " FROM m, c",
            *(member_id, number, number),
        )
        return str(number)

    def own(self, member_id: str, payout_id: str) -> Json:
        """Give a red packet as its owner sees it."""
        token = self.service.member_token(member_id)
        listed = self.service.get("/v1/me/payouts", token).json()["items"]
        return next(each for each in listed if each["payout_id"] == payout_id)

    def listed(self, payout_id: str, **query: str) -> Json:
        """Give a payout as support sees it."""
        headers = {"authorization": f"Bearer {self.service.staff('support')}"}
        found = self.service.http.get("/v1/payouts", params=query, headers=headers)
        return next(e for e in found.json()["items"] if e["payout_id"] == payout_id)

    def becomes(self, member_id: str, payout_id: str, state: str) -> Json:
        """Wait until a payout is in a state."""
        wait_for(lambda: self.own(member_id, payout_id)["state"] == state, what=state)
        return self.own(member_id, payout_id)


@pytest.fixture(scope="module")
def paying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paying]:
    """Run a service and a payer with which nothing goes wrong."""
    directory = tmp_path_factory.mktemp("payer")
    with (
        running_payer(directory, pace=Pace(closes_s=3_600)) as payer,
        running_service(workers=1, CROWNCAP_WECHAT_PAY=str(payer.terms)) as service,
    ):
        service.add_campaign("red")
        yield Paying(service, payer)


def test_a_member_says_where_and_is_paid(paying: Paying) -> None:
    """Told what to do at each step, and others are told what happened."""
    said = paying.app_puts_payee("ann")
    assert said.json() == {"provider": "wechat", "account": "…-ann"}
    [(detail,)] = paying.service.query(
        "SELECT detail FROM audit_log WHERE action = 'payee.put'"
        " AND subject = 'member:ann'"
    )
    assert "openid" not in json.dumps(detail)
    payout = paying.award("ann")
    paid = paying.becomes("ann", payout, "paid")
    assert paid["minor"] == 88
    assert paid["message"] == "It has arrived."
    assert paying.payer.paid()[bill_no_of(int(payout))] == 1
    listed = paying.listed(payout, state="paid")
    assert listed["bill_no"] == bill_no_of(int(payout))
    assert listed["member_id"] == "ann"
    told = [
        each["data"]["state"]
        for each in read_all(paying.service)
        if each["type"] == "payout.changed" and each["data"]["payout_id"] == payout
    ]
    assert told[0] == "sent"
    assert told[-1] == "paid"


def test_it_waits_for_a_payee_and_for_its_owner(paying: Paying) -> None:
    """Whose app is handed what WeChat asks the owner by."""
    dice = paying.payer.payer.bank.dice
    paying.payer.payer.bank.dice = Dice(0, {"unconfirmed": 1.0})
    try:
        paying.join("bob")
        payout = paying.award("bob")
        waits = paying.own("bob", payout)
        assert (waits["state"], waits["needs_payee"]) == ("waiting", True)
        assert waits["message"].startswith("Say where it should go by ")
        assert paying.put_payee("bob").status_code == 200
        wait_for(lambda: paying.own("bob", payout)["confirmation"] is not None)
        waits = paying.own("bob", payout)
        assert waits["message"] == "Please accept it in WeChat."
        assert waits["confirmation"] == {
            "merchant_id": "1900000001",
            "app_id": "wxsimulated",
            "package": f"package-of-{bill_no_of(int(payout))}",
        }
        path = f"/v1/payouts/{payout}/cancellations"
        support = paying.service.staff("support")
        asked = paying.service.post(path, {"reason": "a test"}, support)
        assert asked.json() == {"payout_id": payout, "state": "sent"}
        cancelled = paying.becomes("bob", payout, "cancelled")
        assert cancelled["confirmation"] is None
        again = paying.service.post(path, {"reason": "a test"}, support)
        refused(again, 409, "illegal_state")
    finally:
        paying.payer.payer.bank.dice = dice


def test_a_notice_is_believed_by_its_signature_alone(paying: Paying) -> None:
    """Forged, late, cut or of nobody: none of them says more than the others."""
    payer = paying.payer.payer
    content = {"out_bill_no": bill_no_of(1), "state": "SUCCESS"}
    good = payer.notice(content)
    signed = payer.signed(good)

    def send(body: str, headers: dict[str, str]) -> httpx.Response:
        return paying.service.http.post(NOTICES, content=body, headers=headers)

    taken = send(good, signed)
    assert (taken.status_code, taken.json()) == (200, {"code": "SUCCESS"})
    late = signed | {"Wechatpay-Timestamp": "1700000000"}
    other = signed | {"Wechatpay-Serial": "PUB_KEY_ID_OTHER"}
    forged = payer.signed(good, genuine=False)
    for body, headers in (
        (good, late),
        (good, other),
        (good, forged),
        (good + " ", signed),
        ("{}", payer.signed("{}")),
        (good, {}),
    ):
        refused(send(body, headers), 401, "unauthenticated")
    huge = "x" * (70 << 10)
    refused(send(huge, payer.signed(huge)), 413, "too_large")


def test_nobody_notifies_where_nobody_pays(service: Service) -> None:
    answer = service.http.post(NOTICES, content="{}")
    refused(answer, 404, "not_found")


def test_support_is_told_what_needs_a_person_and_cancels(paying: Paying) -> None:
    """In both languages; a bill's number finds it, and a reason is asked for."""
    paying.join("cara")
    payout = paying.award("cara")
    paying.service.query(
        "UPDATE payouts SET state = 'unknown', attempts = 9, fault = 'NOT_ENOUGH',"
        " sent_at = now(), account = '', provider = 'wechat',"
        " next_at = now() + interval '1 day' WHERE payout_id = %s",
        int(payout),
    )
    support = paying.service.staff("support")
    with at_work(paying.service, support, "zh-CN") as su:
        assert "商户账户余额不足" in su.get("/console/payouts").text
    with at_work(paying.service, support) as sue:
        shown = sue.get("/console/payouts").text
        assert "The merchant" in shown
        assert "Nobody pays out" not in shown
        place = f"/console/payouts?find={bill_no_of(int(payout))}"
        assert "¥0.88" in sue.get(place).text
        cancel = "/console/payouts/cancel"
        silent = sue.press(place, cancel, payout_id=payout, reason="")
        assert silent.status_code == 422
        told = sue.press(place, cancel, payout_id=payout, reason="a test")
        assert "being cancelled" in told.text
        assert "There is none of these" in sue.get("/console/payouts?find=x").text
    assert paying.listed(payout)["cancelling"]


def test_where_nobody_pays_support_is_told_so(service: Service) -> None:
    with at_work(service, service.staff("support")) as sue:
        assert "Nobody pays out yet" in sue.get("/console/payouts").text
    with at_work(service, service.staff("marketer")) as mona:
        assert mona.get("/console/payouts").status_code == 403
