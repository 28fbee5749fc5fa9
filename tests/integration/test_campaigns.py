"""A campaign is added once, by rules, and what it is stays written down."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from psycopg import errors as pg

from codegen import store as codes
from core.auth.principal import OPERATOR, Role, Staff
from core.clock import utc_datetime
from core.errors import Conflict, Fault, InvalidInput, NotFound
from rewards.domain.active_campaigns import Campaign
from rewards.domain.campaigns import (
    CampaignState,
    KeptCampaign,
    Move,
    NewCampaign,
    VersionState,
)
from rewards.domain.holds import Resolution
from rewards.domain.remaining import find_spent
from rewards.domain.terms import (
    Budget,
    Cap,
    CapPer,
    Counted,
    OfferKind,
    OfferTerms,
    Terms,
    TwoNames,
)
from rewards.pipeline import campaigns as pipeline
from rewards.pipeline.campaigns import add_campaign
from rewards.store.active_campaigns import load_campaigns, load_rooms
from rewards.store.holds import load_open_holds, resolve_holds
from scan_api.domain.scans import Outcome
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


ANN = Staff("a", "Ann", Role.MARKETER)
BEN = Staff("b", "ben", Role.MARKETER)


def terms(amount: int = 5, **given: Any) -> Terms:
    """Write terms of so many points a cap."""
    offer = OfferTerms(offer_id="p", kind=OfferKind.POINTS, amount=amount)
    said: dict[str, Any] = {"starts_at": NOW, "name": TwoNames(zh="春", en="Spring")}
    return Terms(**said | {"offers": (offer,)} | given)


def a_day(most: int) -> tuple[Cap, ...]:
    """Cap what a member earns a day."""
    return (Cap(per=CapPer.MEMBER_DAY, of=Counted.POINTS, most=most),)


async def step(ledger: Ground, work: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    """Take a step with the campaign as somebody, in a transaction."""
    async with ledger.engine.begin() as conn:
        return await work(conn, "spring", *args, now=NOW)


async def move(ledger: Ground, what: Move, by: Staff = ANN) -> CampaignState:
    """Pause, resume or stop the campaign."""
    async with ledger.engine.begin() as conn:
        return await pipeline.move_campaign(
            conn, "spring", what, by, reason="because", now=NOW
        )


async def put_in_force(ledger: Ground, version: int, said: Terms) -> Campaign:
    """Write a version as Ann, approve it as Ben, and activate it."""
    write = pipeline.draft_campaign if version == 1 else pipeline.draft_version
    written = await step(ledger, write, said, ANN)
    assert (written.version, written.state) == (version, VersionState.DRAFT)
    await step(ledger, pipeline.approve_version, version, BEN)
    await step(ledger, pipeline.activate_version, version, ANN)
    return await known(ledger)


async def known(ledger: Ground) -> Campaign:
    """Load the campaign as a worker knows it."""
    async with ledger.engine.connect() as conn:
        return (await load_campaigns(conn))["spring"]


async def shown(ledger: Ground) -> KeptCampaign:
    """Load the campaign as staff see it."""
    async with ledger.engine.connect() as conn:
        return await pipeline.show_campaign(conn, "spring", ANN)


async def refused(code: str, work: Awaitable[Any]) -> None:
    """Expect a refusal with a code."""
    with pytest.raises(Fault) as caught:
        await work
    assert caught.value.code == code


async def test_a_campaign_pays_once_two_have_agreed_on_it(ledger: Ground) -> None:
    """Each step is written down by its person, and told to others."""
    await step(ledger, pipeline.draft_campaign, terms(), ANN)
    assert (await known(ledger)).state is CampaignState.DRAFT
    await refused("not_approved", step(ledger, pipeline.activate_version, 1, BEN))
    await step(ledger, pipeline.approve_version, 1, BEN)
    before = await ledger.version()
    await step(ledger, pipeline.activate_version, 1, ANN)
    assert await ledger.version() > before
    kept = await shown(ledger)
    [version] = kept.versions
    assert (kept.state, kept.active_version) == (CampaignState.ACTIVE, 1)
    assert version.state is VersionState.ACTIVE
    assert (version.created_by, version.approved_by, version.activated_by) == (
        *("Ann", "ben"),
        "Ann",
    )
    rows = await ledger.rows("SELECT action, person FROM audit_log ORDER BY at, action")
    assert {("campaign.draft", "Ann"), ("campaign.approve", "ben")} < set(rows)
    told = await ledger.rows(
        "SELECT e -> 1 ->> 'change' FROM outbox, jsonb_array_elements(events) AS e"
        " ORDER BY xid, place"
    )
    assert told == [("drafted",), ("approved",), ("activated",)]
    assert await ledger.audit() == []


async def test_nobody_approves_what_they_wrote_themselves(ledger: Ground) -> None:
    """However they spell their name; and PostgreSQL would not have it either."""
    await step(ledger, pipeline.draft_campaign, terms(), ANN)
    twin = replace(ANN, person="aNN")
    approving = step(ledger, pipeline.approve_version, 1, twin)
    await refused("second_person_needed", approving)
    with pytest.raises(pg.CheckViolation, match="two_persons_campaign"):
        await ledger.conn.execute(
            "UPDATE campaign_versions SET state = 'approved', approved_by = 'ANN '"
        )
    await ledger.conn.rollback()
    with pytest.raises(pg.CheckViolation, match="nothing_pays_unapproved"):
        await ledger.conn.execute("UPDATE campaign_versions SET state = 'active'")
    await ledger.conn.rollback()
    await step(ledger, pipeline.approve_version, 1, BEN)
    approving = step(ledger, pipeline.approve_version, 1, BEN)
    await refused("already_approved", approving)


async def test_another_brands_campaign_is_not_there(ledger: Ground) -> None:
    """Everybody's can be seen, and not changed, by who is of one brand."""
    dairy, rival = replace(ANN, brand="Dairy"), replace(BEN, brand="Rival")
    await step(ledger, pipeline.draft_campaign, terms(), dairy)
    for work in (pipeline.approve_version, pipeline.activate_version):
        with pytest.raises(NotFound):
            await step(ledger, work, 1, rival)
    with pytest.raises(NotFound):
        await move(ledger, Move.STOP, rival)
    await add(ledger, replace(SPRING, campaign_id="all"))
    async with ledger.engine.connect() as conn:
        found = await pipeline.list_campaigns(conn, rival, limit=9)
        assert [each.campaign_id for each in found] == ["all"]
        with pytest.raises(NotFound):
            await pipeline.show_campaign(conn, "spring", rival)
        everything = await pipeline.list_campaigns(conn, ANN, limit=9)
    assert [each.campaign_id for each in everything] == ["all", "spring"]


async def test_a_version_replaces_the_one_before_with_its_limits(
    ledger: Ground,
) -> None:
    """Other points, a larger budget, another cap; the old version is retired."""
    first = terms(5, budget=Budget(points=20), caps=a_day(10))
    await put_in_force(ledger, 1, first)
    [ann] = await ledger.members("ann")
    codes_ = await ledger.live(4)
    outcomes = [await scan(ledger, code, ann) for code in codes_[:3]]
    assert outcomes == ["rewarded", "rewarded", "limit_reached"]
    second = terms(7, budget=Budget(points=21), caps=a_day(100))
    now = await put_in_force(ledger, 2, second)
    assert (now.points, now.budget and now.budget.most) == (7, 21)
    assert await scan(ledger, codes_[2], ann) == "rewarded"
    assert await scan(ledger, codes_[3], ann) == "no_reward"
    kept = await shown(ledger)
    states = [(each.version, each.state.value) for each in kept.versions]
    assert states == [(2, "active"), (1, "retired")]
    assert (kept.budget, kept.spent) == (21, 17)
    again = step(ledger, pipeline.activate_version, 1, ANN)
    await refused("illegal_state", again)
    assert await ledger.audit() == []


async def test_a_budget_is_never_less_than_what_was_paid(ledger: Ground) -> None:
    await put_in_force(ledger, 1, terms(budget=Budget(points=20)))
    [ann] = await ledger.members("ann")
    for code in await ledger.live(2):
        assert await scan(ledger, code, ann) == "rewarded"
    await step(ledger, pipeline.draft_version, terms(budget=Budget(points=9)), ANN)
    await step(ledger, pipeline.approve_version, 2, BEN)
    activating = step(ledger, pipeline.activate_version, 2, ANN)
    await refused("budget_below_spent", activating)
    await put_in_force(ledger, 3, terms(budget=Budget(points=10)))
    async with ledger.engine.connect() as conn:
        rooms, now = await load_rooms(conn)
        there = (await load_campaigns(conn)).values()
    assert find_spent(there, rooms, now) == {(await known(ledger)).campaign_no}


async def test_what_nobody_counted_is_no_limit_later(ledger: Ground) -> None:
    """Nor is it once a version in between had none."""
    await put_in_force(ledger, 1, terms(budget=Budget(points=20)))
    await step(ledger, pipeline.draft_version, terms(budget=Budget(points=30)), ANN)
    await step(ledger, pipeline.approve_version, 2, BEN)
    await put_in_force(ledger, 3, terms())
    activating = step(ledger, pipeline.activate_version, 2, ANN)
    with pytest.raises(InvalidInput, match="nobody counted"):
        await activating
    assert (await known(ledger)).budget is None


async def test_a_cap_that_is_gone_gets_back_what_a_hold_took(ledger: Ground) -> None:
    await put_in_force(ledger, 1, terms(budget=Budget(points=20), caps=a_day(10)))
    [ann] = await ledger.members("ann")
    [code] = await ledger.live(1)
    held = ledger.wish(code, ann, await known(ledger), outcome=Outcome.HELD)
    await ledger.commit(held)
    assert (await put_in_force(ledger, 2, terms())).limits == ()
    async with ledger.engine.begin() as conn:
        holds = await load_open_holds(conn, frozen=[], limit=1)
        await resolve_holds(
            conn,
            holds,
            next_id=lambda: ledger.ids.next_id(CLOCK.now_ms()),
            resolution=Resolution.VOIDED,
            now=NOW,
        )
    assert await ledger.rows("SELECT DISTINCT used FROM limit_uses") == [(0,)]
    assert await ledger.audit() == []


async def test_a_smaller_cap_is_no_fault_of_the_days_before(ledger: Ground) -> None:
    """The audit measures a day by the cap that it had."""
    await put_in_force(ledger, 1, terms(caps=a_day(10)))
    [ann] = await ledger.members("ann")
    for code in await ledger.live(2):
        assert await scan(ledger, code, ann) == "rewarded"
    await put_in_force(ledger, 2, terms(caps=a_day(5)))
    assert await ledger.audit() == []
    [code] = await ledger.live(1)
    assert await scan(ledger, code, ann) == "limit_reached"


async def test_moves_are_legal_or_refused(ledger: Ground) -> None:
    """A draft is not paused, a stop is final, and what is paused stays so."""
    await step(ledger, pipeline.draft_campaign, terms(), ANN)
    await refused("illegal_state", move(ledger, Move.PAUSE))
    await step(ledger, pipeline.approve_version, 1, BEN)
    await step(ledger, pipeline.activate_version, 1, ANN)
    await refused("illegal_state", move(ledger, Move.RESUME))
    assert await move(ledger, Move.PAUSE) is CampaignState.PAUSED
    assert (await put_in_force(ledger, 2, terms(6))).state is CampaignState.PAUSED
    assert await move(ledger, Move.RESUME) is CampaignState.ACTIVE
    assert await move(ledger, Move.STOP) is CampaignState.STOPPED
    for what in Move:
        await refused("illegal_state", move(ledger, what))
    writing = step(ledger, pipeline.draft_version, terms(), ANN)
    await refused("illegal_state", writing)
    detail = "SELECT detail FROM audit_log WHERE action = 'campaign.stop'"
    assert await ledger.rows(detail) == [({"reason": "because"},)]


async def test_a_batch_decided_before_a_pause_is_decided_anew(ledger: Ground) -> None:
    """Whatever a worker knew of the campaign a moment ago."""
    campaign = await put_in_force(ledger, 1, terms())
    [ann] = await ledger.members("ann")
    [code] = await ledger.live(1)
    wish, version = ledger.wish(code, ann, campaign), await ledger.version()
    await move(ledger, Move.PAUSE)
    with pytest.raises(pg.Error, match="changed"):
        await ledger.commit(wish, version=version)


async def scan(ledger: Ground, code_id: int, member_no: int) -> str:
    """Claim a code of the campaign; gives what it came to."""
    wish = ledger.wish(code_id, member_no, await known(ledger))
    [done] = await ledger.commit(wish)
    return done.outcome.value
