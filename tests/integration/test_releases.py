"""Held rewards are decided again: posted when all is well, else left to a person."""

from collections.abc import AsyncIterator
from dataclasses import replace
from zoneinfo import ZoneInfo

import msgspec
import pytest

from anti_fraud.default_rules import shipped_rule_set
from anti_fraud.domain.decision import decide
from anti_fraud.pipeline.rule_sets import install_shipped_rules
from codegen.domain.batches import Selection
from codegen.domain.ranges import EpochState, RangeState
from codegen.pipeline import change_epoch
from core.auth.principal import OPERATOR
from core.clock import business_day, utc_datetime
from core.redis import RedisAway, RedisClient, connect
from rewards.domain.active_campaigns import Campaign
from rewards.domain.holds import HoldReason
from scan_api.domain.scans import Outcome
from scan_api.pipeline.releases import HoldReleaser
from scan_api.pipeline.worker_state import WorkerStateKeeper
from scan_api.store.scans import Decided
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground


async def releaser_of(ledger: Ground, redis: RedisClient) -> HoldReleaser:
    """Put a releaser together as a worker has it."""
    keeper = WorkerStateKeeper(ledger.engine, ledger.issuance.key_file)
    await keeper.start()
    return HoldReleaser(
        ledger.engine, redis, CLOCK, ledger.ids, keeper, ZoneInfo("Asia/Shanghai")
    )


@pytest.fixture
async def releaser(ledger: Ground, redis_url: str) -> AsyncIterator[HoldReleaser]:
    """Give a releaser with the rules that ship."""
    async with ledger.engine.begin() as conn:
        await install_shipped_rules(conn, now=utc_datetime(CLOCK.now_ms()))
    redis = connect(redis_url, timeout_s=5)
    yield await releaser_of(ledger, redis)
    await redis.close()


async def hold(ledger: Ground, codes: list[int], points: Campaign) -> None:
    """Hold one reward a code, each of another member."""
    people = await ledger.members(*(f"m{code}" for code in codes))
    wishes = [
        ledger.wish(code, member, points, outcome=Outcome.HELD)
        for code, member in zip(codes, people, strict=True)
    ]
    await ledger.commit(*wishes)


async def holds(ledger: Ground) -> list[tuple[str, str | None]]:
    """Read how holds stand, by code."""
    rows = await ledger.rows("SELECT reason, resolution FROM holds ORDER BY code_id")
    return [(reason, resolution) for reason, resolution in rows]


async def test_what_waited_for_signals_is_posted_once(
    ledger: Ground, releaser: HoldReleaser
) -> None:
    """Points become available, and a second round finds nothing."""
    points = await ledger.campaign("points")
    await hold(ledger, await ledger.live(5), points)
    assert await releaser.release_once() == 5
    assert await releaser.release_once() == 0
    assert await holds(ledger) == [("signals", "posted")] * 5
    sums = await ledger.rows("SELECT sum(available), sum(pending) FROM balances")
    assert sums == [(25, 0)]
    assert await ledger.audit() == []


async def test_while_valkey_is_away_nothing_is_released(
    ledger: Ground, releaser: HoldReleaser
) -> None:
    """The very reason for the hold still stands."""
    points = await ledger.campaign("points")
    await hold(ledger, await ledger.live(1), points)
    away = replace(releaser, redis=connect("unix:///nowhere.sock", timeout_s=1))
    with pytest.raises(RedisAway):
        await away.release_once()
    assert await holds(ledger) == [("signals", None)]


async def test_what_was_voided_or_recalled_meanwhile_is_not_released(
    ledger: Ground, releaser: HoldReleaser
) -> None:
    """A person looks at it instead; the rest is posted."""
    points = await ledger.campaign("points")
    batch = await ledger.issue(4)
    await ledger.change(batch, RangeState.ACTIVATED)
    await hold(ledger, [batch.first_code_id + n for n in range(4)], points)
    first, last = Selection(from_index=0, to_index=0), Selection(from_index=3)
    await ledger.change(batch, RangeState.VOID, first)
    await ledger.change(batch, RangeState.RECALLED, last)
    assert await releaser.release_once() == 4
    posted, kept = ("signals", "posted"), ("rules", None)
    assert await holds(ledger) == [kept, posted, posted, kept]
    assert await releaser.release_once() == 0
    assert await ledger.audit() == []


async def test_what_the_rules_stop_on_their_own_facts_waits_for_a_person(
    ledger: Ground, releaser: HoldReleaser
) -> None:
    """A member who scanned far too much while nobody counted."""
    points = await ledger.campaign("points")
    codes = await ledger.live(60)
    [greedy] = await ledger.members("greedy")
    # What lists said was known without signals, and is kept.
    known = {"signals_available": False, "shop_listed": False}
    day = business_day(CLOCK.now_ms(), TIMEZONE)
    decision = decide(shipped_rule_set(), known, day)
    for code in codes:
        wish = ledger.wish(code, greedy, points, outcome=Outcome.HELD)
        plan = msgspec.structs.replace(wish.plan, decision=decision)
        await ledger.commit(Decided(wish.scan, plan, greedy, transfers=wish.transfers))
    assert await releaser.release_once() == 60
    ended = [resolution for _, resolution in await holds(ledger)]
    assert ended[:6] == ["posted"] * 6
    assert ended[-1] is None
    assert await ledger.audit() == []


async def test_a_device_that_scanned_too_much_is_remembered_until_the_release(
    ledger: Ground, releaser: HoldReleaser
) -> None:
    """Which only Redis counts: its epoch was frozen, and its signals were there."""
    points = await ledger.campaign("points")
    codes = await ledger.live(2)
    people = await ledger.members("many-devices", "one-device")
    rules = shipped_rule_set()
    for code, member, count in zip(codes, people, (101, 1), strict=True):
        wish = ledger.wish(code, member, points, outcome=Outcome.HELD)
        counts = {"device_scans_10m": count, "device_scans_1d": count}
        counts |= {"member_scans_10m": 21 if count > 1 else 1}
        known = {"signals_available": True, "shop_listed": False, **counts}
        decision = decide(rules, known, business_day(CLOCK.now_ms(), TIMEZONE))
        plan = msgspec.structs.replace(
            wish.plan, decision=decision, hold_reason=HoldReason.EPOCH
        )
        await ledger.commit(Decided(wish.scan, plan, member))
    await releaser.states.refresh()
    assert await releaser.release_once() == 2
    assert await holds(ledger) == [("rules", None), ("epoch", "posted")]


async def test_what_a_frozen_epoch_holds_waits_until_it_is_closed_again(
    ledger: Ground, releaser: HoldReleaser
) -> None:
    """Neither posted nor given to a person before."""
    points = await ledger.campaign("points")
    await hold(ledger, await ledger.live(2), points)
    await ledger.rows(f"UPDATE holds SET reason = '{HoldReason.EPOCH}'")
    now = utc_datetime(CLOCK.now_ms())
    for state, resolution in ((EpochState.FROZEN, None), (EpochState.CLOSED, "posted")):
        async with ledger.engine.begin() as conn:
            await change_epoch(conn, 0, state, OPERATOR, now=now)
        await releaser.states.refresh()
        await releaser.release_once()
        assert await holds(ledger) == [("epoch", resolution)] * 2
    assert await ledger.audit() == []


async def test_whom_a_list_blocks_by_now_waits_for_a_person(
    ledger: Ground, releaser: HoldReleaser
) -> None:
    """By name, code, device or network; an entry that is over blocks nobody."""
    points = await ledger.campaign("points")
    codes = await ledger.live(6)
    await hold(ledger, codes, points)
    await ledger.rows(
        "INSERT INTO scan_traces (shard, scan_id, device, network)"
        " SELECT 0, transfer_id, convert_to('d' || code_id, 'UTF8'),"
        " CAST('198.51.100.' || code_id % 200 AS inet) FROM holds"
    )
    for kind, value, until, span in (
        ("member", f"m{codes[0]}", "NULL", "NULL, NULL"),
        ("code_range", "9", "NULL", f"{codes[1]}, {codes[1]}"),
        ("member", f"m{codes[2]}", "now() - interval '1 hour'", "NULL, NULL"),
        ("device", f"d{codes[3]}", "NULL", "NULL, NULL"),
        ("network", f"198.51.100.{codes[4] % 200}/32", "NULL", "NULL, NULL"),
    ):
        await ledger.rows(
            "INSERT INTO list_entries (list, kind, value, until, first_code_id,"
            " last_code_id, reason, created_by, created_at) VALUES ('block',"
            f" '{kind}', '{value}', {until}, {span}, 'r', 'li', now() - interval '1 d')"
        )
    assert await releaser.release_once() == 6
    posted, kept = ("signals", "posted"), ("rules", None)
    assert await holds(ledger) == [kept, kept, posted, kept, kept, posted]


async def test_what_was_frozen_a_moment_ago_goes_on_waiting(
    ledger: Ground, releaser: HoldReleaser
) -> None:
    """Though this worker has not heard of it, no person is asked."""
    points = await ledger.campaign("points")
    await hold(ledger, await ledger.live(2), points)
    now = utc_datetime(CLOCK.now_ms())
    await releaser.states.refresh()
    for state, resolution in ((EpochState.FROZEN, None), (EpochState.CLOSED, "posted")):
        async with ledger.engine.begin() as conn:
            await change_epoch(conn, 0, state, OPERATOR, now=now)
        await releaser.release_once()
        assert await holds(ledger) == [("signals", resolution)] * 2
