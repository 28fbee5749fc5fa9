"""Whoever guesses codes is turned away; whoever scans caps is served."""

import re
from collections.abc import Callable
from html import unescape

import httpx
import pytest

from core.ids import random_below
from tests.fixtures.processes import fresh_address, wait_for
from tests.fixtures.service import Service
from tests.fixtures.visitor import Visitor, heading, visiting

WRONG = "0" * 16
GUESS = {"code": WRONG}
# A member, a device or an app's token; and a network.
STRICT_LIMIT = 5
NETWORK_LIMIT = 300
RIGHT_WHILE_BLOCKED = 20


def guess(
    service: Service, address: str, token: str | None = None, **body: object
) -> httpx.Response:
    """Send a code that is none, from an address."""
    return service.post("/v1/scans", GUESS | body, token, x_forwarded_for=address)


def guess_until_refused(send: Callable[[], httpx.Response]) -> httpx.Response:
    """Guess until turned away; gives that answer."""
    for _ in range(3 * NETWORK_LIMIT):
        answer = send()
        if answer.status_code == 429:
            return answer
        assert answer.json()["outcome"] == "invalid"
    raise AssertionError("hundreds of guesses were let through")


def flood(service: Service, address: str, **body: str) -> httpx.Response:
    """Guess from an address until it is turned away; gives that answer."""
    return guess_until_refused(lambda: guess(service, address, **body))


def from_a_new_connection(service: Service, address: str, **body: object) -> int:
    """Scan over a connection of its own, so that either worker may get it."""
    with service.client() as client:
        headers = {"x-forwarded-for": address}
        answer = client.post("/v1/scans", json=GUESS | body, headers=headers)
        return answer.status_code


# Strict on who is one person ----------------------------------------------------------


def test_guesses_of_one_device_are_counted_over_all_workers(service: Service) -> None:
    """Each worker lets through at most its own limit, then knows the others' counts."""
    device = {"device_id": fresh_address()}
    statuses = [
        from_a_new_connection(service, fresh_address(), **device)
        for _ in range(STRICT_LIMIT * service.workers)
    ]
    assert STRICT_LIMIT <= statuses.count(200) <= STRICT_LIMIT * service.workers
    refused = flood(service, fresh_address(), **device)
    assert refused.json()["code"] == "throttled"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    wait_for(
        lambda: (
            {from_a_new_connection(service, fresh_address(), **device) for _ in "12345"}
            == {429}
        ),
        what="a refusal by every worker",
    )


@pytest.mark.parametrize("entity", ["device", "member"])
def test_a_device_or_member_that_changes_its_address_is_still_known(
    service: Service, entity: str
) -> None:
    """Guesses count against every entity that they come from."""
    device = {"device_id": fresh_address()} if entity == "device" else {}
    who = service.member_token(fresh_address()) if entity == "member" else None
    let_through = 0
    while guess(service, fresh_address(), who, **device).status_code == 200:
        let_through += 1
        assert let_through <= STRICT_LIMIT * service.workers


def test_a_blocked_members_caps_are_paid_up_to_twenty_a_minute(
    service: Service,
) -> None:
    """Whoever mistyped is served; whoever claims by the hundred is turned away."""
    member = service.member_token(fresh_address())
    guess_until_refused(lambda: guess(service, fresh_address(), member))
    codes = [service.fresh_code() for _ in range(2 * RIGHT_WHILE_BLOCKED + 1)]
    answers = [service.post("/v1/scans", {"code": code}, member) for code in codes]
    paid = [answer for answer in answers if answer.status_code == 200]
    assert len(paid) >= RIGHT_WHILE_BLOCKED
    assert answers[-1].status_code == 429
    assert {answer.json()["outcome"] for answer in paid} == {"rewarded"}
    assert service.scan(codes[-1], "another")["outcome"] == "rewarded"


def test_a_blocked_members_page_says_that_right_codes_still_open(
    service: Service,
) -> None:
    """A typing mistake costs nobody a day: the next code may be right."""
    with visiting(service) as visitor:
        visitor.sign_in(fresh_address())
        for _ in range(STRICT_LIMIT * service.workers):
            shown = visitor.get(f"/C/{WRONG}")
        assert shown.status_code == 429
        assert heading(shown) == "Please check the code again"
        assert re.search(r"in about 1 minute \(\d\d:\d\d\)", unescape(shown.text))
        assert 'name="code"' in shown.text
        assert heading(visitor.get(f"/C/{service.fresh_code()}")) == "Genuine"


def test_a_blocked_member_is_blocked_at_every_worker(service: Service) -> None:
    """A worker that saw none of his guesses counts his right codes too."""
    token = service.member_token(fresh_address())
    guess_until_refused(lambda: guess(service, fresh_address(), token))
    served = 0
    for _ in range(3 * RIGHT_WHILE_BLOCKED * service.workers):
        with service.client() as client:
            headers = {"authorization": f"Bearer {token}"}
            body = {"code": service.fresh_code()}
            answer = client.post("/v1/scans", json=body, headers=headers)
        served += answer.status_code == 200
    assert RIGHT_WHILE_BLOCKED <= served <= RIGHT_WHILE_BLOCKED * service.workers


def test_a_member_who_guesses_at_full_speed_learns_nothing(service: Service) -> None:
    """Wrong and right codes are refused alike, unread; another member is paid."""
    member, code = service.member_token(fresh_address()), service.fresh_code()
    for _ in range(40 * service.workers):
        guess(service, fresh_address(), member)
    answer = service.post("/v1/scans", {"code": code}, member)
    wrong = guess(service, fresh_address(), member)
    assert answer.status_code == wrong.status_code == 429
    assert answer.json().keys() == wrong.json().keys()
    assert service.scan(code, "finder")["outcome"] == "rewarded"


# Loose on who may be many -------------------------------------------------------------


def test_two_hundred_mistyped_codes_lock_no_carrier_out(service: Service) -> None:
    """Thousands share an address; pages and scans of the others go on."""
    address = fresh_address()
    for _ in range(200):
        assert guess(service, address).status_code == 200
    code = service.fresh_code()
    scan = service.post("/v1/scans", {"code": code}, x_forwarded_for=address)
    assert scan.json()["outcome"] == "verified"
    with visiting(service) as visitor:
        visitor.http.headers["x-forwarded-for"] = address
        assert heading(visitor.get(f"/C/{code}")) == "Genuine"


def test_a_flooding_network_is_told_nothing_but_its_members_are_served(
    service: Service,
) -> None:
    """After 300 guesses even a genuine code is refused, for a minute, not to members.

    The page says until when.
    """
    address, code = fresh_address(), service.fresh_code()
    refused = flood(service, address)
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    scan = service.post("/v1/scans", {"code": code}, x_forwarded_for=address)
    assert scan.status_code == 429
    for language, said in (
        ("en", r"Try again in about 1 minute \(\d\d:\d\d\)\."),
        ("zh", r"请大约 1 分钟后（\d\d:\d\d）再试。"),
    ):
        with visiting(service, language=language) as visitor:
            visitor.http.headers["x-forwarded-for"] = address
            # The other worker may still have to hear of it.
            wait_for(lambda: visitor.get(f"/C/{code}").status_code == 429)
            shown = visitor.get(f"/C/{code}")
            assert 1 <= int(shown.headers["retry-after"]) <= 60
            assert re.search(said, unescape(shown.text))
    with visiting(service) as visitor:
        visitor.http.headers["x-forwarded-for"] = address
        visitor.sign_in("campus-member")
        assert heading(visitor.claim(f"/C/{code}")) == "Genuine, and it is yours!"
    with visiting(service) as elsewhere:
        assert heading(elsewhere.get(f"/C/{WRONG}")) == "Not one of our codes"


def test_what_has_not_sixteen_symbols_is_no_guess(service: Service) -> None:
    """Nonsense is answered as ever, and counts against nobody."""
    device = {"device_id": fresh_address()}
    for given in ("1", "", "hello world", "U" * 16, WRONG + "0", "😀", "x" * 256) * 6:
        answer = guess(service, fresh_address(), **device, code=given)
        assert answer.json()["outcome"] == "invalid"
    assert guess(service, fresh_address(), **device).status_code == 200
    with visiting(service) as visitor:
        for _ in range(NETWORK_LIMIT + 50):
            assert visitor.get("/C/1").status_code == 200


def test_codes_that_open_but_are_none_of_ours_are_guesses_on_pages_too(
    service: Service,
) -> None:
    """A link with another product's GTIN is wrong wherever it is asked about."""
    path = f"/01/00012345678905/21/{service.fresh_code()}"
    with visiting(service) as visitor:
        visitor.sign_in(fresh_address())
        for _ in range(STRICT_LIMIT * service.workers):
            assert visitor.get(path).status_code in {200, 429}
        assert visitor.get(path).status_code == 429


# What nobody looks at -----------------------------------------------------------------

UNSEEN = {
    "image": {"sec_fetch_site": "cross-site", "sec_fetch_dest": "image"},
    "frame": {"sec_fetch_site": "cross-site", "sec_fetch_dest": "iframe"},
    "script": {"sec_fetch_site": "same-site", "sec_fetch_dest": "empty"},
    "old image": {"accept": "image/avif,image/webp,*/*;q=0.8"},
    "prefetch": {"sec_purpose": "prefetch;prerender", "sec_fetch_site": "none"},
    "old prefetch": {"purpose": "prefetch"},
    "preview": {"user_agent": "facebookexternalhit/1.1"},
}


@pytest.mark.parametrize("kind", UNSEEN)
def test_what_nobody_looks_at_tells_nothing(service: Service, kind: str) -> None:
    """A request that counts no guess must not be a way to guess."""
    with visiting(service) as visitor:
        visitor.sign_in("onlooker")
        right = visitor.get(f"/C/{service.fresh_code()}", **UNSEEN[kind])
        wrong = visitor.get(f"/C/{WRONG}", **UNSEEN[kind])
    assert right.status_code == wrong.status_code
    assert heading(right) == heading(wrong) == "Check a cap"
    assert (right.status_code == 200) is ("prefetch" not in kind)


def test_head_tells_nothing(service: Service) -> None:
    """Neither by its status nor by a length."""
    with visiting(service) as visitor:
        right = visitor.http.head(f"/C/{service.fresh_code()}")
        wrong = visitor.http.head(f"/C/{WRONG}")
    assert right.status_code == wrong.status_code == 200
    assert right.headers["content-length"] == wrong.headers["content-length"]


def test_other_sites_lock_nobody_out(service: Service) -> None:
    """Images, previews and links of theirs count against no visitor of our own."""
    with visiting(service) as visitor:
        visitor.sign_in(fresh_address())
        for _ in range(NETWORK_LIMIT // 2):
            visitor.get(f"/C/{WRONG}", **UNSEEN["image"])
            visitor.http.head(f"/C/{WRONG}")
            send_by_link(visitor, WRONG)
        shown = visitor.get(f"/C/{service.fresh_code()}")
        assert heading(shown) == "Genuine"
        assert heading(visitor.get(f"/C/{WRONG}")) == "Not one of our codes"


def test_a_link_on_another_site_opens_the_page_and_is_no_way_to_guess(
    service: Service,
) -> None:
    """Followed links have a limit of their own, beside what the network typed."""
    with visiting(service) as visitor:
        code = service.fresh_code()
        assert heading(send_by_link(visitor, code)) == "Genuine"
        for _ in range(3 * NETWORK_LIMIT):
            if send_by_link(visitor, WRONG).status_code == 429:
                break
        assert send_by_link(visitor, code).status_code == 429
        assert heading(visitor.get(f"/C/{code}")) == "Genuine"


def send_by_link(visitor: Visitor, code: str) -> httpx.Response:
    """Follow a link on another site."""
    sent = {"sec_fetch_site": "cross-site", "sec_fetch_dest": "document"}
    return visitor.get(f"/C/{code}", **sent)


# Who cannot be told apart -------------------------------------------------------------


def test_other_addresses_go_on(service: Service) -> None:
    """Many who guess a little are no flood."""
    for _ in range(30):
        assert guess(service, fresh_address()).json()["outcome"] == "invalid"
    assert service.scan(service.fresh_code())["outcome"] == "verified"


@pytest.mark.parametrize("form", ["{site}:7::{n:x}", "{site}:{n:x}::1"])
def test_ipv6_neighbours_are_one_network(service: Service, form: str) -> None:
    """Whoever owns a /64, or a /48 of 65,536 networks, has not as many chances."""
    site = f"2001:db8:{random_below(65_536):x}"
    numbers = iter(range(1, 65_536))
    guess_until_refused(lambda: guess(service, form.format(site=site, n=next(numbers))))


@pytest.mark.parametrize(
    "form",
    ["{address}:{n}", "{fresh}, {address}, 127.0.0.9:80", "[2001:db8:{x}::5]:{n}"],
)
def test_a_hop_with_a_port_is_that_address(service: Service, form: str) -> None:
    """Some proxies write a port; only the rightmost hop that is none of ours counts."""
    parts = {"address": fresh_address(), "x": f"{random_below(65_536):x}"}
    numbers = iter(range(1024, 65_536))
    guess_until_refused(
        lambda: guess(
            service, form.format(**parts, fresh=fresh_address(), n=next(numbers))
        )
    )
    assert service.scan(service.fresh_code())["outcome"] == "verified"


def test_every_line_of_forwarded_hops_counts(service: Service) -> None:
    """A second proxy may write a line of its own; the first one's tells the caller."""
    address, other = fresh_address(), fresh_address()

    def send(client: str) -> httpx.Response:
        lines = [("x-forwarded-for", client), ("x-forwarded-for", "127.0.0.9")]
        return service.http.post("/v1/scans", json=GUESS, headers=lines)

    guess_until_refused(lambda: send(address))
    assert guess(service, address).status_code == 429
    assert send(other).status_code == 200


def test_addresses_that_cannot_be_read_are_one_network(service: Service) -> None:
    """Hops and what apps send; each nonsense is not one more caller."""
    app = service.staff("app")
    numbers = iter(range(100_000))

    def send() -> httpx.Response:
        n = next(numbers)
        if n % 2:
            return guess(service, f"unknown-{n}")
        phone = {"context": {"ip": f"300.1.2.{n}"}, "device_id": fresh_address()}
        return service.post("/v1/scans", GUESS | phone, app)

    guess_until_refused(send)
    assert guess(service, "unknown").status_code == 429
    assert guess(service, fresh_address()).status_code == 200


def test_an_app_whose_scans_name_nobody_is_counted_by_its_token(
    service: Service,
) -> None:
    """Only such scans; those that name somebody go on."""
    app = service.staff_token("app", name="mute-app")

    def send(**body: object) -> httpx.Response:
        return service.post("/v1/scans", GUESS | body, app)

    refused = guess_until_refused(send)
    assert int(refused.headers["retry-after"]) <= 600
    assert send(device_id=fresh_address()).json()["outcome"] == "invalid"
    right = send(code=service.fresh_code())
    assert right.json()["outcome"] == "verified"
