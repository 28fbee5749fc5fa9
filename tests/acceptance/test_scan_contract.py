"""Every outcome of a scan over HTTP, and which comes first when several apply."""

from datetime import datetime, timedelta
from urllib.parse import quote

import numpy as np
import pytest

from core.clock import to_ms, utc_datetime
from core.ids import time_of_id
from crowncap.demo import GTIN
from tests.fixtures.processes import fresh_address, link, seal_texts, wait_for
from tests.fixtures.service import CLOCK, Service

OTHER_GTIN = "04006381333931"
FIELDS = {
    *("scan_id", "outcome", "product", "first_claimed_at", "by_you", "scan_count"),
    *("rewards", "points_available", "next", "message", "sell_by", "past_sell_by"),
}
PENDING = [
    {
        "kind": "points",
        "amount": 5,
        "status": "pending",
        "campaign_id": "demo-points",
    }
]
POSTED = [PENDING[0] | {"status": "posted"}]


def member() -> str:
    """Name a member that no other test knows."""
    return f"member-{fresh_address()}"


def test_a_first_scan_is_rewarded_and_says_everything_the_contract_names(
    service: Service,
) -> None:
    """All fields are there, with the points and the new balance."""
    answer = service.scan(service.fresh_code(), member())
    assert answer.keys() == FIELDS
    assert answer["outcome"] == "rewarded"
    assert answer["rewards"] == POSTED
    assert answer["points_available"] == 5
    assert answer["product"]["gtin"] == GTIN
    assert answer["product"].keys() == {"gtin", "name", "brand"}
    assert answer["next"] == {"kind": "none"}
    assert answer["scan_count"] == 1
    assert answer["first_claimed_at"] is None
    assert answer["by_you"] is None


def test_a_repeat_by_its_member_repeats_the_original_scan_and_rewards(
    service: Service,
) -> None:
    """A lost answer is no complaint: the same member reads the same again."""
    code, me = service.fresh_code(), member()
    first = service.scan(code, me)
    again = service.scan(code, me)
    assert again["outcome"] == "already_claimed"
    assert again["by_you"] is True
    assert again["scan_id"] == first["scan_id"]
    assert again["rewards"] == first["rewards"]
    assert again["points_available"] == 5
    assert again["scan_count"] == 2


def test_others_learn_only_the_hour_of_the_first_claim(service: Service) -> None:
    """Neither minutes, nor the claimer's scan_id, nor its rewards reach a stranger."""
    code = service.fresh_code()
    first = service.scan(code, member())
    other = service.scan(code, member())
    claimed = utc_datetime(time_of_id(int(first["scan_id"])))
    assert other["outcome"] == "already_claimed"
    assert other["by_you"] is False
    assert other["scan_id"] != first["scan_id"]
    assert other["rewards"] == []
    told = datetime.fromisoformat(other["first_claimed_at"])
    assert told == claimed.replace(minute=0, second=0, microsecond=0)


def test_nobody_signed_in_is_told_genuine_and_asked_to_sign_in(
    service: Service,
) -> None:
    """An anonymous scan verifies, claims nothing, and learns of a claim later."""
    code = service.fresh_code()
    answer = service.scan(code)
    assert answer["outcome"] == "verified"
    assert answer["next"] == {"kind": "sign_in"}
    assert answer["points_available"] is None
    assert service.scan(code, member())["outcome"] == "rewarded"
    later = service.scan(code)
    assert later["outcome"] == "already_claimed"
    assert later["by_you"] is False
    assert later["scan_count"] == 3


def test_the_same_phone_again_is_the_same_scan(service: Service) -> None:
    """Nothing is counted or kept anew; the answer has the number of what is kept."""
    code, ip = service.fresh_code(), fresh_address()
    first = service.scan(code, ip=ip)
    for _ in range(5):
        assert service.scan(code, ip=ip) == first
    app = service.staff_token("app", name="a reader")
    assert service.get(f"/v1/scans/{first['scan_id']}", app).status_code == 200
    asked = "SELECT count(*) FROM scans WHERE scan_id >= %s AND code_id ="
    asked += " (SELECT code_id FROM scans WHERE scan_id = %s)"
    assert service.query(asked, first["scan_id"], first["scan_id"]) == [(1,)]
    assert service.scan(code)["scan_count"] == 2


@pytest.mark.parametrize(
    "write",
    [
        str.lower,
        link,
        lambda code: link(code).lower(),
        lambda code: quote(link(code), safe=""),
        lambda code: f"https://cap.cn/01/{GTIN}/21/{code.lower()}?utm=1#x",
        lambda code: f"{code[:4]}-{code[4:8]} {code[8:12]}-{code[12:]}",
    ],
    ids=["lower", "link", "lower link", "encoded link", "digital link", "grouped"],
)
def test_a_code_is_read_in_every_way_it_is_written(service: Service, write) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - a lambda
    """A bare code and each printed link of it are one code, in any case."""
    assert service.scan(write(service.fresh_code()), member())["outcome"] == "rewarded"


def test_a_link_with_another_products_gtin_is_invalid(service: Service) -> None:
    """The GTIN in the link or beside the code must be the batch's."""
    code = service.fresh_code()
    forged = f"https://cap.cn/01/{OTHER_GTIN}/21/{code}"
    assert service.scan(forged, member())["outcome"] == "invalid"
    assert service.scan(code, member(), gtin=OTHER_GTIN)["outcome"] == "invalid"
    assert service.scan(code, member(), gtin="123")["outcome"] == "invalid"
    assert service.scan(code, member(), gtin=GTIN[1:])["outcome"] == "rewarded"


@pytest.mark.parametrize("text", ["", "hello", "0" * 16, "码" * 16, "x" * 256, "%00"])
def test_any_text_is_judged_and_never_a_fault(service: Service, text: str) -> None:
    """What is not ours looks alike, whatever it is."""
    answer = service.scan(text, member())
    assert answer["outcome"] == "invalid"
    del answer["scan_id"], answer["message"]
    assert answer == {
        "outcome": "invalid",
        "product": None,
        "first_claimed_at": None,
        "by_you": None,
        "scan_count": None,
        "rewards": [],
        "points_available": None,
        "sell_by": None,
        "past_sell_by": None,
        "next": {"kind": "none"},
    }


def test_a_code_that_was_never_issued_is_invalid_and_raises_an_incident(
    service: Service,
) -> None:
    """It looks like any forgery to the caller, but opens: a key may have leaked."""
    batch = service.issue(10)
    gap = np.array([batch["first_serial"] - 1], np.uint64)
    [code] = seal_texts(service.keys, batch["epoch"], gap)
    forged = service.scan("0" * 16, member())
    answer = service.scan(code, member())
    assert answer["outcome"] == "invalid"
    assert answer | {"scan_id": ""} == forged | {"scan_id": ""}

    def raised() -> bool:
        code_id = (batch["epoch"] << 36) + batch["first_serial"] - 1
        rows = service.query("SELECT subject FROM incidents WHERE kind = 'key_leak'")
        return (f"code:{code_id}",) in rows

    wait_for(raised, what="the incident")


def test_states_of_codes_come_before_everything_else(service: Service) -> None:
    """Issued and void codes are not active for anyone; recalled ones say what to do."""
    batch = service.issue(20, activate=False)
    codes = service.codes(batch)
    me = member()
    assert service.scan(codes[0], me)["outcome"] == "not_active"
    service.change(batch, "activations", from_index=0, to_index=9)
    assert service.scan(codes[0], me)["outcome"] == "rewarded"
    assert service.scan(codes[10], me)["outcome"] == "not_active"
    service.change(batch, "voids", from_index=0, to_index=2)
    service.change(batch, "voids", codes=[codes[3]])
    for voided in codes[:4]:
        assert service.scan(voided, me)["outcome"] == "not_active"
        assert service.scan(voided)["outcome"] == "not_active"
    service.cli("batch", "recall", str(batch["batch_id"]), "--instructions", "Stop.")
    assert service.scan(codes[5], me)["outcome"] == "recalled"
    assert service.scan(codes[5])["message"] == "Stop."
    assert service.scan(codes[5])["next"] == {"kind": "contact"}
    # Void stands before recalled, and recalled before already claimed.
    assert service.scan(codes[0], me)["outcome"] == "not_active"
    assert service.scan(codes[3], me)["outcome"] == "not_active"


def test_a_claimed_code_that_is_recalled_later_answers_recalled(
    service: Service,
) -> None:
    """The member keeps the points, and learns of the recall."""
    batch, me = service.issue(1), member()
    [code] = service.codes(batch)
    assert service.scan(code, me)["outcome"] == "rewarded"
    service.cli("batch", "recall", str(batch["batch_id"]))
    answer = service.scan(code, me)
    assert answer["outcome"] == "recalled"
    assert answer["points_available"] == 5


def test_an_activation_takes_effect_when_it_says(service: Service) -> None:
    """Before `effective_at` a code is not active."""
    batch = service.issue(2, activate=False)
    codes = service.codes(batch)
    hour = timedelta(hours=1)
    now = utc_datetime(CLOCK.now_ms())
    for index, at in enumerate((now + hour, now - hour)):
        effective = {"effective_at": at.isoformat()}
        here = {"from_index": index, "to_index": index}
        service.change(batch, "activations", **here, **effective)
    assert service.scan(codes[0], member())["outcome"] == "not_active"
    assert service.scan(codes[1], member())["outcome"] == "rewarded"


@pytest.mark.parametrize("placement", ["outside", "carton", "pallet"])
def test_only_codes_inside_pay(service: Service, placement: str) -> None:
    """A code that anyone can read in the shop verifies, for members too."""
    batch = service.issue(1, placement=placement)
    [code] = service.codes(batch)
    answer = service.scan(code, member())
    assert answer["outcome"] == "verified"
    assert answer["next"] == {"kind": "none"}
    assert answer["rewards"] == []
    assert service.scan(code)["outcome"] == "verified"


def test_before_a_campaign_the_cap_waits_and_after_it_is_claimed_unpaid(
    service: Service,
) -> None:
    """Not begun is limit_reached with a time; ended, and none at all, is no_reward."""
    day = timedelta(days=1)
    unborn = service.add_campaign(f"unborn-{member()}", begins_in=day)
    over = service.add_campaign(f"over-{member()}", begins_in=-2 * day, ends_in=-day)
    [early] = service.codes(service.issue(1, campaign_id=unborn))
    me = member()
    answer = service.scan(early, me)
    assert answer["outcome"] == "limit_reached"
    assert answer["next"]["kind"] == "retry_later"
    starts_ms = to_ms(datetime.fromisoformat(answer["next"]["at"]))
    assert starts_ms > CLOCK.now_ms()
    assert service.scan(early)["outcome"] == "verified"
    for campaign in (over, None):
        [late] = service.codes(service.issue(1, campaign_id=campaign))
        answer = service.scan(late, me)
        assert answer["outcome"] == "no_reward"
        assert answer["rewards"] == []
        assert service.scan(late, me)["by_you"] is True


def test_the_daily_cap_gives_the_claim_back_to_another_member(
    service: Service,
) -> None:
    """Who is over the cap keeps and loses nothing; the code stays worth its points."""
    capped = service.add_campaign(f"cap-{member()}", points=5, daily_cap=12)
    codes = service.codes(service.issue(4, campaign_id=capped))
    me = member()
    outcomes = [service.scan(code, me)["outcome"] for code in codes[:3]]
    assert outcomes == ["rewarded", "rewarded", "limit_reached"]
    again = service.scan(codes[2], me)
    assert again["outcome"] == "limit_reached"
    assert again["points_available"] == 10
    assert again["next"]["kind"] == "retry_later"
    assert service.scan(codes[0], me)["outcome"] == "already_claimed"
    assert service.scan(codes[2], member())["outcome"] == "rewarded"
    assert service.scan(codes[2], me)["outcome"] == "already_claimed"


def test_a_spent_budget_claims_without_reward(service: Service) -> None:
    """The budget is never overdrawn; what no longer fits is no_reward."""
    small = service.add_campaign(f"small-{member()}", points=5, budget=12)
    codes = service.codes(service.issue(4, campaign_id=small))
    me = member()
    outcomes = [service.scan(code, me)["outcome"] for code in codes]
    assert outcomes == ["rewarded", "rewarded", "no_reward", "no_reward"]
    assert service.scan(codes[3], me)["by_you"] is True
    wallet = service.get("/v1/me/wallet", service.member_token(me)).json()
    assert wallet["points"]["available"] == 10


def test_one_code_in_two_places_is_held(service: Service) -> None:
    """Shanghai and Beijing within a moment: the reward waits for a person."""
    code, me = service.fresh_code(), member()
    service.scan(code, position={"lat": 31.23, "lon": 121.47})
    answer = service.scan(code, me, position={"lat": 39.90, "lon": 116.40})
    assert answer["outcome"] == "held"
    assert answer["rewards"] == PENDING
    assert answer["points_available"] == 0
    assert answer["next"] == {"kind": "wait"}
    wallet = service.get("/v1/me/wallet", service.member_token(me)).json()
    assert wallet["points"] == {
        "available": 0,
        "pending": 5,
        "debt": 0,
        "next_expiry": None,
    }
    again = service.scan(code, me)
    assert again["outcome"] == "already_claimed"
    assert again["rewards"] == answer["rewards"]


def test_languages_follow_the_caller(service: Service) -> None:
    """The message is Chinese unless English is preferred."""
    token, code = service.member_token(member()), service.fresh_code()
    english = service.post(
        "/v1/scans", {"code": code}, token, accept_language="fr, en;q=0.9, zh;q=0.1"
    )
    assert english.json()["message"] == "Genuine! You earned 5 points."
    assert "恭喜" in service.scan(service.fresh_code(), member())["message"]
