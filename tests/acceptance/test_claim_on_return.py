"""Who taps "Sign in and claim" has claimed once signed in: once, and nobody else."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.fixtures.service import Service
from tests.fixtures.visitor import Visitor, balance, heading, visiting


def ask_to_claim(visitor: Visitor, path: str) -> httpx.Response:
    """Press the button as nobody yet; gives the page on which to sign in."""
    answer = visitor.send_form(visitor.get(path), path)
    assert answer.status_code == 303
    return visitor.get(answer.headers["location"])


def test_the_claim_is_made_on_the_way_back(service: Service) -> None:
    """With no second button, celebrated once; the looks after it repeat nothing."""
    path = f"/C/{service.fresh_code()}"
    with visiting(service) as visitor:
        sign_in = ask_to_claim(visitor, path)
        assert service.scan(path, None)["outcome"] == "verified"
        back = visitor.send_form(sign_in, "/sign-in", name="returning")
        assert back.headers["location"] == path
        claimed = visitor.get(path)
        assert (claimed.status_code, claimed.headers["location"]) == (303, path)
        seen = visitor.get(path)
        assert heading(seen) == "Genuine, and it is yours!"
        assert balance(seen) == 5
        assert heading(visitor.get(path)) == "Genuine, claimed by you"
        assert "crowncap_wish" not in visitor.http.cookies
    again = service.scan(path, "returning")
    assert (again["by_you"], again["scan_count"]) == (True, 3)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_purpose": "prefetch"},
        {"user_agent": "Slackbot-LinkExpanding 1.0"},
        {"sec_fetch_dest": "image"},
    ],
)
def test_what_looks_by_itself_claims_nothing(
    service: Service, headers: dict[str, str]
) -> None:
    """Not even with the cookies of who asked; the visitor's own look still does."""
    path = f"/C/{service.fresh_code()}"
    with visiting(service) as visitor:
        ask_to_claim(visitor, path)
        visitor.sign_in("prefetched")
        visitor.get(path, **headers)
        visitor.http.head(path)
        assert service.scan(path, None)["outcome"] == "verified"
        assert visitor.get(path).status_code == 303
    assert service.scan(path, "prefetched")["by_you"] is True


def test_a_wish_is_of_one_cap_and_of_who_asked(service: Service) -> None:
    """Another cap, a look without a wish, and a made-up one claim nothing."""
    asked, other = (f"/C/{service.fresh_code()}" for _ in range(2))
    with visiting(service) as visitor:
        ask_to_claim(visitor, asked)
        visitor.sign_in("wisher")
        assert heading(visitor.get(other)) == "Genuine"
    with visiting(service) as visitor:
        visitor.sign_in("onlooker")
        assert heading(visitor.get(asked)) == "Genuine"
        visitor.http.cookies.set("crowncap_wish", "x.y")
        assert heading(visitor.get(asked)) == "Genuine"
    for path in (asked, other):
        assert service.scan(path, None)["outcome"] == "verified"


def test_a_browser_that_comes_back_many_times_at_once_claims_once(
    service: Service,
) -> None:
    """One scan is counted, and every answer leads to the same page."""
    path = f"/C/{service.fresh_code()}"
    with visiting(service) as visitor:
        ask_to_claim(visitor, path)
        visitor.sign_in("returner")
        cookies = dict(visitor.http.cookies)
    clients = [service.client(cookies=cookies) for _ in range(12)]
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda each: each.get(path), clients))
    for each in clients:
        each.close()
    assert {(a.status_code, a.headers["location"]) for a in answers} == {(303, path)}
    assert service.scan(path, "returner")["scan_count"] == 2


def test_a_cap_that_another_claims_meanwhile_is_told_so(service: Service) -> None:
    path = f"/C/{service.fresh_code()}"
    with visiting(service) as visitor:
        ask_to_claim(visitor, path)
        service.scan(path, "faster")
        visitor.sign_in("slower")
        answer = visitor.get(path)
        assert heading(answer) == "Genuine code, claimed by someone else"
        assert "crowncap_wish" not in visitor.http.cookies
