"""The console's line pages: reports, reconciliation, and whose they are."""

import re
from pathlib import Path

from tests.fixtures.colleague import Colleague, at_work, order_package
from tests.fixtures.service import Service
from tests.fixtures.visitor import hidden_fields

EVIL = "https://evil.example"


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
    assert "is not a whole number" in shown.text
    again = lin.drop(batch["batch_id"], file, activate="now")
    assert again.headers["location"] == sent.headers["location"] + "?same"
    assert "nothing was new" in lin.get(again.headers["location"]).text
    page = lin.get(f"/console/batches/{batch['batch_id']}").text
    bar = re.search(r'<svg class="stack tall"[^>]*aria-label="([^"]*)"', page)
    assert bar is not None
    assert bar[1] == "Printed 80 (80.00 %), Wasted 5 (5.00 %), Unprinted 15 (15.00 %)"
    assert "splice" in page
    assert service.scan(service.codes(batch, 0, 0)[0])["outcome"] == "verified"
    service.audit()


def test_reasons_and_grades_add_up_to_what_counts(
    service: Service, lin: Colleague, tmp_path: Path
) -> None:
    """Four of ten good caps were spoilt, and five that were missing turned up."""
    batch = service.issue(100, activate=False)
    here = f"/console/batches/{batch['batch_id']}"
    for number, row in enumerate(
        ("0,9,printed,,A", "20,24,missing,,", "0,3,rejected,torn,", "20,24,printed,,B")
    ):
        file = tmp_path / f"{number}.csv"
        file.write_text(f"from_index,to_index,status,reason,grade\n{row}\n")
        assert lin.drop(batch["batch_id"], file, activate="none").status_code == 303
    page = lin.get(here).text
    corrected = "told twice, or corrected later"
    for grade, quantity in (("A", 10), ("B", 5), (corrected, -4)):
        assert f'<td>{grade}</td><td class="n">{quantity}</td>' in page
    assert f'<td>{corrected}</td><td>–</td><td class="n">-5</td>' in page
    assert "Printed in the last hour: 15 ·" in lin.get(f"{here}?watch").text


def test_a_report_is_seen_before_it_counts(
    service: Service, lin: Colleague, tmp_path: Path
) -> None:
    """What it would void and activate; the file need not be chosen twice."""
    batch = service.issue(100, activate=False)
    here = f"/console/batches/{batch['batch_id']}"
    file = tmp_path / "shift 1.csv"
    file.write_text(
        "by;to_index;from_index;status\nAnn;79;0;printed\nAnn;84;80;wasted\nBob;x;1;y\n",
        "utf-16",
    )
    form = hidden_fields(lin.get(here).text, f"{here}/report")
    shown = lin.http.post(
        f"{here}/report-preview",
        data=form | {"on_error": "skip", "activate": "now", "again": ""},
        files={"file": (file.name, file.read_bytes())},
        headers={"origin": service.base_url},
    )
    assert shown.status_code == 200
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", shown.text))
    assert (facts["Would make void"], facts["Would make active"]) == ("5", "80")
    assert (facts["Rows"], facts["Wrong rows"], facts["Columns passed over"]) == (
        *("3", "1"),
        "by",
    )
    assert "Unprinted 100 (100 %)" in lin.get(here).text
    kept = hidden_fields(shown.text, f"{here}/report")
    sent = lin.http.post(
        f"{here}/report",
        data=kept,
        files={"file": ("", b"")},
        headers={"origin": service.base_url},
    )
    assert sent.status_code == 303, sent.text
    counted = lin.get(sent.headers["location"])
    assert "<dd>85</dd>" in counted.text
    wrong = lin.get(f"{sent.headers['location']}/wrong-rows.csv")
    assert [line[:3] for line in wrong.text.splitlines()[1:]] == ["4,2", "4,4"]
    bar = "Printed 80 (80.00 %), Wasted 5 (5.00 %), Unprinted 15 (15.00 %)"
    assert bar in lin.get(here).text


def test_a_refused_file_leads_back_to_its_form(
    service: Service, lin: Colleague, tmp_path: Path
) -> None:
    """With its name and what was chosen; and it takes no number from the next one."""
    batch = service.issue(10, activate=False)
    file = tmp_path / "shift.xlsx"
    file.write_bytes(b"PK\x03\x04 and so on")
    answer = lin.drop(batch["batch_id"], file, on_error="refuse", activate="shipped")
    assert answer.status_code == 422
    assert "CSV UTF-8" in answer.text
    assert "shift.xlsx" in answer.text
    back = re.search(r'<a class="primary" href="([^"#]*)#report"', answer.text)
    assert back is not None
    form = lin.get(back[1].replace("&amp;", "&")).text
    assert "shift.xlsx" in form
    assert '<option value="refuse" selected>' in form
    assert '<option value="shipped" selected>' in form
    template = lin.get("/console/report-templates/ranges.csv")
    assert template.text == "\ufefffrom_index,to_index,status,reason,grade\r\n"
    assert lin.get("/console/report-templates/none.csv").status_code == 404


def test_a_report_may_be_all_or_nothing(
    service: Service, lin: Colleague, tmp_path: Path
) -> None:
    """Where that was chosen, one wrong row keeps the others from counting."""
    batch = service.issue(10, activate=False)
    file = tmp_path / "shift.csv"
    file.write_text("from_index,to_index,status\n0,4,printed\n9,99,printed\n")
    answer = lin.drop(batch["batch_id"], file, on_error="refuse")
    assert answer.status_code == 422
    assert "so nothing was counted" in answer.text
    page = lin.get(f"/console/batches/{batch['batch_id']}").text
    assert "Unprinted 10 (100 %)" in page


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


def test_wrong_rows_are_told_in_chinese(service: Service, tmp_path: Path) -> None:
    """With line and column, whether the others count or nothing does."""
    batch = service.issue(10, activate=False)
    file = tmp_path / "shift.csv"
    file.write_text("from_index,to_index,status\n0,4,printed\n5,6,gone\n9,99,printed\n")
    with at_work(service, service.staff("line"), "zh-CN") as lin:
        refused = lin.drop(batch["batch_id"], file, on_error="refuse")
        sent = lin.drop(batch["batch_id"], file)
        for page in (refused, lin.get(sent.headers["location"])):
            rows = re.findall(r"<tr>(.*?)</tr>", page.text, re.DOTALL)
            cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
            assert [
                "4",
                "2",
                "本批次的序号从 0 到 9；9 到 99 不是其中的一段。",
            ] in cells
            assert ["3", "3"] in [each[:2] for each in cells]


def test_plants_and_lines_are_reconciled(
    service: Service, lin: Colleague, tmp_path: Path
) -> None:
    """By plant, and by line within it, for the days that were asked for."""
    batch = service.issue(100, activate=False, line="K7")
    service.change(batch, "activations", plant="Kunming")
    file = tmp_path / "shift.csv"
    file.write_text(
        "from_index,to_index,status,reason\n0,79,printed,\n80,84,wasted,jam\n"
    )
    lin.drop(batch["batch_id"], file)
    shown = lin.get("/console/plants?by=line").text
    (card,) = [
        each
        for each in re.findall(
            r'<section class="card place">.*?</section>', shown, re.DOTALL
        )
        if "Kunming · K7" in each
    ]
    assert "Printed 80 (80.00 %), Wasted 5 (5.00 %), Unprinted 15 (15.00 %)" in card
    assert "5.88 %" in card
    assert "jam" in card
    assert "Kunming" in lin.get("/console/plants").text
    earlier = lin.get("/console/plants?from=2020-01-01&to=2020-01-02").text
    assert "Kunming" not in earlier
    assert "No batch was issued in these days." in earlier
    assert lin.get("/console/plants?from=soon").status_code == 422


def test_a_line_sees_its_own_only(service: Service, ann: Colleague) -> None:
    """A token of one line finds neither batch, package, report nor count of another."""
    mine = service.issue(10, activate=False, line="M1")
    other = service.issue(10, activate=False, line="M2")
    pages = {line: order_package(ann, b) for line, b in (("M1", mine), ("M2", other))}
    token = service.staff_token("line", name="m-one", line="M1")
    with at_work(service, token) as one:
        home = one.get("/console").text
        assert f'href="{pages["M1"]}"' in home
        assert f'href="{pages["M2"]}"' not in home
        assert f'href="/console/batches/{other["batch_id"]}"' not in home
        assert one.get(pages["M1"]).status_code == 200
        here = f"/console/batches/{other['batch_id']}"
        for path in (pages["M2"], here, f"{here}/order", f"{here}/codes/0"):
            assert one.get(path).status_code == 404, path
        assert "· M2<" not in one.get("/console/plants?by=line").text
        assert "· M2<" in ann.get("/console/plants?by=line").text
        form = hidden_fields(
            one.get(f"/console/batches/{mine['batch_id']}").text,
            f"/console/batches/{mine['batch_id']}/report",
        )
        sent = one.http.post(
            f"{here}/report",
            data=form | {"on_error": "skip", "activate": "none"},
            files={"file": ("s.csv", b"from_index,to_index,status\n0,1,printed\n")},
            headers={"origin": service.base_url},
        )
        assert sent.status_code == 404


def test_a_print_house_sees_its_own_packages_only(
    service: Service, ann: Colleague, bob: Colleague
) -> None:
    """Neither another house's, nor what is addressed to nobody."""
    token = service.staff_token("printhouse", name="press-one")
    service.staff_token("printhouse", name="press-two")
    pages = {}
    for house in ("press-one", "press-two", ""):
        pages[house] = order_package(
            ann, service.issue(5, activate=False), printhouse=house
        )
        bob.press(pages[house], f"{pages[house]}/approve")
    with at_work(service, token) as press:
        home = press.get("/console").text
        mine = pages.pop("press-one")
        assert f'href="{mine}"' in home
        form = hidden_fields(press.get(mine).text, f"{mine}/content")
        for page in pages.values():
            assert f'href="{page}"' not in home
            assert press.get(page).status_code == 404
            assert press.post(f"{page}/content", form).status_code == 404
