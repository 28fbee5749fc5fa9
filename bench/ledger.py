"""Post to the ledger, spend and return, beside a textbook that does one each.

What is measured are the pipeline's own calls, each of a batch in a transaction that is
durable, two connections at once: points granted to lots of members (`post_transfers`,
`CROWNCAP_BENCH_BATCH` of them, 500 unless set), spends of which each fourth is of two
lots, and returns of what was spent. The textbook has a SQLAlchemy session and a
transaction for each; it runs in the same process, on the same PostgreSQL, in turn.
`CROWNCAP_BENCH_SECONDS` is the length of a run, 4 unless set, `CROWNCAP_BENCH_ROUNDS`
the number of rounds, 3 unless set. Then come as many rounds with
`CROWNCAP_BENCH_LOADED` more transfers in the tables, 10^7 unless set, of a tenth as
many members. All of it is sealed, which is measured too, and then comes an audit.
"""

import asyncio
import os
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.ledger_textbook import PointsTextbook
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
from core.clock import SystemClock, utc_datetime
from core.db import create_engine
from core.ids import TimeIds, first_id_at
from rewards.domain.ledger import POINTS_UNIT
from rewards.domain.points.spending import Return, ReturnOutcome, Spend, SpendOutcome
from rewards.domain.transfers import Transfer, TransferKind
from rewards.pipeline.points.spending import return_spends, spend
from rewards.pipeline.seals import seal_some
from rewards.store.members import ensure_members
from rewards.store.transfers import post_transfers

BATCH: Final = int(os.environ.get("CROWNCAP_BENCH_BATCH", "500"))
AT_ONCE: Final = 2
MEMBERS: Final = 20_000
TEXTBOOK_CALLERS: Final = 64
TEXTBOOK_MEMBERS: Final = 2_000
LOTS: Final = (date(2099, 1, 31), date(2099, 2, 28), date(2099, 3, 31))
CHUNK: Final = 200_000
CLOCK: Final = SystemClock()
TODAY: Final = date(2027, 1, 1)

_CAMPAIGN: Final = text(
    "SELECT campaign_no FROM campaigns ORDER BY campaign_no LIMIT 1"
)
# As scans of days gone by would have left them; each posting names what it posted.
_LOAD: Final = text(
    """
    WITH loaded AS (
        INSERT INTO transfers (shard, origin_id, transfer_id, kind, debit_account,
            credit_account, unit, expires_on, amount)
        SELECT 0, :first + n, :first + n, 'grant', :campaign_no,
            :members + n % :count, 0, '2099-12-31', 5
        FROM generate_series(CAST(:begin AS bigint), CAST(:end AS bigint)) AS n
        RETURNING origin_id, credit_account, amount
    ), named AS (
        INSERT INTO unsealed (shard, origin_id, transfer_id, origins, transfers)
        SELECT 0, min(origin_id), min(origin_id), array_agg(origin_id),
            array_agg(origin_id)
        FROM loaded GROUP BY origin_id / 100
    ), found AS (
        INSERT INTO members (shard, member_no, member_id, created_at)
        SELECT DISTINCT 0, credit_account, 'loaded-' || credit_account, now()
        FROM loaded ON CONFLICT DO NOTHING
        RETURNING member_id, member_no
    ), known AS (
        INSERT INTO identities (shard, member_id, member_no)
        SELECT 0, member_id, member_no FROM found
    )
    INSERT INTO balances AS b (shard, member_no, unit, expires_on, available, pending)
    SELECT 0, credit_account, 0, '2099-12-31', sum(amount), 0 FROM loaded GROUP BY 2
    ON CONFLICT (shard, member_no, unit, expires_on)
        DO UPDATE SET available = b.available + excluded.available
    """
)


@dataclass(slots=True)
class Ledger:
    """What posts, spends and returns; what was spent may be returned."""

    engine: AsyncEngine
    campaign_no: int
    members: list[int]
    ids: TimeIds = field(default_factory=lambda: TimeIds(1_000))
    spent: list[int] = field(default_factory=list)
    _next: int = 0

    def _numbers(self, count: int) -> Sequence[tuple[int, int]]:
        """Take members in turn, each with a number for what is done to it."""
        now_ms = CLOCK.now_ms()
        first, self._next = self._next, self._next + count
        return [
            (self.members[place % MEMBERS], self.ids.next_id(now_ms))
            for place in range(first, first + count)
        ]

    async def grant(self, amount: int = 5, *, lot: date = LOTS[-1]) -> int:
        """Grant points to a batch of members."""
        granted = [
            Transfer(
                *(number, number, TransferKind.GRANT, self.campaign_no, member),
                *(POINTS_UNIT, amount, lot),
            )
            for member, number in self._numbers(BATCH)
        ]
        async with self.engine.begin() as conn:
            await post_transfers(conn, granted)
        return len(granted)

    async def spend(self) -> int:
        """Let a batch of members spend; their first lots hold four spends each."""
        spends = [
            Spend(number, member, 5, "bench") for member, number in self._numbers(256)
        ]
        async with self.engine.begin() as conn:
            outcomes = await spend(conn, spends, today=TODAY)
        assert set(outcomes) == {SpendOutcome.SPENT}
        self.spent += [each.spend_id for each in spends]
        return len(spends)

    async def give_back(self) -> int:
        """Return a batch of spends."""
        taken, self.spent = self.spent[-256:], self.spent[:-256]
        now_ms = CLOCK.now_ms()
        returns = [
            Return(number, self.ids.next_id(now_ms), "bench", "bench")
            for number in taken
        ]
        async with self.engine.begin() as conn:
            outcomes = await return_spends(conn, returns)
        assert set(outcomes) <= {ReturnOutcome.RETURNED}
        return len(returns)

    async def seal(self) -> int:
        """Seal some of what was posted; 0 when all is."""
        async with self.engine.begin() as conn:
            return await seal_some(conn, now=utc_datetime(CLOCK.now_ms()))

    async def load(self, count: int) -> None:
        """Add transfers of days gone by, of a tenth as many other members."""
        first = first_id_at(CLOCK.now_ms() - 20 * 86_400_000)
        for begin in range(0, count, CHUNK):
            values = {
                "first": first,
                "members": first,
                "campaign_no": self.campaign_no,
                "count": count // 10,
                "begin": begin,
                "end": min(begin + CHUNK, count) - 1,
            }
            async with self.engine.begin() as conn:
                await conn.execute(_LOAD, values)
        async with self.engine.connect() as conn:
            await conn.execution_options(isolation_level="AUTOCOMMIT")
            await conn.execute(text("VACUUM ANALYZE transfers, balances, members"))


@dataclass(frozen=True, slots=True)
class Meter:
    """Measures work for some seconds: how much a second, and CPU time for each."""

    server: int
    seconds: float

    async def run(
        self, name: str, work: Callable[[], Awaitable[int]], *, callers: int = AT_ONCE
    ) -> dict[str, float]:
        """Let callers work one after another for a while, or until there is no more."""
        begun, cpu = time.perf_counter(), self._cpu_s()
        done = 0

        async def call() -> None:
            nonlocal done
            while time.perf_counter() < begun + self.seconds:
                some = await work()
                done += some
                if not some:
                    return

        await asyncio.gather(*(call() for _ in range(callers)))
        elapsed_s = time.perf_counter() - begun
        ours, postgres = (
            (after - before) * 1e6 / max(done, 1)
            for before, after in zip(cpu, self._cpu_s(), strict=True)
        )
        return {
            f"{name}_per_s": done / elapsed_s,
            f"{name}_cpu_us": ours,
            f"{name}_postgres_cpu_us": postgres,
        }

    def _cpu_s(self) -> tuple[float, float]:
        return time.process_time(), cpu_seconds([self.server])["postgres"]


def run() -> dict[str, object]:
    """Return medians: how many a second, CPU time for each, and how they compare."""
    seconds = float(os.environ.get("CROWNCAP_BENCH_SECONDS", "4"))
    rounds = int(os.environ.get("CROWNCAP_BENCH_ROUNDS", "3"))
    loaded = int(os.environ.get("CROWNCAP_BENCH_LOADED", "10000000"))
    port = free_port()
    with scratch_data() as data:
        log = data.parent / "server.log"
        up = f"up --demo --no-week --workers 1 --port {port} --data-dir".split()
        with started([CROWNCAP, *up, data], log, {}) as process:
            wait_until_ready(process, f"http://127.0.0.1:{port}/health/ready", log)
            found = asyncio.run(_measure(data, process.pid, seconds, rounds, loaded))
            run_crowncap(data, "audit")
    medians = {name: statistics.median(values) for name, values in found.items()}
    ratios = {
        f"ratio_{name}": medians[f"{name}_per_s"] / medians[f"textbook_{name}_per_s"]
        for name in ("spent", "returned")
    } | {
        f"ratio_{name}_loaded": medians[f"loaded_{name}_per_s"]
        / medians[f"{name}_per_s"]
        for name in ("posted", "spent", "returned")
        if loaded
    }
    return {
        "batch": BATCH,
        "rounds": rounds,
        "loaded": loaded,
        **{name: rounded(value) for name, value in (medians | ratios).items()},
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
        _ledger(database_url) as ledger,
        PointsTextbook.on(database_url, TEXTBOOK_MEMBERS) as textbook,
    ):
        meter = Meter(server, seconds)
        for _ in range(rounds):
            ours = await _one_round(meter, ledger)
            for name, value in (ours | await _by_the_book(meter, textbook)).items():
                found[name].append(value)
        if loaded:
            await ledger.load(loaded)
            for _ in range(rounds):
                for name, value in (await _one_round(meter, ledger)).items():
                    found[f"loaded_{name}"].append(value)
        sealed = await meter.run("sealed_postings", ledger.seal, callers=1)
        for name, value in sealed.items():
            found[name].append(value)
        while await ledger.seal():
            pass
    return found


async def _one_round(meter: Meter, ledger: Ledger) -> dict[str, float]:
    """Run each in turn; returns are of what was spent just before."""
    found = await meter.run("posted", ledger.grant)
    found |= await meter.run("spent", ledger.spend)
    found |= await meter.run("returned", ledger.give_back)
    return found


async def _by_the_book(meter: Meter, textbook: PointsTextbook) -> dict[str, float]:
    """Do the same as a textbook does."""
    place = 0

    async def spend_one() -> int:
        nonlocal place
        place += 1
        await textbook.spend(1 + place % TEXTBOOK_MEMBERS, 5)
        return 1

    async def give_one_back() -> int:
        if not textbook.spent:
            return 0
        await textbook.give_back()
        return 1

    callers = TEXTBOOK_CALLERS
    found = await meter.run("textbook_spent", spend_one, callers=callers)
    return found | await meter.run("textbook_returned", give_one_back, callers=callers)


@asynccontextmanager
async def _ledger(database_url: str) -> AsyncIterator[Ledger]:
    """Give members of the demo's installation lots to spend."""
    engine = create_engine(database_url)
    now_ms = CLOCK.now_ms()
    ids = TimeIds(1_001)
    async with engine.begin() as conn:
        campaign_no = (await conn.execute(_CAMPAIGN)).scalar_one()
        wanted = {f"bench-{n}": ids.next_id(now_ms) for n in range(MEMBERS)}
        members = sorted((await ensure_members(conn, wanted)).values())
    ledger = Ledger(engine, campaign_no, members)
    try:
        for lot, amount in ((LOTS[0], 17), (LOTS[1], 10**6)):
            for _ in range(MEMBERS // BATCH):
                await ledger.grant(amount, lot=lot)
        yield ledger
    finally:
        await engine.dispose()
