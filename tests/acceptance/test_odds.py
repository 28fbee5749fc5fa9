"""The odds of a campaign's chances are a page for everybody."""

import json
from itertools import count
from typing import Final

import pytest

from tests.fixtures.colleague import at_work
from tests.fixtures.service import Json, Service
from tests.fixtures.visitor import heading, visiting

_numbers = count(1)
TABLE: Final[list[Json]] = [
    {
        "tier_id": "gold",
        "name": "Gold & glory",
        "per_million": 500,
        "stock": 1_000,
        "daily_stock": 20,
        "gives": {"kind": "red_packet", "minor": 8_800},
    },
    {
        "tier_id": "silver",
        "name": "Silver",
        "per_million": 100_000,
        "gives": {"kind": "points", "amount": 1_000},
    },
]


def a_campaign(service: Service, *, active: int | None = 1) -> str:
    """Write a campaign of one chance."""
    campaign_id = f"odds-{next(_numbers)}"
    offer = {"offer_id": "c", "kind": "chance", "table": TABLE}
    terms = {
        "name": {"zh": "春天抽奖", "en": "Spring chance"},
        "starts_at": "2027-01-01T00:00:00Z",
        "offers": [offer],
    }
    service.query(
        "INSERT INTO campaigns (campaign_id, name, points, starts_at, created_at,"
        " active_version, state) VALUES (%s, 'x', 1, '2027-01-01', now(), %s, %s)",
        campaign_id,
        active,
        "paused" if active else "draft",
    )
    service.query(
        "INSERT INTO campaign_versions (campaign_no, version, state, terms, created_by,"
        " created_at, approved_by, approved_at, activated_by, activated_at) SELECT"
        " campaign_no, 1, %s, %s, 'mona', now(), 'max', now(), 'max', now()"
        " FROM campaigns WHERE campaign_id = %s",
        "active" if active else "approved",
        json.dumps(terms),
        campaign_id,
    )
    return campaign_id


def forget(service: Service, campaign_id: str) -> None:
    """Remove a campaign that nothing was paid by."""
    which = "(SELECT campaign_no FROM campaigns WHERE campaign_id = %s)"
    for table in ("offers", "campaign_versions", "campaigns"):
        service.query(f"DELETE FROM {table} WHERE campaign_no = {which}", campaign_id)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ["Spring chance", "1,000 points", "¥88.00 in cash", "No prize"]),
        ("zh", ["春天抽奖", "1,000 积分", "现金红包 ¥88.00", "未中奖"]),
    ],
)
def test_anybody_reads_what_a_chance_wins_and_how_likely(
    service: Service, language: str, told: list[str]
) -> None:
    campaign_id = a_campaign(service)
    with visiting(service) as visitor:
        page = visitor.get(f"/odds/{campaign_id}?lang={language}")
    assert page.status_code == 200
    assert heading(page) == told[0]
    odds = ["0.05%", "10%", "89.95%", "Gold &amp; glory", "Silver", "1,000"]
    for each in told + odds:
        assert each in page.text, each
    forget(service, campaign_id)


def test_a_frozen_tier_is_told_to_all_who_read_of_tiers(service: Service) -> None:
    """On the page of the odds, and on the campaign's own with what it gave."""
    campaign_id = a_campaign(service)
    for tier in TABLE:
        service.query(
            "INSERT INTO offers (campaign_no, offer_id, tier_id, kind, is_frozen)"
            " SELECT campaign_no, 'c', %s, 'points', %s FROM campaigns"
            " WHERE campaign_id = %s",
            tier["tier_id"],
            tier is TABLE[0],
            campaign_id,
        )
    with visiting(service) as visitor:
        page = visitor.get(f"/odds/{campaign_id}?lang=en").text
    assert page.count("not given at present") == 1
    assert page.index("not given at present") < page.index("Silver")
    with at_work(service, service.staff("marketer")) as mona:
        shown = mona.get(f"/console/campaigns/{campaign_id}").text
    assert shown.count("frozen: the next one is given") == 1
    forget(service, campaign_id)


def test_a_draft_has_no_odds_yet_and_neither_has_what_has_no_chance(
    service: Service,
) -> None:
    draft = a_campaign(service, active=None)
    with visiting(service) as visitor:
        for campaign_id in (draft, "demo-points", "none"):
            page = visitor.get(f"/odds/{campaign_id}?lang=en")
            assert page.status_code == 404
            assert "No such page" in page.text
    forget(service, draft)
