"""The connection to PostgreSQL breaks between a commit and its answer."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from anti_fraud.pipeline.rule_sets import install_shipped_rules
from core.clock import next_business_day, to_ms, utc_datetime
from core.errors import Unavailable
from core.redis import connect
from scan_api.domain.scans import Scan
from scan_api.pipeline.answered import Answered
from scan_api.pipeline.scans import ScanPipeline
from scan_api.pipeline.signals import SignalStore
from scan_api.pipeline.worker_state import WorkerStateKeeper
from scan_api.store.commit_pool import CommitPool
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.servers import reachable_directory

SOCKET = ".s.PGSQL.5432"
UNKEYED, KEYED = b"SELECT 1\0", b"COMMIT\0"


@dataclass(slots=True)
class Wire:
    """Stands between a connection and PostgreSQL, and cuts when a word comes back."""

    real: Path
    cuts: list[bytes] = field(default_factory=list)
    made: int = 0
    _armed: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Carry one connection until either side ends or the wire is cut."""
        back, out = await asyncio.open_unix_connection(self.real)
        self._armed = False

        async def there() -> None:
            while data := await reader.read(65_536):
                self._armed = self._armed or b"commit_scans" in data
                out.write(data)

        async def here() -> None:
            while data := await back.read(65_536):
                if self._armed and self.cuts and self.cuts[0] in data:
                    self.cuts.pop(0)
                    self.made += 1
                    return
                writer.write(data)

        ways = [asyncio.create_task(way()) for way in (there, here)]
        self._tasks.update(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        self._tasks.difference_update(ways)
        for each in (out, writer):
            each.close()
            with contextlib.suppress(OSError):
                await each.wait_closed()


@dataclass(slots=True)
class Rig:
    """A real pipeline whose connections go through a wire."""

    ground: Ground
    wire: Wire
    pipeline: ScanPipeline

    async def scan(
        self, code: int, member: str, key: bytes = b"", *, at_ms: int | None = None
    ) -> Answered:
        """Scan as a worker does, now or at a time that its clock says."""
        now_ms = CLOCK.now_ms() if at_ms is None else at_ms
        scan = Scan(
            scan_id=self.ground.ids.next_id(now_ms),
            at_ms=now_ms,
            code_id=code,
            code_hash=code,
            gtin=None,
            member_id=member,
            device_id=None,
            address=None,
            cell=None,
            language="en",
            key_hash=key,
            body_hash=key,
        )
        return await self.pipeline.submit(scan)


@pytest.fixture
async def rig(ledger: Ground, redis_url: str) -> AsyncIterator[Rig]:
    """Put a pipeline together on a wired database."""
    async with ledger.engine.begin() as conn:
        await install_shipped_rules(conn, now=utc_datetime(CLOCK.now_ms()))
    redis = connect(redis_url)
    keeper = WorkerStateKeeper(ledger.engine, ledger.issuance.key_file)
    await keeper.start()
    [directory] = parse_qs(urlsplit(ledger.database_url).query)["host"]
    wire = Wire(Path(directory) / SOCKET)
    with reachable_directory() as place:
        server = await asyncio.start_unix_server(wire.serve, place / SOCKET)
        pool = CommitPool(ledger.database_url.replace(directory, str(place)))
        pipeline = ScanPipeline(
            pool, SignalStore(redis), keeper, TIMEZONE, ledger.ids, ledger.take_coupons
        )
        yield Rig(ledger, wire, pipeline)
        await pipeline.batcher.drain()
        await pipeline.signals.flush()
        await pool.close()
        await redis.close()
        server.close()
        await server.wait_closed()


async def setting(rig: Rig, **limits: int) -> list[int]:
    """Add a campaign with these limits; gives live codes."""
    await rig.ground.campaign("points", **limits)
    return await rig.ground.live(5, campaign_id="points")


async def test_a_commit_whose_answer_was_lost_is_found_again(rig: Rig) -> None:
    """The retry finds its own scan_id and tells what it won; nothing is paid twice."""
    codes = await setting(rig, cap=5, budget=5)
    rig.wire.cuts = [UNKEYED]
    answer = json.loads((await rig.scan(codes[0], "ann")).body())
    assert rig.wire.made == 1
    assert answer["outcome"] == "rewarded"
    assert answer["points_available"] == 5
    assert await rig.ground.rows("SELECT max(used) FROM limit_uses") == [(5,)]
    assert await rig.ground.audit() == []
    again = json.loads((await rig.scan(codes[0], "ann")).body())
    assert again["outcome"] == "already_claimed"
    assert again["scan_id"] == answer["scan_id"]


async def test_a_keyed_commit_whose_answer_was_lost_is_found_and_replayed(
    rig: Rig,
) -> None:
    """The key's recorded answer is the one that the retry gave."""
    codes = await setting(rig)
    rig.wire.cuts = [KEYED]
    first = await rig.scan(codes[0], "ann", b"k" * 16)
    assert rig.wire.made == 1
    assert json.loads(first.body())["outcome"] == "rewarded"
    again = await rig.scan(codes[0], "ann", b"k" * 16)
    assert again.replayed
    assert again.body() == first.body()
    assert await rig.ground.audit() == []


async def test_a_whole_batch_is_found_again(rig: Rig) -> None:
    """Claims, repeats and looks of one batch all keep their answers."""
    codes = await setting(rig)
    await rig.scan(codes[0], "ann")
    rig.wire.cuts = [UNKEYED]
    answers = await asyncio.gather(
        *(rig.scan(code, f"m{code}") for code in codes), rig.scan(codes[1], "late")
    )
    assert rig.wire.made == 1
    got = sorted(json.loads(answer.body())["outcome"] for answer in answers)
    assert got == ["already_claimed"] * 2 + ["rewarded"] * 4
    assert await rig.ground.audit() == []


async def test_what_was_paid_stays_claimed_when_its_answer_was_lost(rig: Rig) -> None:
    """The retry meets a cap that it filled itself, and equals an earlier scan."""
    codes = await setting(rig, cap=5)
    midnight_ms = to_ms(next_business_day(CLOCK.now_ms(), TIMEZONE))
    evening = await rig.scan(codes[0], "ann", at_ms=midnight_ms - 120_000)
    full = await rig.scan(codes[1], "ann", at_ms=midnight_ms - 119_000)
    outcomes = [json.loads(each.body())["outcome"] for each in (evening, full)]
    assert outcomes == ["rewarded", "limit_reached"]
    rig.wire.cuts = [UNKEYED]
    answer = await rig.scan(codes[1], "ann", at_ms=midnight_ms + 60_000)
    assert rig.wire.made == 1
    assert json.loads(answer.body())["outcome"] == "rewarded"
    assert await rig.ground.rows("SELECT count(*) FROM claims") == [(2,)]
    assert await rig.ground.audit() == []


async def test_two_lost_answers_promise_nothing_and_the_next_scan_tells(
    rig: Rig,
) -> None:
    """503 is not a refusal: who scans again learns that the cap is theirs."""
    codes = await setting(rig)
    # The retry reads back what it won; that answer is lost as well.
    rig.wire.cuts = [UNKEYED, b"\0"]
    with pytest.raises(Unavailable):
        await rig.scan(codes[0], "ann")
    assert rig.wire.made == 2
    again = json.loads((await rig.scan(codes[0], "ann")).body())
    assert again["outcome"] == "already_claimed"
    assert again["by_you"] is True
    assert await rig.ground.audit() == []


async def test_a_backend_that_dies_before_its_commit_is_met_with_a_retry(
    rig: Rig,
) -> None:
    """Terminated while it waits at the fence: the same scan wins on the next."""
    codes = await setting(rig)
    await rig.scan(codes[0], "ann")
    async with await psycopg.AsyncConnection.connect(rig.ground.database_url) as fence:
        await fence.execute("SELECT pg_advisory_xact_lock(4343, 1)")
        scan = asyncio.create_task(rig.scan(codes[1], "ann"))
        waiting = (
            "SELECT pid FROM pg_stat_activity"
            " WHERE application_name = 'crowncap commit'"
            " AND datname = current_database() AND wait_event_type = 'Lock'"
        )
        [(pid,)] = await until(lambda: rig.ground.rows(waiting))
        await rig.ground.rows(f"SELECT pg_terminate_backend({pid})")
        await fence.rollback()
        assert json.loads((await scan).body())["outcome"] == "rewarded"
    assert await rig.ground.audit() == []


async def until(ask: Callable[[], object]) -> list[tuple[int]]:
    """Ask until there is an answer."""
    async with asyncio.timeout(60):
        while True:
            rows: list[tuple[int]] = await ask()  # type: ignore[misc]
            if rows:
                return rows
            await asyncio.sleep(0.02)
