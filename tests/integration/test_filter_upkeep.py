"""Workers see for themselves what Redis lacks, and fill it, whatever fails."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import numpy as np
import pytest
from sqlalchemy.exc import DBAPIError

from codegen.domain.batches import Selection
from codegen.domain.ranges import RangeState
from core.redis import RedisClient, connect
from scan_api.pipeline.filters import FilterUpkeep, missing_segments
from scan_api.pipeline.worker_state import WorkerStateKeeper
from scan_api.store.filters import READY_BIT, claimed_key, claimed_offset, void_key
from tests.fixtures.ground import Ground
from tests.fixtures.processes import seal_texts

CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
    " datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[RedisClient]:
    """Connect to an empty Valkey."""
    holder = connect(redis_url, timeout_s=5)
    yield holder
    await holder.close()


@pytest.fixture
async def claimed(ledger: Ground) -> set[int]:
    """Claim five codes of the first segment; gives their bits."""
    await ledger.rules()
    points = await ledger.campaign("points")
    codes = await ledger.live(5, campaign_id="points")
    people = await ledger.members(*(f"m{n}" for n in range(5)))
    wishes = [ledger.wish(c, m, points) for c, m in zip(codes, people, strict=True)]
    await ledger.commit(*wishes)
    return {claimed_offset(code) for code in codes}


async def upkeep_of(ledger: Ground, client: RedisClient) -> FilterUpkeep:
    """Put the upkeep of a worker together."""
    keeper = WorkerStateKeeper(ledger.engine, ledger.issuance.key_file)
    await keeper.start()
    await keeper.refresh()
    return FilterUpkeep(ledger.engine, client, keeper)


async def bits(client: RedisClient) -> set[int]:
    """Read which bits of the first segment are set."""
    raw = await client.call(b"GET", claimed_key(0)) or b""
    return set(np.flatnonzero(np.unpackbits(np.frombuffer(raw, np.uint8))).tolist())


async def until_filled(client: RedisClient, claimed: set[int]) -> None:
    """Wait until the first segment is whole; fails if it never is."""
    async with asyncio.timeout(60):
        while await bits(client) != claimed | {READY_BIT}:  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.05)


async def test_an_emptied_redis_is_filled_again(
    ledger: Ground, client: RedisClient, claimed: set[int]
) -> None:
    """At first, and whenever it comes back empty; nothing else is touched."""
    upkeep = await upkeep_of(ledger, client)
    for _ in range(3):
        await upkeep.tend()
        assert await bits(client) == claimed | {READY_BIT}
        # While all is there nothing is read again.
        await client.call(b"SETBIT", claimed_key(0), b"99", b"1")
        await upkeep.tend()
        assert 99 in await bits(client)
        await client.call(b"FLUSHALL")
    await upkeep.tend()
    assert 99 not in await bits(client)


async def test_a_segment_stays_on_the_list_until_it_is_filled(
    ledger: Ground, client: RedisClient, claimed: set[int]
) -> None:
    """PostgreSQL fails in the middle of filling; the next look goes on."""
    upkeep = await upkeep_of(ledger, client)
    await ledger.rows("ALTER TABLE claims RENAME TO gone")
    with pytest.raises(DBAPIError, match="claims"):
        await upkeep.tend()
    assert READY_BIT not in await bits(client)
    await ledger.rows("ALTER TABLE gone RENAME TO claims")
    await upkeep.tend()
    assert await bits(client) == claimed | {READY_BIT}


async def test_both_servers_gone_at_once_come_back_filled(
    ledger: Ground, client: RedisClient, claimed: set[int]
) -> None:
    """Every connection is cut and Redis emptied while a worker's loop runs."""
    upkeep = await upkeep_of(ledger, client)
    running = asyncio.create_task(upkeep.run())
    await until_filled(client, claimed)
    await client.call(b"FLUSHALL")
    with contextlib.suppress(DBAPIError):
        await ledger.rows(CUT)
    await until_filled(client, claimed)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_wrong_bits_that_a_batch_met_are_replaced(
    ledger: Ground, client: RedisClient, claimed: set[int]
) -> None:
    """The pipeline notes the segment; the next look fills it anew."""
    upkeep = await upkeep_of(ledger, client)
    await upkeep.tend()
    await client.call(b"SETBIT", claimed_key(0), b"99", b"1")
    upkeep.states.note_wrong_bits([99])
    await upkeep.tend()
    assert await bits(client) == claimed | {READY_BIT}


async def test_a_segment_that_another_worker_fills_is_left_to_it(
    ledger: Ground, client: RedisClient, claimed: set[int]
) -> None:
    """And looked for again, since that worker may die of it."""
    upkeep = await upkeep_of(ledger, client)
    await client.call(b"SET", b"filling:{s0}", b"1")
    await upkeep.tend()
    assert await bits(client) == set()
    await client.call(b"DEL", b"filling:{s0}")
    await upkeep.tend()
    assert await bits(client) == claimed | {READY_BIT}


async def test_single_voids_reach_their_filter_and_new_batches_get_theirs(
    ledger: Ground, client: RedisClient, claimed: set[int]
) -> None:
    """Changes are taken over by the next look."""
    assert claimed
    upkeep = await upkeep_of(ledger, client)
    await upkeep.tend()
    assert await client.call(b"EXISTS", void_key(0)) == 0
    batch = await ledger.issue(3)
    serials = np.arange(3, dtype=np.uint64) + np.uint64(batch.first_serial)
    texts = seal_texts(ledger.issuance.key_file.load(), 0, serials)
    await ledger.change(batch, RangeState.VOID, Selection(codes=(texts[0],)))
    with ledger.issuance.high_water.raising(0) as mark:
        mark.raise_to(5 << 20)
    await ledger.issue(3)
    await upkeep.states.refresh()
    await upkeep.tend()
    assert await client.call(b"EXISTS", void_key(0)) == 1
    assert await missing_segments(client, [0, 5]) == []
