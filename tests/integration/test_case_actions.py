"""What analysts do beyond a case, each foretold, obeyed by every worker, taken back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from anti_fraud.domain.case_actions import ActionKind, NewAction
from anti_fraud.domain.lists import ListKind
from anti_fraud.pipeline.cases import acting
from codegen.domain.recalls import RecallKind
from codegen.pipeline.recalls import approve_recall
from core.auth.principal import Role, Staff
from core.clock import utc_datetime
from core.errors import Conflict, Fault, InvalidInput, NotFound
from rewards.domain.plans import RewardKind
from rewards.pipeline.chances import load_odds
from rewards.pipeline.figures import load_figures
from rewards.store.campaigns import find_campaign
from tests.fixtures.cases import ANNE, BEN, PORTS, Review
from tests.fixtures.claims import Claims, Json, Worker, chance, points, working
from tests.fixtures.ground import CLOCK, Ground
from tests.integration.test_cases import held_case

ISSUER = Staff("i", "iris", Role.ISSUER)


class Desk:
    """A case, and an analyst who acts because of it."""

    def __init__(self, review: Review, case_id: int) -> None:
        self.review, self.case_id = review, case_id

    async def act(self, what: ActionKind, **asked: Any) -> int:
        """Take an action; gives its number."""
        wish = NewAction(action=what, reason="an attack", **asked)
        async with self.review.ground.engine.begin() as conn:
            work = self.review.work(conn, ANNE)
            return await acting.act(work, PORTS.actions, self.case_id, wish)

    async def foretell(self, what: ActionKind, **asked: Any) -> dict[str, int | None]:
        """Tell what an action would do."""
        wish = NewAction(action=what, reason="an attack", **asked)
        async with self.review.ground.engine.begin() as conn:
            work = self.review.work(conn, ANNE)
            told = await acting.foretell_action(work, PORTS.actions, self.case_id, wish)
        return {name: getattr(told, name) for name in told.__struct_fields__}

    async def undo(self, action_id: int) -> None:
        """Take an action back, as another analyst."""
        async with self.review.ground.engine.begin() as conn:
            work = self.review.work(conn, BEN)
            await acting.undo_action(work, PORTS.actions, action_id)


@pytest.fixture
async def desk(review: Review) -> Desk:
    """Give a desk with one case."""
    return Desk(review, (await held_case(review, 2)).case_id)


@pytest.fixture
def claims(ledger: Ground) -> Claims:
    """Give marketers on the same database."""
    return Claims(ledger)


@pytest.fixture
async def workers(claims: Claims, redis_url: str) -> AsyncIterator[list[Worker]]:
    """Run two workers."""
    async with working(claims, redis_url, 2) as running:
        yield list(running)


def paid(answer: Json) -> list[int]:
    """Give the amounts of points that an answer tells."""
    kinds = [each for each in answer["rewards"] if each["kind"] == RewardKind.POINTS]
    return [each["amount"] for each in kinds]


async def frozen(claims: Claims) -> list[set[str | None]]:
    """Give which tiers are told to be frozen, with the odds and with the figures."""
    async with claims.ground.engine.connect() as conn:
        odds = await load_odds(conn, "lucky")
        kept = await find_campaign(conn, "lucky")
        assert odds is not None
        assert kept is not None
        figures = await load_figures(conn, kept)
    return [
        set(odds.chances[0].frozen),
        {each.tier_id for each in figures.by_offer if each.is_frozen},
    ]


async def test_a_frozen_tier_gives_what_comes_after_it_on_every_worker(
    desk: Desk, claims: Claims, workers: list[Worker]
) -> None:
    """Until it is thawed; the campaign's version and its plans stay as they are."""
    tiers = (
        ("gold", 1_000_000, points(100, stock=50)),
        ("silver", 0, points(1)),
    )
    await claims.campaign("lucky", chance(*tiers))
    codes = iter(await claims.ground.live(9))
    for place, worker in enumerate(workers):
        assert paid(await worker.scan(next(codes), f"a{place}")) == [100]
    tier = {"campaign_id": "lucky", "offer_id": "luck", "tier_id": "gold"}
    assert (await desk.foretell(ActionKind.FREEZE_TIER, **tier))["scans"] == 2
    action = await desk.act(ActionKind.FREEZE_TIER, **tier)
    assert await frozen(claims) == [{"gold"}, {"gold"}]
    for place, worker in enumerate(workers):
        assert paid(await worker.scan(next(codes), f"b{place}")) == [1]
    with pytest.raises(Conflict):
        await desk.act(ActionKind.FREEZE_TIER, **tier)
    with pytest.raises(NotFound):
        await desk.act(ActionKind.FREEZE_TIER, **tier | {"tier_id": "bronze"})
    await desk.undo(action)
    for place, worker in enumerate(workers):
        assert paid(await worker.scan(next(codes), f"c{place}")) == [100]
    assert await frozen(claims) == [set(), set()]
    with pytest.raises(Conflict):
        await desk.undo(action)
    assert await claims.ground.audit() == []


async def test_a_paused_campaign_pays_nobody_until_it_is_taken_back(
    desk: Desk, claims: Claims, workers: list[Worker]
) -> None:
    """On both workers."""
    await claims.campaign("spring", points(7))
    codes = iter(await claims.ground.live(9))
    action = await desk.act(ActionKind.PAUSE_CAMPAIGN, campaign_id="spring")
    for worker in workers:
        assert paid(await worker.scan(next(codes), "ann")) == []
    await desk.undo(action)
    for worker in workers:
        assert paid(await worker.scan(next(codes), "ann")) == [7]


async def test_who_is_blocked_is_refused_until_that_is_taken_back(
    desk: Desk, claims: Claims, workers: list[Worker]
) -> None:
    """An entry of the list as any other, which the action names."""
    await claims.campaign("spring", points(7))
    codes = iter(await claims.ground.live(9))
    wish = {"kind": ListKind.MEMBER, "value": "mallory"}
    await desk.foretell(ActionKind.BLOCK, **wish)
    action = await desk.act(ActionKind.BLOCK, **wish)
    for worker in workers:
        assert (await worker.scan(next(codes), "mallory"))["outcome"] == "refused"
    await desk.undo(action)
    for worker in workers:
        assert (await worker.scan(next(codes), "mallory"))["outcome"] == "rewarded"


@pytest.mark.parametrize(
    ("kind", "more", "of"),
    [
        (ActionKind.VOID_RANGE, {}, RecallKind.VOID),
        (ActionKind.RECALL_RANGE, {"instructions": "bring it"}, RecallKind.RECALL),
    ],
)
async def test_codes_are_ended_once_an_issuer_approves(
    desk: Desk, kind: ActionKind, more: Json, of: RecallKind
) -> None:
    """It is foretold by codes, claims, members and holds; and then it is for good."""
    ground = desk.review.ground
    [(batch_id,)] = await ground.rows("SELECT min(batch_id) FROM batches")
    wish = {"batch_id": batch_id, **more}
    told = await desk.foretell(kind, **wish)
    assert told == {"scans": 2, "caps": 2, "claimed": 2, "members": 1, "holds": 2}
    action = await desk.act(kind, **wish)
    states = "SELECT DISTINCT state FROM ranges ORDER BY state"
    assert await ground.rows(states) == [("activated",)]
    with pytest.raises(Conflict):
        await desk.undo(action)
    [(made,)] = await ground.rows("SELECT made FROM case_actions")
    now = utc_datetime(CLOCK.now_ms())
    async with ground.engine.begin() as conn:
        assert await approve_recall(conn, of, int(made), ISSUER, now=now) == 2
    with pytest.raises(Conflict):
        await desk.undo(action)


async def test_what_an_action_needs_is_named(desk: Desk) -> None:
    """Each field by its place, in a preview too; a case that is not there is none."""
    for do in (desk.act, desk.foretell):
        with pytest.raises(InvalidInput) as told:
            await do(ActionKind.FREEZE_TIER, campaign_id="c")
        assert [e.pointer for e in told.value.errors] == ["/offer_id", "/tier_id"]
    desk.case_id = 12
    for do in (desk.act, desk.foretell):
        with pytest.raises(Fault):
            await do(ActionKind.PAUSE_CAMPAIGN, campaign_id="c")
    assert await desk.review.ground.rows("SELECT count(*) FROM case_actions") == [(0,)]


async def test_the_timeline_tells_of_actions(desk: Desk, claims: Claims) -> None:
    """Who took it, who took it back, in the audit log and as events too."""
    await claims.campaign("spring", points(7))
    action = await desk.act(ActionKind.PAUSE_CAMPAIGN, campaign_id="spring")
    await desk.undo(action)
    rows = await desk.review.ground.rows(
        "SELECT kind, person, detail ->> 'action' FROM case_entries"
        " WHERE kind <> 'opened' ORDER BY entry_id"
    )
    pause = "pause_campaign"
    assert rows == [("acted", "anne", pause), ("action_undone", "ben", pause)]
    logged = await desk.review.ground.rows(
        "SELECT action FROM audit_log WHERE action IN ('case.acted',"
        " 'case.action_undone', 'campaign.pause', 'campaign.resume') ORDER BY 1"
    )
    assert len(logged) == 4
