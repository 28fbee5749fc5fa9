"""Plans of random campaigns are made again from what was kept of each scan."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from codegen.domain.keys import Secret
from core.clock import utc_datetime
from core.ids import random_token
from rewards.domain.campaigns import MOVES, Move
from rewards.pipeline import campaigns as marketing
from scan_api.pipeline.replay import PlanKeys, PlanReplay, replay_plans
from scan_api.store.kept_facts import unpack_facts
from tests.fixtures.claims import (
    WRITER,
    Claims,
    Json,
    chance,
    gift,
    points,
    scan_id,
    working,
)
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground, prepare_ground

CODES = 12
CAMPAIGNS = ("a", "b", "c")

COMPARISON = st.sampled_from(
    [
        {"fact": "is_first_claim", "op": "==", "value": True},
        {"fact": "claim_no", "op": "<=", "value": 2},
        {"fact": "scan_region", "op": "in", "value": ["CN-31", "CN-11"]},
        {"fact": "channel", "op": "==", "value": "wechat"},
        {"fact": "lot", "op": "!=", "value": "L-2"},
        {"fact": "batch_id", "op": ">", "value": 1},
        {"fact": "hour", "op": ">=", "value": 12},
        {"fact": "account_age_days", "op": "<", "value": 1},
    ]
)
CONDITION = (
    st.none()
    | COMPARISON
    | st.fixed_dictionaries({"any": st.lists(COMPARISON, min_size=1, max_size=3)})
)
OFFER = st.sampled_from(
    [
        points(3),
        chance(("gold", 300_000, gift(stock=1)), ("iron", 400_000, points(1))),
    ]
)
TERMS = st.fixed_dictionaries(
    {
        "offer": OFFER,
        "when": CONDITION,
        "order": st.integers(1, 3),
        "exclusive": st.booleans(),
        "caps": st.sampled_from(
            [[], [{"per": "region_day", "of": "claims", "most": 2}]]
        ),
    }
)
CONTEXT = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "region": st.sampled_from(["CN-31", "CN-44"]),
        "channel": st.sampled_from(["wechat", "app"]),
    },
)
# How many hours before they arrive scans are made.
LATE_H = st.sampled_from([None, None, 0, 7, 26])
SCAN = st.tuples(st.integers(0, 2), CONTEXT, LATE_H)
STEP = st.tuples(st.sampled_from(CAMPAIGNS), TERMS | st.sampled_from(list(Move)))


@dataclass
class Brand:
    """Campaigns on a database that nobody else uses, and who scans in one example."""

    runner: asyncio.Runner
    claims: Claims
    redis_url: str
    stopped: set[str] = field(default_factory=set)

    def play(self, first: Json, turns: Any) -> None:
        """Scan codes while campaigns change, and replay each scan's plan."""
        self.runner.run(self._play(first, turns))

    async def _play(self, first: Json, turns: Any) -> None:
        name, ground = random_token(6), self.claims.ground
        await self._change(f"{name}-a", first)
        codes = await ground.live(CODES, lot="L-1")
        seen: list[int] = []
        async with working(self.claims, self.redis_url, 2) as workers:
            for (which, step), scans in turns:
                await self._change(f"{name}-{which}", step)
                some = [codes.pop() for _ in scans]
                told = await asyncio.gather(
                    *(
                        workers[place % 2].scan(
                            code,
                            f"{name}-{who}",
                            context=context,
                            scanned_at_ms=late_h
                            if late_h is None
                            else CLOCK.now_ms() - late_h * 3_600_000,
                        )
                        for place, (code, (who, context, late_h)) in enumerate(
                            zip(some, scans, strict=True)
                        )
                    )
                )
                seen += map(scan_id, told)
        replays = await self.replay(seen)
        assert sorted(replays) == sorted(seen)
        assert [each for each in replays.values() if not each.equals_record] == []
        for campaign_id in list(self.claims.versions):
            await self._change(campaign_id, Move.STOP)

    async def _change(self, campaign_id: str, step: Json | Move) -> None:
        """Let a version pay from now on, or pause, resume or stop what there is."""
        versions = self.claims.versions
        if campaign_id in self.stopped:
            return
        if not isinstance(step, Move):
            terms = {k: v for k, v in step.items() if k != "offer"}
            await self.claims.campaign(campaign_id, step["offer"], **terms)
        elif campaign_id in versions:
            now = utc_datetime(CLOCK.now_ms())
            async with self.claims.ground.engine.begin() as conn:
                kept = await marketing.show_campaign(conn, campaign_id, WRITER)
                legal, _ = MOVES[step]
                if kept.state in legal:
                    await marketing.move_campaign(
                        conn, campaign_id, step, WRITER, reason="because", now=now
                    )
                    if step is Move.STOP:
                        self.stopped.add(campaign_id)

    async def replay(self, scan_ids: list[int]) -> dict[int, PlanReplay]:
        """Plan scans anew."""
        ground = self.claims.ground
        load = ground.issuance.key_file.load_secrets
        keys = PlanKeys(load(Secret.CHANCES), load(Secret.CARDS))
        async with ground.engine.connect() as conn:
            return await replay_plans(conn, scan_ids, keys=keys, timezone=TIMEZONE)


@pytest.fixture
def brand(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Brand]:
    """Give a database and the loop that its connections live in; ends sound."""
    with asyncio.Runner() as runner:
        ground: Ground = runner.run(prepare_ground(database_url, tmp_path))
        yield Brand(runner, Claims(ground), redis_url)
        assert runner.run(ground.audit()) == []
        runner.run(ground.close())


def test_a_plan_made_again_is_the_plan_that_was_paid(brand: Brand) -> None:
    """Whatever campaigns asked, in whichever version, and whoever was paused."""

    @settings(
        max_examples=5,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # what is found reads well; shrinking takes long
    )
    @given(
        first=TERMS,
        turns=st.lists(
            st.tuples(STEP, st.lists(SCAN, min_size=1, max_size=3)),
            min_size=3,
            max_size=CODES // 3,
        ),
    )
    def play(first: Json, turns: Any) -> None:
        brand.play(first, turns)

    play()


def test_a_record_that_was_changed_is_no_plans(brand: Brand) -> None:
    """Whichever part of it: what was earned, by which version, or what it asked."""
    brand.runner.run(change_records(brand))


async def change_records(brand: Brand) -> None:
    """Scan twice by two campaigns, of which one asks, and change what was kept."""
    ground = brand.claims.ground
    first = {"fact": "is_first_claim", "op": "==", "value": True}
    await brand.claims.campaign("a", points(3))
    await brand.claims.campaign("b", points(4), when=first)
    codes = await ground.live(2)
    async with working(brand.claims, brand.redis_url) as [worker]:
        came = [scan_id(await worker.scan(code, "ann")) for code in codes]
    assert await equal(brand, came) == [True, True]
    shown = f"SELECT facts FROM scans WHERE scan_id IN ({came[0]}, {came[1]})"
    one, other = [facts for (facts,) in await ground.rows(f"{shown} ORDER BY scan_id")]
    assert unpack_facts(one).asked == [True]
    assert unpack_facts(other).asked == [False]
    # Each is kept for the other one: who was first is second.
    for number, facts in zip(came, (other, one), strict=True):
        await ground.rows(
            f"UPDATE scans SET facts = '\\x{facts.hex()}' WHERE scan_id = {number}"
        )
    assert await equal(brand, came) == [False, False]
    await ground.rows("UPDATE scans SET outcome = 'no_reward'")
    assert await equal(brand, came) == [False, False]
    await ground.rows("UPDATE scans SET outcome = 'rewarded'")


async def equal(brand: Brand, scan_ids: list[int]) -> list[bool]:
    """Tell of each scan whether its plan made anew is what was recorded."""
    replays = await brand.replay(scan_ids)
    return [replays[each].equals_record for each in scan_ids]
