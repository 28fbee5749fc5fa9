"""Issue coupons from one pool and redeem them, beside a textbook that does one each.

What is measured is the use case without HTTP: callers in a closed loop ask what a
worker's routes ask (`CouponIssuing`, `Redeeming`), which gather them into batches, each
one transaction that is durable. The textbook has a SQLAlchemy session and a transaction
for each coupon, and locks the pool's row; it runs in the same process, on the same
PostgreSQL, in turn. `CROWNCAP_BENCH_SECONDS` is the length of a run, 4 unless set,
`CROWNCAP_BENCH_ROUNDS` the number of rounds, 3 unless set. Then come as many rounds
with `CROWNCAP_BENCH_LOADED` more open coupons in the tables, 10^6 unless set. Ends with
an audit.
"""

import asyncio
import os
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bench.coupons_textbook import CouponTextbook
from bench.measure import rounded
from bench.serving import (
    CROWNCAP,
    StoreUrls,
    cpu_seconds,
    free_port,
    scratch_data,
    started,
    wait_until_ready,
)
from bench.supply import run_crowncap
from codegen.domain.keys import Purpose
from codegen.domain.ranges import SERIALS_PER_EPOCH
from codegen.domain.sealing import open_code, seal
from codegen.keyring import HighWaterMark, MasterKeyFile
from codegen.store import lock_open_epoch
from core.auth.idempotency import SentKey
from core.auth.principal import Role, Staff
from core.clock import SystemClock, utc_datetime
from core.db import create_engine
from core.db_arrays import write_numbers
from core.ids import TimeIds, random_bytes
from rewards.domain.coupons import Benefit, BenefitKind, NewPool, TillOutcome
from rewards.pipeline.coupons.issuing import CouponIssuing, IssueRequest
from rewards.pipeline.coupons.numbers import (
    CouponCodes,
    CouponNumbers,
    EpochNumbers,
)
from rewards.pipeline.coupons.pools import add_pool
from rewards.pipeline.coupons.redeeming import Redeeming, RedeemRequest
from rewards.pipeline.coupons.views import IssuedCoupon

CALLERS: Final = 1_000
TEXTBOOK_CALLERS: Final = 64
MEMBERS: Final = 20_000
STOCK: Final = 10**9
APP: Final = Staff("bench-app", "bench", Role.APP)
CASHIER: Final = Staff("bench-till", "bench", Role.CASHIER, store="s-1")
TIMEZONE: Final = ZoneInfo("Asia/Shanghai")
CLOCK: Final = SystemClock()
CHUNK: Final = 50_000
_LOAD: Final = text(
    """
    WITH pool AS (SELECT p.pool_no, l.limit_no FROM coupon_pools AS p
        JOIN limits AS l ON l.pool_no = p.pool_no AND l.per = 'total'
        WHERE p.pool_id = 'stock'),
    owners AS (SELECT array_agg(member_no) AS numbers FROM members WHERE shard = 0),
    loaded AS (
        INSERT INTO coupons (coupon_no, member_no, pool_no, issued_at, valid_from,
            valid_until)
        SELECT n, numbers[1 + n % cardinality(numbers)], pool_no, now(), now(),
            now() + interval '30 days'
        FROM pool, owners, unnest(CAST(:numbers AS bigint[])) AS u (n)
        RETURNING 1)
    UPDATE limit_uses AS u SET used = used + (SELECT count(*) FROM loaded)
    FROM pool WHERE u.shard = 0 AND u.limit_no = pool.limit_no
    """
)


@dataclass(slots=True)
class Counter:
    """What issues and redeems, as one worker has it, and coupons to be redeemed."""

    engine: AsyncEngine
    issuing: CouponIssuing
    redeeming: Redeeming
    unused: list[int]

    async def load(self, count: int) -> None:
        """Add open coupons of the members that there are, behind everybody's back."""
        for done in range(0, count, CHUNK):
            numbers = await self.issuing.numbers.take(min(CHUNK, count - done))
            async with self.engine.begin() as conn:
                await conn.execute(_LOAD, {"numbers": write_numbers(numbers)})

    async def issue(self, pool_id: str, number: int, *, key: SentKey | None) -> None:
        """Issue one coupon; keeps its number to be redeemed."""
        asked = IssueRequest(pool_id, f"m{number % MEMBERS}", APP, key=key)
        issued = await self.issuing.batcher.submit(asked)
        view = msgspec.json.decode(issued.body, type=IssuedCoupon)
        self.unused.append(int(view.coupon_id))

    async def redeem(self) -> None:
        """Use one coupon that was issued before."""
        asked = RedeemRequest(self.unused.pop(), CASHIER, "r-1", 10_000)
        seen = await self.redeeming.batcher.submit(asked)
        assert seen.outcome is TillOutcome.GOOD


def run() -> dict[str, object]:
    """Return medians: coupons a second, CPU time for each, and how they compare."""
    seconds = float(os.environ.get("CROWNCAP_BENCH_SECONDS", "4"))
    rounds = int(os.environ.get("CROWNCAP_BENCH_ROUNDS", "3"))
    loaded = int(os.environ.get("CROWNCAP_BENCH_LOADED", "1000000"))
    port = free_port()
    with scratch_data() as data:
        log = data.parent / "server.log"
        up = f"up --demo --no-week --workers 1 --port {port} --data-dir".split()
        with started([CROWNCAP, *up, data], log, {}) as process:
            wait_until_ready(process, f"http://127.0.0.1:{port}/health/ready", log)
            found = asyncio.run(_measure(data, process.pid, seconds, rounds, loaded))
            run_crowncap(data, "audit")
    medians = {name: statistics.median(values) for name, values in found.items()}
    issued = medians["issued_per_s"] / medians["textbook_issued_per_s"]
    redeemed = medians["redeemed_per_s"] / medians["textbook_redeemed_per_s"]
    return {
        "callers": CALLERS,
        "rounds": rounds,
        **{name: rounded(value) for name, value in medians.items()},
        "ratio_issued": rounded(issued),
        "ratio_redeemed": rounded(redeemed),
        **{
            f"ratio_{name}_loaded": rounded(
                medians[f"loaded_{name}_per_s"] / medians[f"{name}_per_s"]
            )
            for name in ("issued", "redeemed")
        },
        **{
            f"{name}_range": f"{rounded(min(values))}-{rounded(max(values))}"
            for name, values in found.items()
            if name.endswith("_per_s")
        },
    }


async def _measure(
    data: Path, server: int, seconds: float, rounds: int, loaded: int
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    database_url = StoreUrls.of(data, "crowncap").database_url
    async with (
        _counter(data, database_url) as counter,
        CouponTextbook.on(database_url) as textbook,
    ):
        meter = Meter(server, seconds)
        for _ in range(rounds):
            ours = await _one_round(meter, counter)
            for name, value in (ours | await _by_the_book(meter, textbook)).items():
                found[name].append(value)
        await counter.load(loaded)
        for _ in range(rounds):
            for name, value in (await _one_round(meter, counter)).items():
                found[f"loaded_{name}"].append(value)
    return found


@dataclass(frozen=True, slots=True)
class Meter:
    """Measures work for some seconds: how much a second, and CPU time for each."""

    server: int
    seconds: float

    async def run(
        self,
        name: str,
        work: Callable[[int], Awaitable[None]],
        *,
        callers: int = CALLERS,
        most: int = STOCK,
    ) -> dict[str, float]:
        """Let callers ask one after another for a while."""
        begun, cpu = time.perf_counter(), self._cpu_s()
        until = begun + self.seconds
        done = 0

        async def call() -> None:
            nonlocal done
            while time.perf_counter() < until and done < most:
                number = done
                done += 1
                await work(number)

        await asyncio.gather(*(call() for _ in range(callers)))
        elapsed_s = time.perf_counter() - begun
        ours, postgres = (
            (after - before) * 1e6 / done
            for before, after in zip(cpu, self._cpu_s(), strict=True)
        )
        return {
            f"{name}_per_s": done / elapsed_s,
            f"{name}_cpu_us": ours,
            f"{name}_postgres_cpu_us": postgres,
        }

    def _cpu_s(self) -> tuple[float, float]:
        return time.process_time(), cpu_seconds([self.server])["postgres"]


async def _one_round(meter: Meter, counter: Counter) -> dict[str, float]:
    """Run each in turn; redemptions use what was issued just before."""

    def issuing(pool_id: str) -> Callable[[int], Awaitable[None]]:
        return lambda n: counter.issue(pool_id, n, key=None)

    def with_key(n: int) -> Awaitable[None]:
        key = SentKey(random_bytes(16), random_bytes(16))
        return counter.issue("stock", n, key=key)

    found = await meter.run("issued", issuing("stock"))
    found |= await meter.run("issued_with_three_limits", issuing("limits"))
    found |= await meter.run("issued_with_keys", with_key)
    found |= await meter.run(
        "redeemed", lambda _: counter.redeem(), most=len(counter.unused)
    )
    counter.unused.clear()
    return found


async def _by_the_book(meter: Meter, textbook: CouponTextbook) -> dict[str, float]:
    """Do the same as a textbook does."""
    found = await meter.run(
        "textbook_issued",
        lambda n: textbook.issue(f"m{n % MEMBERS}"),
        callers=TEXTBOOK_CALLERS,
    )
    found |= await meter.run(
        "textbook_redeemed",
        lambda _: textbook.redeem(),
        callers=TEXTBOOK_CALLERS,
        most=len(textbook.unused),
    )
    return found


@asynccontextmanager
async def _counter(data: Path, database_url: str) -> AsyncIterator[Counter]:
    """Add two pools to the demo, and give what a worker issues from them with."""
    engine = create_engine(database_url)
    off = Benefit(BenefitKind.AMOUNT_OFF, minor=500)
    three: dict[str, Any] = {"daily_stock": STOCK, "per_member": 10**6}
    async with engine.begin() as conn:
        for pool_id, limits in (("stock", {}), ("limits", three)):
            pool = NewPool(pool_id, pool_id, off, STOCK, valid_days=30, **limits)
            await add_pool(conn, pool, APP, now=utc_datetime(CLOCK.now_ms()))
    # Its worker has number 1 at the least.
    codes, ids = _codes(data), TimeIds(1_000)
    numbers = CouponNumbers(engine, codes)
    issuing = CouponIssuing(engine, CLOCK, ids, TIMEZONE, numbers)
    redeeming = Redeeming(engine, CLOCK, ids, codes)
    try:
        yield Counter(engine, issuing, redeeming, [])
    finally:
        await engine.dispose()


def _codes(data: Path) -> CouponCodes:
    """Seal coupons of the demo's only epoch, with the demo's own keys and mark."""
    keys = MasterKeyFile(data / "keys" / "master-keys").load(Purpose.COUPONS)
    mark = HighWaterMark(data / "keys" / "high-water.json")

    def seal_numbers(numbers: Sequence[int]) -> list[str]:
        codes = seal(keys, 0, np.array(numbers, np.uint64))
        return [bytes(code).decode() for code in codes]

    async def lock_epoch(conn: AsyncConnection) -> EpochNumbers:
        epoch, _ = await lock_open_epoch(conn)
        return EpochNumbers(epoch, 1, SERIALS_PER_EPOCH)

    return CouponCodes(
        read=lambda given: given,
        open=lambda code_text: open_code(keys, code_text),
        seal=seal_numbers,
        lock_epoch=lock_epoch,
        raising=lambda epoch: mark.raising(f"coupons of {epoch}"),
    )
