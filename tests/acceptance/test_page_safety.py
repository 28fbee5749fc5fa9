"""What the consumer's page refuses, and the headers and limits that it keeps."""

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.auth.members import MemberSigner
from tests.fixtures.processes import wait_for
from tests.fixtures.service import OwnService, Service
from tests.fixtures.visitor import Visitor, heading, hidden_fields, visiting

EVIL = "https://evil.example"
LIMIT = 40_000


@pytest.fixture
def member(service: Service) -> Iterator[Visitor]:
    """Give the browser of a member."""
    with visiting(service) as visitor:
        yield visitor.sign_in("careful")


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, ""),
        ({}, "x" * 32),
        ({"origin": EVIL}, None),
        ({"origin": "null"}, None),
        ({"origin": "http://127.0.0.1:1"}, None),
        ({"sec_fetch_site": "cross-site"}, None),
        ({"sec_fetch_site": "same-site"}, None),
    ],
)
def test_a_form_from_another_site_claims_nothing(
    service: Service, member: Visitor, headers: dict[str, str], token: str | None
) -> None:
    """A missing or wrong token and a foreign sender are refused; nothing is done."""
    code = service.fresh_code()
    path = f"/C/{code}"
    form = hidden_fields(member.get(path).text, path)
    if token is not None:
        form["token"] = token
    answer = member.post(path, form, **headers)
    assert answer.status_code == 403
    assert heading(answer) == "One more time, please"
    assert service.scan(code)["outcome"] == "verified"


def test_a_form_without_sender_or_cookie_claims_nothing(
    service: Service, member: Visitor
) -> None:
    """Neither Origin nor Referer: refused. A token without its cookie: refused."""
    code = service.fresh_code()
    path = f"/C/{code}"
    form = hidden_fields(member.get(path).text, path)
    assert member.http.post(path, data=form).status_code == 403
    assert member.post(path, form, origin="", referer=EVIL).status_code == 403
    assert member.http.cookies.get("crowncap_form") == form["token"]
    member.http.cookies.delete("crowncap_form")
    assert member.post(path, form).status_code == 403
    assert service.scan(code)["outcome"] == "verified"
    form = hidden_fields(member.get(path).text, path)
    own = {"referer": service.base_url + path}
    sent = member.http.post(path, data=form, headers=own)
    assert sent.status_code == 303


def test_signing_in_and_out_needs_this_sites_own_form(member: Visitor) -> None:
    """Another site can neither sign a visitor in as somebody nor out."""
    form = hidden_fields(member.get("/sign-in").text, "/sign-in")
    for path in ("/sign-in", "/sign-out"):
        answer = member.post(path, form | {"name": "eve"}, origin=EVIL)
        assert answer.status_code == 403
        assert "crowncap_session" not in answer.headers.get("set-cookie", "")
    assert member.post("/sign-in", {"name": "eve"}).status_code == 403


@pytest.mark.parametrize(
    "target",
    [
        EVIL,
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "",
    ],
)
def test_signing_in_never_leads_away(service: Service, target: str) -> None:
    """Only a path of this site is gone back to, whoever wrote the link or the form."""
    with visiting(service) as visitor:
        asked = visitor.http.get("/sign-in", params={"next": target})
        form = hidden_fields(asked.text, "/sign-in")
        assert form["next"] == "/"
        answer = visitor.post("/sign-in", form | {"next": target, "name": "eve"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_large_form_is_refused(member: Visitor) -> None:
    """A form has a few fields; more is not read."""
    assert member.post("/sign-in", {"name": "x" * 9_000}).status_code == 413


def _pages(service: Service, member: Visitor) -> dict[str, httpx.Response]:
    path = f"/C/{service.fresh_code()}"
    return {
        "home": member.get("/"),
        "genuine": member.get(path),
        "rewarded": member.claim(path),
        "invalid": member.get("/C/NOT-A-CODE"),
        "sign-in": member.get("/sign-in"),
        "refused": member.post(path, {}),
        "unknown": member.get("/C/missing.txt"),
        "wallet": member.get("/me"),
        "points": member.get("/me/points"),
        "cards": member.get("/me/cards"),
        "payee": member.get("/me/payee"),
    }


def test_each_page_is_small_whole_and_its_own(
    service: Service, member: Visitor
) -> None:
    """All bytes together stay below the limit, and nothing is fetched from anywhere."""
    for name, answer in _pages(service, member).items():
        headers = sum(len(k) + len(v) + 4 for k, v in answer.headers.raw)
        assert len(answer.content) + headers < LIMIT, name
        references = re.findall(r'(?:src|href|action)="([^"]*)"', answer.text)
        strange = [r for r in references if not r.startswith(("/", "#", "data:"))]
        assert strange == [], name
        assert not any(r.startswith("//") for r in references), name
        assert "<script" not in answer.text, name
        assert "url(" not in answer.text.replace("url(#", ""), name
        assert "style=" not in answer.text, name


def test_each_page_carries_its_guards(service: Service, member: Visitor) -> None:
    """Policy, framing, sniffing, caching and referrer are settled on every page."""
    for name, answer in _pages(service, member).items():
        policy = answer.headers["content-security-policy"]
        for part in (
            "default-src 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ):
            assert part in policy, name
        assert "unsafe" not in policy, name
        assert answer.headers["x-content-type-options"] == "nosniff", name
        assert answer.headers["cache-control"] == "no-store", name
        assert answer.headers["referrer-policy"] == "same-origin", name
        assert "camera=()" in answer.headers["permissions-policy"], name
        assert "strict-transport-security" not in answer.headers, name


def test_over_https_cookies_are_bound_to_the_host(service: Service) -> None:
    """Behind a proxy that speaks https, cookies are secure and HSTS is sent."""
    with visiting(service) as visitor:
        answer = visitor.get("/sign-in", x_forwarded_proto="https")
        assert "max-age=" in answer.headers["strict-transport-security"]
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-crowncap_form=")
        for part in ("HttpOnly", "Path=/", "SameSite=lax", "Secure"):
            assert part in cookie
        assert "Domain" not in cookie
        plain = visitor.get("/sign-in").headers["set-cookie"]
        assert "HttpOnly" in plain
        assert "Secure" not in plain


def test_verification_files_come_ahead_of_codes(service: Service) -> None:
    """Files of safe names are served as they are; nothing else can be reached."""
    directory = service.data_dir / "verification"
    directory.mkdir(exist_ok=True)
    (directory / "MP_verify_AbC-1.txt").write_bytes(b"AbC1")
    (directory / "deep.TXT").write_bytes(b"no")
    with contextlib.suppress(FileExistsError):
        (directory / "keys.txt").symlink_to(service.data_dir / "keys" / "master-keys")
    with visiting(service) as visitor:
        for path in ("/MP_verify_AbC-1.txt", "/C/MP_verify_AbC-1.txt"):
            answer = visitor.get(path)
            assert (answer.status_code, answer.content) == (200, b"AbC1")
            assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        for path in (
            "/missing.txt",
            "/C/missing.txt",
            "/keys.txt",
            "/C/keys.txt",
            "/deep.TXT",
            "/..%2Fkeys%2Fmaster-keys.txt",
            f"/{'x' * 65}.txt",
        ):
            assert visitor.get(path).status_code == 404, path


def test_a_brands_own_members_sign_in_at_the_brand(
    own_service: OwnService, tmp_path: Path
) -> None:
    """With the brand's keys there is no demo sign-in; and a lost database is kind."""
    MemberSigner.load_or_create(tmp_path)
    service = own_service(
        workers=1,
        CROWNCAP_MEMBER_JWKS=str(tmp_path / "member-jwks.json"),
        CROWNCAP_SIGN_IN_URL="https://login.brand.example/in?app=cap",
        CROWNCAP_PUBLIC_URL="https://cap.brand.example",
    )
    with visiting(service) as visitor:
        path = "/C/" + service.codes(service.issue(1))[0]
        led = visitor.send_form(visitor.get(path), path)
        there = (
            "https://login.brand.example/in?app=cap&next=https%3A%2F%2Fcap.brand"
            f".example{path.replace('/', '%2F')}"
        )
        # Not as a redirect of the form, which browsers would not follow to there.
        assert (led.status_code, led.headers["refresh"]) == (200, f"0; url={there}")
        assert there.replace("&", "&amp;") in led.text
        assert visitor.get("/sign-in").status_code == 404
        assert visitor.post("/sign-in", {"name": "eve"}).status_code == 404
        # Whoever mends the database is held still, so that it stays away.
        os.kill(service.pid, signal.SIGSTOP)
        os.kill(service.postgres_pid, signal.SIGQUIT)
        try:
            wait_for(lambda: visitor.get(path).status_code == 503)
            answer = visitor.get(path)
        finally:
            os.kill(service.pid, signal.SIGCONT)
        assert heading(answer) == "Back in a moment"
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert int(answer.headers["retry-after"]) > 0
        wait_for(lambda: heading(visitor.get(path)) == "Genuine")
