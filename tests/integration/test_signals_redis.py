"""The signals of scans and the counts of invalid codes, on a real server."""

from collections.abc import AsyncIterator

import pytest

from anti_fraud.domain.entities import Entity, member_tag
from anti_fraud.domain.guesses import GuessCounter, Treatment
from anti_fraud.domain.places import cell_of
from anti_fraud.domain.rule_sets import Throttle
from core.redis import PackedBatch, RedisAway, RedisClient, connect
from scan_api.domain.scans import ClaimedBit, Scan
from scan_api.pipeline.guess_throttle import (
    NEWS_KEY,
    hear_blocks,
    share_counts,
    tell_blocks,
)
from scan_api.pipeline.signals import SignalStore
from tests.fixtures.ground import CLOCK
from tests.fixtures.rule_sets import SECOND


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[RedisClient]:
    # A busy test machine may stall for longer than a scan would wait.
    client = connect(redis_url, timeout_s=5.0)
    await client.redis.flushdb()
    yield client
    await client.close()


def scan_at(position: tuple[float, float] | None, at_s: int) -> Scan:
    return Scan(
        scan_id=at_s,
        at_ms=at_s * 1000,
        code_id=5,
        code_hash=5,
        gtin=None,
        member_id="m-1",
        device_id=None,
        address=None,
        cell=None if position is None else cell_of(*position),
        language="en",
        tags=(member_tag("m-1"),),
    )


async def test_the_signals_of_a_batch_of_scans(redis: RedisClient) -> None:
    scans = [
        scan_at((39.9, 116.4), 1_000_000),
        scan_at((31.2, 121.5), 1_000_600),
        scan_at(None, 1_000_600),
    ]
    signals = await SignalStore(redis).gather(scans, SECOND)
    assert signals is not None
    first, second, third = signals
    assert first.counts == {"member_scans_10m": 3, "member_scans_1d": 3}
    assert first.available
    assert first.travel is None
    assert second.travel is not None
    assert second.travel.elapsed_s == 600
    assert second.travel.distance_km == pytest.approx(1070, abs=10)
    assert second.travel.speed_kmh == pytest.approx(6420, abs=60)
    assert third == first
    assert signals[0].claimed is ClaimedBit.MAYBE


THROTTLES = (
    Throttle(Entity.NETWORK, 60, 5, 60),
    Throttle(Entity.NETWORK, 3600, 20, 86_400),
)
GUESSER = b"{nGUESSER}"


async def test_workers_share_their_counts_of_invalid_codes(redis: RedisClient) -> None:
    first, second = GuessCounter(THROTTLES), GuessCounter(THROTTLES)
    for worker in (first, second):
        for _ in range(3):
            worker.note_guess([GUESSER], 1000)
        assert worker.admit([GUESSER], 1000).seconds == 0
        await share_counts(worker, redis, 1000)
    assert second.admit([GUESSER], 1000).seconds == 60
    first.note_guess([GUESSER], 1001)
    await share_counts(first, redis, 1001)
    assert first.admit([GUESSER], 1001).seconds == 60


async def test_a_block_outlives_the_worker_that_set_it(redis: RedisClient) -> None:
    worker = GuessCounter(THROTTLES)
    for _ in range(20):
        worker.note_guess([GUESSER], 1000)
    await share_counts(worker, redis, 1000)
    await redis.redis.delete(b"i" + GUESSER)
    restarted = GuessCounter(THROTTLES)
    restarted.note_guess([GUESSER], 5000)
    await share_counts(restarted, redis, 5000)
    assert restarted.admit([GUESSER], 5000).seconds == 86_400 - 4000
    assert 86_000 < await redis.redis.ttl(b"b" + GUESSER) <= 86_400


async def test_a_shorter_block_does_not_outlive_a_longer_one(
    redis: RedisClient,
) -> None:
    late, early = GuessCounter(THROTTLES), GuessCounter(THROTTLES)
    for worker, now_s in ((late, 2000), (early, 1000)):
        for _ in range(20):
            worker.note_guess([GUESSER], now_s)
        await share_counts(worker, redis, now_s)
    await share_counts(early, redis, 1000)
    fresh = GuessCounter(THROTTLES)
    fresh.note_guess([GUESSER], 3000)
    await redis.redis.delete(b"i" + GUESSER)
    await share_counts(fresh, redis, 3000)
    assert fresh.admit([GUESSER], 3000).seconds == 86_400 - 1000


async def test_a_block_that_grew_is_stored_whatever_its_digits(
    redis: RedisClient,
) -> None:
    """What a number looks like tells nothing of which is newer."""
    worker = GuessCounter(THROTTLES)
    for _ in range(20):
        worker.note_guess([GUESSER], 1009)
    await share_counts(worker, redis, 1009)
    for now_s in (1010, 1100, 2000):
        worker.note_guess([GUESSER], now_s)
        await share_counts(worker, redis, now_s)
        assert await redis.redis.get(b"b" + GUESSER) == b"%d" % (now_s + 86_400)


async def test_only_values_that_say_so_end_with_their_time(redis: RedisClient) -> None:
    """Of two of one length the newer stays; of others the last."""
    batch = PackedBatch()
    for at_s in (5, 9, 7):
        batch.swap(b"plain", b"x%c\0\0\0" % at_s, 10)
        batch.swap_dated(b"dated", b"x%c\0\0\0" % at_s, 10)
    batch.swap(b"short", b"long enough", 10)
    batch.swap_dated(b"short", b"x", 10)
    await batch.run(redis)
    assert await redis.redis.get("plain") == b"x\x07\0\0\0"
    assert await redis.redis.get("dated") == b"x\x09\0\0\0"
    assert await redis.redis.get("short") == b"x"


async def test_a_flush_that_fails_loses_only_what_others_would_learn() -> None:
    nowhere = connect("unix:///nowhere/at/all.sock")
    worker = GuessCounter(THROTTLES)
    for _ in range(5):
        worker.note_guess([GUESSER], 1000)
        await share_counts(worker, nowhere, 1000)
    assert worker.admit([GUESSER], 1000).seconds == 60
    await nowhere.close()


MEMBER = b"{mGUESSER0000}"
STRICT = (Throttle(Entity.MEMBER, 60, 5, 60),)


async def test_workers_share_how_many_right_codes_a_blocked_member_had(
    redis: RedisClient,
) -> None:
    first, second = GuessCounter(STRICT), GuessCounter(STRICT)
    for worker in (first, second):
        for _ in range(5):
            worker.note_guess([MEMBER], 1000)
        for code_id in range(12):
            worker.note_right([MEMBER], code_id, 1000)
        assert worker.admit([MEMBER], 1000).treatment is Treatment.WATCHED
        await share_counts(worker, redis, 1000)
    assert second.admit([MEMBER], 1000).treatment is Treatment.SHUT


async def test_workers_hear_of_blocks_of_callers_they_never_met(
    redis: RedisClient,
) -> None:
    first, second = GuessCounter(STRICT), GuessCounter(STRICT)
    now_s = CLOCK.now_ms() / 1000
    for _ in range(5):
        first.note_guess([MEMBER], now_s)
    await tell_blocks(first, redis)
    since = await hear_blocks(second, redis, CLOCK, since=b"0", wait_ms=1)
    assert second.admit([MEMBER], now_s).treatment is Treatment.WATCHED
    again = await hear_blocks(second, redis, CLOCK, since=since, wait_ms=1)
    assert again == since != b"0"


async def test_news_in_a_form_of_another_version_is_passed_over(
    redis: RedisClient,
) -> None:
    counter = GuessCounter(STRICT)
    for field, value in ((b"blocks", b"short"), (b"other", b"x" * 36)):
        await redis.redis.xadd(NEWS_KEY, {field: value})
    since = await hear_blocks(counter, redis, CLOCK, since=b"0", wait_ms=1)
    assert since != b"0"
    assert len(counter) == 0


async def test_nobody_hears_while_redis_is_away() -> None:
    nowhere = connect("unix:///nowhere/at/all.sock")
    counter = GuessCounter(STRICT)
    for _ in range(5):
        counter.note_guess([MEMBER], 1000)
    await tell_blocks(counter, nowhere)
    with pytest.raises(RedisAway):
        await hear_blocks(counter, nowhere, CLOCK, since=b"0")
    await nowhere.close()
