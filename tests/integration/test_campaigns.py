"""A campaign is added once, by rules, and what it is stays written down."""

from dataclasses import replace
from datetime import timedelta

import pytest

from codegen import store as codes
from core.auth.principal import OPERATOR
from core.clock import utc_datetime
from core.errors import Conflict, InvalidInput
from rewards.domain.campaigns import NewCampaign
from rewards.pipeline.campaigns import add_campaign
from rewards.store.campaigns import load_campaigns
from tests.fixtures.ground import CLOCK, Ground

NOW = utc_datetime(CLOCK.now_ms())
SPRING = NewCampaign("spring", "Spring", 5, NOW, NOW + timedelta(days=9), budget=50)


async def add(ledger: Ground, new: NewCampaign) -> NewCampaign:
    """Add a campaign as an operator does."""
    async with ledger.engine.begin() as conn:
        return await add_campaign(
            conn, new, OPERATOR, spell_brand=codes.spell_brand, now=NOW
        )


async def test_who_adds_a_campaign_is_written_down_with_its_terms(
    ledger: Ground,
) -> None:
    await add(ledger, SPRING)
    ((person, subject, detail),) = await ledger.rows(
        "SELECT person, subject, detail FROM audit_log WHERE action = 'campaign.add'"
    )
    assert (person, subject) == (OPERATOR.person, "campaign:spring")
    assert detail == {
        "name": "Spring",
        "points": 5,
        "budget": 50,
        "daily_cap": None,
        "brand": None,
        "starts": NOW.isoformat(),
        "ends": (NOW + timedelta(days=9)).isoformat(),
    }


async def test_workers_hear_of_a_new_campaign(ledger: Ground) -> None:
    before = await ledger.version()
    await add(ledger, SPRING)
    assert await ledger.version() > before


async def test_an_id_is_taken_once_and_the_first_stays(ledger: Ground) -> None:
    await add(ledger, SPRING)
    with pytest.raises(Conflict, match="a campaign spring already"):
        await add(ledger, replace(SPRING, points=50))
    async with ledger.engine.connect() as conn:
        assert (await load_campaigns(conn))["spring"].points == 5


@pytest.mark.parametrize("days", [0, -1])
async def test_a_campaign_ends_after_it_starts(ledger: Ground, days: int) -> None:
    with pytest.raises(InvalidInput, match="ends after it starts"):
        await add(ledger, replace(SPRING, ends_at=NOW + timedelta(days=days)))


async def test_its_brand_is_spelled_as_products_spell_it(ledger: Ground) -> None:
    added = await add(ledger, replace(SPRING, brand="dAIRY"))
    assert added.brand == "Dairy"
    async with ledger.engine.connect() as conn:
        assert (await load_campaigns(conn))["spring"].brand == "Dairy"
