"""A tier that wins too often is frozen where its incident is told, and thawed."""

import json

import pytest

from tests.acceptance.test_campaigns import Marketing
from tests.fixtures.claims import chance, points
from tests.fixtures.colleague import at_work
from tests.fixtures.service import Service

PAGE = "/console/incidents"


@pytest.fixture
def marketing(audited: Service) -> Marketing:
    """Give marketers in the shared service."""
    return Marketing(audited)


def test_a_tier_is_frozen_and_thawed_from_its_incident(marketing: Marketing) -> None:
    """With a reason, whether the incident is open or closed; twice is told."""
    service = marketing.service
    assert (
        marketing.write(offers=[chance(("gold", 1_000, points()))]).status_code == 201
    )
    marketing.activate()
    tier = {
        "campaign_id": marketing.campaign_id,
        "offer_id": "luck",
        "tier_id": "gold",
        "region": "CN-44",
        "wins": 300,
        "expected": 12.5,
        "sigma": 81.3,
        "claims": 12_500,
        "days": 7,
    }
    service.query("DELETE FROM incidents WHERE kind = 'win_rate'")
    service.query(
        "INSERT INTO incidents (kind, subject, first_at, last_at, opened_at, seen,"
        " detail) VALUES ('win_rate', 'tier:odd', now(), now(), now(), 300, %s)",
        json.dumps(tier),
    )
    address = f"{PAGE}?kind=win_rate&state=open"
    frozen = (
        "SELECT is_frozen FROM offers JOIN campaigns USING (campaign_no)"
        f" WHERE campaign_id = '{marketing.campaign_id}' AND tier_id = 'gold'"
    )
    lou = service.staff_token("analyst", name="wins-lou")
    with at_work(service, lou, language="en") as analyst:
        shown = analyst.get(address).text
        for words in ("Expected by its odds", "12.5", "Freeze the tier"):
            assert words in shown, words
        silent = analyst.press(address, PAGE, do="freeze_tier", note=" ")
        assert silent.status_code == 422
        assert service.query(frozen) == [(False,)]
        done = analyst.press(address, PAGE, do="freeze_tier", note="a leaked list")
        assert str(done.url).endswith(address)
        assert service.query(frozen) == [(True,)]
        twice = analyst.press(address, PAGE, do="freeze_tier", note="a leaked list")
        assert twice.status_code == 422
        assert "is so already" in twice.text
        analyst.press(address, PAGE, do="confirmed", note="it was a leaked list")
        closed = f"{PAGE}?kind=win_rate&state=closed"
        analyst.press(closed, PAGE, do="thaw_tier", note="the list is void")
        assert service.query(frozen) == [(False,)]
    [(person, detail)] = service.query(
        "SELECT person, detail ->> 'reason' FROM audit_log"
        " WHERE action = 'campaign.tier_frozen' AND subject = %s",
        f"campaign:{marketing.campaign_id}",
    )
    assert "wins-lou" in person
    assert detail == "a leaked list"
