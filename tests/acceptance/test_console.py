"""The console's rooms: who enters, what they do there, and what they cannot."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fixtures.colleague import Colleague, at_work, title_of
from tests.fixtures.processes import fresh_address
from tests.fixtures.service import Json, Service
from tests.fixtures.visitor import hidden_fields

EVIL = "https://evil.example"
SIGN_IN = "/console/sign-in"


@pytest.fixture
def ann(service: Service) -> Iterator[Colleague]:
    """Give the browser of an issuer."""
    with at_work(service, service.issuer) as colleague:
        yield colleague


@pytest.fixture
def bob(service: Service) -> Iterator[Colleague]:
    """Give the browser of a second issuer."""
    with at_work(service, service.staff_token("issuer", name="bob")) as colleague:
        yield colleague


@pytest.fixture
def lin(service: Service) -> Iterator[Colleague]:
    """Give the browser of a line manager."""
    with at_work(service, service.staff("line")) as colleague:
        yield colleague


def order(ann: Colleague, batch: Json, **fields: str) -> str:
    """Order a package of a batch; gives the path of its room."""
    page = f"/console/batches/{batch['batch_id']}/order"
    wanted = {"preset": "csv", "lanes": "1", "encryption": "none"} | fields
    shown = ann.press(page, page, **wanted)
    assert shown.status_code == 200, shown.text
    return str(shown.url.path)


# Signing in ---------------------------------------------------------------------------


def test_nobody_enters_without_signing_in(service: Service) -> None:
    """Rooms lead to the sign-in and back; forms of the signed out do nothing."""
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


def test_every_room_has_the_headers_of_a_page(ann: Colleague) -> None:
    """No script, no frame, no cache, no sniffing."""
    for path in ("/console", "/console/plants", "/console/codes", "/console/nothing"):
        headers = ann.get(path).headers
        if path.endswith("nothing"):
            continue
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("role", "open_to", "closed_to"),
    [
        ("cashier", ["/console"], ["/console/plants", "/console/leaks"]),
        ("printhouse", ["/console"], ["/console/batches/1", "/console/codes"]),
        ("support", ["/console/codes", "/console/batches/1"], ["/console/leaks"]),
        ("analyst", ["/console/leaks"], ["/console/batches/1/order"]),
    ],
)
def test_a_role_enters_its_rooms_only(
    service: Service, role: str, open_to: list[str], closed_to: list[str]
) -> None:
    """What a role may not do has no link, and its room says no."""
    with at_work(service, service.staff(role)) as colleague:
        bar = colleague.get("/console").text.partition("</header>")[0]
        for path in open_to:
            assert colleague.get(path).status_code == 200, path
        for path in closed_to:
            assert colleague.get(path).status_code == 403, path
            assert f'href="{path}"' not in bar


# Packages -----------------------------------------------------------------------------


def test_a_package_goes_from_order_to_the_print_house(
    service: Service, ann: Colleague, bob: Colleague
) -> None:
    """One orders, another approves and learns the password, the house takes it."""
    batch = service.issue(500, activate=False)
    house = service.staff_token("printhouse", name="good-press")
    room = order(ann, batch, encryption="password", printhouse="good-press")
    assert "you ordered this" in ann.get(room).text.lower()
    refused = ann.post(
        f"{room}/approve", hidden_fields(ann.get(room).text, f"{room}/cancel")
    )
    assert refused.status_code == 409
    bob.press(room, f"{room}/approve")
    told = bob.send_form(bob.get(room), f"{room}/password")
    secret = re.search(r'class="secret">([\w-]+)<', told.text)
    assert secret is not None
    assert secret[1] not in bob.get(room).text
    with at_work(service, house) as press:
        assert f'href="{room}"' in press.get("/console").text
        taken = press.send_form(press.get(room), f"{room}/content")
        assert taken.status_code == 200
        assert taken.content.startswith(b"PK")
        assert taken.headers["content-disposition"].startswith("attachment")
        shown = press.get(room).text
    assert "good-press" in shown
    assert "127.0.0.1" in shown


def test_looking_at_a_download_counts_nothing(
    service: Service, ann: Colleague, bob: Colleague
) -> None:
    """Only the form downloads; a link that something fetches ahead does not exist."""
    batch = service.issue(20, activate=False)
    room = order(ann, batch)
    bob.press(room, f"{room}/approve")
    assert ann.get(f"{room}/content").status_code == 405
    package_id = int(room.rpartition("/")[2])
    assert not service.query(
        "SELECT FROM package_downloads WHERE package_id = %s", package_id
    )


def test_a_wrong_order_says_so_beside_the_form_as_it_was(
    service: Service, ann: Colleague
) -> None:
    """The field is marked, what was typed stays, and nothing is ordered."""
    batch = service.issue(20, activate=False)
    page = f"/console/batches/{batch['batch_id']}/order"
    answer = ann.press(page, page, quantity="many", preset="lines", printhouse="p-1")
    assert answer.status_code == 422
    assert re.search(r'name="quantity"[^>]*value="many"[^>]*aria-invalid', answer.text)
    assert 'value="p-1"' in answer.text
    beyond = ann.press(page, page, from_index="19", quantity="2", encryption="none")
    assert beyond.status_code == 422
    order(ann, batch)
    again = ann.press(page, page, encryption="none", preset="csv")
    assert again.status_code == 409
    assert "packaged twice" in again.text


def test_a_person_of_another_brand_finds_no_package(
    service: Service, ann: Colleague
) -> None:
    """Scopes of a token hold in every room."""
    batch = service.issue(20, activate=False)
    room = order(ann, batch)
    token = service.staff_token("issuer", name="stranger", brand="Other Dairy")
    with at_work(service, token) as stranger:
        home = stranger.get("/console").text
        assert f'href="{room}"' not in home
        assert f'href="/console/batches/{batch["batch_id"]}"' not in home
        for path in (room, f"/console/batches/{batch['batch_id']}"):
            assert stranger.get(path).status_code == 404


# Reports ------------------------------------------------------------------------------


def test_a_dropped_report_is_counted_and_its_wrong_rows_named(
    service: Service, lin: Colleague, tmp_path: Path
) -> None:
    """The right rows count, each wrong one is shown with line, column and sentence."""
    batch = service.issue(100, activate=False)
    file = tmp_path / "shift.csv"
    file.write_text(
        "from_index,to_index,status,reason,grade\n"
        "0,79,printed,,A\n80,x,wasted,splice,\n80,84,wasted,splice,\n"
    )
    sent = lin.drop(batch["batch_id"], file, activate="now")
    assert sent.status_code == 303
    shown = lin.get(sent.headers["location"])
    assert "is no whole number" in shown.text
    again = lin.drop(batch["batch_id"], file, activate="now")
    assert again.headers["location"] == sent.headers["location"]
    room = lin.get(f"/console/batches/{batch['batch_id']}").text
    bar = re.search(r'<svg class="stack tall"[^>]*aria-label="([^"]*)"', room)
    assert bar is not None
    assert bar[1] == "Printed 80 (80.00 %), Wasted 5 (5.00 %), Unprinted 15 (15.00 %)"
    assert "splice" in room
    assert service.scan(service.codes(batch, 0, 0)[0])["outcome"] == "verified"
    service.audit()


def test_a_report_may_be_all_or_nothing(
    service: Service, lin: Colleague, tmp_path: Path
) -> None:
    """Where that was chosen, one wrong row keeps the others from counting."""
    batch = service.issue(10, activate=False)
    file = tmp_path / "shift.csv"
    file.write_text("from_index,to_index,status\n0,4,printed\n9,99,printed\n")
    answer = lin.drop(batch["batch_id"], file, on_error="refuse")
    assert answer.status_code == 422
    assert "nothing of the report counts" in answer.text
    room = lin.get(f"/console/batches/{batch['batch_id']}").text
    assert "Unprinted 10 (100 %)" in room


def test_an_upload_from_another_site_is_refused_unread(
    service: Service, lin: Colleague
) -> None:
    """A foreign sender's file is not even parsed."""
    batch = service.issue(10, activate=False)
    path = f"/console/batches/{batch['batch_id']}/report"
    answer = lin.http.post(
        path,
        content=b"--x no form at all",
        headers={"origin": EVIL, "content-type": "multipart/form-data; boundary=x"},
    )
    assert answer.status_code == 403


# Codes and leaks ----------------------------------------------------------------------


def test_a_caps_life_stands_on_one_page(
    service: Service, ann: Colleague, bob: Colleague, lin: Colleague, tmp_path: Path
) -> None:
    """Issued, packaged, taken, printed, activated, scanned and paid; in this order."""
    batch = service.issue(50, activate=False)
    room = order(ann, batch)
    bob.press(room, f"{room}/approve")
    assert ann.send_form(ann.get(room), f"{room}/content").status_code == 200
    file = tmp_path / "shift.csv"
    file.write_text("from_index,to_index,status,reason,grade\n0,49,printed,,B\n")
    lin.drop(batch["batch_id"], file, activate="now")
    code = service.codes(batch, 7, 7)[0]
    assert service.scan(code, "cap-lover")["outcome"] == "rewarded"
    with at_work(service, service.staff("analyst")) as analyst:
        shown = analyst.press("/console/codes", "/console/codes", code=f" {code} ")
        assert str(shown.url.path).endswith(f"/{batch['batch_id']}/codes/7")
        assert code not in shown.text
        kinds = re.findall(r'<li class="e-(\w+)"', shown.text)
        assert "cap-lover" in shown.text
    assert kinds == [
        *("issued", "packaged", "approved", "downloaded"),
        *("printed", "activate", "rewarded"),
    ]
    hidden = lin.get(str(shown.url.path)).text
    assert "cap-lover" not in hidden


def test_a_mistyped_code_is_told_apart_from_one_out_of_reach(
    service: Service, ann: Colleague
) -> None:
    """Forged codes are none of ours; a code of another brand looks never issued."""
    batch = service.issue(5)
    code = service.codes(batch, 0, 0)[0]
    forged = code[:-1] + ("A" if code[-1] != "A" else "B")
    path = "/console/codes"
    assert ann.press(path, path, code=forged).status_code == 422
    token = service.staff_token("issuer", name="stranger", brand="Other Dairy")
    with at_work(service, token) as stranger:
        assert stranger.press(path, path, code=code).status_code == 404


def test_leaked_codes_lead_to_roll_package_and_who_took_it(
    service: Service, ann: Colleague, bob: Colleague
) -> None:
    """A pasted list shows its source, and a void ends the codes or the whole roll."""
    rolls = [
        {"name": "roll-1", "from_index": 0, "to_index": 19},
        {"name": "roll-2", "from_index": 20, "to_index": 39},
    ]
    batch = service.issue(40, activate=False, units=rolls)
    room = order(ann, batch, printhouse="leaky-press")
    bob.press(room, f"{room}/approve")
    ann.http.headers["x-forwarded-for"] = fresh_address()
    assert ann.send_form(ann.get(room), f"{room}/content").status_code == 200
    service.change(batch, "activations")
    codes = service.codes(batch)
    service.scan(codes[3], "early-bird")
    pasted = "\n".join([*codes[2:5], f"HTTPS://CAP.CN/C/{codes[25]}", codes[2], "ZZZ"])
    shown = ann.press("/console/leaks", "/console/leaks", codes=pasted).text
    text = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    assert "6 codes pasted 1 repeated 1 not ours: ZZZ" in text
    assert "leaky-press" in text
    assert "roll-1 Codes found here 3 Activated 3 Claimed 1" in text
    assert "Only these codes: 4" in text
    assert "All of their rolls, or batches: 40" in text
    form = hidden_fields(shown, "/console/leaks/void") | {"codes": pasted}
    nameless = ann.post("/console/leaks/void", form | {"reach": "listed"})
    assert nameless.status_code == 422
    listed = form | {"reach": "listed", "reason": "on a forum"}
    assert "<b>4</b> codes are void now" in ann.post("/console/leaks/void", listed).text
    assert service.scan(codes[2])["outcome"] == "not_active"
    assert service.scan(codes[6])["outcome"] == "verified"
    whole = listed | {"codes": codes[2], "reach": "unit"}
    assert ann.post("/console/leaks/void", whole).status_code == 200
    assert service.scan(codes[6])["outcome"] == "not_active"
    assert service.scan(codes[30])["outcome"] == "verified"
    service.audit()


def test_a_list_that_is_too_long_or_empty_is_refused(ann: Colleague) -> None:
    """The sentence says how many there may be; nothing is looked up."""
    path = "/console/leaks"
    assert ann.press(path, path, codes=" ,; ").status_code == 422
    long = ann.press(path, path, codes="A " * 10_001)
    assert long.status_code == 422
    assert "10,000" in long.text


def test_an_analyst_previews_a_void_and_leaves_it_to_others(service: Service) -> None:
    """The contract gives voids to lines and issuers."""
    batch = service.issue(5)
    codes = service.codes(batch)
    with at_work(service, service.staff("analyst")) as analyst:
        shown = analyst.press("/console/leaks", "/console/leaks", codes=codes[0])
        assert "Only these codes" in shown.text
        assert 'action="/console/leaks/void"' not in shown.text
        form = hidden_fields(shown.text, "/console/leaks")
        body = form | {"codes": codes[0], "reach": "listed", "reason": "x"}
        assert analyst.post("/console/leaks/void", body).status_code == 403


def test_the_console_speaks_chinese(service: Service) -> None:
    """A fault at the line is told in the reader's language too."""
    with at_work(service, service.staff("line"), "zh-CN") as lin:
        assert title_of(lin.get("/console/plants")) == "工厂对账"
        missing: httpx.Response = lin.get("/console/packages/999999")
        assert missing.status_code == 404
        assert "没有这个东西" in missing.text
