"""Paid scans in batches for the hot statement, in process, on a service's PostgreSQL.

Codes come in no order, as consumers have them. Environment: `CROWNCAP_BENCH_CLAIMS`
(40,000 unless set), `CROWNCAP_BENCH_MEMBERS` (2,000), `CROWNCAP_BENCH_BATCH` (20).
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random  # noqa: TID251 - seeded here
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.serving import (
    CROWNCAP,
    StoreUrls,
    free_port,
    scratch_data,
    started,
    wait_until_ready,
)
from bench.supply import CAMPAIGN, GTIN
from codegen.domain.batches import BatchOrder, Selection
from codegen.domain.code_text import LinkForm
from codegen.domain.ranges import RangeState
from codegen.keyring import HighWaterMark, MasterKeyFile
from codegen.pipeline import ChangeRequest, Issuance, change_codes, issue_batch
from core.auth.principal import OPERATOR
from core.clock import SystemClock, utc_datetime
from core.db import create_engine
from core.fence import current_version
from core.ids import TimeIds
from rewards.domain.active_campaigns import Campaign
from rewards.store.active_campaigns import load_campaigns
from scan_api.domain.scans import Outcome, Plan, Scan
from scan_api.store.partitions import keep_code_partitions, keep_time_partitions
from scan_api.store.scans import Decided, commit_scans, ensure_members

CLOCK: Final = SystemClock()
TIMEZONE: Final = ZoneInfo("Asia/Shanghai")
# As many codes as claims would be one dense run, which no brand's scans are.
CODES_A_CLAIM: Final = 10
_WAL: Final = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"


@dataclass(slots=True)
class Ground:
    """Codes, members and a campaign in a service's database, and what commits."""

    base_url: str
    data: Path
    conn: psycopg.AsyncConnection[Any]
    codes: list[int]
    members: list[int]
    batch: int
    version: int
    campaign: Campaign
    ids: TimeIds

    async def commit(self, batches: Iterable[list[Decided]], outcome: Outcome) -> None:
        """Commit batches of scans that must all come to this."""
        for batch in batches:
            done = await commit_scans(
                self.conn, batch, version=self.version, timezone=TIMEZONE
            )
            assert {each.outcome for each in done} == {outcome}

    def paid(self) -> Iterator[list[Decided]]:
        """Plan paid scans of all codes."""
        rewards = self.campaign.rewards
        return self._batches(Plan(Outcome.REWARDED, rewards=rewards), Random(7))

    def repeats(self, seed: int) -> Iterator[list[Decided]]:
        """Plan scans of all codes, which are claimed; each seed is of other people."""
        return self._batches(Plan(Outcome.ALREADY_CLAIMED), Random(seed))

    def _batches(self, plan: Plan, dice: Random) -> Iterator[list[Decided]]:
        """Plan scans, each batch of different members, with a network and a place."""
        for start in range(0, len(self.codes), self.batch):
            some = self.codes[start : start + self.batch]
            members = dice.sample(self.members, len(some))
            yield [
                Decided(_scan(code, member, self.ids, dice), plan, member)
                for code, member in zip(some, members, strict=True)
            ]

    async def wal(self) -> int:
        """Tell how many bytes the log has had so far."""
        row = await (await self.conn.execute(_WAL)).fetchone()
        assert row is not None
        return int(row[0])


def on_ground(
    measure: Callable[[Ground], Awaitable[dict[str, object]]],
) -> dict[str, object]:
    """Measure on the PostgreSQL of a service that runs beside it."""
    port = free_port()
    with scratch_data() as data:
        log = data.parent / "server.log"
        up: list[str | Path] = [CROWNCAP, "up", "--demo", "--no-week"]
        up += ["--port", str(port), "--data-dir", data]
        with started(up, log, {}) as process:
            wait_until_ready(process, f"http://127.0.0.1:{port}/health/ready", log)
            base_url = f"http://127.0.0.1:{port}"
            return asyncio.run(_prepare(base_url, data, measure))


async def _prepare(
    base_url: str, data: Path, measure: Callable[[Ground], Awaitable[dict[str, object]]]
) -> dict[str, object]:
    claims, members, size = (
        int(os.environ.get(f"CROWNCAP_BENCH_{name}", default))
        for name, default in (("CLAIMS", 40_000), ("MEMBERS", 2_000), ("BATCH", 20))
    )
    url = StoreUrls.of(data, "crowncap").database_url
    engine = create_engine(url)
    codes = await _live_codes(engine, data, claims)
    await keep_time_partitions(engine, utc_datetime(CLOCK.now_ms()))
    async with engine.connect() as reader:
        version = await current_version(reader)
        campaign = (await load_campaigns(reader))[CAMPAIGN]
    await engine.dispose()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        ids = TimeIds(1023)
        wanted = [(f"m{n}", ids.next_id(CLOCK.now_ms())) for n in range(members)]
        numbers = [*(await ensure_members(conn, wanted)).values()]
        ground = Ground(
            base_url, data, conn, codes, numbers, size, version, campaign, ids
        )
        figures: dict[str, object] = {
            "claims": claims,
            "members": members,
            "batch": size,
        }
        return figures | await measure(ground)


async def _live_codes(engine: AsyncEngine, data: Path, claims: int) -> list[int]:
    """Issue and activate codes; gives some of them, in no order."""
    issuance = Issuance(
        MasterKeyFile(data / "keys" / "master-keys"),
        HighWaterMark(data / "keys" / "high-water.json"),
        "HTTPS://CAP.CN",
        frozenset({"cap.cn"}),
    )
    now = utc_datetime(CLOCK.now_ms())
    order = BatchOrder.check(
        quantity=CODES_A_CLAIM * claims,
        gtin=GTIN,
        link_base="HTTPS://CAP.CN",
        link_form=LinkForm.SHORT,
    )
    async with engine.begin() as conn:
        batch = await issue_batch(conn, issuance, order, OPERATOR, now=now)
    activation = ChangeRequest(
        batch.batch_id, Selection(), RangeState.ACTIVATED, "bench"
    )
    async with engine.begin() as conn:
        keys = issuance.key_file.load()
        await change_codes(conn, keys, activation, OPERATOR, now=now)
    await keep_code_partitions(engine)
    first = batch.first_code_id
    return Random(7).sample(range(first, first + batch.quantity), claims)


def _scan(code_id: int, member_no: int, ids: TimeIds, dice: Random) -> Scan:
    now_ms = CLOCK.now_ms()
    return Scan(
        scan_id=ids.next_id(now_ms),
        at_ms=now_ms,
        code_id=code_id,
        code_hash=0,
        gtin=None,
        member_id=str(member_no),
        device_id=None,
        address=f"203.0.{dice.randrange(256)}.{dice.randrange(256)}",
        cell=dice.randrange(1 << 40),
        language="en",
        key_hash=b"",
        body_hash=b"",
    )
