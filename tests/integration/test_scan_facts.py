"""Rules read what a scan tells by itself, then and when it is judged again."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from anti_fraud.default_rules import shipped_rules
from anti_fraud.domain.verdict import Verdict
from core.clock import business_day
from core.redis import connect
from scan_api.domain.scans import Outcome
from scan_api.pipeline.recorded_facts import read_facts
from scan_api.pipeline.replay import replay_scans
from scan_api.store.recorded_facts import MemberScan
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.worker import Worker, publish, store_rules, worker_of

OWN = {
    "environment": "cloud_phone",
    "risk_rank": 3,
    "member_age_days": 0,
    "days_since_produced": 2,
    "outside_sale_region": True,
}


ALWAYS = {
    "id": "always",
    "score": 15,
    "sentence": {"en": "Why.", "zh": "原因。"},
    "when": {"fact": "signals_available", "op": "==", "value": True},
}


@pytest.fixture
async def worker(ledger: Ground, redis_url: str) -> AsyncIterator[Worker]:
    """Start a worker whose rules ask each of these facts by itself."""
    await ledger.rules()
    await ledger.campaign("points")
    await ledger.live(1)
    rules = [
        {
            "id": name.replace("_", "-"),
            "score": 15,
            "sentence": {"en": "Why.", "zh": "原因。"},
            "when": {"fact": name, "op": "==", "value": value},
        }
        for name, value in OWN.items()
    ]
    async with worker_of(ledger, redis_url) as started:
        await publish(ledger, rules=rules)
        yield started


async def scan(worker: Worker, context: dict[str, Any]) -> tuple[int, Outcome]:
    """Scan a cap of the day before yesterday that is sold in Shanghai, as its app."""
    produced = business_day(CLOCK.now_ms(), TIMEZONE) - timedelta(days=2)
    [code] = await worker.ground.live(
        1, campaign_id="points", produced_on=produced, sale_regions=("CN-31",)
    )
    opened = msgspec.structs.replace(worker.opened(code, f"m{code}"), context=context)
    return opened.scan_id, (await worker.pipeline.submit(opened)).outcome


async def test_each_is_read_once_kept_and_read_again(worker: Worker) -> None:
    context = {"environment": "cloud_phone", "risk_rank": 3, "region": "CN-51"}
    scan_id, outcome = await scan(worker, context)
    assert outcome is not Outcome.REWARDED
    async with worker.ground.engine.connect() as conn:
        [replay] = (await replay_scans(conn, [scan_id], TIMEZONE)).values()
    assert replay.equals_record
    assert {hit.replace("-", "_") for hit in replay.recorded.hits} == OWN.keys()
    assert replay.decision is not None
    assert OWN.items() <= replay.decision.facts.items()


async def test_a_release_reads_them_though_only_the_scan_could_tell(
    worker: Worker,
) -> None:
    """What Redis did not tell is told by PostgreSQL, and takes nothing of it away."""
    worker.pipeline.signals.redis = connect("unix:///nowhere.sock", timeout_s=1)
    context = {"environment": "cloud_phone", "risk_rank": 3, "region": "CN-51"}
    scan_id, outcome = await scan(worker, context)
    worker.pipeline.signals.redis = worker.redis
    assert outcome is Outcome.HELD
    [row] = await worker.ground.rows(
        f"SELECT scan_id, code_id, member_no FROM scans WHERE scan_id = {scan_id}"
    )
    state = await worker.states.of_codes([row[1]])
    async with worker.ground.engine.connect() as conn:
        [known] = await read_facts(conn, [MemberScan(*row)], state, TIMEZONE)
    assert OWN.items() <= known.facts.items()
    assert known.facts["signals_available"] is True
    assert known.facts["member_scans_1d"] == 1


async def test_what_a_claim_is_to_earn_is_known_before_it_is_judged(
    worker: Worker,
) -> None:
    """Five points are a high prize to one rule set, and nothing to the next one."""
    told = {}
    for least in (5, 6):
        high = {"hold": 15, "points": least, "minor": 1}
        thresholds = {"refuse": 85, "hold": 60, "high_prize": high}
        version = shipped_rules()["version"] + least
        document = shipped_rules() | {"thresholds": thresholds, "rules": [ALWAYS]}
        await store_rules(worker.ground, version, document, "li")
        scan_id, outcome = await scan(worker, {})
        async with worker.ground.engine.connect() as conn:
            [replay] = (await replay_scans(conn, [scan_id], TIMEZONE)).values()
        assert replay.recorded.rule_set == version
        assert replay.equals_record
        assert replay.decision is not None
        assert replay.decision.facts["prize_points"] == 5
        assert replay.decision.facts["prize_minor"] == 0
        told[least] = outcome, replay.decision.verdict
    assert told[5] == (Outcome.HELD, Verdict.HOLD)
    assert told[6] == (Outcome.REWARDED, Verdict.PASS)
    assert await worker.ground.audit() == []
