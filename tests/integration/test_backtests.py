"""A backtest tells what plain loops tell, and is gone on with wherever it stopped."""

import asyncio
import multiprocessing
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random  # noqa: TID251 - seeded here
from typing import Any

import pytest

from anti_fraud.default_rules import shipped_rules
from anti_fraud.domain.backtests import Backtest, BacktestFault, BacktestState
from anti_fraud.domain.cases import Value, Verb
from anti_fraud.domain.decision import decide, obey_list
from anti_fraud.domain.evaluation import translate
from anti_fraud.domain.trials import quality_of
from anti_fraud.domain.verdict import Verdict
from anti_fraud.pipeline.cases.deciding import Wish, decide_case
from anti_fraud.pipeline.cases.resolving import resolve_some
from anti_fraud.pipeline.rule_sets import write_rule_set
from anti_fraud.store.rule_sets import insert_rule_set, load_rule_sets
from core.auth.principal import Role, Staff
from core.clock import business_day, utc_datetime
from core.db import create_engine
from core.errors import Conflict, InvalidInput
from core.ids import time_of_id
from scan_api.pipeline import backtesting, backtests
from scan_api.pipeline.backtesting import Backtesting
from scan_api.pipeline.backtests import NewBacktest
from scan_api.store.kept_facts import load_judged
from tests.fixtures.cases import PORTS, Review, review
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.worker import Worker, store_rules, worker_of
from tests.integration.test_replay import BUSY, scan_at_random

__all__ = ["review"]
LI = Staff("t1", "li", Role.ANALYST)
BEN = Staff("t2", "ben", Role.ANALYST)
SENTENCE = {"en": "Why.", "zh": "原因。"}
_FORKS = multiprocessing.get_context("forkserver")


def document(*rules: tuple[str, int, Any], **changed: Any) -> dict[str, Any]:
    """Write a rule set that counts what ships under other names, and one thing more."""
    return shipped_rules() | {
        "version": 1,
        "counters": [
            {"fact": "mine", "entity": "member", "window_s": 600},
            {"fact": "never", "entity": "member", "window_s": 777_600},
        ],
        "rules": [
            {"id": name, "score": score, "sentence": SENTENCE, "when": when}
            for name, score, when in rules
        ],
        **changed,
    }


CANDIDATE = document(
    ("mine", 60, {"fact": "mine", "op": ">", "value": 4}),
    ("never", 85, {"fact": "never", "op": ">", "value": 0}),
    ("far", 90, {"fact": "place_distance_km", "op": ">", "value": 50}),
)


class Bench:
    """Writes versions and has them tried."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.backtesting = Backtesting(ground.engine, CLOCK, TIMEZONE)

    async def write(self, rules: dict[str, Any]) -> int:
        async with self.ground.engine.begin() as conn:
            now = utc_datetime(CLOCK.now_ms())
            draft = await write_rule_set(conn, rules, "", LI, now=now, today=now.date())
            return draft.version

    async def start(self, version: int, **wish: Any) -> int:
        now_ms = CLOCK.now_ms()
        now = utc_datetime(now_ms)
        span = {"from_at": now - timedelta(days=1), "to_at": now + timedelta(days=1)}
        async with self.ground.engine.begin() as conn:
            backtest = await backtests.start_backtest(
                conn,
                NewBacktest(version, **(span | wish)),
                LI,
                backtest_id=self.ground.ids.next_id(now_ms),
                now=now + timedelta(seconds=5),
            )
        return backtest.backtest_id

    async def finish(self) -> None:
        while await self.backtesting.go_on():
            pass

    async def load(self, backtest_id: int) -> Backtest:
        async with self.ground.engine.connect() as conn:
            return await backtests.load_backtest(conn, backtest_id, LI)

    async def cancel(self, backtest_id: int) -> Backtest:
        async with self.ground.engine.begin() as conn:
            now = utc_datetime(CLOCK.now_ms())
            return await backtests.cancel_backtest(conn, backtest_id, LI, now=now)


@pytest.fixture
async def worker(ledger: Ground, redis_url: str) -> AsyncIterator[Worker]:
    """Start a worker under the rules that ship."""
    await ledger.rules()
    await ledger.campaign("points")
    await ledger.live(1)
    async with worker_of(ledger, redis_url) as started:
        yield started


async def scan_under_two_versions(worker: Worker) -> None:
    """Scan at random, under the rules that ship and under stricter ones."""
    ground, dice = worker.ground, Random(14)  # noqa: S311 - seeded
    await scan_at_random(worker, await ground.live(75, campaign_id="points"), dice)
    rules = [
        {"id": name, "score": score, "sentence": SENTENCE, "when": when}
        for name, score, when in BUSY
    ]
    stricter = shipped_rules() | {"rules": rules}
    await store_rules(ground, shipped_rules()["version"] + 1, stricter, "li")
    await scan_at_random(worker, await ground.live(75, campaign_id="points"), dice)


async def loops(ground: Ground, version: int, live: int) -> dict[str, Any]:
    """Count the same scan by scan."""
    rows = await ground.rows(
        "SELECT scan_id FROM scans WHERE member_no IS NOT NULL ORDER BY scan_id"
    )
    async with ground.engine.connect() as conn:
        judged = await load_judged(conn, [scan_id for (scan_id,) in rows])
        versions = {scan.rule_set for scan in judged} | {version, live}
        rule_sets = await load_rule_sets(conn, versions)
    counted: dict[str, Any] = {
        name: Counter() for name in ("candidate", "live", "recorded", "moved", "hits")
    }
    for scan in judged:
        day = business_day(time_of_id(scan.scan_id), TIMEZONE)
        old = rule_sets[scan.rule_set]
        facts = old.from_order(scan.values)
        said = {}
        for side, number in [
            ("candidate", version),
            ("live", live),
            ("recorded", scan.rule_set),
        ]:
            new = rule_sets[number]
            decision = decide(new, translate(facts, old, new), day)
            if side == "candidate":
                counted["hits"].update(hit.rule_id for hit in decision.hits)
            if scan.listed is not None:
                decision = obey_list(decision, scan.listed)
            said[side] = decision.verdict
            counted[side][decision.verdict] += 1
        if said["live"] != said["candidate"]:
            counted["moved"][said["live"], said["candidate"]] += 1
    counted["scans"] = len(judged)
    return counted


async def test_a_backtest_counts_what_loops_count(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scans of two versions, in many turns: every verdict, hit and difference."""
    await scan_under_two_versions(worker)
    bench = Bench(worker.ground)
    version = await bench.write(CANDIDATE)
    monkeypatch.setattr(backtesting, "AT_ONCE", 40)
    number = await bench.start(version)
    await bench.finish()
    done = await bench.load(number)
    assert (done.state, done.progress) == (BacktestState.DONE, 1.0)
    trial = done.trial
    expected = await loops(worker.ground, version, done.live_version)
    assert trial.scans == expected["scans"] == 150
    for side, outcomes in [
        ("candidate", trial.candidate.outcomes),
        ("live", trial.live.outcomes),
        ("recorded", trial.recorded),
    ]:
        assert Counter(outcomes) == expected[side], side
    assert len(expected["candidate"]) == 3
    moved = {(each.live, each.candidate): each.scans for each in trial.moved}
    assert moved == expected["moved"]
    assert all(0 < len(each.examples) <= 5 for each in trial.moved)
    hits = {name: tally.hits for name, tally in trial.rules.items() if tally.hits}
    assert hits == expected["hits"]
    assert trial.rules["never"].hits == 0
    assert trial.unknown["never"].uncounted == trial.partly_unknown == 150
    assert "mine" not in trial.unknown


async def test_a_sample_is_a_part_and_a_span_has_an_end(worker: Worker) -> None:
    """The same part each time; nothing from before or after the span."""
    await scan_under_two_versions(worker)
    bench = Bench(worker.ground)
    version = await bench.write(CANDIDATE)
    numbers = [await bench.start(version, sample=0.3) for _ in range(2)]
    now = utc_datetime(CLOCK.now_ms())
    before = await bench.start(
        version, from_at=now - timedelta(days=3), to_at=now - timedelta(days=2)
    )
    await bench.finish()
    first, again = [(await bench.load(number)).trial for number in numbers]
    assert 15 < first.scans < 85
    assert first == again
    assert (await bench.load(before)).trial.scans == 0


async def test_a_span_is_of_scans_own_times(worker: Worker) -> None:
    """Whatever arrived later; what was late has the number of its arrival."""
    bench = Bench(worker.ground)
    version = await bench.write(CANDIDATE)
    codes = await worker.ground.live(3, campaign_id="points")
    for code, hours in zip(codes, (0, 10, 10), strict=True):
        scan = worker.opened(code, f"late-{code}")
        if hours:
            scan.scanned_at_ms = scan.at_ms - hours * 3_600_000
        await worker.pipeline.submit(scan)
    now, hour = utc_datetime(CLOCK.now_ms()), timedelta(hours=1)
    spans = [(now - hour, now + hour), (now - 11 * hour, now - 9 * hour)]
    numbers = [
        await bench.start(version, from_at=from_at, to_at=to_at)
        for from_at, to_at in spans
    ]
    await bench.finish()
    assert [(await bench.load(number)).trial.scans for number in numbers] == [1, 2]


async def test_what_people_decided_is_what_a_version_is_held_against(
    review: Review,
) -> None:
    """Denied is fraud and approved is good; what resolved itself is neither."""
    ground = review.ground
    members = await ground.members("fraud", "good", "small")
    scans: dict[str, list[int]] = {}
    for name, member in zip(("fraud", "good", "small"), members, strict=True):
        codes = await ground.live(2 if name == "fraud" else 1)
        scans[name] = [await review.hold(code, member) for code in codes]
    await review.sorting().sort_once()
    cases = {
        subject: (case_id, version)
        for case_id, version, subject in await ground.rows(
            "SELECT case_id, version, subject_name FROM cases"
        )
    }
    for name, verb in [("fraud", Verb.DENY), ("good", Verb.APPROVE)]:
        async with ground.engine.begin() as conn:
            wish = Wish(*cases[name], verb)
            await decide_case(review.work(conn), PORTS, wish, note="n")
    bench = Bench(ground)
    catches = await bench.write(
        document(("mine", 60, {"fact": "mine", "op": ">=", "value": 1}))
    )
    lets_through = await bench.write(
        document(("mine", 60, {"fact": "mine", "op": ">", "value": 1}))
    )
    numbers = [await bench.start(each) for each in (catches, lets_through)]
    await bench.finish()
    trial = (await bench.load(numbers[0])).trial
    assert (trial.scans, trial.decided_fraud, trial.decided_good) == (4, 2, 1)
    quality = quality_of(trial.candidate, trial)
    assert (quality.precision, quality.recall, quality.good_hurt) == (2 / 3, 1.0, 1)
    assert quality.value_stopped == Value(10, 0)
    tally = trial.rules["mine"]
    assert (tally.hits, tally.decided_fraud, tally.decided_good) == (4, 2, 1)
    assert tally.points == 10
    trial = (await bench.load(numbers[1])).trial
    quality = quality_of(trial.candidate, trial)
    assert (quality.precision, quality.recall, quality.good_hurt) == (None, 0.0, 0)
    assert quality.value_stopped == Value()
    assert quality_of(trial.live, trial).recall == 1.0


async def test_what_resolved_itself_is_no_decision_of_people(review: Review) -> None:
    [member] = await review.ground.members("small")
    [code] = await review.ground.live(1)
    await review.hold(code, member, {"member_scans_10m": 21, "device_scans_1d": 101})
    await review.sorting().sort_once()
    later = utc_datetime(CLOCK.now_ms()) + timedelta(days=2)
    async with review.ground.engine.begin() as conn:
        work = review.work(conn)
        assert await resolve_some(conn, PORTS, next_id=work.next_id, now=later) == 1
    bench = Bench(review.ground)
    number = await bench.start(await bench.write(CANDIDATE))
    await bench.finish()
    trial = (await bench.load(number)).trial
    assert (trial.scans, trial.decided_good, trial.decided_fraud) == (1, 0, 0)


async def test_few_backtests_run_at_once(worker: Worker) -> None:
    """Whoever is called off gives its place free; what is over is over."""
    bench = Bench(worker.ground)
    version = await bench.write(CANDIDATE)
    numbers = [await bench.start(version) for _ in range(3)]
    with pytest.raises(Conflict) as full:
        await bench.start(version)
    assert full.value.code == "too_many_backtests"
    cancelled = await bench.cancel(numbers[1])
    assert cancelled.state is BacktestState.CANCELLED
    numbers[1] = await bench.start(version)
    await bench.finish()
    states = [(await bench.load(number)).state for number in numbers]
    assert states == [BacktestState.DONE] * 3
    with pytest.raises(Conflict):
        await bench.cancel(numbers[0])
    now = utc_datetime(CLOCK.now_ms())
    for span in (
        {"from_at": now, "to_at": now},
        {"from_at": now + timedelta(days=2), "to_at": now + timedelta(days=3)},
        {"from_at": now - timedelta(days=500)},
    ):
        with pytest.raises(InvalidInput):
            await bench.start(version, **span)


async def test_a_version_that_cannot_be_read_fails_its_backtest(
    worker: Worker,
) -> None:
    """And says so; the place is free again."""
    await scan_at_random(
        worker,
        await worker.ground.live(5, campaign_id="points"),
        Random(1),  # noqa: S311 - seeded
    )
    bench = Bench(worker.ground)
    async with worker.ground.engine.begin() as conn:
        now = utc_datetime(CLOCK.now_ms())
        version = await insert_rule_set(conn, {}, author="li", note="", now=now)
    assert version is not None
    number = await bench.start(version)
    await bench.finish()
    failed = await bench.load(number)
    assert failed.state is BacktestState.FAILED
    assert failed.fault is BacktestFault.UNREADABLE


def carry_out_in_process(database_url: str, at_once: int) -> None:
    """Carry out what is asked for, in a process of its own that a test kills."""

    async def work() -> None:
        backtesting.AT_ONCE = at_once  # type: ignore[misc] # this process is its own
        engine = create_engine(database_url)
        await Backtesting(engine, CLOCK, TIMEZONE).run()

    asyncio.run(work())


async def test_a_process_that_is_killed_is_gone_on_after(worker: Worker) -> None:
    """Again and again in the middle: nothing is counted twice or left out."""
    await scan_under_two_versions(worker)
    ground = worker.ground
    bench = Bench(ground)
    version = await bench.write(CANDIDATE)
    number = await bench.start(version)
    kills, state = 0, BacktestState.WAITING
    while state is not BacktestState.DONE:
        came = (await bench.load(number)).after_scan
        process = _FORKS.Process(
            target=carry_out_in_process, args=(ground.database_url, 10)
        )
        process.start()
        while True:
            found = await bench.load(number)
            state = found.state
            if found.after_scan > came or state is BacktestState.DONE:
                break
            assert process.is_alive(), "it came to its end"
            await asyncio.sleep(0.002)
        process.kill()
        process.join()
        kills += 1
    killed = (await bench.load(number)).trial
    whole = await bench.start(version)
    await bench.finish()
    again = (await bench.load(whole)).trial
    assert kills > 1
    for trial in (killed, again):
        # In the order in which turns came upon them.
        trial.moved.sort(key=lambda each: (each.live, each.candidate))
    assert killed == again
    assert killed.candidate.outcomes[Verdict.HOLD] > 0
