"""The programme in the console: written by one marketer, approved by another."""

import pytest

from tests.fixtures.colleague import Colleague, at_work
from tests.fixtures.service import OwnService, Service

PAGE = "/console/programme"


def write(colleague: Colleague, **fields: str) -> str:
    """Send the form; gives the page that comes of it."""
    return colleague.press(PAGE, PAGE, **fields).text


def row(page: str, version: int) -> str:
    """Give the row of a version."""
    rows = page.partition('id="versions"')[2].partition("</table>")[0].split("<tr>")
    return next(each for each in rows if f'class="n">{version}</th>' in each)


def test_two_marketers_make_a_version(own_service: OwnService) -> None:
    """Its author is not offered to approve it; the other one lets it hold at once."""
    service = own_service()
    months = {"end": "months", "months": "24", "day": "", "clawback": "debt"}
    with (
        at_work(service, service.staff_token("marketer", name="mia")) as mia,
        at_work(service, service.staff_token("marketer", name="max")) as max_,
    ):
        assert "for ever" in mia.get(PAGE).text
        written = write(mia, **months)
        assert "24 months" in row(written, 1)
        assert "mia" in row(written, 1)
        assert "<form" not in row(written, 1)
        assert "24 months" not in written.partition('id="versions"')[0]
        token = mia.http.cookies["crowncap_form"]
        form = {"version": "1", "token": token}
        assert mia.post(f"{PAGE}/approve", form).status_code == 409
        done = max_.press(PAGE, f"{PAGE}/approve", version="1").text
        assert "24 months" in done.partition('id="versions"')[0]
        assert "max" in row(done, 1)
        yearly = {"end": "day", "months": "", "day": "12-31"}
        assert "12-31" in row(write(mia, **months | yearly), 2)
        assert "24 months" in mia.get(PAGE).text.partition('id="versions"')[0]
        max_.press(PAGE, f"{PAGE}/approve", version="2")
        shown = mia.get(PAGE).text
        assert "12-31" in shown.partition('id="versions"')[0]
        assert "Replaced" in row(shown, 1)
    done_by = service.query(
        "SELECT person, action FROM audit_log WHERE action IN"
        " ('programme.draft', 'programme.approve') ORDER BY audit_id"
    )
    assert done_by == [
        ("mia", "programme.draft"),
        ("max", "programme.approve"),
        ("mia", "programme.draft"),
        ("max", "programme.approve"),
    ]
    brand = service.staff_token("marketer", name="rita", brand="Rival")
    with at_work(service, brand) as rita:
        shown = rita.get(PAGE).text
        assert "12-31" in shown
        assert f'action="{PAGE}' not in shown


@pytest.mark.parametrize(
    ("given", "field", "told"),
    [
        ({"end": "months"}, "months", "Fill this in"),
        ({"end": "months", "months": "121"}, "months", "from 1 to 120"),
        ({"end": "day"}, "day", "Fill this in"),
        ({"end": "day", "day": "31 December"}, "day", "MM-DD"),
        ({"end": "soon"}, "end", "Fill this in"),
        ({"clawback": "all"}, "clawback", "Fill this in"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    service: Service, given: dict[str, str], field: str, told: str
) -> None:
    usual = {"end": "never", "months": "", "day": "", "clawback": "debt"}
    with at_work(service, service.staff("marketer")) as mona:
        mona.get(PAGE)
        token = mona.http.cookies["crowncap_form"]
        shown = mona.post(PAGE, usual | given | {"token": token})
    assert shown.status_code == 422
    wrong = shown.text.partition(f'id="{field}-wrong">')[2]
    assert told in wrong.partition("</small>")[0]
