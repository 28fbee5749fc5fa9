"""The console's doors: who enters, which pages, in which language."""

import re
from pathlib import Path

import pytest
from litestar.routes import HTTPRoute

import console
from tests.fixtures.colleague import Colleague, at_work, order_package, title_of
from tests.fixtures.service import Service
from tests.fixtures.visitor import hidden_fields

EVIL = "https://evil.example"
SIGN_IN = "/console/sign-in"


def test_nobody_enters_without_signing_in(service: Service) -> None:
    """Pages lead to the sign-in and back; forms of the signed out do nothing."""
    nobody = Colleague(service)
    with nobody.http:
        asked = nobody.get("/console/plants")
        assert asked.status_code == 303
        assert asked.headers["location"] == f"{SIGN_IN}?next=/console/plants"
        shown = nobody.get(asked.headers["location"])
        token = service.staff("analyst")
        entered = nobody.send_form(shown, SIGN_IN, staff_token=token)
        assert entered.headers["location"] == "/console/plants"
        assert title_of(nobody.get("/console/plants")) == "Plants, reconciled"
        nobody.http.cookies.delete("crowncap_staff")
        form = hidden_fields(nobody.get(SIGN_IN).text, SIGN_IN)
        refused = nobody.post("/console/leaks", form | {"codes": "X"})
        assert refused.status_code == 403


def test_a_way_back_never_leads_away(service: Service) -> None:
    """After signing in there is the console, whatever the link asked for."""
    for target in (EVIL, "//evil.example", "/C/X", "/consolex"):
        visitor = Colleague(service)
        with visitor.http:
            shown = visitor.get(SIGN_IN)
            form = hidden_fields(shown.text, SIGN_IN) | {"next": target}
            form["staff_token"] = service.staff("analyst")
            assert visitor.post(SIGN_IN, form).headers["location"] == "/console"


def test_a_bad_token_opens_nothing(service: Service) -> None:
    """A wrong token says so, sets no session, and is not echoed."""
    good = service.staff("analyst")
    for token in ("", "nonsense", good[:-1] + ("A" if good[-1] != "A" else "B")):
        visitor = Colleague(service)
        with visitor.http:
            answer = visitor.send_form(visitor.get(SIGN_IN), SIGN_IN, staff_token=token)
            assert answer.status_code == 401
            assert "crowncap_staff" not in visitor.http.cookies
            assert not token or token not in answer.text


def test_the_cookie_is_for_the_server_alone(service: Service) -> None:
    """HttpOnly and SameSite always; over https also Secure and bound to the host."""
    visitor = Colleague(service)
    token = service.staff("analyst")
    with visitor.http:
        form = hidden_fields(visitor.get(SIGN_IN).text, SIGN_IN)
        opened = visitor.post(SIGN_IN, form | {"staff_token": token})
        cookie = opened.headers["set-cookie"]
        assert re.match(r"crowncap_staff=[\w-]{32};", cookie)
        assert "httponly" in cookie.lower()
        assert "samesite=lax" in cookie.lower()
        assert token not in cookie


def test_over_https_the_cookie_is_bound_to_the_host(service: Service) -> None:
    """It is Secure, and its prefix keeps other hosts from setting it."""
    https = {"x_forwarded_proto": "https"}
    visitor = Colleague(service)
    with visitor.http:
        shown = visitor.get(SIGN_IN, **https)
        assert "strict-transport-security" in shown.headers
        form = hidden_fields(shown.text, SIGN_IN)
        opened = visitor.post(
            SIGN_IN,
            form | {"staff_token": service.staff("analyst")},
            cookie=f"__Host-crowncap_form={form['token']}",
            origin=service.base_url.replace("http:", "https:"),
            **https,
        )
        cookie = opened.headers["set-cookie"]
        assert cookie.startswith("__Host-crowncap_staff=")
        assert "; secure" in cookie.lower()
        assert "path=/" in cookie.lower()
        assert "domain" not in cookie.lower()


@pytest.mark.parametrize("table", ["staff_sessions", "staff_tokens"])
def test_a_session_ends_in_time(service: Service, table: str) -> None:
    """With its own last hour, and with the last day of its token."""
    token = service.staff_token("analyst", name="sleeper")
    with at_work(service, token) as sleeper:
        assert sleeper.get("/console").status_code == 200
        earlier = {"staff_sessions": "opened_at", "staff_tokens": "created_at"}[table]
        service.query(
            f"UPDATE {table} SET {earlier} = now() - interval '13 hours',"
            " expires_at = now() - interval '1 second' WHERE token_id = %s",
            token.split("_")[2],
        )
        assert sleeper.get("/console").headers["location"].startswith(SIGN_IN)


def test_a_revoked_token_ends_its_sessions(service: Service) -> None:
    """The next page of a colleague whose token was revoked is the sign-in."""
    token = service.staff_token("analyst", name="leaver")
    with at_work(service, token) as leaver:
        assert leaver.get("/console").status_code == 200
        service.cli("token", "revoke", token.split("_")[2])
        assert leaver.get("/console").headers["location"].startswith(SIGN_IN)


def test_a_session_that_was_ended_stays_ended(service: Service) -> None:
    """A cookie that somebody kept is worth nothing after signing out."""
    with at_work(service, service.staff("analyst")) as leaver:
        kept = leaver.http.cookies["crowncap_staff"]
        out = leaver.send_form(leaver.get("/console"), "/console/sign-out")
        assert out.headers["location"] == SIGN_IN
        leaver.http.cookies.set("crowncap_staff", kept)
        assert leaver.get("/console").headers["location"].startswith(SIGN_IN)
    actions = service.query(
        "SELECT action FROM audit_log WHERE subject = 'staff:the-analyst'"
        " ORDER BY audit_id DESC LIMIT 2"
    )
    assert [row[0] for row in actions] == ["session.end", "session.open"]


def test_a_session_secret_is_stored_as_a_hash(service: Service) -> None:
    """Whoever reads the table cannot sign in with it."""
    with at_work(service, service.staff("analyst")) as colleague:
        secret = colleague.http.cookies["crowncap_staff"]
        (found,) = service.query(
            "SELECT count(*) FROM staff_sessions WHERE session_hash = sha256(%s)",
            secret.encode(),
        )
        assert found == (1,)


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({"origin": EVIL}, None),
        ({"origin": "null"}, None),
        ({"sec_fetch_site": "cross-site"}, None),
        ({}, ""),
        ({}, "x" * 32),
    ],
)
def test_a_form_from_another_site_does_nothing(
    ann: Colleague, service: Service, headers: dict[str, str], token: str | None
) -> None:
    """A foreign sender and a wrong token are refused at every form."""
    batch = service.issue(10, activate=False)
    page = f"/console/batches/{batch['batch_id']}/order"
    form = hidden_fields(ann.get(page).text, page) | {"preset": "csv"}
    if token is not None:
        form["token"] = token
    forms = [page, "/console/leaks/void", "/console/codes", "/console/sign-out"]
    for path in forms:
        assert ann.post(path, form, **headers).status_code == 403, path
    assert ann.get("/console").status_code == 200
    assert not service.query(
        "SELECT FROM packages WHERE batch_id = %s", batch["batch_id"]
    )


def test_no_form_does_anything_without_its_token(service: Service) -> None:
    """Each route that takes a form is asked, so that none forgets to look."""
    with at_work(service, service.staff("admin")) as root:
        forms = [
            route.path
            for route in console.ROUTER.routes
            if isinstance(route, HTTPRoute) and "POST" in route.methods
        ]
        assert len(forms) > 28
        for path in forms:
            answer = root.post(re.sub(r"\{\w+:\w+\}", "1", path), {"token": "x" * 32})
            assert answer.status_code == 403, path
            assert "token is missing or old" in answer.text, path
        assert root.get("/console").status_code == 200


def test_every_page_has_the_headers_of_a_page(ann: Colleague) -> None:
    """No script, no frame, no cache, no sniffing."""
    for path in ("/console", "/console/plants", "/console/codes", "/console/nothing"):
        headers = ann.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("role", "open_to", "closed_to"),
    [
        ("cashier", ["/console/till"], ["/console/plants", "/console/leaks"]),
        ("printhouse", ["/console"], ["/console/batches/1", "/console/codes"]),
        ("support", ["/console/codes", "/console/batches/1"], ["/console/leaks"]),
        ("analyst", ["/console/leaks"], ["/console/batches/1/order"]),
    ],
)
def test_a_role_enters_its_pages_only(
    service: Service, role: str, open_to: list[str], closed_to: list[str]
) -> None:
    """What a role may not do has no link, and its page says no."""
    with at_work(service, service.staff(role)) as colleague:
        bar = colleague.get("/console").text.partition("</header>")[0]
        for path in open_to:
            assert colleague.get(path).status_code == 200, path
        for path in closed_to:
            assert colleague.get(path).status_code == 403, path
            assert f'href="{path}"' not in bar


# Languages ----------------------------------------------------------------------------


def test_every_page_speaks_both_languages(
    service: Service, ann: Colleague, lin: Colleague, tmp_path: Path
) -> None:
    """Each heading is in the language that was asked for, and so is the page."""
    batch = service.issue(20, activate=False)
    package = order_package(ann, batch)
    file = tmp_path / "shift.csv"
    file.write_text("from_index,to_index,status\n0,4,printed\n")
    report = lin.drop(batch["batch_id"], file).headers["location"]
    here = f"/console/batches/{batch['batch_id']}"
    paths = [
        *("/console", "/console/plants", "/console/codes", "/console/leaks"),
        *(
            "/console/jobs",
            "/console/webhooks",
            here,
            f"{here}/order",
            f"{here}/codes/3",
            f"{here}?watch",
        ),
        *(package, report, "/console/nothing"),
    ]
    titles = {}
    for language, mark in (("en", 'lang="en"'), ("zh-CN", 'lang="zh-Hans"')):
        with at_work(service, service.staff("admin"), language) as root:
            pages = {path: root.get(path) for path in paths}
        assert all(f"<html {mark}>" in page.text for page in pages.values())
        titles[language] = [title_of(page) for page in pages.values()]
    for path, english, chinese in zip(paths, *titles.values(), strict=True):
        assert english.isascii() or "·" in english, path
        assert re.search(r"[\u4e00-\u9fff]", chinese), path


def test_the_language_stays_as_chosen_and_so_does_the_page(ann: Colleague) -> None:
    """The switch keeps what was asked for; the next page is in the same language."""
    page = ann.get("/console/plants?by=line").text
    switch = re.search(r'class="switch" href="([^"]*)"', page)
    assert switch is not None
    chinese = ann.get(switch[1].replace("&amp;", "&"))
    assert title_of(chinese) == "工厂对账"
    assert '<option value="line" selected>' in chinese.text
    assert title_of(ann.get("/console/codes")) == "查码"


def test_the_answer_to_a_form_leads_to_the_other_language(ann: Colleague) -> None:
    """To the page on which its form stood; nothing is sent again for a word."""
    shown = ann.get("/console/leaks")
    for path in ("/console/leaks", "/console/leaks/void"):
        form = hidden_fields(shown.text, "/console/leaks") | {"codes": ""}
        page = ann.post(path, form).text
        assert 'class="switch" href="/console/leaks?lang=zh"' in page, path
    refused = ann.post("/console/packages/999999/approve", form).text
    assert 'class="switch" href="/console/packages/999999?lang=zh"' in refused


@pytest.mark.parametrize("page", ["/console/plants?by=line", "/console/batches/2?"])
def test_a_screen_on_the_wall_can_be_stopped(ann: Colleague, page: str) -> None:
    """It reads itself again until it is paused, and goes on from where it was."""
    refresh = '<meta http-equiv="refresh" content="10">'
    assert refresh not in ann.get(page).text
    wall = f"{page}&watch".replace("?&", "?")
    running = ann.get(wall).text
    assert refresh in running
    assert f'href="{wall}=paused"' in running.replace("&amp;", "&")
    paused = ann.get(f"{wall}=paused").text
    assert refresh not in paused
    assert 'class="watching"' in paused
    assert f'href="{wall}"' in paused.replace("&amp;", "&")


def test_faults_are_told_in_chinese(service: Service) -> None:
    """A reader at the line is told what to do in their own language."""
    with at_work(service, service.staff("line"), "zh-CN") as lin:
        missing = lin.get("/console/packages/999999")
        assert missing.status_code == 404
        assert "没有码包 999999" in missing.text
