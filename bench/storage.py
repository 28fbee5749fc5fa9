"""What a claim leaves on the disk, table by table and index by index, and in the WAL.

Paid scans of members in batches through the hot statement, in process, on the
PostgreSQL of a service that runs beside it; codes come in no order, as consumers have
them. WAL is counted from a checkpoint on, so whole pages are in it. Environment:
`CROWNCAP_BENCH_CLAIMS` (40,000 unless set), `CROWNCAP_BENCH_MEMBERS` (2,000),
`CROWNCAP_BENCH_BATCH` (20).
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random  # noqa: TID251 - seeded here
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy.ext.asyncio import AsyncEngine

from anti_fraud.default_rules import shipped_rule_set
from anti_fraud.domain.decision import Decision, judge
from anti_fraud.domain.facts import Evidence
from bench.measure import rounded
from bench.serving import (
    CROWNCAP,
    StoreUrls,
    free_port,
    scratch_data,
    started,
    wait_until_ready,
)
from bench.supply import CAMPAIGN, GTIN
from codegen.domain.batch import BatchOrder, Selection
from codegen.domain.code_text import LinkForm
from codegen.domain.ranges import RangeState
from codegen.keyring import HighWaterMark, MasterKeyFile
from codegen.pipeline import ChangeRequest, Issuance, change_codes, issue_batch
from core.auth.principal import OPERATOR
from core.clock import SystemClock, utc_datetime
from core.db import create_engine
from core.fence import current_version
from core.ids import TimeIds
from rewards.domain.campaigns import Campaign, plan_rewards
from rewards.store.campaigns import load_campaigns
from scan_api.domain.scans import Outcome, Plan, Scan
from scan_api.store.partitions import keep_code_partitions, keep_time_partitions
from scan_api.store.scans import Decided, commit_scans, ensure_members

CLOCK: Final = SystemClock()
TIMEZONE: Final = ZoneInfo("Asia/Shanghai")
# As many codes as claims would be one dense run, which no brand's scans are.
CODES_A_CLAIM: Final = 10
# A table and all its partitions are one.
_SIZES: Final = """
    SELECT CASE c.relkind WHEN 'i' THEN 'index ' ELSE 'table ' END
            || coalesce(i.inhparent, c.oid)::regclass::text,
        CASE c.relkind WHEN 'r' THEN pg_table_size(c.oid)
            ELSE pg_relation_size(c.oid) END
    FROM pg_class AS c LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
    WHERE c.relkind IN ('r', 'i') AND c.relnamespace = 'public'::regnamespace
"""
_WAL: Final = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"


def run() -> dict[str, object]:
    """Return bytes a claim in all and of each table and index, and WAL bytes a scan."""
    port = free_port()
    with scratch_data() as data:
        log = data.parent / "server.log"
        up: list[str | Path] = [CROWNCAP, "up", "--demo", "--no-week"]
        up += ["--port", str(port), "--data-dir", data]
        with started(up, log, {}) as process:
            wait_until_ready(process, f"http://127.0.0.1:{port}/health/ready", log)
            return asyncio.run(_measure(data))


async def _measure(data: Path) -> dict[str, object]:
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
        sizes = await _sizes(conn)
        await conn.execute("CHECKPOINT")
        wal = await _wal(conn)
        for batch in _batches(codes, numbers, size, ids, campaign):
            done = await commit_scans(conn, batch, version=version, timezone=TIMEZONE)
            assert {each.outcome for each in done} == {Outcome.REWARDED}
        wal = await _wal(conn) - wal
        grown = {
            name: (bytes_ - sizes.get(name, 0)) / claims
            for name, bytes_ in (await _sizes(conn)).items()
        }
    return {
        "claims": claims,
        "members": members,
        "batch": size,
        "bytes_a_claim": rounded(sum(grown.values())),
        "wal_bytes_a_scan": rounded(wal / claims),
        "of_these": {
            name: rounded(grew) for name, grew in sorted(grown.items()) if grew > 0.5
        },
    }


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


def _batches(
    codes: Sequence[int],
    members: Sequence[int],
    size: int,
    ids: TimeIds,
    campaign: Campaign,
) -> Iterator[list[Decided]]:
    """Plan paid scans, each batch of different members, with a network and a place."""
    dice = Random(7)
    plan = Plan(
        Outcome.REWARDED, rewards=plan_rewards(campaign), decision=_usual_decision()
    )
    for start in range(0, len(codes), size):
        some = codes[start : start + size]
        yield [
            Decided(_scan(code, member, ids, dice), plan, member)
            for code, member in zip(some, dice.sample(members, len(some)), strict=True)
        ]


def _usual_decision() -> Decision:
    """Judge a first scan by the rules that ship, which is written with each scan."""
    rules = shipped_rule_set()
    today = utc_datetime(CLOCK.now_ms()).date()
    return judge(
        rules,
        Evidence(
            signals_available=True,
            counts={counter.fact: 1 for counter in rules.counters},
            travel=None,
            sell_by=today + timedelta(days=90),
            today=today,
        ),
    )


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


async def _sizes(conn: psycopg.AsyncConnection[Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, size in await (await conn.execute(_SIZES)).fetchall():
        found[name] = found.get(name, 0) + size
    return found


async def _wal(conn: psycopg.AsyncConnection[Any]) -> int:
    row = await (await conn.execute(_WAL)).fetchone()
    assert row is not None
    return int(row[0])
