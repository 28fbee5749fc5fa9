"""Tallies against plain models: late, in order or not, up to what they keep."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.ids import random_token
from core.redis import (
    Apart,
    Newest,
    PackedBatch,
    RedisClient,
    TallyShape,
    Visit,
    connect,
)
from core.redis.tallies import NOBODY, ONCE

DAY_S: Final = 86_400
# A sub-bucket of a day, in milliseconds; the server's clock goes on meanwhile, so times
# are told in whole ones, far from where they end.
STEP_MS: Final = DAY_S * 100
WINDOW: Final = TallyShape((DAY_S,))
MEMBERS: Final = TallyShape(sets=(Apart(1, DAY_S, 8),))
MANY_MEMBERS: Final = TallyShape(sets=(Apart(1, DAY_S, 30),))
CODES: Final = TallyShape(sets=(Apart(4, DAY_S, 30, (0, 5)),))
LAST: Final = TallyShape(newest=Newest(4, DAY_S))


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[RedisClient]:
    # A busy test machine may stall for longer than a scan would wait.
    client = connect(redis_url, timeout_s=5.0)
    yield client
    await client.close()


async def wait_for_a_quiet_moment(redis: RedisClient) -> None:
    """Wait until no sub-bucket of a day ends soon: at most two minutes in 2.4 hours."""
    left_ms = STEP_MS - (1000 * (await redis.redis.time())[0]) % STEP_MS
    if left_ms < 120_000:
        await asyncio.sleep(left_ms / 1000 + 1)


def who(number: int) -> bytes:
    return number.to_bytes(8, "little")


async def visit(
    redis: RedisClient, key: bytes, shape: TallyShape, whos: bytes, late_ms: int
) -> tuple[int, ...]:
    batch = PackedBatch()
    asked = batch.tally(key, shape, whos, late_ms=late_ms)
    return (await batch.run(redis)).tally(asked)


STREAM = st.lists(
    st.tuples(st.integers(0, 25), st.integers(1, 5)), min_size=1, max_size=25
)
MANY = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@MANY
@given(stream=STREAM)
async def test_late_scans_count_in_the_sub_bucket_that_they_belong_to(
    redis: RedisClient, stream: list[tuple[int, int]]
) -> None:
    """Each is told what has come by now of the ten sub-buckets up to its own."""
    await wait_for_a_quiet_moment(redis)
    key, seen = random_token(8).encode(), list[int]()
    for late, _ in stream:
        seen.append(late)
        expected = sum(late <= each < late + 10 for each in seen)
        assert await visit(redis, key, WINDOW, b"", late * STEP_MS) == (expected,)


@MANY
@given(stream=STREAM)
async def test_a_set_tells_exactly_who_was_there(
    redis: RedisClient, stream: list[tuple[int, int]]
) -> None:
    """By steps of a minute more than a tenth of its window, since time goes on."""
    await wait_for_a_quiet_moment(redis)
    key, seen = random_token(8).encode(), list[tuple[int, int]]()
    for late, number in stream:
        seen.append((late, number))
        expected = len({n for at, n in seen if late <= at < late + 10})
        late_ms = late * (STEP_MS + 60_000)
        told = await visit(redis, key, MANY_MEMBERS, who(number), late_ms)
        assert told == (expected,)


@MANY
@given(numbers=st.lists(st.integers(100, 130), min_size=1, max_size=25))
async def test_near_ones_are_those_less_than_so_far_away(
    redis: RedisClient, numbers: list[int]
) -> None:
    key = random_token(8).encode()
    for place, number in enumerate(numbers):
        seen = set(numbers[: place + 1])
        near = sum(abs(each - number) < 5 for each in seen)
        assert await visit(redis, key, CODES, who(number), 0) == (len(seen), near)


@MANY
@given(stream=STREAM)
async def test_records_stand_in_the_order_in_which_they_happened(
    redis: RedisClient, stream: list[tuple[int, int]]
) -> None:
    key, seen = random_token(8).encode(), list[tuple[int, int]]()
    for place, (late, number) in enumerate(stream):
        batch = PackedBatch()
        asked = batch.tally(key, LAST, who(number), late_ms=late * STEP_MS)
        told = (await batch.run(redis)).records(asked)
        # Of the same moment, who came later is newer.
        seen = sorted([*seen, (-late, place)])[-4:]
        up_to = [at for at in seen if at <= (-late, place)]
        assert [stream[at][1] for _, at in reversed(up_to)] == [
            int.from_bytes(record.what, "little") for record in told
        ]


async def test_a_full_set_keeps_whom_it_saw_last(redis: RedisClient) -> None:
    key = random_token(8).encode()
    for number in range(1, 13):
        told = await visit(redis, key, MEMBERS, who(number), 1000 * (12 - number))
        assert told == (min(number, 8),)
    assert await visit(redis, key, MEMBERS, who(12), 0) == (8,)
    assert await redis.redis.getrange(key, 7, 14) == who(12)


async def test_nobody_is_counted_in_no_set(redis: RedisClient) -> None:
    key = random_token(8).encode()
    assert await visit(redis, key, MEMBERS, NOBODY, 0) == (0,)
    assert await visit(redis, key, MEMBERS, who(1), 0) == (1,)
    assert await visit(redis, key, MEMBERS, NOBODY, 0) == (1,)


async def test_a_batch_sees_all_its_visits_of_a_key(redis: RedisClient) -> None:
    """Whatever their order, and each at its own time."""
    key = random_token(8).encode()
    batch = PackedBatch()
    asked: list[Visit] = []
    for number, late in ((1, 0), (2, 2), (3, 11)):
        asked.append(batch.tally(key, MEMBERS, who(number), late_ms=late * STEP_MS))
        batch.tally(key + b"another", MEMBERS, who(number))
    results = await batch.run(redis)
    assert [results.tally(each) for each in asked] == [(2,), (2,), (1,)]


async def test_a_visit_that_adds_nothing_leaves_nothing(redis: RedisClient) -> None:
    key = random_token(8).encode()
    shape = TallyShape((600,), (Apart(1, 600, 8),), Newest(4, 600))
    batch = PackedBatch()
    asked = batch.tally(key, shape, who(1) + who(2), n=0)
    results = await batch.run(redis)
    assert (results.tally(asked), results.records(asked)) == ((0, 0), [])
    assert not await redis.redis.exists(key)


async def test_more_parts_than_a_tally_can_hold_harm_no_batch(
    redis: RedisClient,
) -> None:
    """After many versions in a row what was asked for longest ago is given up."""
    key = random_token(8).encode()
    shapes = [
        TallyShape(tuple(range(first, first + 60))) for first in range(1000, 1600, 100)
    ]
    for shape in shapes:
        assert await visit(redis, key, shape, b"", 0) == (1,) * 60
    assert await visit(redis, key, shapes[-2], b"", 0) == (2,) * 60


async def test_what_another_shape_counts_stays_while_it_counts(
    redis: RedisClient,
) -> None:
    """So rules of two versions may count one entity at the same time."""
    key = random_token(8).encode()
    whole = TallyShape((600, DAY_S), (Apart(1, DAY_S, 8),), Newest(4, DAY_S))
    await visit(redis, key, whole, who(1) + who(1), 0)
    assert await visit(redis, key, TallyShape((DAY_S, 3600)), b"", 0) == (2, 1)
    assert await visit(redis, key, whole, who(2) + who(2), 0) == (2, 3, 2)
    assert DAY_S - 60 < await redis.redis.ttl(key) <= DAY_S


async def test_each_key_ends_and_none_grows_without_bound(redis: RedisClient) -> None:
    """Whatever comes, at whatever time."""
    key = random_token(8).encode()
    shape = TallyShape((600, 3600), (Apart(1, 600, 200),), Newest(20, DAY_S))
    for first in range(0, 600, 100):
        batch = PackedBatch()
        for number in range(first, first + 100):
            batch.tally(key, shape, 2 * who(number), late_ms=number * 61_000)
        await batch.run(redis)
    parts = 2 * 40 * 6 + 200 * 16 + 20 * 14
    assert await redis.redis.strlen(key) <= 1 + 4 * 6 + parts
    assert DAY_S - 60 < await redis.redis.ttl(key) <= DAY_S


async def test_what_is_too_old_for_all_that_is_kept_counts_itself(
    redis: RedisClient,
) -> None:
    key = random_token(8).encode()
    shape = TallyShape((10,), (Apart(1, 10, 2),))
    for late in range(60):
        await visit(redis, key, shape, who(late + 1), 1000 * late)
    assert await visit(redis, key, shape, who(1), 3_600_000) == (1, 1)


@MANY
@given(keys=st.lists(st.integers(0, 5), min_size=1, max_size=25))
async def test_what_counts_once_adds_nothing_again(
    redis: RedisClient, keys: list[int]
) -> None:
    """Neither to windows nor to sets nor to records; 0 is no key."""
    name = random_token(8).encode()
    shape = TallyShape(
        (DAY_S,), (Apart(1, DAY_S, 30), Apart(ONCE, 600, 8, ())), Newest(50, DAY_S)
    )
    kept: list[int] = []
    for place, key in enumerate(keys):
        if key == 0 or all(keys[each] != key for each in kept):
            kept.append(place)
        batch = PackedBatch()
        asked = batch.tally(name, shape, who(place + 1) + who(key) + who(place))
        results = await batch.run(redis)
        count, apart = results.tally(asked)
        assert (count, apart) == (len(kept), max(len(kept), 1))
        assert (
            sorted(
                int.from_bytes(record.what, "little")
                for record in results.records(asked)
            )
            == kept
        )


@pytest.mark.parametrize(
    "make",
    [
        TallyShape,
        lambda: TallyShape((9,)),
        lambda: TallyShape((600, 600)),
        lambda: TallyShape((1 << 24,)),
        lambda: TallyShape(sets=(Apart(0, 600, 8),)),
        lambda: TallyShape(sets=(Apart(255, 600, 8),)),
        lambda: TallyShape(sets=(Apart(1, 600, 201),)),
        lambda: TallyShape(newest=Newest(101, 600)),
    ],
)
def test_there_are_no_other_tallies(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=r"last|once|sets|kept"):
        make()


def test_a_visit_names_who_it_is_for_each_set() -> None:
    with pytest.raises(ValueError, match="parts"):
        PackedBatch().tally(b"k", MEMBERS, b"")
