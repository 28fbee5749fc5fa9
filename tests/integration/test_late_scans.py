"""Scans that arrive late are judged by their own time, then and for ever."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from anti_fraud.domain.places import PLACE_S, cell_of
from core.clock import business_day, utc_datetime
from core.ids import time_of_id
from scan_api.domain.scans import Outcome
from scan_api.pipeline.recorded_facts import read_evidence, read_facts
from scan_api.pipeline.replay import Replay, replay_scans
from scan_api.store.kept_facts import unpack_facts
from scan_api.store.recorded_facts import MemberScan
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.worker import Worker, publish, worker_of

HOUR_MS = 3_600_000
BEIJING, SHANGHAI = cell_of(39.9, 116.4), cell_of(31.2, 121.5)


def rule(rule_id: str, fact: str, op: str, value: object, **more: Any) -> Any:
    """Write a rule that holds."""
    when = {"fact": fact, "op": op, "value": value}
    sentence = {"en": "Why.", "zh": "原因。"}
    return {"id": rule_id, "score": 60, "sentence": sentence, "when": when} | more


@pytest.fixture
async def worker(ledger: Ground, redis_url: str) -> AsyncIterator[Worker]:
    """Start a worker whose campaign pays whoever scans."""
    await ledger.rules()
    await ledger.campaign("points")
    await ledger.rows("UPDATE campaigns SET starts_at = now() - interval '90 days'")
    await ledger.live(1)
    async with worker_of(ledger, redis_url) as started:
        yield started


async def replays_of(ground: Ground, code_id: int) -> dict[int, Replay]:
    """Judge the scans of a code anew."""
    rows = await ground.rows(f"SELECT scan_id FROM scans WHERE code_id = {code_id}")
    async with ground.engine.connect() as conn:
        return await replay_scans(conn, [scan_id for (scan_id,) in rows], TIMEZONE)


async def replay_of(ground: Ground, code_id: int) -> Replay:
    """Judge the one scan of a code anew."""
    [replay] = (await replays_of(ground, code_id)).values()
    return replay


async def test_a_rule_that_ended_judges_what_was_scanned_before(worker: Worker) -> None:
    """By the business day of the scan's own time, and so does a replay."""
    ground, now_ms = worker.ground, CLOCK.now_ms()
    yesterday = business_day(now_ms, TIMEZONE) - timedelta(days=1)
    ended = rule("ended", "member_scans_1d", ">", 0, expires_on=str(yesterday))
    await publish(ground, rules=[ended])
    codes = await ground.live(3, campaign_id="points")
    late = [None, 0, 24 * HOUR_MS]
    came = [
        (
            await worker.pipeline.submit(
                worker.opened(
                    code,
                    f"day-{place}",
                    scanned_at_ms=None if ago is None else now_ms - ago,
                )
            )
        ).outcome
        for place, (code, ago) in enumerate(zip(codes, late, strict=True))
    ]
    assert came == [Outcome.REWARDED, Outcome.REWARDED, Outcome.HELD]
    replays = [await replay_of(ground, code) for code in codes]
    assert [each.equals_record for each in replays] == [True] * 3
    assert [each.recorded.judged_at_ms // 1000 for each in replays[1:]] == [
        (now_ms - ago) // 1000 for ago in (0, 24 * HOUR_MS)
    ]
    assert await ground.audit() == []


async def test_a_campaign_pays_by_the_time_of_the_scan(
    worker: Worker, redis_url: str
) -> None:
    """One that is over pays what was scanned before it ended, and none that began."""
    ground, now_ms = worker.ground, CLOCK.now_ms()
    begin, end = utc_datetime(now_ms - 6 * HOUR_MS), utc_datetime(now_ms - 3 * HOUR_MS)
    await ground.rows(f"UPDATE campaigns SET starts_at = '{begin}', ends_at = '{end}'")
    codes = await ground.live(4, campaign_id="points")
    async with worker_of(ground, redis_url) as again:
        came = [
            (
                await again.pipeline.submit(
                    again.opened(
                        *(code, f"phase-{place}"),
                        scanned_at_ms=None if ago is None else now_ms - ago * HOUR_MS,
                    )
                )
            ).outcome
            for place, (code, ago) in enumerate(
                zip(codes, (None, 2, 5, 8), strict=True)
            )
        ]
    expected = [Outcome.NO_REWARD, Outcome.NO_REWARD, Outcome.REWARDED]
    assert came == [*expected, Outcome.LIMIT_REACHED]


async def test_a_late_claim_is_as_late_as_it_arrives(worker: Worker) -> None:
    """Who arrives first has it, and what is kept says when that was."""
    ground, now_ms = worker.ground, CLOCK.now_ms()
    [code] = await ground.live(1, campaign_id="points")
    first = worker.opened(code, "online")
    late = worker.opened(code, "offline", scanned_at_ms=now_ms - HOUR_MS)
    assert (await worker.pipeline.submit(first)).outcome is Outcome.REWARDED
    assert (await worker.pipeline.submit(late)).outcome is Outcome.ALREADY_CLAIMED
    rows = await ground.rows(
        f"SELECT scan_id, facts FROM scans WHERE code_id = {code} ORDER BY scan_id"
    )
    kept = [unpack_facts(facts).late_ms for _, facts in rows]
    assert kept == [0, time_of_id(late.scan_id) - (now_ms - HOUR_MS)]


async def test_two_places_are_as_far_apart_as_their_own_times(worker: Worker) -> None:
    """A day's scans at once are no journey in a second, and Redis's word is kept."""
    ground, now_ms = worker.ground, CLOCK.now_ms()
    fast = rule("fast", "place_speed_kmh", ">", 300)
    far = rule("far", "place_distance_km", ">", 50)
    await publish(ground, rules=[fast, far | {"score": 1}])
    codes = await ground.live(4, campaign_id="points")
    # Hours between Beijing and Shanghai, as a code was seen there and here.
    hours = (1, 12, 23, 2 + PLACE_S // 3600)
    for place, (code, gap) in enumerate(zip(codes, hours, strict=True)):
        looked = now_ms - 60 * HOUR_MS
        pair = [
            worker.opened(code, None, cell=BEIJING, scanned_at_ms=looked),
            worker.opened(
                *(code, f"way-{place}"),
                cell=SHANGHAI,
                scanned_at_ms=looked + gap * HOUR_MS,
            ),
        ]
        await asyncio.gather(*map(worker.pipeline.submit, pair))
    rows = await ground.rows(
        "SELECT scan_id, code_id, member_no, outcome FROM scans"
        " WHERE member_no IS NOT NULL ORDER BY code_id"
    )
    assert [outcome for *_, outcome in rows] == ["held"] + ["rewarded"] * 3
    past = [MemberScan(*row) for *row, _ in rows]
    state = await worker.states.of_codes(codes)
    async with ground.engine.connect() as conn:
        evidence = await read_evidence(conn, past, state, TIMEZONE)
        replays = await replay_scans(conn, [each.scan_id for each in past], TIMEZONE)
    told = [each.travel and each.travel.elapsed_s // 3600 for each in evidence]
    assert told == [1, 12, 23, None]
    for scan, known in zip(past, evidence, strict=True):
        decision = replays[scan.scan_id].decision
        assert decision is not None
        live = decision.facts.get("place_elapsed_s")
        assert live == (known.travel and known.travel.elapsed_s)


async def test_a_late_scan_takes_no_newer_places_place(worker: Worker) -> None:
    """Who scans next is compared with where the code was last, not with what came."""
    now_ms = CLOCK.now_ms()
    [code] = await worker.ground.live(1, campaign_id="points")
    for cell, ago_h in ((BEIJING, 0), (SHANGHAI, 10)):
        seen = worker.opened(
            *(code, None), cell=cell, scanned_at_ms=now_ms - ago_h * HOUR_MS
        )
        await worker.pipeline.submit(seen)
    await worker.pipeline.submit(worker.opened(code, "next", cell=BEIJING))
    replay = next(
        each
        for each in (await replays_of(worker.ground, code)).values()
        if each.decision is not None
    )
    assert replay.decision is not None
    assert replay.decision.facts["place_distance_km"] == 0
    [row] = await worker.ground.rows(
        f"SELECT scan_id, code_id, member_no FROM scans"
        f" WHERE code_id = {code} AND member_no IS NOT NULL"
    )
    state = await worker.states.of_codes([code])
    async with worker.ground.engine.connect() as conn:
        [known] = await read_evidence(conn, [MemberScan(*row)], state, TIMEZONE)
    assert known.travel is not None
    assert known.travel.distance_km == 0


async def test_what_waited_is_released_by_the_time_of_its_scan(worker: Worker) -> None:
    """A member's day, sent at once while nobody counted, is a day and not a minute."""
    ground, now_ms = worker.ground, CLOCK.now_ms()
    codes = await ground.live(25, campaign_id="points")
    for place, code in enumerate(codes):
        hours_ago = 24 - place
        scan = worker.opened(
            code, "offline-day", scanned_at_ms=now_ms - hours_ago * HOUR_MS
        )
        await worker.pipeline.submit(scan)
    rows = await ground.rows(
        "SELECT scan_id, code_id, member_no FROM scans WHERE member_no IS NOT NULL"
        " ORDER BY scan_id"
    )
    past = [MemberScan(*row) for row in rows]
    state = await worker.states.of_codes(codes)
    async with ground.engine.connect() as conn:
        evidence = await read_evidence(conn, past, state, TIMEZONE)
        known = await read_facts(conn, past[:1], state, TIMEZONE)
    counts = [
        (e.counts["member_scans_10m"], e.counts["member_scans_1d"]) for e in evidence
    ]
    assert counts == [(1, min(place + 1, 25)) for place in range(25)]
    assert known[0].day == business_day(now_ms - 24 * HOUR_MS, TIMEZONE)
