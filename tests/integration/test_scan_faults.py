"""One scan's data fails that scan alone, wherever on its way it fails."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from anti_fraud.default_rules import shipped_rules
from codegen.domain.ranges import SEGMENT_BITS
from core.clock import utc_datetime
from core.errors import InvalidInput
from core.redis import RedisClient, connect
from scan_api.domain.scans import Scan
from scan_api.pipeline.scans import ScanPipeline
from scan_api.pipeline.signals import SignalStore
from scan_api.pipeline.worker_state import WorkerStateKeeper
from scan_api.store.commit_pool import CommitPool
from scan_api.store.filters import READY_BIT, claimed_key, claimed_offset
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.worker import store_rules

NOW = utc_datetime(CLOCK.now_ms())


@dataclass(slots=True)
class Line:
    """A pipeline as a worker has it."""

    ground: Ground
    redis: RedisClient
    pipeline: ScanPipeline

    async def scan(self, code: int, member: str | None, **given: Any) -> str:
        """Scan; gives the outcome."""
        now_ms = CLOCK.now_ms()
        usual: dict[str, Any] = {
            "scan_id": self.ground.ids.next_id(now_ms),
            "at_ms": now_ms,
            "code_id": code,
            "code_hash": code,
            "gtin": None,
            "member_id": member,
            "device_id": None,
            "address": None,
            "cell": None,
            "language": "en",
        }
        answered = await self.pipeline.submit(Scan(**usual | given))
        return str(json.loads(answered.body())["outcome"])

    async def together(self, *scans: Any) -> list[Any]:
        """Send scans at once, so that they share a batch."""
        return await asyncio.gather(*scans, return_exceptions=True)


@pytest.fixture
async def line(ledger: Ground, redis_url: str) -> AsyncIterator[Line]:
    """Put a pipeline together that knows no ranges yet."""
    await ledger.rules()
    await ledger.campaign("points")
    redis = connect(redis_url)
    keeper = WorkerStateKeeper(ledger.engine, ledger.issuance.key_file)
    await keeper.start()
    pool = CommitPool(ledger.database_url)
    pipeline = ScanPipeline(
        pool, SignalStore(redis), keeper, TIMEZONE, ledger.ids, ledger.take_coupons
    )
    yield Line(ledger, redis, pipeline)
    await pipeline.batcher.drain()
    await pipeline.signals.flush()
    await pool.close()
    await redis.close()


async def test_a_scan_that_cannot_be_judged_fails_alone(line: Line) -> None:
    """Here its GTIN cannot be compared; it could be any arithmetic."""
    codes = await line.ground.live(9, campaign_id="points")
    done = await line.together(
        *(line.scan(code, f"m{code}") for code in codes[1:5]),
        line.scan(codes[0], "ann", gtin=["06901234567892"]),
        *(line.scan(code, f"m{code}") for code in codes[5:]),
    )
    assert isinstance(done.pop(4), TypeError)
    assert done == ["rewarded"] * 8
    assert await line.scan(codes[0], "ann") == "rewarded"


async def test_a_scan_that_cannot_be_written_fails_alone(line: Line) -> None:
    """A lone surrogate cannot become bytes; the others of the batch are paid, once."""
    codes = await line.ground.live(9, campaign_id="points")
    done = await line.together(
        *(line.scan(code, f"m{code}") for code in codes[1:5]),
        line.scan(codes[0], "ann", device_id="\ud800"),
        *(line.scan(code, f"m{code}") for code in codes[5:]),
    )
    assert isinstance(done.pop(4), UnicodeEncodeError)
    assert done == ["rewarded"] * 8
    assert await line.ground.rows("SELECT count(*) FROM transfers") == [(8,)]
    assert await line.scan(codes[0], "ann") == "rewarded"
    assert await line.ground.audit() == []


async def test_a_member_that_cannot_be_stored_costs_nobody_else(line: Line) -> None:
    """PostgreSQL holds no NUL; the one is told which field it is."""
    codes = await line.ground.live(4, campaign_id="points")
    done = await line.together(
        line.scan(codes[0], "a\0b"),
        *(line.scan(code, f"m{code}") for code in codes[1:]),
    )
    assert isinstance(done[0], InvalidInput)
    assert done[0].errors[0].pointer == "/member_id"
    assert done[1:] == ["rewarded"] * 3
    assert await line.scan(codes[0], "ab") == "rewarded"


async def test_signals_that_cannot_be_read_hold_that_reward_alone(line: Line) -> None:
    """As if Redis were away for this one scan."""
    codes = await line.ground.live(3, campaign_id="points")
    done = await line.together(
        line.scan(codes[0], "ann", tags=(b"no such entity",)),
        *(line.scan(code, f"m{code}") for code in codes[1:]),
    )
    assert done == ["held", "rewarded", "rewarded"]


async def test_a_claimed_bit_without_a_claim_does_not_pass_the_rules_by(
    line: Line,
) -> None:
    """Bits of a restored backup: what the rules refuse is refused, and not paid."""
    document = shipped_rules() | {"version": 999}
    document["rules"] = [
        {
            "id": "nobody",
            "score": 100,
            "sentence": {"en": "Nobody is paid today.", "zh": "今天不发放。"},
            "when": {"fact": "signals_available", "op": "==", "value": True},
        }
    ]
    await store_rules(line.ground, 999, document, "test")
    codes = await line.ground.live(20, campaign_id="points")
    await line.pipeline.states.refresh()
    for code in codes:
        key = claimed_key(code >> SEGMENT_BITS)
        for bit in (READY_BIT, claimed_offset(code)):
            await line.redis.call(b"SETBIT", key, str(bit).encode(), b"1")
    done = await line.together(*(line.scan(code, f"m{code}") for code in codes))
    assert done == ["refused"] * 20
    assert await line.ground.rows("SELECT * FROM claims") == []
    # Who only looks is told the truth as well.
    assert await line.scan(codes[0], None) == "verified"


async def test_a_code_issued_a_moment_ago_is_known_at_once(line: Line) -> None:
    """A worker that has not loaded it asks for it, and never calls it forged."""
    await line.pipeline.states.refresh()
    codes = await line.ground.live(2, campaign_id="points")
    assert await line.scan(codes[0], "ann") == "rewarded"
    never_issued = codes[-1] + (1 << 30)
    assert await line.scan(never_issued, "ann") == "invalid"
    assert line.pipeline.states.take_never_issued() == [never_issued]


async def test_moments_that_python_cannot_tell_stop_nobody(line: Line) -> None:
    """Campaigns and ranges from before all calendars, or that never end."""
    codes = await line.ground.live(2, campaign_id="points")
    # Rows from before the tables had bounds.
    await line.ground.rows(
        "ALTER TABLE campaigns DROP CONSTRAINT campaigns_times_in_bounds"
    )
    await line.ground.rows(
        "ALTER TABLE ranges DROP CONSTRAINT ranges_effective_at_in_bounds"
    )
    await line.ground.rows(
        "UPDATE campaigns SET starts_at = '-infinity', ends_at = 'infinity'"
    )
    await line.ground.rows("UPDATE ranges SET effective_at = '0001-01-01T00:00+08:00'")
    await line.ground.rows("UPDATE range_version SET version = version + 1")
    await line.pipeline.states.start()
    assert await line.scan(codes[0], "ann") == "rewarded"
    await line.pipeline.states.refresh()
    assert await line.scan(codes[1], "bob") == "rewarded"
