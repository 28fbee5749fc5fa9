"""The filters in Valkey are restored from PostgreSQL, and lose nothing meanwhile."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from codegen.domain.batches import Selection
from codegen.domain.ranges import SEGMENT_BITS, RangeState
from codegen.domain.sealing import seal_hashes
from core.bloom import block_contains, block_index
from core.redis import RedisAway, RedisClient, connect
from scan_api.pipeline.filters import missing_segments
from scan_api.pipeline.signals import SignalStore
from scan_api.store.filters import (
    READY_BIT,
    VOID_BLOCKS,
    FilterBuilder,
    claimed_key,
    claimed_offset,
    void_key,
)
from tests.fixtures.ground import Ground
from tests.fixtures.processes import seal_texts


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[RedisClient]:
    """Connect to an empty Valkey."""
    holder = connect(redis_url, timeout_s=5)
    yield holder
    await holder.close()


async def bits(client: RedisClient, segment: int) -> set[int]:
    """Read which bits of a segment are set, the one for ready among them."""
    raw = await client.call(b"GET", claimed_key(segment)) or b""
    return set(np.flatnonzero(np.unpackbits(np.frombuffer(raw, np.uint8))).tolist())


async def claim_some(ledger: Ground) -> list[int]:
    """Claim every third code of a batch across the border of two segments."""
    points = await ledger.campaign("points")
    near = (1 << SEGMENT_BITS) - 2_000
    ledger.issuance.high_water.path.parent.mkdir(exist_ok=True)
    ledger.issuance.high_water.path.write_text(f'{{"0": {near}}}')
    codes = (await ledger.live(3_000))[::300]
    people = await ledger.members(*(f"m{n}" for n in range(len(codes))))
    wishes = [ledger.wish(c, m, points) for c, m in zip(codes, people, strict=True)]
    await ledger.commit(*wishes)
    assert {code >> SEGMENT_BITS for code in codes} == {0, 1}
    return codes


async def test_a_rebuild_restores_exactly_the_claims(
    ledger: Ground, client: RedisClient
) -> None:
    """Over two segments, from nothing, and once more to the same."""
    codes = await claim_some(ledger)
    builder = FilterBuilder(ledger.engine, client)
    keys = ledger.issuance.key_file.load()
    assert await missing_segments(client, [0, 1]) == [0, 1]
    for _ in range(2):
        assert await builder.rebuild(keys, [0, 1]) == 2
        for segment in (0, 1):
            here = {claimed_offset(c) for c in codes if c >> SEGMENT_BITS == segment}
            assert await bits(client, segment) == here | {READY_BIT}
    assert await missing_segments(client, [0, 1]) == []


async def test_a_rebuild_replaces_what_was_wrong(
    ledger: Ground, client: RedisClient
) -> None:
    """Bits of another database, or of a restored one, are gone."""
    codes = await claim_some(ledger)
    for offset in (77, 78, READY_BIT):
        await client.call(b"SETBIT", claimed_key(0), str(offset).encode(), b"1")
    await FilterBuilder(ledger.engine, client).rebuild_claimed(0)
    here = {claimed_offset(c) for c in codes if c >> SEGMENT_BITS == 0}
    assert await bits(client, 0) == here | {READY_BIT}


async def test_claims_during_rebuilds_keep_their_bits(
    ledger: Ground, client: RedisClient
) -> None:
    """Committed before the claims are read or after, no bit is lost in the end."""
    points = await ledger.campaign("points")
    codes = await ledger.live(60, campaign_id="points")
    people = await ledger.members(*(f"m{n}" for n in range(len(codes))))
    builder, signals = FilterBuilder(ledger.engine, client), SignalStore(client)
    claiming = True

    async def rebuild() -> int:
        times = 0
        while claiming:
            await builder.rebuild_claimed(0)
            times += 1
        return times

    rebuilding = asyncio.create_task(rebuild())
    for code, member in zip(codes, people, strict=True):
        await ledger.commit(ledger.wish(code, member, points))
        signals.observe([code])
        await signals.flush()
    claiming = False
    assert await rebuilding > 3
    here = {claimed_offset(code) for code in codes}
    assert await bits(client, 0) == here | {READY_BIT}


async def test_single_voids_are_found_and_others_mostly_not(
    ledger: Ground, client: RedisClient
) -> None:
    """No void is missed; a "maybe" for another code is rare."""
    batch = await ledger.issue(2_000)
    await ledger.change(batch, RangeState.ACTIVATED)
    keys = ledger.issuance.key_file.load()
    serials = np.arange(2_000, dtype=np.uint64) + np.uint64(batch.first_serial)
    texts = seal_texts(keys, 0, serials)
    await ledger.change(batch, RangeState.VOID, Selection(codes=tuple(texts[:50])))
    builder = FilterBuilder(ledger.engine, client)
    await builder.rebuild_void(keys, 0)
    raw = await client.call(b"GET", void_key(0))
    maybe = []
    for value in seal_hashes(keys, 0, serials).tolist():
        block = block_index(value, VOID_BLOCKS) * 32
        maybe.append(block_contains(raw[block : block + 32], value))
    assert all(maybe[:50])
    assert sum(maybe[50:]) < 5
    await builder.rebuild_void(keys, 1)
    assert await client.call(b"EXISTS", void_key(1)) == 0


async def test_a_rebuild_without_valkey_says_so(ledger: Ground) -> None:
    """It raises RedisAway, and nothing hangs."""
    away = connect("unix:///nowhere/valkey.sock", timeout_s=1)
    with pytest.raises(RedisAway):
        await FilterBuilder(ledger.engine, away).rebuild_claimed(0)
    await away.close()
