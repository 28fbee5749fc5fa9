"""An analyst's rules in the console: written, committed, activated, rolled back."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

import httpx
import pytest

from tests.fixtures.colleague import Colleague, at_work
from tests.fixtures.processes import wait_for
from tests.fixtures.service import Service
from tests.fixtures.visitor import hidden_fields

PAGE = "/console/rules"


class FormFields(HTMLParser):
    """Reads what a browser would send of the form with an id, as it stands."""

    def __init__(self, page: str, form_id: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._form_id, self._is_within, self._select = form_id, False, ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in a field, or an option: the first, or the one that is selected."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_within = given.get("id") == self._form_id
        elif not self._is_within:
            return
        elif tag == "input":
            self.fields[given["name"]] = given.get("value", "")
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and (
            self._select not in self.fields or "selected" in given
        ):
            self.fields[self._select] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        """Leave the form."""
        if tag == "form":
            self._is_within = False


@pytest.fixture
def ana(audited: Service) -> Iterator[Colleague]:
    """Give the browser of the analyst who writes."""
    with at_work(
        audited, audited.staff_token("analyst", name="rules-ana")
    ) as colleague:
        yield colleague


@pytest.fixture
def ben(audited: Service) -> Iterator[Colleague]:
    """Give the browser of another."""
    with at_work(
        audited, audited.staff_token("analyst", name="rules-ben")
    ) as colleague:
        yield colleague


def press(
    ana: Colleague, shown: httpx.Response, do: str, **given: str
) -> httpx.Response:
    """Press a button of the form as it stands, with some fields filled in."""
    to = str(shown.url.path)
    fields = FormFields(shown.text, "rules").fields
    return ana.post(to, fields | {"do": do} | given)


def active_of(ana: Colleague) -> int:
    """Give the version that judges."""
    found = re.search(r"/console/rules/(\d+)/edit", ana.get(PAGE).text)
    assert found is not None
    return int(found[1])


def test_a_rule_is_written_committed_activated_and_rolled_back(
    ana: Colleague, ben: Colleague
) -> None:
    """By forms alone; who wrote it can't put it into force, and another can."""
    before = active_of(ana)
    shown = ana.get(f"{PAGE}/{before}/edit")
    shown = press(ana, shown, "count", counter_number="2", counter_unit="h")
    assert "within 2 h" in unescape(shown.text)
    many = {"counter_what": "member", "counter_entity": "device"}
    shown = press(ana, shown, "count", counter_number="1", counter_unit="d", **many)
    shown = press(ana, shown, "new")
    shown = press(ana, shown, "add_group", rule_zh="两小时内过多", rule_en="Too many")
    shown = press(ana, shown, "add_row_0", g0_add_fact="member_scans_2h")
    filled = {"g0_r0_op": ">", "g0_r0_value": "500", "rule_id": "two-hours"}
    shown = press(ana, shown, "close", **filled, rule_score="30")
    text = unescape(shown.text)
    assert "Scans of the member within 2 h, this one included” is above 500" in text
    assert "<ins>" in text
    kept = press(ana, shown, "save", note="a burst of two hours")
    assert kept.status_code == 303, kept.text
    here = kept.headers["location"]
    version = int(here.rpartition("/")[2])
    service = ana.service
    kept = service.get(f"/v1/rule-sets/{version}", service.staff("analyst"))
    document = kept.json()["document"]
    assert document["counters"][-2:] == [
        {"fact": "member_scans_2h", "entity": "member", "window_s": 7200},
        {
            "fact": "device_members_1d",
            "entity": "device",
            "window_s": 86400,
            "distinct": "member",
        },
    ]
    assert document["rules"][-1] == {
        "id": "two-hours",
        "score": 30,
        "sentence": {"zh": "两小时内过多", "en": "Too many"},
        "when": {"fact": "member_scans_2h", "op": ">", "value": 500},
    }
    assert "ask another analyst" in ana.press(here, f"{here}/commit").text
    assert f"{here}/activate" not in ana.get(here).text
    form = hidden_fields(ana.get(here).text, "/console/sign-out")
    mine = ana.post(
        f"{here}/activate", form | {"expected_active": str(before), "reason": "mine"}
    )
    assert mine.status_code == 409
    assert ben.press(here, f"{here}/activate", reason=" ").status_code == 422
    try:
        assert "Active" in ben.press(here, f"{here}/activate", reason="seen").text
        assert active_of(ana) == version
        # Who acts on what is not so any more is told, and changes nothing.
        stale = ben.press(
            PAGE, f"{PAGE}/rollback", expected_active=str(before), reason="late"
        )
        assert stale.status_code == 409
        assert active_of(ana) == version
    finally:
        ben.press(PAGE, f"{PAGE}/rollback", reason="the test is over")
    assert active_of(ana) == before


def test_what_is_wrong_is_told_at_its_field_and_nothing_is_lost(
    ana: Colleague,
) -> None:
    """A rule stays open until it is right; one that is closed is told at its row."""
    shown = ana.get(f"{PAGE}/{active_of(ana)}/edit")
    shown = press(ana, shown, "open_0")
    rows = {"g0_r0_value": "many", "rule_score": "1000", "rule_zh": " "}
    shown = press(ana, shown, "close", **(rows | {"g0_r0_op": ">"}))
    text = unescape(shown.text)
    for name in ("rule_score", "rule_zh"):
        assert f'id="{name}-wrong"' in text
    assert 'value="1000"' in text
    assert 'name="open" value="0"' in text
    none = {"high_points": "", "high_minor": ""}
    form = ana.get(str(shown.url.path))
    high = press(ana, form, "check", **(none | {"high_hold": "40"}))
    for name in ("high_points", "high_minor"):
        assert f'id="{name}-wrong"' in high.text
    prize = {"high_hold": "99", "high_points": "1000", "high_minor": "20"}
    high = press(ana, ana.get(str(shown.url.path)), "check", **prize)
    assert 'id="high_hold-wrong"' in high.text
    shown = press(ana, ana.get(str(shown.url.path)), "check", hold="90", refuse="80")
    assert shown.status_code == 422
    assert "give a number below refuse" in unescape(shown.text)
    shown = ana.get(str(shown.url.path))
    [first, *_] = re.findall(r"uncount_\d+", shown.text)
    shown = press(ana, press(ana, shown, first), "check")
    assert shown.status_code == 422
    assert re.search(r'id="rule\d+-wrong"', shown.text), "which rule asked for it"


def test_a_form_is_tried_on_recent_scans_and_each_scan_explains_itself(
    ana: Colleague,
) -> None:
    """What would change is told before anything is kept, with scans to look at."""
    service = ana.service
    member = service.member_token("rules-tried")
    scan = service.post("/v1/scans", {"code": service.fresh_code()}, member).json()
    shown = ana.get(f"{PAGE}/{active_of(ana)}/edit")
    shown = press(ana, shown, "open_2")
    everybody = {"g0_r0_op": ">=", "g0_r0_value": "1"}
    tried = press(ana, press(ana, shown, "close", **everybody), "try")
    text = unescape(tried.text)
    assert "passed → <b>held</b>" in text, text
    [first, *_] = re.findall(r'"(/console/judged-scans/\d+)"', text)
    assert "What judged it" in ana.get(first).text
    told = unescape(ana.get(f"/console/judged-scans/{scan['scan_id']}").text)
    assert "judged anew it is the same" in told
    assert "“Scans of the member within 10 min, this one included”" in told


def test_a_version_is_tried_on_the_scans_of_days(ana: Colleague) -> None:
    """Asked for on its page, watched until it is done, and listed there."""
    service = ana.service
    member = service.member_token("rules-backtest")
    assert service.post("/v1/scans", {"code": service.fresh_code()}, member)
    here = f"{PAGE}/{active_of(ana)}"
    to = f"{here}/backtest"
    wrong = ana.press(here, to, from_day="2026-02-30", to_day="", sample="100")
    assert wrong.status_code == 422
    assert 'id="from_day-wrong"' in wrong.text
    [(first, last)] = service.query(
        "SELECT (current_date - 1)::text, (current_date + 1)::text"
    )
    asked = ana.press(here, to, from_day=first, to_day=last, sample="100")
    assert asked.status_code == 200, asked.text
    there = str(asked.url.path)

    def is_done() -> bool:
        return "Done" in ana.get(there).text

    wait_for(is_done, what="the end of the backtest")
    told = ana.get(there).text
    assert "of them judged otherwise" in told
    assert "refresh" not in told
    assert there in ana.get(here).text


def test_a_version_runs_in_the_shadow_and_its_page_compares(ana: Colleague) -> None:
    """Started on the version's page, compared scan by scan, and ended by a button."""
    service = ana.service
    shown = ana.get(f"{PAGE}/{active_of(ana)}/edit")
    kept = press(ana, press(ana, shown, "drop_1"), "save", note="without bursts")
    here = kept.headers["location"]
    ana.press(here, f"{here}/commit")
    wrong = ana.press(here, f"{here}/shadow", until="2020-01-01")
    assert wrong.status_code == 422
    assert 'id="until-wrong"' in wrong.text
    [(until,)] = service.query("SELECT (current_date + 5)::text")
    started = ana.press(here, f"{here}/shadow", until=until)
    assert "Running" in started.text, started.text
    try:
        member = service.member_token("rules-shadow")
        assert service.post("/v1/scans", {"code": service.fresh_code()}, member)

        def was_compared() -> bool:
            return "of them judged otherwise" in ana.get(f"{here}/shadow").text

        wait_for(was_compared, what="the first scan that the shadow compares")
        assert "In the shadow" in ana.get(here).text
    finally:
        ended = ana.press(f"{here}/shadow", f"{here}/shadow/end")
    assert "ended by rules-ana" in ended.text


def test_a_form_that_did_not_arrive_whole_changes_nothing(ana: Colleague) -> None:
    shown = ana.get(f"{PAGE}/{active_of(ana)}/edit")
    for document in ("", "{", "[]", '{"rules": 3}'):
        told = press(ana, shown, "save", document=document)
        assert told.status_code == 422
        assert "did not arrive whole" in told.text
