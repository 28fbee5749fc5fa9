"""The analyst's pages beside cases: lists, read and written without scripts."""

from html import unescape

from tests.fixtures.colleague import at_work
from tests.fixtures.service import Service

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
