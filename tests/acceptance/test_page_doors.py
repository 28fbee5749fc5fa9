"""Every page of the consumer's, asked for by nobody, by a member, by another site."""

import re
from collections.abc import Iterator
from typing import Final

import pytest
from litestar.routes import HTTPRoute

import scan_api.page
from tests.fixtures.service import Service
from tests.fixtures.visitor import visiting

# Who is shown what, by the address; what is not here is a mistake.
ANYBODYS: Final = frozenset(
    {
        *("/", "/C", "/c", "/C/{rest}", "/c/{rest}", "/01", "/01/{rest}", "/{name}"),
        *("/report", "/sign-in", "/sign-out", "/odds/{campaign_id}"),
        *("/draws/{draw_id}", "/brand-logos/{digest}", "/.well-known/gs1resolver"),
    }
)
MEMBERS: Final = frozenset(
    {
        *("/me", "/me/points", "/me/cards", "/me/payee"),
        *("/me/coupons/{coupon_id}", "/me/gifts/{gift_id}"),
        *("/me/claimable-gifts/{gift_id}", "/me/prizes/{won_id}"),
    }
)
# Files and descriptions, and a link that breaks off: no form is sent to these.
NO_PAGES: Final = frozenset(
    {"/brand-logos/{digest}", "/.well-known/gs1resolver", "/01"}
)
EVIL: Final = "https://evil.example"


def doors() -> Iterator[tuple[str, str]]:
    """List every way in: its method and its address."""
    for route in scan_api.page.ROUTER.routes:
        if isinstance(route, HTTPRoute):
            path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
            for method in sorted(route.methods & {"GET", "POST"}):
                yield method, path


def place_of(path: str) -> str:
    """Fill in an address with what there is none of."""
    link = path.replace("/01/{rest}", "/01/04006381333931/21/0S7NNXNY6ZT4QM5Q")
    return re.sub(r"\{\w+\}", "1", link)


def test_who_is_shown_what_is_said_of_every_page() -> None:
    """A page that is added comes with its line here."""
    assert {path for _, path in doors()} == ANYBODYS | MEMBERS


@pytest.mark.parametrize("signed_in", [False, True], ids=["nobody", "a member"])
def test_each_page_is_kept_as_a_page_and_members_are_members(
    service: Service,
    signed_in: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Nobody is led to sign in, and no form is taken but this site's own."""
    with visiting(service) as visitor:
        if signed_in:
            visitor.sign_in("knocks-everywhere")
        visitor.get("/sign-in")
        token = visitor.http.cookies["crowncap_form"]
        for method, path in doors():
            if path in NO_PAGES:
                continue
            place = place_of(path)
            if method == "GET":
                answer = visitor.get(place, accept="text/html")
                leads = answer.headers.get("location", "").startswith("/sign-in?next=")
                assert leads == (path in MEMBERS and not signed_in), path
            else:
                answer = visitor.post(place, {"token": "x" * 32})
                assert answer.status_code == 403, path
                answer = visitor.post(place, {"token": token}, origin=EVIL)
                assert answer.status_code == 403, path
            assert answer.status_code < 500, path
            policy = answer.headers["content-security-policy"]
            for part in ("default-src 'none'", "frame-ancestors 'none'"):
                assert part in policy, path
            assert "unsafe" not in policy, path
            assert answer.headers["cache-control"] == "no-store", path
            assert answer.headers["x-content-type-options"] == "nosniff", path
