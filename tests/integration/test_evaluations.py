"""A scan is explained as it was recorded, whatever became of it since."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from anti_fraud.domain.cases import Verb
from anti_fraud.domain.lists import ListKind, ListName
from anti_fraud.domain.verdict import Verdict
from anti_fraud.pipeline.cases.deciding import Wish, decide_case
from anti_fraud.pipeline.lists import NewEntry, add_entry
from core.clock import utc_datetime
from core.redis import connect
from crowncap.code_spans import find_code_span
from scan_api.domain.scans import Outcome
from scan_api.pipeline.evaluations import ScanEvaluation, evaluate_scan
from tests.fixtures.cases import PORTS, Review
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.worker import Worker, publish, worker_of
from tests.integration.test_backtests import LI, SENTENCE
from tests.integration.test_releases import releaser_of

# Holds the second scan of a member and refuses the fourth.
STEPS: list[dict[str, Any]] = [
    {
        "id": name,
        "score": score,
        "sentence": SENTENCE,
        "when": {"fact": "member_scans_10m", "op": ">=", "value": least},
    }
    for name, score, least in [("second", 60, 2), ("fourth", 30, 4)]
]


@pytest.fixture
async def worker(ledger: Ground, redis_url: str) -> AsyncIterator[Worker]:
    """Start a worker under rules that hold and refuse soon."""
    await ledger.rules()
    await ledger.campaign("points")
    await ledger.live(1)
    await publish(ledger, rules=STEPS)
    async with worker_of(ledger, redis_url) as started:
        yield started


async def scanned(worker: Worker, member: str) -> tuple[int, Outcome]:
    """Scan a fresh cap; gives the scan's number and what it came to."""
    [code] = await worker.ground.live(1, campaign_id="points")
    scan = worker.opened(code, member)
    return scan.scan_id, (await worker.pipeline.submit(scan)).outcome


async def explain(ground: Ground, scan_id: int) -> ScanEvaluation:
    async with ground.engine.connect() as conn:
        return await evaluate_scan(conn, scan_id, LI, TIMEZONE)


async def check_equal(ground: Ground, scan_id: int, verdict: Verdict) -> None:
    """Say that it is explained by what was recorded, with this verdict of the rules."""
    told = await explain(ground, scan_id)
    assert told.replay is not None
    assert told.replay.equals_record
    assert told.judged is not None
    assert told.judged.evaluation.decision.verdict is verdict
    # What is active judged it, and says so again.
    assert told.active is not None
    assert told.active.evaluation == told.judged.evaluation


async def test_what_was_held_is_explained_as_before_once_it_is_decided(
    worker: Worker,
) -> None:
    """Approved or denied: the verdict is what rules said, not what people did."""
    ground = worker.ground
    first, held = [await scanned(worker, "anne") for _ in range(2)]
    assert (first[1], held[1]) == (Outcome.REWARDED, Outcome.HELD)
    await check_equal(ground, first[0], Verdict.PASS)
    await check_equal(ground, held[0], Verdict.HOLD)
    review = Review(ground, await ground.campaign("others"))
    await review.sorting().sort_once()
    case = await review.only_case()
    async with ground.engine.begin() as conn:
        wish = Wish(case.case_id, case.version, Verb.APPROVE)
        await decide_case(review.work(conn), PORTS, wish, note="n")
    assert await review.resolutions() == ["posted"]
    await check_equal(ground, held[0], Verdict.HOLD)


async def test_who_was_denied_a_code_is_refused_it_whatever_rules_say(
    worker: Worker,
) -> None:
    """The record says so, and judging it anew is no other answer."""
    ground = worker.ground
    await scanned(worker, "gina")
    held, outcome = await scanned(worker, "gina")
    assert outcome is Outcome.HELD
    review = Review(ground, await ground.campaign("others"))
    await review.sorting().sort_once()
    case = await review.only_case()
    async with ground.engine.begin() as conn:
        wish = Wish(case.case_id, case.version, Verb.DENY, release_code=True)
        await decide_case(review.work(conn), PORTS, wish, note="n")
    await check_equal(ground, held, Verdict.HOLD)
    [(code,)] = await ground.rows(f"SELECT code_id FROM scans WHERE scan_id = {held}")
    again = worker.opened(code, "gina")
    assert (await worker.pipeline.submit(again)).outcome is Outcome.REFUSED
    await check_equal(ground, again.scan_id, Verdict.HOLD)


async def test_what_was_refused_or_had_no_signals_and_was_released(
    worker: Worker, redis_url: str
) -> None:
    ground = worker.ground
    scans = [await scanned(worker, "ben") for _ in range(4)]
    assert scans[-1][1] is Outcome.REFUSED
    await check_equal(ground, scans[-1][0], Verdict.REFUSE)
    worker.pipeline.signals.redis = connect("unix:///nowhere.sock", timeout_s=1)
    blind, outcome = await scanned(worker, "carl")
    worker.pipeline.signals.redis = worker.redis
    assert outcome is Outcome.HELD
    await check_equal(ground, blind, Verdict.PASS)
    releaser = await releaser_of(ground, connect(redis_url, timeout_s=5))
    assert await releaser.release_once() >= 1
    posted = f"SELECT resolution FROM holds WHERE transfer_id = {blind}"
    assert await ground.rows(posted) == [("posted",)]
    await check_equal(ground, blind, Verdict.PASS)
    told = await explain(ground, blind)
    assert told.replay is not None
    assert told.replay.decision is not None
    assert told.replay.decision.facts["signals_available"] is False
    await releaser.redis.close()


@pytest.mark.parametrize(
    ("name", "scans", "outcome", "verdict"),
    [
        (ListName.OVERRIDE, 4, Outcome.REWARDED, Verdict.REFUSE),
        (ListName.BLOCK, 1, Outcome.REFUSED, Verdict.PASS),
        (ListName.ALLOW, 2, Outcome.REWARDED, Verdict.HOLD),
    ],
)
async def test_what_a_list_decided_is_told_with_the_entry_even_once_it_is_over(
    worker: Worker, name: ListName, scans: int, outcome: Outcome, verdict: Verdict
) -> None:
    """What rules say stands beside it, and the record equals both together."""
    ground = worker.ground
    now = utc_datetime(CLOCK.now_ms())
    wish = NewEntry(name, ListKind.MEMBER, "listed", now + timedelta(days=1), "r")
    async with ground.engine.begin() as conn:
        entry_id = await add_entry(conn, wish, LI, find_code_span, now=now)
    done = [await scanned(worker, "listed") for _ in range(scans)]
    scan_id, came = done[-1]
    assert came is outcome
    await ground.rows(
        "UPDATE list_entries SET removed_at = now(), removed_by = 'li'"
        f" WHERE entry_id = {entry_id}"
    )
    await check_equal(ground, scan_id, verdict)
    told = await explain(ground, scan_id)
    assert told.replay is not None
    assert told.replay.recorded.listed is not None
    assert told.replay.recorded.listed.list is name
    assert told.replay.recorded.listed.entry_id == entry_id
