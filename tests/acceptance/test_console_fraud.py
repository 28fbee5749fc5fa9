"""The analyst's pages beside cases: lists, incidents and how it goes, no scripts."""

import json
from datetime import timedelta
from html import unescape

from anti_fraud.domain.cases import SubjectKind
from anti_fraud.domain.incidents import IncidentKind
from console.fraud.incident_words import DETAILS, REWARDS, SUBJECTS
from console.texts import TEXTS
from tests.acceptance.test_cases import open_case
from tests.fixtures.colleague import at_work
from tests.fixtures.processes import wait_for
from tests.fixtures.service import Service
from tests.fixtures.visitor import hidden_fields

LISTS = "/console/lists"


def analyst(service: Service) -> str:
    """Give the token of an analyst."""
    return service.staff_token("analyst", name="lists-lou")


def test_an_analyst_adds_finds_and_removes_an_entry(service: Service) -> None:
    """With a reason and until when; another one of the same is told at its field."""
    wanted = {
        "kind": "member",
        "value": "console-listed",
        "until": "2198-12-31",
        "reason": "a test of ours",
    }
    address = f"{LISTS}?list=block&kind=member&q=console-l"
    with at_work(service, analyst(service)) as lou:
        shown = lou.press(f"{LISTS}?list=block", LISTS, **wanted)
        assert "console-listed" in shown.text
        again = lou.press(f"{LISTS}?list=block", LISTS, **wanted)
        assert again.status_code == 422
        assert 'id="value-wrong"' in again.text
        # The day is the brand's, and its end is the next midnight there.
        found = lou.get(address)
        assert found.text.count("console-listed") == 2, "its value and its button"
        assert "2199-01-01 00:00" in found.text
        elsewhere = lou.get(f"{LISTS}?list=allow&q=console-l").text
        assert "No entry here." in elsewhere
        gone = lou.press(address, f"{LISTS}/remove")
        assert str(gone.url).endswith(address), "the same look as before"
        assert "No entry here." in gone.text
    [(action, subject)] = service.query(
        "SELECT action, detail ->> 'value' FROM audit_log WHERE action = 'list.remove'"
        " AND detail ->> 'value' = 'console-listed'"
    )
    assert (action, subject) == ("list.remove", "console-listed")


def test_what_is_wrong_with_an_entry_stands_at_its_field(service: Service) -> None:
    """All at once, with what was typed kept, in the reader's language."""
    wrong = {"kind": "network", "value": "300.1.2.3", "until": "soon", "reason": ""}
    with at_work(service, analyst(service), language="zh") as lou:
        told = lou.press(f"{LISTS}?list=allow", LISTS, **wrong)
        assert told.status_code == 422
        for field in ("until", "reason"):
            assert f'id="{field}-wrong"' in told.text, field
        assert 'value="300.1.2.3"' in told.text
        wrong |= {"until": "2020-01-01", "reason": "因为"}
        over = lou.press(f"{LISTS}?list=allow", LISTS, **wrong)
        assert 'id="until-wrong"' in over.text
        wrong |= {"until": ""}
        place = lou.press(f"{LISTS}?list=allow", LISTS, **wrong)
        assert 'id="value-wrong"' in place.text
        assert "192.0.2.0/24" in unescape(place.text)


def test_an_incident_is_looked_after_and_closed(service: Service) -> None:
    """Each with a note; one that somebody has closed meanwhile is told."""
    page = "/console/incidents"
    [(number,)] = service.query(
        "INSERT INTO incidents (kind, subject, first_at, last_at, opened_at, seen)"
        " VALUES ('win_rate', 'batch:1', now(), now(), now(), 7)"
        " RETURNING incident_id::text"
    )
    address = f"{page}?kind=win_rate&state=open"
    with at_work(service, analyst(service)) as lou:
        shown = lou.get(address)
        assert 'href="/console/batches/1"' in shown.text
        silent = lou.press(address, page, do="look_after", note=" ")
        assert silent.status_code == 422
        assert "Say why" in silent.text
        mine = lou.press(address, page, do="look_after", note="asking around")
        assert str(mine.url).endswith(address), "the same look as before"
        assert "lists-lou" in mine.text
        assert "asking around" in mine.text
        done = lou.press(address, page, do="false_alarm", note="a holiday")
        assert "No incident here." in done.text
        late = lou.post(
            page,
            hidden_fields(mine.text, page) | {"do": "confirmed", "note": "no holiday"},
        )
        assert late.status_code == 422, "somebody has closed it"
        closed = lou.get(f"{page}?kind=win_rate&state=closed").text
        assert "false alarm" in closed
        assert f"incident-{number}" in closed


def test_an_incident_tells_what_it_is_of_in_words_with_a_map(service: Service) -> None:
    """With the pages of cap, roll and case; of what has no batch only how many."""
    case = open_case(service, "incident-clone")
    code_id = service.query(
        "SELECT subject_name FROM cases WHERE case_id = %s", case["case_id"]
    )[0][0]
    [(batch_id,)] = service.query(
        "UPDATE batches SET sale_regions = ARRAY['CN-44', 'VN'] WHERE batch_id ="
        " (SELECT max(batch_id) FROM batches) RETURNING batch_id"
    )
    page = "/console/incidents?state=closed"
    subjects = {
        f"roll:{batch_id}/roll-9": {"roll": "roll-9", "codes": 1234},
        "dealer:urn:shop:7": {"codes": 40, "outside": 12, "days": 7},
        "campaign:summer": {"points": {"today": 90_000, "expected": 20_000}},
        f"code:{code_id}": {"case_id": case["case_id"]},
        "package:999999999": {"printhouse": "gone"},
    }
    service.query(
        "DELETE FROM incidents WHERE kind = 'clone' AND subject = %s", f"code:{code_id}"
    )
    for subject, detail in subjects.items():
        service.query(
            "INSERT INTO incidents (kind, subject, first_at, last_at, opened_at, seen,"
            " detail, state, finding, closed_by, closed_at) VALUES ('clone', %s, now(),"
            " now(), now() + interval '1 day', 1, %s, 'closed', 'confirmed', 'lou',"
            " now())",
            subject,
            json.dumps(detail),
        )
    with at_work(service, analyst(service), language="zh") as lou:
        told = lou.get(page).text
    for words in (
        f'<a href="/console/batches/{batch_id}">卷 {batch_id}/roll-9</a>',
        "经销商 urn:shop:7",
        '<a href="/console/campaigns/summer">活动 summer</a>',
        "今天 90,000，往日 20,000",
        f'<a href="/console/cases/{case["case_id"]}">',
        f">码 {code_id}</a>",
        "码包 999999999",
        "区域外的码数",
        '<tr><th scope="row">广东</th><td class="n">',
        '<tr><th scope="row">VN</th><td class="n">',
    ):
        assert words in told, words


def test_every_kind_of_incident_has_its_words() -> None:
    """What it is called, and what it means."""
    for kind in IncidentKind:
        for name in (f"incident_{kind}", f"incident_about_{kind}"):
            assert all(TEXTS[name]), name
    for name in (
        *(f"incident_of_{each}" for each in (*SUBJECTS, *SubjectKind)),
        *(f"incident_detail_{each}" for each in DETAILS),
        *(f"reward_{each}" for each in REWARDS),
    ):
        assert all(TEXTS[name]), name


def test_how_it_goes_is_told_in_days_that_were_asked_for(service: Service) -> None:
    """With what a job has counted; nothing of it is drawn by a script."""
    today = service.query("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date")[0][0]
    long_ago = today - timedelta(days=10)
    for day, figure, name, n in (
        (today, "outcome", "held", 12),
        (long_ago, "outcome", "held", 777),
        (today, "score", "060", 12),
        (today, "hits", "made-up-rule", 8),
        (today, "approved", "made-up-rule", 3),
        (today, "denied", "made-up-rule", 1),
        (today, "stopped_points", "made-up-rule", 4_321),
        (today, "place", "CN-44", 9),
    ):
        service.query(
            "INSERT INTO fraud_days VALUES (%s, %s, %s, %s) ON CONFLICT"
            " (day, figure, name) DO UPDATE SET n = excluded.n",
            *(day, figure, name, n),
        )
    with at_work(service, analyst(service)) as lou:
        week = lou.get("/console/fraud?days=7").text
        month = lou.get("/console/fraud?days=30").text
        assert lou.get("/console/fraud?days=999").status_code == 200
    assert "<script" not in week
    assert "made-up-rule" in week
    assert "75%" in week, "three of four decided cases were approved"
    assert "4,321" in week
    assert "Guangdong: 9" in week
    assert "777" not in week
    assert "777" in month
    service.query("DELETE FROM fraud_days WHERE name = 'made-up-rule' OR n = 777")


def test_an_analyst_acts_beyond_a_case_and_takes_it_back(service: Service) -> None:
    """Foretold first; what is missing is told at its field; the timeline tells both."""
    case = open_case(service, "console-acted")
    path = f"/console/cases/{case['case_id']}"
    wish = {"kind": "member", "value": "console-acted", "reason": "a gang"}
    entry = (
        "SELECT removed_at IS NULL FROM list_entries WHERE value = 'console-acted'"
        " AND list = 'block'"
    )
    with at_work(service, analyst(service)) as lou:
        assert f'href="{path}/act"' in lou.get(path).text
        bare = lou.press(f"{path}/act?action=pause_campaign", f"{path}/act", reason="")
        assert bare.status_code == 200
        for field in ("campaign_id", "reason"):
            assert f'id="{field}-wrong"' in bare.text, field
        told = lou.press(f"{path}/act", f"{path}/act", do="preview", **wish)
        assert 'id="foretold"' in told.text
        assert service.query(entry) == []
        form = hidden_fields(told.text, f"{path}/act") | {"do": "now"} | wish
        done = lou.post(f"{path}/act", form)
        assert done.headers["location"] == path
        assert service.query(entry) == [(True,)]
        shown = lou.get(path)
        assert "a gang" in shown.text
        [(action,)] = service.query(
            "SELECT detail ->> 'action_id' FROM case_entries WHERE kind = 'acted'"
            f" AND case_id = {case['case_id']}"
        )
        back = lou.press(path, f"/console/actions/{action}/undo")
        assert str(back.url).endswith(path)
        assert f"/console/actions/{action}/undo" not in back.text, "once"
    assert service.query(entry) == [(False,)]


def test_honey_codes_are_told_once_and_counted_by_their_place(
    service: Service,
) -> None:
    """What is wrong with a request is told at its field."""
    address = "/console/honey-codes"
    batch = service.issue(20, activate=False)
    number = str(batch["batch_id"])
    code = service.codes(batch)[19]
    with at_work(service, analyst(service)) as lou:
        assert address in lou.get("/console/incidents").text
        told = lou.press(address, address, batch_id=number, quantity="2")
        assert told.text.count(f"/C/{code}") == 1
        assert code not in lou.get(address).text
        for fields, name in (
            ({"batch_id": number, "quantity": "101"}, "quantity"),
            ({"batch_id": number, "quantity": "19"}, "quantity"),
            ({"batch_id": "999999", "quantity": "1"}, "batch_id"),
            ({"batch_id": "", "quantity": "1"}, "batch_id"),
        ):
            wrong = lou.press(address, address, **fields)
            assert wrong.status_code == 422
            assert f'id="{name}-wrong"' in wrong.text, fields
        lou.get(f"/C/{code}")
        wait_for(lambda: 'class="late"' in lou.get(address).text, what="the look")
