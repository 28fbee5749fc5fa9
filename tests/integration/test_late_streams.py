"""The same stream of scans is judged alike, however late it comes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random  # noqa: TID251 - seeded here
from typing import Any

import pytest

from anti_fraud.domain.places import cell_of
from core.conditions import Fact
from core.ids import random_token, time_of_id
from scan_api.pipeline.replay import replay_scans
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.worker import Worker, publish, worker_of

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
PLACES = [cell_of(39.9, 116.4), cell_of(31.2, 121.5), cell_of(31.3, 121.6), None]
COUNTED = ("member_scans_10m", "device_scans_10m", "place_distance_km")


@dataclass(frozen=True, slots=True)
class Step:
    """A scan of a stream: after how long, of which code, whose, on what and where."""

    after_ms: int
    code: int
    member: int | None
    device: int | None
    cell: int | None


def at_random(dice: Random, clusters: int, gap_ms: int) -> list[Step]:
    """Make a stream of bursts, which a window of ten minutes holds whole or not at all.

    A code is looked at, and later scanned by a member, perhaps in another burst.
    """
    steps = []
    for cluster in range(clusters):
        for place in range(6):
            code = cluster * 6 + place
            at_ms = cluster * gap_ms + place * 2_000
            looked = Step(at_ms, code, None, None, dice.choice(PLACES))
            claimed_at = at_ms + 1_000 + dice.choice([0, gap_ms])
            claimed = Step(
                *(claimed_at, code, dice.randrange(2)),
                *(dice.choice([None, 0, 1]), dice.choice(PLACES)),
            )
            steps += [looked, claimed]
    return sorted(steps, key=lambda step: step.after_ms)


def rule(rule_id: str, score: int, fact: str, op: str, value: object) -> dict[str, Any]:
    """Write a rule."""
    when = {"fact": fact, "op": op, "value": value}
    sentence = {"en": "Why.", "zh": "原因。"}
    return {"id": rule_id, "score": score, "sentence": sentence, "when": when}


@pytest.fixture
async def worker(ledger: Ground, redis_url: str) -> AsyncIterator[Worker]:
    """Start a worker whose rules hit often, and whose campaign has paid for long."""
    await ledger.rules()
    await ledger.campaign("points")
    await ledger.rows("UPDATE campaigns SET starts_at = now() - interval '90 days'")
    await ledger.live(1)
    rules = [
        rule("busy", 40, "member_scans_10m", ">", 2),
        rule("device", 30, "device_scans_10m", ">", 3),
        rule("fast", 60, "place_speed_kmh", ">", 300),
        rule("far", 20, "place_distance_km", ">", 50),
    ]
    async with worker_of(ledger, redis_url) as started:
        await publish(ledger, rules=rules)
        yield started


def counted(steps: list[Step]) -> list[int]:
    """Count by hand how often a member had scanned within ten minutes by each scan."""
    return [
        sum(
            other.member == step.member
            and step.after_ms - 10 * MINUTE_MS < other.after_ms
            for other in steps[: place + 1]
        )
        for place, step in enumerate(steps)
        if step.member is not None
    ]


Judged = tuple[str, tuple[str, ...], tuple[Fact, ...]]


async def play(
    worker: Worker, steps: list[Step], began_ms: int | None
) -> tuple[list[Judged], list[int]]:
    """Send a stream by strangers as if it had begun then, or now as it is.

    Gives what was judged of each member's scan, and when each arrived.
    """
    run = random_token(4)
    codes = await worker.ground.live(
        max(step.code for step in steps) + 1, campaign_id="points"
    )
    ids, arrived = [], []
    for step in steps:
        opened = worker.opened(
            codes[step.code],
            None if step.member is None else f"{run}-{step.member}",
            device=None if step.device is None else f"{run}-{step.device}",
            cell=step.cell,
            scanned_at_ms=None if began_ms is None else began_ms + step.after_ms,
        )
        await worker.pipeline.submit(opened)
        arrived.append(time_of_id(opened.scan_id))
        if step.member is not None:
            ids.append(opened.scan_id)
    async with worker.ground.engine.connect() as conn:
        replays = await replay_scans(conn, ids, TIMEZONE)
    judged = []
    for scan_id in ids:
        replay = replays[scan_id]
        assert replay.equals_record
        assert replay.decision is not None
        facts = tuple(replay.decision.facts.get(name) for name in COUNTED)
        judged.append((replay.decision.verdict.value, replay.recorded.hits, facts))
    return judged, arrived


async def test_a_stream_is_judged_alike_hours_and_days_after_it(worker: Worker) -> None:
    """By what members and devices did within ten minutes, and how fast codes went."""
    steps = at_random(Random(41), 5, 21 * MINUTE_MS)  # noqa: S311 - seeded
    now_ms = CLOCK.now_ms()
    soon, _ = await play(worker, steps, now_ms - 4 * HOUR_MS)
    days, _ = await play(worker, steps, now_ms - 71 * HOUR_MS)
    assert days == soon
    assert [facts[0] for *_, facts in soon] == counted(steps)
    assert {verdict for verdict, *_ in soon} == {"pass", "hold", "refuse"}
    assert await worker.ground.audit() == []


async def test_a_burst_is_judged_alike_while_it_happens_and_a_day_later(
    worker: Worker,
) -> None:
    """Each scan of it with its own time, which is kept to the millisecond."""
    steps = at_random(Random(7), 1, 0)  # noqa: S311 - seeded
    live, arrived = await play(worker, steps, None)
    kept = [
        Step(at - arrived[0], step.code, step.member, step.device, step.cell)
        for at, step in zip(arrived, steps, strict=True)
    ]
    late, _ = await play(worker, kept, arrived[0] - 30 * HOUR_MS)
    assert late == live
    assert {hit for _, hits, _ in live for hit in hits} >= {"busy", "fast"}
