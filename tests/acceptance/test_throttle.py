"""Whoever guesses codes is turned away; whoever scans caps is served."""

import httpx
import pytest

from tests.fixtures.processes import fresh_address, wait_for
from tests.fixtures.service import Service

GUESS = {"code": "0" * 16}
LIMIT = 5


def guess(
    service: Service, address: str, token: str | None = None, **body: str
) -> httpx.Response:
    """Send a code that is none, from an address."""
    return service.post("/v1/scans", GUESS | body, token, x_forwarded_for=address)


def exhaust(service: Service, address: str, **body: str) -> httpx.Response:
    """Guess until turned away; gives that answer."""
    for _ in range(100):
        answer = guess(service, address, **body)
        if answer.status_code == 429:
            return answer
        assert answer.json()["outcome"] == "invalid"
    raise AssertionError("a hundred guesses were let through")


def test_guesses_from_one_address_are_turned_away_by_every_worker(
    service: Service,
) -> None:
    """Each worker lets through at most its own limit, then knows the others' counts."""
    address = fresh_address()
    let_through = 0
    for _ in range(LIMIT * service.workers):
        # A connection of its own, so that either worker may get it.
        with httpx.Client(base_url=service.base_url) as client:
            forwarded = {"x-forwarded-for": address}
            answer = client.post("/v1/scans", json=GUESS, headers=forwarded)
            let_through += answer.status_code == 200
    assert LIMIT <= let_through <= LIMIT * service.workers
    refused = exhaust(service, address)
    assert refused.json()["code"] == "throttled"
    assert 1 <= int(refused.headers["retry-after"]) <= 60

    def all_refuse() -> bool:
        seen = set()
        for _ in range(8):
            with httpx.Client(base_url=service.base_url) as client:
                forwarded = {"x-forwarded-for": address}
                answer = client.post("/v1/scans", json=GUESS, headers=forwarded)
                seen.add(answer.status_code)
        return seen == {429}

    wait_for(all_refuse, what="a refusal by every worker")


def test_a_members_valid_code_is_served_from_a_blocked_address(
    service: Service,
) -> None:
    """A whole campus may share the address of the one who guesses."""
    address = fresh_address()
    exhaust(service, address)
    code, token = service.fresh_code(), service.member_token("campus-member")
    answer = service.post("/v1/scans", {"code": code}, token, x_forwarded_for=address)
    assert answer.json()["outcome"] == "rewarded"


def test_a_blocked_stranger_learns_nothing_of_a_right_guess(service: Service) -> None:
    """Without a member even a genuine code is refused, unread."""
    address = fresh_address()
    exhaust(service, address)
    code = service.fresh_code()
    answer = service.post("/v1/scans", {"code": code}, x_forwarded_for=address)
    assert answer.status_code == 429
    assert service.scan(code, "finder")["outcome"] == "rewarded"


def test_other_addresses_go_on(service: Service) -> None:
    """One guesser stops nobody else, nor do many who guess a little."""
    exhaust(service, fresh_address())
    for _ in range(30):
        assert guess(service, fresh_address()).json()["outcome"] == "invalid"
    assert service.scan(service.fresh_code())["outcome"] == "verified"


@pytest.mark.parametrize("entity", ["device", "member"])
def test_a_device_or_member_that_changes_its_address_is_still_known(
    service: Service, entity: str
) -> None:
    """Guesses count against every entity that they come from."""
    device = {"device_id": fresh_address()} if entity == "device" else {}
    who = service.member_token(fresh_address()) if entity == "member" else None
    for _ in range(100):
        answer = guess(service, fresh_address(), who, **device)
        if answer.status_code == 429:
            break
    assert answer.status_code == 429


def test_ipv6_neighbours_are_one_network(service: Service) -> None:
    """Whoever owns a /64 does not own 2^64 chances."""
    network = ":".join(["2001:db8", *(f"{n:x}" for n in (7, fresh_number()))])
    answers = [guess(service, f"{network}::{n:x}") for n in range(1, 40)]
    assert answers[-1].status_code == 429


def test_an_address_in_front_of_our_proxies_is_not_believed(service: Service) -> None:
    """Only the rightmost hop that is none of ours counts; the rest may be made up."""
    address = fresh_address()
    for _ in range(100):
        answer = guess(service, f"{fresh_address()}, {address}, 127.0.0.9")
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert guess(service, address).status_code == 429


def fresh_number() -> int:
    """Draw a group of an IPv6 address."""
    return int(fresh_address().rpartition(".")[2]) + 1
