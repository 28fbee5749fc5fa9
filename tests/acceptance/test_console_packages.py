"""The console's pages for packages: ordered, approved, taken, and whose they are."""

import re
from pathlib import Path

from tests.fixtures.colleague import Colleague, at_work, order_package
from tests.fixtures.service import Service
from tests.fixtures.visitor import hidden_fields


def test_a_package_goes_from_order_to_the_print_house(
    service: Service, ann: Colleague, bob: Colleague
) -> None:
    """One orders, another approves and learns the password, the house takes it."""
    batch = service.issue(500, activate=False)
    house = service.staff_token("printhouse", name="good-press")
    page = order_package(ann, batch, encryption="password", printhouse="good-press")
    assert "you ordered this" in ann.get(page).text.lower()
    refused = ann.post(
        f"{page}/approve", hidden_fields(ann.get(page).text, f"{page}/cancel")
    )
    assert refused.status_code == 409
    bob.press(page, f"{page}/approve")
    told = bob.send_form(bob.get(page), f"{page}/password")
    secret = re.search(r'class="secret">([\w-]+)<', told.text)
    assert secret is not None
    assert f'action="{page}/content"' not in told.text
    assert "nobody has both" in told.text
    assert secret[1] not in bob.get(page).text
    with at_work(service, house) as press:
        assert f'href="{page}"' in press.get("/console").text
        assert "What the print house does" in press.get(page).text
        taken = press.send_form(press.get(page), f"{page}/content")
        assert taken.status_code == 200
        assert taken.content.startswith(b"PK")
        assert taken.headers["content-disposition"].startswith("attachment")
        shown = press.get(page).text
        assert "good-press" in shown
        assert press.http.headers["x-forwarded-for"] in shown
    ann.send_form(ann.get(page), f"{page}/content")
    assert f'action="{page}/content"' in ann.get(page).text
    assert f'action="{page}/content"' not in bob.get(page).text


def test_the_order_form_knows_rolls_houses_and_formats(
    service: Service, ann: Colleague
) -> None:
    """What is in a package is not offered again; each format shows a row."""
    rolls = [
        {"name": "roll-a", "from_index": 0, "to_index": 9},
        {"name": "roll-b", "from_index": 10, "to_index": 19},
    ]
    batch = service.issue(20, activate=False, units=rolls)
    service.staff_token("printhouse", name="listed press")
    page = order_package(ann, batch, unit="roll-a", printhouse="listed press")
    package = page.rpartition("/")[2]
    form = ann.get(f"/console/batches/{batch['batch_id']}/order").text
    assert f'value="roll-a" disabled>roll-a · 0 – 9 · in package {package}<' in form
    assert 'value="roll-b">roll-b · 10 – 19 · free<' in form
    assert '<option value="listed press">' in form
    assert f"00000000001,{batch['link_base']}/C/0000000000000000,0000-0000-" in form
    trial = service.query("SELECT batch_id FROM sample_batches")
    home = ann.get("/console").text
    assert trial
    for (number,) in trial:
        assert f'"/console/batches/{number}"' not in home
        shown = ann.get(f"/console/batches/{number}").text
        assert "trial codes, for samples in packages" in shown
        assert f'href="/console/batches/{number}/order"' not in shown


def test_who_took_a_package_is_not_offered_its_password(
    service: Service, ann: Colleague, bob: Colleague
) -> None:
    """Bob approved, and downloads before he asks: the button goes."""
    batch = service.issue(20, activate=False)
    page = order_package(ann, batch, encryption="password")
    bob.press(page, f"{page}/approve")
    assert f'action="{page}/password"' in bob.get(page).text
    bob.send_form(bob.get(page), f"{page}/content")
    assert f'action="{page}/password"' not in bob.get(page).text


def test_what_people_do_is_audited_under_their_names(
    service: Service, ann: Colleague, bob: Colleague, lin: Colleague, tmp_path: Path
) -> None:
    """Each step of a package, its report and its end, with who took it."""
    batch = service.issue(20, activate=False)
    page = order_package(ann, batch, encryption="password")
    bob.press(page, f"{page}/approve")
    bob.send_form(bob.get(page), f"{page}/password")
    lin.send_form(lin.get(page), f"{page}/content")
    file = tmp_path / "shift.csv"
    file.write_text("from_index,to_index,status\n0,4,printed\n5,5,wasted\n")
    lin.drop(batch["batch_id"], file)
    bob.press(page, f"{page}/cancel", reason="wrong roll")
    done = service.query(
        "SELECT person, action FROM audit_log WHERE subject IN (%s, %s)"
        " ORDER BY audit_id",
        f"package:{page.rpartition('/')[2]}",
        f"batch:{batch['batch_id']}",
    )
    issuer, line = "the-issuer", "the-line"
    assert done == [
        (issuer, "batch.issue"),
        (issuer, "package.order"),
        ("bob", "package.approve"),
        ("bob", "package.tell_password"),
        (line, "package.download"),
        (line, "batch.void"),
        (line, "line_report.import"),
        ("bob", "batch.void"),
        ("bob", "package.cancel"),
    ]


def test_what_preflight_keeps_back_offers_no_approval(
    service: Service, ann: Colleague, bob: Colleague
) -> None:
    """Codes that are active already are not printed; the page says what to do."""
    batch = service.issue(20)
    page = order_package(ann, batch)
    shown = bob.get(page).text
    assert "20 of these codes are activated already" in shown
    assert f'action="{page}/approve"' not in shown
    body = hidden_fields(shown, f"{page}/cancel")
    assert bob.post(f"{page}/approve", body).status_code == 409
    with at_work(service, service.staff("admin"), "zh-CN") as root:
        assert "其中 20 个码已启用。" in root.get(page).text


def test_the_first_page_tells_what_waits_and_what_is_late(
    service: Service, ann: Colleague, bob: Colleague
) -> None:
    """A package waits until it is approved; late ones say what should have happened."""
    batch = service.issue(20, activate=False)
    answer = service.post(
        f"/v1/batches/{batch['batch_id']}/packages",
        {"preset": "csv", "download_by": "2026-01-01T00:00:00Z"},
        service.issuer,
    )
    page = f"/console/packages/{answer.json()['package_id']}"

    def sections() -> dict[str, bool]:
        parts = re.split(r"<h2>(.*?)</h2>", ann.get("/console").text)
        return {
            k: f'href="{page}"' in v
            for k, v in zip(parts[1::2], parts[2::2], strict=True)
        }

    assert sections()["Packages that wait for approval"]
    assert sections()["Late"]
    assert "Not downloaded in time" in ann.get("/console").text
    bob.press(page, f"{page}/approve")
    assert not sections()["Packages that wait for approval"]
    assert ann.send_form(ann.get(page), f"{page}/content").status_code == 200
    assert not sections().get("Late")


def test_looking_at_a_download_counts_nothing(
    service: Service, ann: Colleague, bob: Colleague
) -> None:
    """Only the form downloads; a link that something fetches ahead does not exist."""
    batch = service.issue(20, activate=False)
    page = order_package(ann, batch)
    bob.press(page, f"{page}/approve")
    assert ann.get(f"{page}/content").status_code == 405
    package_id = int(page.rpartition("/")[2])
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
    order_package(ann, batch)
    again = ann.press(page, page, encryption="none", preset="csv")
    assert again.status_code == 409
    assert "packaged twice" in again.text


def test_a_person_of_another_brand_finds_no_package(
    service: Service, ann: Colleague
) -> None:
    """Scopes of a token hold on every page."""
    batch = service.issue(20, activate=False)
    page = order_package(ann, batch)
    token = service.staff_token("issuer", name="stranger", brand="Other Dairy")
    with at_work(service, token) as stranger:
        home = stranger.get("/console").text
        assert f'href="{page}"' not in home
        assert f'href="/console/batches/{batch["batch_id"]}"' not in home
        for path in (page, f"/console/batches/{batch['batch_id']}"):
            assert stranger.get(path).status_code == 404
