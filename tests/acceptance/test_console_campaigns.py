"""A marketer's day in the console: a campaign is built, approved, run and paused."""

import csv
import io
import json
from collections.abc import Iterator
from html import unescape

import httpx
import pytest

from tests.acceptance.test_campaigns import Marketing, body
from tests.fixtures.colleague import Colleague, at_work
from tests.fixtures.service import Json, Service
from tests.fixtures.visitor import hidden_fields

PAGE = "/console/campaigns"
NEW = "/console/new-campaign"
FRAME = {
    "name_zh": "春天",
    "name_en": "Spring",
    "starts_on": "2026-01-01",
    "applies_to": "bound",
    "order": "100",
    "when_word": "all",
}
POINTS = {"o0_kind": "points", "o0_offer_id": "points", "o0_amount": "5"}


@pytest.fixture
def marketing(audited: Service) -> Marketing:
    """Give marketers in the shared service."""
    return Marketing(audited)


@pytest.fixture
def mona(marketing: Marketing) -> Iterator[Colleague]:
    """Give the browser of who writes."""
    with at_work(marketing.service, marketing.mona) as colleague:
        yield colleague


def fill(mona: Colleague, do: str, to: str = NEW, **fields: str) -> httpx.Response:
    """Fill the form in and press one of its buttons."""
    token = hidden_fields(mona.get(NEW).text, NEW)["token"]
    return mona.post(to, {"token": token, "do": do} | FRAME | fields)


def test_a_campaign_is_built_approved_run_and_paused_without_json(
    marketing: Marketing, mona: Colleague
) -> None:
    """One writes and the other approves; a cap earns; one button pauses, one stops."""
    service, here = marketing.service, f"{PAGE}/{marketing.campaign_id}"
    limits = {"c0_per": "member_day", "c0_of": "claims", "c0_most": "2"}
    kept = fill(
        mona,
        "save",
        campaign_id=marketing.campaign_id,
        budget_points="1,000",
        ends_on="2198-12-31",
        **POINTS,
        **limits,
    )
    assert (kept.status_code, kept.headers.get("location")) == (303, here), kept.text
    [version] = service.get(marketing.path, marketing.mona).json()["versions"]
    assert version["ends_at"] == "2198-12-31T16:00:00Z"
    assert version["caps"] == [{"per": "member_day", "of": "claims", "most": 2}]
    assert version["budget"] == {"points": 1_000}
    shown = mona.get(here).text
    assert "ask another marketer" in shown
    assert f"{here}/approve" not in shown
    form = hidden_fields(shown, "/console/sign-out") | {"version": "1"}
    assert mona.post(f"{here}/approve", form).status_code == 409
    with at_work(service, marketing.max) as max_:
        max_.press(here, f"{here}/approve")
        assert "Pause the campaign" in max_.press(here, f"{here}/activate").text
    [cap, other] = marketing.caps(2)
    assert service.scan(cap, "console-member")["outcome"] == "rewarded"
    assert mona.press(here, f"{here}/pause", reason=" ").status_code == 422
    assert "Let it go on" in mona.press(here, f"{here}/pause", reason="a typo").text
    assert service.scan(other, "console-member")["outcome"] == "limit_reached"
    assert mona.press(here, f"{here}/stop", reason="over").status_code == 422
    stopped = mona.press(here, f"{here}/stop", reason="over", sure="on")
    assert "Stopped" in stopped.text
    assert f"{here}/edit" not in stopped.text


def test_who_only_looks_has_no_buttons(marketing: Marketing) -> None:
    assert marketing.write().status_code == 201
    marketing.activate()
    here = f"{PAGE}/{marketing.campaign_id}"
    with at_work(marketing.service, marketing.service.staff("analyst")) as ana:
        assert here in ana.get(PAGE).text
        looked = ana.get(here)
        assert "5 points" in looked.text
        for step in ("pause", "stop", "edit"):
            assert f"{here}/{step}" not in looked.text
        assert ana.get(NEW).status_code == 403


def test_another_version_is_the_old_one_with_what_was_changed(
    marketing: Marketing, mona: Colleague
) -> None:
    """The form comes filled in; what differs from the active version is told."""
    service, here = marketing.service, f"{PAGE}/{marketing.campaign_id}"
    assert marketing.write(caps=[]).status_code == 201
    marketing.activate()
    edit = f"{here}/edit"
    shown = mona.get(edit).text
    for given in (
        'name="name_zh" type="text" value="春天"',
        'name="starts_on" type="date" value="2026-01-01"',
        'name="o0_amount" type="text" value="5"',
        'name="budget_points" type="text" value="1000000"',
    ):
        assert given in shown
    asked = {"budget_points": "1000000", **POINTS, "o0_amount": "10"}
    checked = fill(mona, "check", edit, **asked)
    assert checked.status_code == 200
    assert "<del>5 points</del> <ins>10 points</ins>" in checked.text
    same = fill(mona, "check", edit, **(asked | {"o0_amount": "5"}))
    assert "it says what the active one says" in same.text
    kept = fill(mona, "save", edit, **asked)
    assert kept.headers["location"] == here
    assert "<ins>10 points</ins>" in mona.get(here).text
    versions = service.get(marketing.path, marketing.mona).json()["versions"]
    assert [each["version"] for each in versions] == [2, 1]
    assert versions[0]["offers"] == [POINTS_OFFER | {"amount": 10}]


POINTS_OFFER: Json = {"offer_id": "points", "kind": "points", "amount": 5}


@pytest.mark.parametrize(
    ("given", "field", "told"),
    [
        ({"name_en": " "}, "name_en", "Fill this in."),
        ({"starts_on": "1.1.2027"}, "starts_on", "Say a day"),
        ({"ends_on": "2025-12-31"}, "ends_on", "A campaign ends after it starts."),
        ({"o0_amount": "many"}, "o0_amount", "will not do; write a whole number"),
        ({"o0_amount": ""}, "o0_amount", "Fill this in."),
        ({"budget_minor": "1,5,x"}, "budget_minor", "is not an amount"),
        (
            {"o0_kind": "coupon", "o0_pool_id": "nowhere"},
            "o0_pool_id",
            "There is no coupon pool nowhere.",
        ),
        (
            {
                "o0_kind": "chance",
                "o0_t0_kind": "coupon",
                "o0_t0_tier_id": "1",
                "o0_t0_title": "First",
                "o0_t0_percent": "1",
                "o0_t0_pool_id": "nowhere",
            },
            "o0_t0_pool_id",
            "There is no coupon pool nowhere.",
        ),
        ({"campaign_id": ""}, "campaign_id", "Fill this in."),
        ({"o0_kind": "chance"}, "o0_add_kind", "at least one tier"),
        (
            {"g0_word": "all", "g0_r0_fact": "hour", "g0_r0_value": "noon"},
            "g0_r0_value",
            "is not a number",
        ),
        (
            {"g0_word": "any", "g0_r0_fact": "hour", "g0_r0_op": ">"},
            "g0_r0_value",
            "Say what to compare with.",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    mona: Colleague, given: dict[str, str], field: str, told: str
) -> None:
    """And above all of them, with a way to each; nothing that was typed is lost."""
    shown = fill(mona, "save", **(POINTS | {"campaign_id": "never"} | given))
    assert shown.status_code == 422
    text = unescape(shown.text)
    assert f'href="#{field}"' in text
    at_field = text.partition(f'id="{field}-wrong">')[2].partition("</small>")[0]
    assert told in at_field, shown.text
    assert 'value="春天"' in text


def test_an_id_is_taken_once(marketing: Marketing, mona: Colleague) -> None:
    assert marketing.write().status_code == 201
    shown = fill(mona, "save", campaign_id=marketing.campaign_id, **POINTS)
    assert shown.status_code == 422
    assert 'id="campaign_id-wrong"' in shown.text


def test_rows_come_and_go_by_buttons_of_the_form(mona: Colleague) -> None:
    """With the kind, or the fact, that was chosen; and all else as it was typed."""
    shown = fill(mona, "add_offer", add_offer_kind="chance", name_zh="夏天").text
    assert 'name="o0_kind" value="chance"' in shown
    assert 'value="夏天"' in shown
    chance = {"o0_kind": "chance", "o0_offer_id": "wheel"}
    shown = fill(mona, "add_tier_0", **chance, o0_add_kind="red_packet").text
    assert 'name="o0_t0_kind" value="red_packet"' in shown
    assert 'name="o0_t0_minor"' in shown
    shown = fill(mona, "add_group", **chance).text
    assert 'name="g0_word"' in shown
    shown = fill(mona, "add_row_0", g0_word="any", g0_add_fact="weekday").text
    assert 'name="g0_r0_fact" value="weekday"' in shown
    rows = {"g0_word": "all", "g0_r0_fact": "hour", "g0_r1_fact": "channel"}
    shown = fill(mona, "remove_row_0_0", **rows).text
    assert 'name="g0_r0_fact" value="channel"' in shown
    assert "g0_r1_fact" not in shown
    shown = fill(mona, "add_cap").text
    assert 'name="c0_most"' in shown
    two = {"o0_kind": "gift", "o0_name": "cup", "o1_kind": "card", "o1_set_id": "zoo"}
    shown = fill(mona, "remove_offer_0", **two).text
    assert 'name="o0_set_id" type="text" value="zoo"' in shown
    # A button of a row that is gone, as after a step back, changes nothing.
    assert fill(mona, "remove_offer_9", **two).status_code == 200


def test_a_copy_of_a_campaign_has_all_but_its_id(
    marketing: Marketing, mona: Colleague
) -> None:
    assert marketing.write().status_code == 201
    shown = mona.get(f"{NEW}?like={marketing.campaign_id}").text
    assert 'name="campaign_id" type="text" value=""' in shown
    assert f'value="{body()["name"]["en"]}"' in shown


def test_what_is_being_written_is_previewed_beside_the_form(
    marketing: Marketing, mona: Colleague
) -> None:
    """Of a code or of goods, with why not more; nothing is kept or paid."""
    service = marketing.service
    [cap] = marketing.service.codes(service.issue(1))
    asked = {"p_code": cap, "p_bound": "on", "p_member": "previewed"}
    shown = fill(mona, "preview", **POINTS, **asked)
    assert shown.status_code == 200, shown.text
    assert "5 points (this campaign · points)" in unescape(shown.text)
    # Bound to the demo's own campaign, it would earn of that.
    other = fill(mona, "preview", **POINTS, p_code=cap)
    assert "5 points (demo-points · points)" in unescape(other.text)
    late = {"starts_on": "2197-01-01"}
    shown = fill(mona, "preview", **POINTS, **asked, **late)
    assert "has not begun; from 2197-01-01 00:00 on" in unescape(shown.text)
    budget = {"budget_points": "4"}
    shown = fill(mona, "preview", **POINTS, **asked, **budget)
    assert "its budget is spent" in unescape(shown.text)
    wrong = fill(mona, "preview", **POINTS, p_code="no code")
    assert 'id="p_code-wrong"' in wrong.text
    nothing = fill(mona, "preview", **POINTS)
    assert "Say a code, or a product, or a batch." in nothing.text
    wallet = service.get("/v1/me/wallet", service.member_token("previewed")).json()
    assert (wallet["points"]["available"], wallet["points"]["pending"]) == (0, 0)


def test_support_previews_a_campaign_on_its_page(marketing: Marketing) -> None:
    assert marketing.write().status_code == 201
    here = f"{PAGE}/{marketing.campaign_id}"
    with at_work(marketing.service, marketing.service.staff("support")) as sue:
        [cap] = marketing.caps(1)
        shown = sue.press(here, f"{here}/preview", p_code=cap)
        assert f"5 points ({marketing.campaign_id} · points)" in unescape(shown.text)
        assert sue.press(here, f"{here}/preview").status_code == 422
    with at_work(marketing.service, marketing.service.staff("analyst")) as ana:
        assert f"{here}/preview" not in ana.get(here).text


def test_what_a_campaign_came_to_stands_on_its_page(marketing: Marketing) -> None:
    """As the job counted it, and as the API tells."""
    service = marketing.service
    assert marketing.write().status_code == 201
    marketing.activate()
    here = f"{PAGE}/{marketing.campaign_id}"
    with at_work(service, service.staff("analyst")) as ana:
        assert "Nobody has claimed anything yet." in ana.get(here).text
        for number, cap in enumerate(marketing.caps(3)):
            service.scan(cap, f"counted-{number % 2}")
        told = service.cli("campaign", "figures", marketing.campaign_id, "--rebuild")
        counts = ("scans", "claims", "awards", "members")
        found = service.get(f"{marketing.path}/figures", marketing.mona).json()
        assert [found[name] for name in counts] == [3, 3, 3, 2]
        assert found["spent"] == {"points": 15, "minor": 0}
        assert found["budget"] == {"points": 1_000_000, "minor": None}
        [day] = found["by_day"]
        assert [day[name] for name in (*counts, "points")] == [3, 3, 3, 2, 15]
        [offer] = found["by_offer"]
        assert (offer["offer_id"], offer["awards"], offer["points"]) == (
            "points",
            3,
            15,
        )
        assert json.loads(told)["claims"] == 3
        shown = ana.get(here).text
        assert f'href="{here}/entries.csv"' in shown
        table = ana.get(f"{here}/entries.csv")
        assert table.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff"))))
        assert [row["member_id"] for row in rows] == [
            f"counted-{number}" for number in (0, 1, 0)
        ]
        assert {(row["kind"], row["amount"]) for row in rows} == {("award", "5")}
        assert "<polyline" in shown
        assert f"{day['day']}</th>" in shown
        assert "<svg" in ana.get(PAGE).text
