"""Line reports over HTTP: every cap of a batch is accounted for, always."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from crowncap.demo import CAMPAIGN, GTIN
from tests.acceptance.test_batch_routes import path_of, refused
from tests.fixtures.service import Json, Service

PARTS = ("printed", "rejected", "wasted", "missing", "unprinted", "indeterminate")


@pytest.fixture(scope="module")
def line(service: Service) -> str:
    """Give a line operator's token."""
    return service.staff_token("line", name="lin")


def fresh(service: Service, quantity: int = 1000, **fields: Any) -> Json:
    """Issue a batch that nobody activated."""
    return service.issue(
        quantity, activate=False, gtin=GTIN, campaign_id=CAMPAIGN, **fields
    )


def send(
    service: Service, token: str, batch: Json, text: str, **options: str
) -> httpx.Response:
    """Send a CSV report."""
    return service.http.post(
        "/v1/line-reports",
        params={"batch_id": batch["batch_id"], **options},
        content=text.encode(),
        headers={"authorization": f"Bearer {token}", "content-type": "text/csv"},
    )


def taken(answer: httpx.Response) -> Json:
    """Check that a report was taken in and adds up, and give the answer."""
    assert answer.status_code == 201, answer.text
    body: Json = answer.json()
    assert body["issued"] == sum(body[part] for part in PARTS)
    return body


def test_ranges_are_counted_and_add_up(service: Service, line: str) -> None:
    """What was printed, rejected, wasted and missing; the rest is unprinted."""
    batch = fresh(service)
    report = (
        "from_index,to_index,status,reason,grade\r\n"
        "0,899,printed,,3.5/10/660\r\n900,909,rejected,unreadable,F\r\n"
        "910,919,wasted,roll torn,\r\n920,929,missing,,\r\n"
    )
    body = taken(send(service, line, batch, report))
    counts = [body[part] for part in PARTS]
    assert counts == [900, 10, 10, 10, 70, 0]
    assert body["errors"] == []
    assert body["voided"] == 20
    shown = service.get(path_of(batch, "/reconciliation"), line).json()
    assert [shown[part] for part in PARTS] == counts
    assert {"status": "wasted", "reason": "roll torn", "grade": "", "quantity": 10} in (
        shown["reasons"]
    )


def test_spoilt_caps_between_printed_ones_are_not_told_as_activated(
    service: Service, line: str
) -> None:
    """What an answer says of activation is what the batch counts then."""
    batch = fresh(service, 100)
    rows = "".join(
        f"{i},{i},{'wasted' if i % 2 else 'printed'}\n" for i in range(10, 31)
    )
    body = taken(
        send(
            service, line, batch, f"from_index,to_index,status\n{rows}", activate="now"
        )
    )
    assert (body["printed"], body["activated"], body["voided"]) == (11, 11, 10)
    whole = service.post(path_of(batch, "/activations"), {}, line).json()
    assert (whole["changed"], whole["unchanged"]) == (79, 21)
    counts = service.get(path_of(batch), line).json()["counts"]
    assert (counts["activated"], counts["void"]) == (90, 10)
    rest = service.post(path_of(batch, "/voids"), {"reason": "end of line"}, line)
    assert (rest.json()["changed"], rest.json()["unchanged"]) == (90, 10)


def test_the_same_content_counts_once(service: Service, line: str) -> None:
    """Sent again, also at the same time, it gets the same answer and adds nothing."""
    batch = fresh(service)
    report = "unit,quantity,status\nroll-1,5,wasted\n"
    with_unit = fresh(
        service, units=[{"name": "roll-1", "from_index": 0, "to_index": 9}]
    )
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(send, service, line, with_unit, report) for _ in range(4)]
        bodies = [taken(each.result()) for each in sent]
    numbers = [body.pop("same_as") for body in bodies]
    assert all(body == bodies[0] for body in bodies)
    first = bodies[0]["report_id"]
    assert sorted(n or 0 for n in numbers) == [0, first, first, first]
    options = send(service, line, with_unit, report, activate="now")
    refused(options, 409, "other_options")
    night = taken(send(service, line, with_unit, report, again="night"))
    assert (night["wasted"], night["same_as"]) == (10, None)
    assert bodies[0]["wasted"] == 5
    assert taken(send(service, line, batch, "code,status\n"))["printed"] == 0


def test_codes_are_named_in_any_way_they_are_read(service: Service, line: str) -> None:
    """Plain, grouped, in small letters, as links or element strings; not foreign."""
    batch = fresh(service, 10)
    codes = service.codes(batch)
    grouped = "-".join(codes[1][i : i + 4] for i in range(0, 16, 4))
    other = service.fresh_code()
    rows = [codes[0], grouped, codes[2].lower(), f"HTTPS://B.CN/C/{codes[3]}"]
    rows += [f"(01){GTIN}(21){codes[4]}", f"]Q301{GTIN}21{codes[5]}"]
    rows += [other, "0000000000000000"]
    report = "code,status\n" + "".join(f"{row},printed\n" for row in rows)
    body = taken(send(service, line, batch, report))
    assert body["printed"] == 6
    assert [(e["line"], e["column"]) for e in body["errors"]] == [(8, 1), (9, 1)]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("5,4,printed,,", 1, "not a range"),
        ("0,1000,printed,,", 2, "0 to 999"),
        ("x,4,printed,,", 1, "whole number"),
        ("-1,4,printed,,", 1, "whole number"),
        ("0,4,burnt,,", 3, "not a status"),
        ("0,4,unprinted,,", 3, "not a status"),
        ("0,4,printed", 3, "3 fields"),
        ("0,4,printed,,Z", 5, "grade"),
        ("0,4,printed," + "r" * 501 + ",", 4, "at most 500"),
    ],
)
def test_a_wrong_row_is_told_by_line_and_column_and_the_others_count(
    service: Service, line: str, row: str, column: int, words: str
) -> None:
    """Or nothing counts at all, when that was asked for."""
    batch = fresh(service)
    report = f"from_index,to_index,status,reason,grade\n10,19,printed,,\n{row}\n"
    answer = send(service, line, batch, report, on_error="refuse")
    refused(answer, 422, "report_refused")
    reconciled = service.get(path_of(batch, "/reconciliation"), line).json()
    assert reconciled["unprinted"] == 1000
    body = taken(send(service, line, batch, report))
    assert body["printed"] == 10
    assert body["wrong_rows"] == 1
    (error,) = body["errors"]
    assert (error["line"], error["column"]) == (3, column)
    assert words in error["message"]


def test_final_statuses_stay(service: Service, line: str) -> None:
    """Printed may be wasted later, wasted never printed; a row counts as a whole."""
    batch = fresh(service)
    head = "from_index,to_index,status\n"
    taken(send(service, line, batch, head + "0,99,printed\n"))
    body = taken(send(service, line, batch, head + "0,9,wasted\n"))
    assert (body["printed"], body["wasted"]) == (90, 10)
    body = taken(send(service, line, batch, head + "5,20,printed\n30,30,printed\n"))
    assert (body["printed"], body["wasted"], body["unchanged"]) == (90, 10, 1)
    assert "wasted cannot become printed" in body["errors"][0]["message"]


def test_rows_that_name_a_code_twice_follow_each_other(
    service: Service, line: str
) -> None:
    """In one file as in two: the later row sees what the earlier one did."""
    batch = fresh(service)
    report = "from_index,to_index,status\n0,9,printed\n5,5,wasted\n5,6,printed\n"
    body = taken(send(service, line, batch, report))
    assert (body["printed"], body["wasted"], body["wrong_rows"]) == (9, 1, 1)


def test_units_never_hold_more_than_their_size(service: Service, line: str) -> None:
    """Named caps and quantities of a roll share its room."""
    units = [{"name": "roll-1", "from_index": 0, "to_index": 99}]
    batch = fresh(service, units=units)
    taken(send(service, line, batch, "from_index,to_index,status\n0,9,printed\n"))
    report = (
        "unit,quantity,status\nroll-1,80,printed\nroll-1,21,printed\nroll-9,1,wasted\n"
    )
    body = taken(send(service, line, batch, report))
    assert (body["printed"], body["wasted"]) == (90, 0)
    assert [e["line"] for e in body["errors"]] == [3, 4]
    assert "20 caps left" in body["errors"][0]["message"]
    # All are named after they were counted, and some are spoilt after that.
    taken(send(service, line, batch, "from_index,to_index,status\n0,99,printed\n"))
    taken(send(service, line, batch, "from_index,to_index,status\n0,4,rejected\n"))
    body = taken(send(service, line, batch, "unit,quantity,status\nroll-1,5,wasted\n"))
    assert (body["printed"], body["rejected"], body["wasted"]) == (90, 5, 5)
    shown = service.get(path_of(batch, "/reconciliation"), line).json()
    assert sum(each["quantity"] for each in shown["units"]) == 100


def test_printed_codes_activate_and_spoilt_ones_never_pay(
    service: Service, line: str
) -> None:
    """At once where asked; what was wasted between them is void, the rest inactive."""
    batch = fresh(service, 20)
    report = "from_index,to_index,status\n0,4,printed\n5,5,wasted\n6,9,printed\n"
    body = taken(send(service, line, batch, report, activate="now"))
    assert body["voided"] == 1
    codes = service.codes(batch)
    assert service.scan(codes[4], "lia")["outcome"] == "rewarded"
    assert service.scan(codes[5], "lia")["outcome"] == "not_active"
    assert service.scan(codes[6], "lia")["outcome"] == "rewarded"
    assert service.scan(codes[10], "lia")["outcome"] == "not_active"


def test_codes_can_activate_at_a_set_time(service: Service, line: str) -> None:
    """Before it they are not active."""
    batch = fresh(service, 10)
    report = "from_index,to_index,status\n0,9,printed\n"
    later = "2099-01-01T00:00:00Z"
    body = taken(send(service, line, batch, report, activate=later))
    assert body["activated"] == 10
    assert service.scan(service.codes(batch)[0], "lia")["outcome"] == "not_active"
    refused(send(service, line, batch, report, activate="soon"), 422, "invalid")


def test_lanes_that_report_apart_activate_together(service: Service, line: str) -> None:
    """Every other code of a long roll would shatter the ranges; both lanes do not."""
    batch = fresh(service, 10_000)
    lanes = [
        "from_index,to_index,status\n"
        + "".join(f"{i},{i},printed\n" for i in range(lane, 10_000, 2))
        for lane in (0, 1)
    ]
    first = taken(send(service, line, batch, lanes[0], activate="now"))
    assert first["activated"] == 0
    assert "5,000 pieces" in first["not_activated"]
    second = taken(send(service, line, batch, lanes[1], activate="now"))
    assert second["activated"] == 10_000


def test_json_says_the_same(service: Service, line: str) -> None:
    """A few rows as JSON; rows that mix ways of naming are refused."""
    batch = fresh(service)
    rows = [{"from_index": 0, "to_index": 4, "status": "printed", "grade": "4.0"}]
    body = {"batch_id": batch["batch_id"], "rows": rows}
    assert taken(service.post("/v1/line-reports", body, line))["printed"] == 5
    mixed = {**body, "rows": [*rows, {"code": "X", "status": "printed"}]}
    refused(service.post("/v1/line-reports", mixed, line), 422, "naming")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"index;status\n1;printed\n", "no_header"),
        (b"", "no_header"),
        (b"code,status\n\xff\xff,printed\n", "not_utf8"),
        (b"PK\x03\x04 an .xlsx begins so", "workbook"),
        (b'code,status\n"unclosed,printed\n', "no_csv"),
    ],
)
def test_a_file_that_is_none_counts_nothing(
    service: Service, line: str, content: bytes, code: str
) -> None:
    """No header, no text, a workbook, a broken quote: one sentence, and no change."""
    batch = fresh(service)
    answer = service.http.post(
        f"/v1/line-reports?batch_id={batch['batch_id']}",
        content=content,
        headers={"authorization": f"Bearer {line}", "content-type": "text/csv"},
    )
    refused(answer, 422, code)
    listed = service.get(f"/v1/line-reports?batch_id={batch['batch_id']}", line)
    assert listed.json()["items"] == []


def test_a_report_is_read_as_excel_saved_it(service: Service, line: str) -> None:
    """By names in any order; what was passed over is named, and wrong rows in order."""
    batch = fresh(service, 100)
    report = (
        "操作员;status;to_index;from_index;grade\n张;printed;9;0;A\n;;;;\n"
        "张;printed;x;10;A\n李;printed;19;10;4.9\n"
    )
    answer = service.http.post(
        f"/v1/line-reports?batch_id={batch['batch_id']}",
        content=report.encode("gb18030"),
        headers={"authorization": f"Bearer {line}", "content-type": "text/csv"},
    )
    body = taken(answer)
    assert (body["printed"], body["rows"], body["wrong_rows"]) == (10, 3, 2)
    assert body["passed_over"] == ["操作员"]
    assert [(e["line"], e["column"]) for e in body["errors"]] == [(4, 3), (5, 5)]


def test_a_line_reports_on_its_own_batches_only(service: Service) -> None:
    """A token for another line finds no such batch."""
    batch = fresh(service, line="line-1")
    other = service.staff_token("line", line="line-2")
    report = "from_index,to_index,status\n0,9,printed\n"
    refused(send(service, other, batch, report), 404)


def test_what_cannot_be_stored_is_said_to_be_so(service: Service, line: str) -> None:
    """A NUL is legal in JSON and in CSV, and in no text of PostgreSQL."""
    product = {"gtin": "06901234567908", "name": "Milk\0", "brand": "Demo Dairy"}
    refused(service.post("/v1/products", product, service.issuer), 422, "unstorable")
    batch = fresh(service, 10)
    rows = "code,status,reason\n" + f"{service.codes(batch)[0]},wasted,torn\0\n"
    body = taken(send(service, line, batch, rows))
    assert [(e["line"], e["column"]) for e in body["errors"]] == [(2, 3)]
    assert taken(send(service, line, batch, rows.replace("\0", "")))["wasted"] == 1
