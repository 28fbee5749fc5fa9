"""The signals of scans and the counts of invalid codes, on a real server."""

from collections.abc import AsyncIterator

import pytest
from anti_fraud.velocity import ask_signals, flush_invalid, no_signals, read_signals

from anti_fraud.domain import (
    Entity,
    InvalidCounter,
    Place,
    Throttle,
    cell_of,
    member_tag,
)
from anti_fraud.shipped import shipped_rule_set
from core.redis import PackedBatch, RedisAway, RedisClient, connect


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[RedisClient]:
    # A busy test machine may stall for longer than a scan would wait.
    client = connect(redis_url, timeout_s=5.0)
    await client.redis.flushdb()
    yield client
    await client.close()


async def test_the_signals_of_a_batch_of_scans(redis: RedisClient) -> None:
    rules = shipped_rule_set()
    beijing = Place(cell_of(39.9, 116.4), 1_000_000)
    shanghai = Place(cell_of(31.2, 121.5), 1_000_600)
    batch = PackedBatch()
    tags = [member_tag("m-1")]
    asked = [
        ask_signals(batch, rules, tags=tags, code_id=5, place=place)
        for place in (beijing, shanghai, None)
    ]
    results = await batch.run(redis)
    first, second, third = [read_signals(one, results) for one in asked]
    assert first == {
        "signals_available": True,
        "member_scans_10m": 3,
        "member_scans_1d": 3,
    }
    assert second["place_elapsed_s"] == 600
    assert second["place_distance_km"] == pytest.approx(1070, abs=10)
    assert second["place_speed_kmh"] == pytest.approx(6420, abs=60)
    assert third == first
    assert no_signals() == {"signals_available": False}


THROTTLES = (
    Throttle(Entity.NETWORK, 60, 5, 60),
    Throttle(Entity.NETWORK, 3600, 20, 86_400),
)
GUESSER = b"{nGUESSER}"


async def test_workers_share_their_counts_of_invalid_codes(redis: RedisClient) -> None:
    first, second = InvalidCounter(THROTTLES), InvalidCounter(THROTTLES)
    for worker in (first, second):
        for _ in range(3):
            worker.note_invalid([GUESSER], 1000)
        assert worker.throttled_for([GUESSER], 1000) == 0
        assert await flush_invalid(worker, redis, 1000) == 1
    assert second.throttled_for([GUESSER], 1000) == 60
    first.note_invalid([GUESSER], 1001)
    await flush_invalid(first, redis, 1001)
    assert first.throttled_for([GUESSER], 1001) == 60


async def test_a_block_outlives_the_worker_that_set_it(redis: RedisClient) -> None:
    worker = InvalidCounter(THROTTLES)
    for _ in range(20):
        worker.note_invalid([GUESSER], 1000)
    await flush_invalid(worker, redis, 1000)
    await redis.redis.delete(b"i" + GUESSER)
    restarted = InvalidCounter(THROTTLES)
    restarted.note_invalid([GUESSER], 5000)
    await flush_invalid(restarted, redis, 5000)
    assert restarted.throttled_for([GUESSER], 5000) == 86_400 - 4000
    assert 86_000 < await redis.redis.ttl(b"b" + GUESSER) <= 86_400


async def test_a_shorter_block_does_not_outlive_a_longer_one(
    redis: RedisClient,
) -> None:
    late, early = InvalidCounter(THROTTLES), InvalidCounter(THROTTLES)
    for worker, now_s in ((late, 2000), (early, 1000)):
        for _ in range(20):
            worker.note_invalid([GUESSER], now_s)
        await flush_invalid(worker, redis, now_s)
    await flush_invalid(early, redis, 1000)
    fresh = InvalidCounter(THROTTLES)
    fresh.note_invalid([GUESSER], 3000)
    await redis.redis.delete(b"i" + GUESSER)
    await flush_invalid(fresh, redis, 3000)
    assert fresh.throttled_for([GUESSER], 3000) == 86_400 - 1000


async def test_a_flush_that_fails_loses_only_what_others_would_learn() -> None:
    nowhere = connect("unix:///nowhere/at/all.sock")
    worker = InvalidCounter(THROTTLES)
    for _ in range(5):
        worker.note_invalid([GUESSER], 1000)
        with pytest.raises(RedisAway):
            await flush_invalid(worker, nowhere, 1000)
    assert worker.throttled_for([GUESSER], 1000) == 60
    await nowhere.close()
