"""A shadow says of live scans what it would, and never touches one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from random import Random  # noqa: TID251 - seeded here
from typing import Any

import msgspec
import pytest

from anti_fraud.default_rules import shipped_rules
from anti_fraud.domain.columns import ManyDecisions
from anti_fraud.domain.rule_set_versions import RuleSetState
from anti_fraud.domain.shadows import ShadowReport
from anti_fraud.domain.verdict import Verdict
from anti_fraud.pipeline import rule_sets, shadows
from core.clock import utc_datetime
from core.db import create_engine
from core.errors import Conflict, InvalidInput, NotFound
from scan_api.domain.scans import Outcome
from scan_api.pipeline import shadowing
from scan_api.pipeline.shadowing import Shadowing
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.rule_sets import kept_rules
from tests.fixtures.worker import Worker, worker_of
from tests.integration.test_backtests import BEN, LI, SENTENCE
from tests.integration.test_replay import scan_at_random


def now() -> datetime:
    return utc_datetime(CLOCK.now_ms())


def document(**changed: Any) -> dict[str, Any]:
    """Hold each second scan of a member in nine days, which only this counts."""
    many = {"fact": "nine_days", "op": ">=", "value": 2}
    return shipped_rules() | {
        "version": 1,
        "counters": [
            {"fact": "nine_days", "entity": "member", "window_s": 777_600},
            {"fact": "mine", "entity": "member", "window_s": 86_400},
        ],
        "rules": [
            {"id": "second", "score": 60, "sentence": SENTENCE, "when": many},
            {
                "id": "member-day",
                "score": 10,
                "sentence": SENTENCE,
                "when": {"fact": "mine", "op": ">=", "value": 1},
            },
        ],
        **changed,
    }


class Stage:
    """Puts versions into the shadow and takes them out of it."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    async def committed(self, **changed: Any) -> int:
        """Write and commit a version; gives its number."""
        async with self.ground.engine.begin() as conn:
            draft = await rule_sets.write_rule_set(
                conn, document(**changed), "", LI, now=now(), today=now().date()
            )
            await rule_sets.commit_rule_set(conn, draft.version, LI, now=now())
        return draft.version

    async def judge_by(self, document: dict[str, Any]) -> None:
        """Let a document judge instead of the rules that ship."""
        async with self.ground.engine.begin() as conn:
            active = await rule_sets.find_active(conn, LI)
            draft = await rule_sets.write_rule_set(
                conn, document, "", LI, now=now(), today=now().date()
            )
            await rule_sets.commit_rule_set(conn, draft.version, LI, now=now())
            await rule_sets.activate_rule_set(
                conn,
                draft.version,
                BEN,
                expected_active=active.version.version,
                reason="",
                now=now(),
            )

    async def start(self, version: int, *, lasts: timedelta = timedelta(days=1)) -> int:
        """Let a version run in the shadow; gives the run."""
        async with self.ground.engine.begin() as conn:
            run = await shadows.start_shadow(
                conn, version, LI, until=now() + lasts, now=now()
            )
        return run.run

    async def end(self, version: int) -> None:
        """Take it out again, as Ben."""
        async with self.ground.engine.begin() as conn:
            await shadows.end_shadow(conn, version, BEN, now=now())

    async def report(self, version: int) -> ShadowReport:
        """Tell what came of it."""
        async with self.ground.engine.connect() as conn:
            return await shadows.load_shadow_report(conn, version, LI)

    async def state(self, version: int) -> RuleSetState:
        """Tell where a version stands."""
        async with self.ground.engine.connect() as conn:
            return (await rule_sets.find_rule_set(conn, version, LI)).version.state


@pytest.fixture
async def worker(ledger: Ground, redis_url: str) -> AsyncIterator[Worker]:
    """Start a worker under the rules that ship."""
    await ledger.rules()
    await ledger.campaign("points")
    await ledger.live(1)
    async with worker_of(ledger, redis_url) as started:
        yield started


async def scans_of(worker: Worker, member: str, count: int) -> list[Outcome]:
    codes = await worker.ground.live(count, campaign_id="points")
    return [await worker.scan(code, member) for code in codes]


async def test_a_shadow_counts_its_own_and_tells_where_both_differ(
    worker: Worker,
) -> None:
    """From the next scan on, on a worker that looks for nothing new by itself."""
    stage = Stage(worker.ground)
    version = await stage.committed()
    assert await scans_of(worker, "anne", 2) == [Outcome.REWARDED] * 2
    await stage.start(version)
    assert await stage.state(version) is RuleSetState.SHADOW
    assert await scans_of(worker, "anne", 3) == [Outcome.REWARDED] * 3
    assert await scans_of(worker, "ben", 2) == [Outcome.REWARDED] * 2
    await worker.shadowing.flush()
    report = await stage.report(version)
    # Nobody counted nine days before it began, so that two of five come first.
    assert (report.scans, report.differ, report.missed) == (5, 3, 0)
    assert report.outcomes == {
        (Verdict.PASS, Verdict.PASS): 2,
        (Verdict.PASS, Verdict.HOLD): 3,
    }
    second, day = report.rules["second"], report.rules["member-day"]
    assert (second.shadow_hits, second.live_hits, second.both) == (3, 0, 0)
    assert (day.shadow_hits, day.live_hits, day.failed) == (5, 0, 0)
    assert len(report.differences) == 3
    assert {each.shadow_score for each in report.differences} == {70}
    [known] = report.days
    assert (known.scans, known.differ) == (5, 3)
    live = worker.states.current.rule_set
    assert not [n for n in (f.name for f in live.facts) if n.startswith("\0")]


async def test_what_live_rules_counted_goes_on_beside_a_shadow(worker: Worker) -> None:
    """The same scans are held with it and without it, and kept alike."""
    stage = Stage(worker.ground)
    await stage.judge_by(kept_rules(2))
    await stage.start(await stage.committed())
    codes = await worker.ground.live(53, campaign_id="points")
    scans = [worker.opened(code, "busy") for code in codes]
    for scan in scans:
        await worker.pipeline.submit(scan)
    rows = await worker.ground.rows(
        "SELECT outcome, length(facts) FROM scans ORDER BY scan_id"
    )
    assert [outcome for outcome, _ in rows][:20] == ["rewarded"] * 20
    assert [outcome for outcome, _ in rows][50:] == ["refused"] * 3
    assert max(length for _, length in rows) < 80


async def test_several_workers_add_up(worker: Worker, redis_url: str) -> None:
    """Each what it judged, at once, on the same rows."""
    ground = worker.ground
    stage = Stage(ground)
    version = await stage.committed()
    await stage.start(version)
    async with worker_of(ground, redis_url) as other:
        dice = Random(3)  # noqa: S311 - seeded
        for each in (worker, other):
            codes = await ground.live(60, campaign_id="points")
            await scan_at_random(each, codes, dice)
        await asyncio.gather(worker.shadowing.flush(), other.shadowing.flush())
    report = await stage.report(version)
    rows = await ground.rows("SELECT outcome FROM scans WHERE member_no IS NOT NULL")
    assert report.scans == len(rows) == 120
    live: Counter[Verdict] = Counter()
    for (said, _), scans in report.outcomes.items():
        live[said] += scans
    told = Counter(outcome for (outcome,) in rows)
    assert live[Verdict.PASS] == told["rewarded"]
    assert live[Verdict.HOLD] == told["held"]
    assert len(report.differences) == min(report.differ, 100)


async def test_a_shadow_that_fails_harms_no_scan_and_is_missed(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it can't be judged, or there is more than a worker takes."""
    stage = Stage(worker.ground)
    version = await stage.committed()
    await stage.start(version)
    with monkeypatch.context() as patch:

        def fail(*_: Any) -> ManyDecisions:
            raise RuntimeError("judged wrongly")

        patch.setattr(shadowing, "decide_many", fail)
        assert await scans_of(worker, "anne", 2) == [Outcome.REWARDED] * 2
        await worker.shadowing.flush()
    report = await stage.report(version)
    assert (report.scans, report.missed) == (0, 2)
    with monkeypatch.context() as patch:
        patch.setattr(shadowing, "MOST_NOTED", 1)
        assert await scans_of(worker, "ben", 3) == [Outcome.REWARDED] * 3
        await worker.shadowing.flush()
    report = await stage.report(version)
    assert (report.scans, report.missed) == (1, 4)


async def test_what_is_not_written_is_missing_and_never_counted_twice(
    worker: Worker,
) -> None:
    """As while PostgreSQL is away; the worker goes on."""
    stage = Stage(worker.ground)
    version = await stage.committed()
    await stage.start(version)
    await scans_of(worker, "anne", 2)
    broken = create_engine("postgresql://nobody@127.0.0.1:9/nowhere")
    worker.shadowing.engine, kept = broken, worker.shadowing.engine
    await worker.shadowing.flush()
    worker.shadowing.engine = kept
    await broken.dispose()
    await scans_of(worker, "anne", 1)
    await worker.shadowing.flush()
    await worker.shadowing.flush()
    assert (await stage.report(version)).scans == 1


async def test_an_answer_that_is_told_again_is_compared_once(worker: Worker) -> None:
    """As of an app that did not hear the first one."""
    stage = Stage(worker.ground)
    version = await stage.committed()
    await stage.start(version)
    [code] = await worker.ground.live(1, campaign_id="points")
    for _ in range(3):
        keyed = msgspec.structs.replace(
            worker.opened(code, "anne"), key_hash=b"k" * 16, body_hash=b"b" * 16
        )
        assert (await worker.pipeline.submit(keyed)).outcome is Outcome.REWARDED
    await worker.shadowing.flush()
    assert (await stage.report(version)).scans == 1


async def test_a_shadow_ends_by_itself(worker: Worker) -> None:
    """No scan of later is counted, whether or not anybody has noted its end."""
    stage = Stage(worker.ground)
    version = await stage.committed()
    await stage.start(version, lasts=timedelta(milliseconds=1))
    await asyncio.sleep(0.01)
    assert await scans_of(worker, "anne", 2) == [Outcome.REWARDED] * 2
    await worker.shadowing.flush()
    assert (await stage.report(version)).scans == 0
    async with worker.ground.engine.begin() as conn:
        later = now() + timedelta(minutes=1)
        assert await shadows.end_due_shadow(conn, now=later)
        assert not await shadows.end_due_shadow(conn, now=later)
    report = await stage.report(version)
    assert report.run.ended_by == "system"
    assert await stage.state(version) is RuleSetState.COMMITTED
    # And without the job the next one takes its place.
    await stage.start(version, lasts=timedelta(milliseconds=1))
    await asyncio.sleep(0.01)
    assert await stage.start(version) > report.run.run
    for lasts in (timedelta(0), timedelta(days=91)):
        with pytest.raises(InvalidInput):
            await stage.start(version, lasts=lasts)


async def test_one_shadow_at_a_time_and_only_of_what_is_committed(
    worker: Worker,
) -> None:
    """It is withdrawn by anybody, and ends when its version is activated."""
    stage = Stage(worker.ground)
    async with worker.ground.engine.begin() as conn:
        draft = await rule_sets.write_rule_set(
            conn, document(), "", LI, now=now(), today=now().date()
        )
    first, second = await stage.committed(), await stage.committed()
    with pytest.raises(NotFound):
        await stage.report(first)
    for wrong in (draft.version, shipped_rules()["version"]):
        with pytest.raises(Conflict):
            await stage.start(wrong)
    await stage.start(first)
    for again in (first, second):
        with pytest.raises(Conflict):
            await stage.start(again)
    with pytest.raises(Conflict):
        await stage.end(second)
    await stage.end(first)
    assert (await stage.report(first)).run.ended_by == "ben"
    await stage.start(second)
    async with worker.ground.engine.begin() as conn:
        active = worker.states.current.rule_set.version
        await rule_sets.activate_rule_set(
            conn, second, BEN, expected_active=active, reason="", now=now()
        )
    assert (await stage.report(second)).run.ended_by == "ben"
    assert await stage.state(second) is RuleSetState.ACTIVE
    await stage.start(first)
    assert await scans_of(worker, "carl", 1) == [Outcome.REWARDED]
    await worker.shadowing.flush()
    assert (await stage.report(first)).scans == 1
    actions = [
        action
        for (action,) in await worker.ground.rows(
            "SELECT action FROM rule_set_changes ORDER BY change_id"
        )
    ]
    assert actions == [
        *("install", "shadow", "end_shadow", "shadow", "activate", "shadow"),
    ]


async def test_kept_differences_are_few_a_day(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More are only counted."""
    monkeypatch.setattr(shadowing, "KEPT_A_DAY", 2)
    stage = Stage(worker.ground)
    version = await stage.committed()
    await stage.start(version)
    await scans_of(worker, "anne", 5)
    await worker.shadowing.flush()
    report = await stage.report(version)
    assert (report.differ, len(report.differences)) == (4, 2)


async def test_late_scans_between_others_are_kept_no_oftener(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has another day than the one before it."""
    monkeypatch.setattr(shadowing, "KEPT_A_DAY", 2)
    stage = Stage(worker.ground)
    version = await stage.committed()
    await stage.start(version)
    codes = await worker.ground.live(6, campaign_id="points")
    for place, code in enumerate(codes):
        late_ms = place % 2 * 36 * 3_600_000
        scanned_at_ms = CLOCK.now_ms() - late_ms
        scan = worker.opened(code, "anne", scanned_at_ms=scanned_at_ms)
        await worker.pipeline.submit(scan)
    await worker.shadowing.flush()
    report = await stage.report(version)
    assert report.differ > 2
    assert len(report.differences) == 2


async def test_differences_are_forgotten_as_traces_are(worker: Worker) -> None:
    """What was counted stays."""
    stage = Stage(worker.ground)
    version = await stage.committed()
    await stage.start(version)
    await scans_of(worker, "anne", 3)
    await worker.shadowing.flush()
    for days, left in ((89, 2), (91, 0)):
        async with worker.ground.engine.begin() as conn:
            later = now() + timedelta(days=days)
            while await shadows.forget_differences(conn, now=later):
                pass
        report = await stage.report(version)
        assert (report.differ, len(report.differences)) == (2, left)


def test_a_worker_without_a_shadow_notes_nothing() -> None:
    """Nor does what nobody judged."""
    idle = Shadowing(create_engine("postgresql://nobody@127.0.0.1:9/nowhere"), TIMEZONE)
    idle.note([])
    asyncio.run(idle.flush())
