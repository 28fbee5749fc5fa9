"""What was recorded of scans is what judging them anew gives."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random  # noqa: TID251 - seeded here
from typing import Any

import pytest

from anti_fraud.default_rules import shipped_rules
from anti_fraud.domain.decision import Decision
from anti_fraud.domain.places import cell_of
from anti_fraud.domain.verdict import Verdict
from core.clock import business_day
from core.ids import random_token
from core.redis import connect
from scan_api.domain.scans import Outcome
from scan_api.pipeline.recorded_facts import read_evidence
from scan_api.pipeline.replay import Replay, replay_scans
from scan_api.store.recorded_facts import MemberScan
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.worker import Worker, publish, store_rules, worker_of

PLACES = [cell_of(39.9, 116.4), cell_of(31.2, 121.5), cell_of(31.3, 121.6), None]
# Lenient, so that few scans meet each of the verdicts.
BUSY = [
    ("busy", 40, {"fact": "member_scans_10m", "op": ">", "value": 3}),
    ("device", 30, {"fact": "device_scans_10m", "op": ">", "value": 5}),
    ("far", 60, {"fact": "place_distance_km", "op": ">", "value": 50}),
    ("near", 20, {"not": {"fact": "place_distance_km", "op": ">", "value": 50}}),
    ("fresh", 25, {"fact": "days_past_sell_by", "op": "<", "value": 0}),
    ("away", 60, {"fact": "signals_available", "op": "==", "value": False}),
]


def rules() -> list[dict[str, Any]]:
    """Write the rules as a rule set has them."""
    sentence = {"en": "Why.", "zh": "原因。"}
    return [
        {"id": rule_id, "score": score, "sentence": sentence, "when": when}
        for rule_id, score, when in BUSY
    ]


@pytest.fixture
async def worker(ledger: Ground, redis_url: str) -> AsyncIterator[Worker]:
    """Start a worker; its product keeps for nine days."""
    await ledger.rules()
    await ledger.campaign("points")
    await ledger.live(1)
    async with worker_of(ledger, redis_url) as started:
        yield started


async def fresh_codes(ground: Ground, quantity: int) -> list[int]:
    """Activate codes of today's goods."""
    today = business_day(CLOCK.now_ms(), TIMEZONE)
    return await ground.live(
        quantity, campaign_id="points", produced_on=today - timedelta(days=2)
    )


async def scan_at_random(worker: Worker, codes: list[int], dice: Random) -> None:
    """Scan each code twice at random places: by nobody known, and by a member."""
    run = random_token(4)
    for start in range(0, len(codes), 25):
        some = codes[start : start + 25]
        looks = [worker.opened(code, None, cell=dice.choice(PLACES)) for code in some]
        await asyncio.gather(*map(worker.pipeline.submit, looks))
        claims = [
            worker.opened(
                code,
                f"{run}-{dice.randrange(12)}",
                device=dice.choice([None, f"{run}-{dice.randrange(6)}"]),
                cell=dice.choice(PLACES),
            )
            for code in some
        ]
        await asyncio.gather(*map(worker.pipeline.submit, claims))


async def replay_all(ground: Ground) -> list[tuple[Replay, Decision]]:
    """Judge every scan of members anew; all their rules can be read."""
    of_members = "SELECT scan_id FROM scans WHERE member_no IS NOT NULL"
    scan_ids = [scan_id for (scan_id,) in await ground.rows(of_members)]
    async with ground.engine.connect() as conn:
        replays = await replay_scans(conn, scan_ids, TIMEZONE)
    assert sorted(replays) == sorted(scan_ids)
    judged = [(replay, replay.decision) for replay in replays.values()]
    return [(replay, decision) for replay, decision in judged if decision]


async def test_a_replay_equals_the_record(worker: Worker) -> None:
    """Under two rule sets, with Redis and without, on hundreds of random scans."""
    ground, dice = worker.ground, Random(12)  # noqa: S311 - seeded
    await scan_at_random(worker, await fresh_codes(ground, 100), dice)
    version = await publish(ground, rules=rules())
    await scan_at_random(worker, await ground.live(100, campaign_id="points"), dice)
    await scan_at_random(worker, await fresh_codes(ground, 100), dice)
    worker.pipeline.signals.redis = connect("unix:///nowhere.sock", timeout_s=1)
    await scan_at_random(worker, await fresh_codes(ground, 50), dice)
    worker.pipeline.signals.redis = worker.redis

    replays = await replay_all(ground)
    assert len(replays) == 350
    assert [each for each, _ in replays if not each.equals_record] == []
    verdicts = {Verdict.PASS: "rewarded", Verdict.HOLD: "held"}
    for each, decision in replays:
        expected = verdicts.get(decision.verdict, "refused")
        assert each.recorded.outcome == expected
    met = {(each.recorded.rule_set, decision.verdict) for each, decision in replays}
    assert met >= {(version, verdict) for verdict in Verdict}
    assert {of for of, _ in met} == {version - 1, version}
    hits = {rule_id for each, _ in replays for rule_id in each.recorded.hits}
    assert hits >= {rule_id for rule_id, *_ in BUSY}


async def test_a_record_that_was_changed_is_no_replay(worker: Worker) -> None:
    """Whichever part of it: the outcome, or what was kept."""
    codes = await fresh_codes(worker.ground, 2)
    for code in codes:
        await worker.scan(code, "honest")
    await worker.ground.rows(
        f"UPDATE scans SET outcome = 'refused' WHERE code_id = {codes[0]}"
    )
    replays = await replay_all(worker.ground)
    found = {each.recorded.outcome: each for each, _ in replays}
    assert found[Outcome.REWARDED].equals_record
    assert not found[Outcome.REFUSED].equals_record


async def test_a_rule_set_is_known_by_the_number_that_it_is_stored_under(
    worker: Worker,
) -> None:
    """Whatever its document says: that is who judged, and who judges anew."""
    [code] = await fresh_codes(worker.ground, 1)
    version = shipped_rules()["version"] + 1
    document = shipped_rules() | {"rules": []}
    await store_rules(worker.ground, version, document, "li")
    await worker.scan(code, "early")
    [(replay, _)] = await replay_all(worker.ground)
    assert replay.recorded.rule_set == version
    assert replay.equals_record


async def test_what_postgresql_tells_afterwards_is_what_redis_told(
    worker: Worker,
) -> None:
    """Each fact that the catalogue calls rebuildable, of each scan."""
    ground, dice = worker.ground, Random(3)  # noqa: S311 - seeded
    await scan_at_random(worker, await fresh_codes(ground, 60), dice)
    rows = await ground.rows(
        "SELECT scan_id, code_id, member_no FROM scans WHERE member_no IS NOT NULL"
    )
    past = [MemberScan(*row) for row in rows]
    state = await worker.states.of_codes([scan.code_id for scan in past])
    async with ground.engine.connect() as conn:
        evidence = await read_evidence(conn, past, state, TIMEZONE)
    rule_set = state.rule_set
    rebuildable = {known.name for known in rule_set.facts if known.rebuildable}
    judged = {
        each.recorded.scan_id: decision.facts
        for each, decision in await replay_all(ground)
    }
    for scan, known in zip(past, evidence, strict=True):
        live = judged[scan.scan_id]
        told = rule_set.read(known)
        again = {k: told[k] for k in rebuildable & told.keys()}
        assert again == {k: live[k] for k in rebuildable & live.keys()}
