"""The consumer's page over HTTP, without JavaScript: what it shows and what it does."""

import re
from datetime import timedelta
from functools import partial

import pytest
import redis

from crowncap.demo import GTIN, PRODUCT
from tests.fixtures.processes import wait_for
from tests.fixtures.service import OwnService, Service
from tests.fixtures.visitor import Visitor, balance, heading, hidden_fields, visiting

FORGED = "0000-0000-0000-0000"
ALL_ROWS = """
    SELECT (SELECT count(*) FROM scans), (SELECT count(*) FROM sightings),
        (SELECT count(*) FROM claims), (SELECT count(*) FROM scan_traces),
        (SELECT count(*) FROM members)
"""
BADGES = {"en": "Genuine", "zh": "正品"}


def test_a_hundred_previews_leave_no_trace(service: Service) -> None:
    """Looking neither counts, nor signals, nor writes; the first scan counts one."""
    code = service.fresh_code()
    rows = service.query(ALL_ROWS)
    with redis.Redis.from_url(service.urls.redis_url) as store:
        keys = set(store.keys())
        with visiting(service) as visitor:
            visitor.sign_in("previewer")
            for _ in range(50):
                assert visitor.get(f"/C/{code}").status_code == 200
                assert visitor.http.head(f"/C/{code}").status_code == 200
        assert not set(store.keys()) - keys
    assert service.query(ALL_ROWS) == rows
    assert service.scan(code, "previewer")["scan_count"] == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_visitor_sees_a_genuine_product_in_their_language(
    service: Service, language: str
) -> None:
    """Genuine, which product, claimed or not, and a way to sign in that comes back."""
    path = f"/C/{service.fresh_code()}"
    with visiting(service, language=language) as visitor:
        answer = visitor.get(path)
        led = visitor.send_form(answer, path)
    assert heading(answer) == BADGES[language]
    assert PRODUCT in answer.text
    assert ("尚未领取" if language == "zh" else "No, not yet") in answer.text
    assert led.headers["location"] == f"/sign-in?next={path.replace('/', '%2F')}"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "form",
    [
        "/C/{code}",
        "/C/{code}/",
        "/c/{lower}",
        "/C/{grouped}",
        "/01/{gtin}/21/{code}",
        "/01/{gtin}/22/2A/10/L%2F1/21/{lower}",
        "/01/{gtin}/10/LOT1/21/{code}?17=270101",
        "/C/{code}%E3%80%82",
        "/01/{gtin}/10/LOT1/21/{grouped}%E2%80%9D%EF%BC%8C%E5%BF%AB%E6%9D%A5",
    ],
)
def test_every_form_of_a_link_opens_the_page(service: Service, form: str) -> None:
    """Printed links open in any letter case and with qualifiers."""
    code = service.fresh_code()
    grouped = "-".join(code[i : i + 4] for i in range(0, 16, 4))
    path = form.format(code=code, lower=code.lower(), grouped=grouped, gtin=GTIN)
    with visiting(service) as visitor:
        assert heading(visitor.get(path)) == "Genuine"


@pytest.mark.parametrize("path", ["/C/{forged}", "/01/00012345678905/21/{code}"])
def test_a_code_that_is_not_ours_is_never_passed_off_as_genuine(
    service: Service, path: str
) -> None:
    """A forgery, and a link with another product's GTIN, are called what they are."""
    code = service.fresh_code()
    with visiting(service) as visitor:
        answer = visitor.get(path.format(forged=FORGED, code=code))
    assert heading(answer) == "Not one of our codes"
    assert "enuine." not in answer.text
    assert PRODUCT not in answer.text
    assert "may be a fake" in answer.text


def test_a_claim_pays_once_and_reloads_without_a_word(service: Service) -> None:
    """The button pays, is celebrated once, and pressing again is calm."""
    path = f"/C/{service.fresh_code()}"
    with visiting(service) as visitor:
        visitor.sign_in("claire")
        shown = visitor.get(path)
        form = hidden_fields(shown.text, path)
        posted = visitor.post(path, form)
        assert (posted.status_code, posted.headers["location"]) == (303, path)
        first, rows = visitor.get(path), service.query(ALL_ROWS)
        again = visitor.get(path)
        assert service.query(ALL_ROWS) == rows
        assert heading(first) == "Genuine, and it is yours!"
        assert "+5" in first.text
        assert 'class="cap joy"' in first.text
        # Who sees it twice thinks that the points came twice.
        assert heading(again) == "Genuine, claimed by you"
        assert 'class="cap joy"' not in again.text
        assert balance(first) == balance(again) == 5
        assert visitor.post(path, form).status_code == 303
        assert balance(visitor.get(path)) == 5
    with visiting(service) as other:
        assert heading(other.get(path)) == "Genuine code, claimed before"
        other.sign_in("oscar")
        answer = other.get(path)
        assert heading(answer) == "Genuine code, claimed by someone else"
        assert re.search(r"between.(\d\d):00", answer.text)
        assert "claire" not in answer.text


def test_a_claim_goes_through_the_same_pipeline_as_the_api(service: Service) -> None:
    """The API tells the same member of the same claim."""
    code = service.fresh_code()
    with visiting(service) as visitor:
        visitor.sign_in("same-person").claim(f"/C/{code}")
    answer = service.scan(code, "same-person")
    assert answer["outcome"] == "already_claimed"
    assert answer["by_you"] is True
    [reward] = answer["rewards"]
    assert (reward["amount"], reward["status"]) == (5, "posted")


def test_a_visitor_signs_in_and_comes_back_to_claim(service: Service) -> None:
    """Link, sign-in form, cap again, claim, sign out: all without JavaScript."""
    path = f"/C/{service.fresh_code()}"
    with visiting(service) as visitor:
        asked = visitor.get(f"/sign-in?next={path}")
        back = visitor.send_form(asked, "/sign-in", name="  mallory <b>  ")
        assert (back.status_code, back.headers["location"]) == (303, path)
        shown = visitor.get(path)
        assert "mallory &lt;b&gt;" in shown.text
        assert balance(visitor.claim(path)) == 5
        out = visitor.send_form(visitor.get(path), "/sign-out")
        assert out.headers["location"] == path
        assert heading(visitor.get(path)) == "Genuine code, claimed before"


def test_a_nameless_sign_in_is_asked_again(service: Service) -> None:
    """An empty name signs nobody in, and the way back is kept."""
    with visiting(service) as visitor:
        asked = visitor.get("/sign-in?next=/C/")
        answer = visitor.send_form(asked, "/sign-in", name="   ")
        assert answer.status_code == 422
        assert hidden_fields(answer.text, "/sign-in")["next"] == "/C/"
        assert "crowncap_session" not in visitor.http.cookies


def test_codes_that_cannot_be_claimed_say_why(service: Service) -> None:
    """Not active, recalled with its instructions, too early and too late."""
    idle = service.codes(service.issue(1, activate=False))[0]
    recalled = service.issue(1)
    service.cli("batch", "recall", str(recalled["batch_id"]))
    early = service.add_campaign("page-early", begins_in=timedelta(days=2))
    late = service.add_campaign("page-late", ends_in=timedelta(minutes=-1))
    early_code = service.codes(service.issue(1, campaign_id=early))[0]
    late_code = service.codes(service.issue(1, campaign_id=late))[0]
    recalled_path = f"/C/{service.codes(recalled)[0]}"
    with visiting(service) as visitor:
        visitor.sign_in("patient")
        assert heading(visitor.get(f"/C/{idle}")) == "Genuine code, not active"
        wait_for(lambda: "recalled" in heading(visitor.get(recalled_path)))
        assert 'role="alert"' in visitor.get(recalled_path).text
        answer = visitor.get(f"/C/{early_code}")
        assert heading(answer) == "Genuine, but the campaign has not begun"
        assert "Campaign begins" in answer.text
        answer = visitor.get(f"/C/{late_code}")
        assert heading(answer) == "Genuine, but the campaign is over"


def _is_headed(visitor: Visitor, path: str, words: str) -> bool:
    return heading(visitor.get(path)) == words


def test_no_button_claims_nothing(service: Service) -> None:
    """What has no reward shows no way to use the cap up; who insists reads why."""
    day, minute = timedelta(days=1), timedelta(minutes=1)
    service.add_campaign("idle-early", begins_in=2 * day)
    service.add_campaign("idle-over", ends_in=-minute)
    service.add_campaign("idle-spent", budget=4)
    service.add_campaign("idle-full", daily_cap=9)
    batches = {
        name: service.codes(service.issue(2, campaign_id=name))
        for name in ("idle-early", "idle-over", "idle-spent", "idle-full")
    }
    caps = {name: f"/C/{codes[0]}" for name, codes in batches.items()}
    spare = f"/C/{batches['idle-full'][1]}"
    headings = {
        "idle-early": "Genuine, but the campaign has not begun",
        "idle-over": "Genuine, but the campaign is over",
        "idle-spent": "Genuine, but the rewards are gone",
        "idle-full": "Genuine, but today is full",
    }
    with visiting(service) as visitor:
        claim = hidden_fields(
            visitor.sign_in("insists").get(f"/C/{service.fresh_code()}").text,
            "/sign-out",
        )
        claim.pop("next")
        assert balance(visitor.claim(spare)) == 5
        for name, path in caps.items():
            wait_for(partial(_is_headed, visitor, path, headings[name]))
            assert 'form class="claim"' not in visitor.get(path).text
        told = visitor.post(caps["idle-full"], claim)
        assert heading(told) == "Genuine, but today is full"
        assert visitor.post(caps["idle-early"], claim).status_code == 200
        late = visitor.post(caps["idle-over"], claim)
        assert late.status_code == 303
        answer = visitor.get(caps["idle-over"])
        assert "The campaign was over when you claimed" in answer.text
        visitor.post(caps["idle-spent"], claim)
        answer = visitor.get(caps["idle-spent"])
        assert heading(answer) == "Genuine, but the rewards are gone"
        assert "when you claimed" in answer.text
    with visiting(service) as stranger:
        assert "Sign in and claim" not in stranger.get(caps["idle-early"]).text


def test_a_bad_link_that_was_scanned_is_called_a_fake_not_a_slip(
    service: Service,
) -> None:
    """Nobody misreads while scanning; who typed gets help with typing, and keeps it."""
    with visiting(service) as visitor:
        scanned = visitor.get(f"/C/{FORGED}")
        assert "may be a fake" in scanned.text
        assert "What to check" not in scanned.text
        typed = visitor.http.get("/", params={"code": FORGED})
        assert typed.headers["location"] == f"/C/{FORGED.replace('-', '')}?typed=1"
        answer = visitor.get(typed.headers["location"])
        assert "Often a single character was misread" in answer.text
        assert "What to check" in answer.text
        assert "?typed=1&amp;lang=zh" in answer.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_unknown_address_is_a_page_for_people_and_a_problem_for_programs(
    service: Service, language: str
) -> None:
    """Also where only the method is wrong; the page has all its headers."""
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    words = {"en": "No such page", "zh": "没有这个页面"}
    with visiting(service, language=language) as visitor:
        for path in ("/nope", "/help/me", "/sign-out"):
            status = 405 if path == "/sign-out" else 404
            answer = visitor.get(path, **browser)
            assert answer.status_code == status
            assert heading(answer) == words[language]
            assert "content-security-policy" in answer.headers
            program = visitor.get(path)
            assert program.headers["content-type"] == "application/problem+json"
        answer = visitor.get("/v1/nope", **browser)
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_held_reward_is_shown_as_waiting(own_service: OwnService) -> None:
    """Caps of a frozen epoch are the member's, and their points wait for a review."""
    service = own_service(workers=1)
    path = f"/C/{service.fresh_code()}"
    service.cli("key", "freeze", "0")
    with visiting(service) as visitor:
        visitor.sign_in("eager")
        wait_for(lambda: heading(visitor.claim(path)) != "Genuine")
        answer = visitor.get(path)
        assert heading(answer) == "Genuine, reward under review"
        assert "Points under review" in answer.text
        assert balance(answer) == 0
        service.query("UPDATE holds SET resolution = 'voided', resolved_at = now()")
        answer = visitor.get(path)
        assert heading(answer) == "Genuine, but no reward this time"
        service.query("UPDATE holds SET resolution = 'posted', resolved_at = now()")
        assert heading(visitor.get(path)) == "Genuine, claimed by you"


def test_a_refusal_is_neutral_and_leaves_the_cap_unclaimed(service: Service) -> None:
    """Whom the rules refuse reads a kind word; another member may still claim."""
    often, path = service.fresh_code(), f"/C/{service.fresh_code()}"
    for _ in range(60):
        service.scan(often, "eager")
    with visiting(service) as visitor:
        answer = visitor.sign_in("eager").claim(path)
        assert heading(answer) == "Genuine, but not claimable now"
        assert heading(visitor.get(path)) == "Genuine"
    assert service.scan(path, "somebody-else")["outcome"] == "rewarded"


def test_a_typed_code_leads_to_its_page(service: Service) -> None:
    """Codes and whole links may be typed; what cannot be a code is explained."""
    code = service.fresh_code()
    with visiting(service) as visitor:
        for typed, path in (
            (f" {code[:4]}-{code[4:].lower()} ", f"/C/{code}?typed=1"),
            (f"https://brand.cn/c/{code}", f"/C/{code}?typed=1"),
            (f"HTTPS://B.CN/01/{GTIN}/21/{code}", f"/01/{GTIN}/21/{code}?typed=1"),
        ):
            answer = visitor.http.get("/C/", params={"code": typed})
            assert (answer.status_code, answer.headers["location"]) == (303, path)
        answer = visitor.http.get("/", params={"code": '"><script>1'})
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "That has 11 characters" in answer.text
        assert heading(visitor.get("/")) == "What is under your cap?"


def test_the_language_switch_is_kept(service: Service) -> None:
    """The switch wins over the browser's language, and a claim answers in it."""
    path = f"/C/{service.fresh_code()}"
    with visiting(service, language="zh-CN,en;q=0.5") as visitor:
        assert heading(visitor.get(path)) == "正品"
        assert 'href="' + path + '?lang=en"' in visitor.get(path).text
        assert heading(visitor.get(path + "?lang=en")) == "Genuine"
        assert heading(visitor.get(path)) == "Genuine"
        assert heading(visitor.get(path + "?lang=xx")) == "Genuine"


def test_an_expired_or_forged_session_is_nobody(service: Service) -> None:
    """The page drops what it cannot believe and offers to sign in."""
    path = f"/C/{service.fresh_code()}"
    with visiting(service) as visitor:
        visitor.http.cookies.set("crowncap_session", "no.such.token")
        answer = visitor.get(path)
        assert heading(answer) == "Genuine"
        assert "Sign in and claim" in answer.text
        assert "crowncap_session" in answer.headers["set-cookie"]
        assert "Max-Age=0" in answer.headers["set-cookie"]
