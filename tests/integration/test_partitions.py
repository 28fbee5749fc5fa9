"""Partitions are made, mended and dropped while scans and readers go on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import structlog
from sqlalchemy.exc import OperationalError

from core.auth.idempotency import PRUNED_AT_ONCE, prune_keys
from core.clock import to_ms, utc_datetime
from core.db import LOCK_TIMEOUT_MS, try_briefly
from core.ids import first_id_at
from scan_api.store.partitions import (
    drop_old_traces,
    ensure_current_partitions,
    keep_code_partitions,
    keep_time_partitions,
)
from tests.fixtures.ground import CLOCK, Ground

NOW = utc_datetime(CLOCK.now_ms())
STEP = 50_000
TABLES = ("scans", "scan_traces", "claims", "sightings")


def id_in(days: float) -> int:
    """Name the first id of a moment so many days from now."""
    return first_id_at(to_ms(NOW + timedelta(days=days)))


def month_in(days: float) -> str:
    """Name the month of a moment so many days from now, as partitions do."""
    return (NOW + timedelta(days=days)).strftime("%Y_%m")


def mid_month_in(days: float) -> int:
    """Name the first id of the middle of that month."""
    month = (NOW + timedelta(days=days)).astimezone(UTC)
    return first_id_at(to_ms(datetime(month.year, month.month, 15, tzinfo=UTC)))


async def add_scans(ledger: Ground, first_id: int, number: int = 1) -> None:
    """Write scans with ids from `first_id` on, as a worker whose clock says so."""
    await ledger.rows(
        "INSERT INTO scans (scan_id, code_id, outcome, points, facts)"
        f" SELECT {first_id} + n, 1, 'verified', 0, ''"
        f" FROM generate_series(1, {number}) AS n"
    )


async def count(ledger: Ground, table: str) -> int:
    """Count a table's rows."""
    [(number,)] = await ledger.rows(f"SELECT count(*) FROM {table}")
    return int(number)


async def partitions(ledger: Ground, table: str, like: str = "") -> list[str]:
    """Name a table's partitions but for its default, in order."""
    rows = await ledger.rows(
        f"SELECT CAST(child AS text) FROM partitions_of('{table}') ORDER BY keys"
    )
    return [name for (name,) in rows if name.startswith(f"{table}_{like}")]


@asynccontextmanager
async def open_reader(ledger: Ground) -> AsyncIterator[None]:
    """Keep a transaction open that has read every partition, as a dump does."""
    async with await psycopg.AsyncConnection.connect(
        ledger.database_url, application_name="a dump"
    ) as reader:
        for table in TABLES:
            await reader.execute(f"TABLE {table}".encode())
        yield


@dataclass(slots=True)
class Scanning:
    """Scans that go on, one after the other: how many were sent, kept, and failed.

    Codes come again and again, so that earlier scans are looked up too; a scan that
    equals an earlier one is answered and not kept.
    A scan that waits for a lock much longer than upkeep may wait for one has failed.
    """

    ledger: Ground
    codes: list[int]
    sent: int = 0
    kept: int = 0
    failed: int = 0

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Scan while a block runs."""
        [member] = await self.ledger.members("ann")
        conn = await self.ledger.connect()
        await conn.execute(f"SET lock_timeout = {3 * LOCK_TIMEOUT_MS}".encode())
        done = asyncio.Event()
        scanning = asyncio.create_task(self._scan(conn, member, done))
        try:
            yield
        finally:
            done.set()
            await scanning
            await conn.close()

    async def has_sent(self, number: int) -> None:
        """Wait until the answers of so many have come."""
        async with asyncio.timeout(60):
            while self.sent <= number:  # noqa: ASYNC110 - nobody says
                await asyncio.sleep(0.005)

    async def _scan(
        self, conn: psycopg.AsyncConnection[Any], member: int, done: asyncio.Event
    ) -> None:
        while not done.is_set():
            code_id = self.codes[self.sent % len(self.codes)]
            self.sent += 1
            wish = self.ledger.wish(code_id, member)
            try:
                [answer] = await self.ledger.commit(wish, conn=conn)
                self.kept += answer.repeats is None
            except psycopg.Error:
                self.failed += 1
            await asyncio.sleep(0.005)


async def test_open_readers_make_upkeep_wait_and_never_a_scan(ledger: Ground) -> None:
    """A dump keeps every partition's lock; partitions are made once it has ended."""
    assert await keep_time_partitions(ledger.engine, NOW)
    await ledger.rows(
        "SELECT ensure_time_partitions('scan_traces', '{old}', '{0}', '{9}')"
    )
    scanning, later = Scanning(ledger, await ledger.live(50)), NOW + timedelta(100)
    made = await partitions(ledger, "scans")
    async with scanning.going_on():
        async with open_reader(ledger):
            with structlog.testing.capture_logs() as logs:
                assert not await keep_time_partitions(
                    ledger.engine, later, pauses_s=(0.05, 0.05)
                )
            with pytest.raises(OperationalError, match="lock timeout"):
                await drop_old_traces(ledger.engine, NOW, pauses_s=(0.05,))
            # Claims have no default, so readers are in nobody's way there.
            await ledger.rows("UPDATE epochs SET next_serial = 3::bigint << 30")
            assert await keep_code_partitions(ledger.engine, pauses_s=())
        assert await partitions(ledger, "scans") == made
        assert await keep_time_partitions(ledger.engine, later)
        assert await drop_old_traces(ledger.engine, NOW) == 1
    assert scanning.failed == 0
    assert scanning.sent > 20
    assert len(await partitions(ledger, "scans")) > len(made)
    assert await partitions(ledger, "claims") == [f"claims_{n}" for n in range(4)]
    [told, *_] = [line for line in logs if line["event"] == "partition_waits"]
    assert [who for who in told["held_by"] if "a dump" in who]


async def test_a_missing_partition_is_an_alarm_when_it_is_needed_soon(
    ledger: Ground,
) -> None:
    """Days ahead it can wait; for today somebody has to look."""
    await keep_time_partitions(ledger.engine, NOW)
    levels: list[str] = []
    for statement, later in (
        ("SELECT", NOW + timedelta(days=5)),
        (f"DROP TABLE {NOW:scan_traces_%Y_%m_%d}", NOW),
    ):
        await ledger.rows(statement)
        async with open_reader(ledger):
            with structlog.testing.capture_logs() as logs:
                await keep_time_partitions(ledger.engine, later, pauses_s=())
        levels.extend(
            line["log_level"] for line in logs if line["tables"] == ("scan_traces",)
        )
    assert levels == ["info", "error"]


async def test_rows_of_the_future_move_when_their_partition_is_made(
    ledger: Ground,
) -> None:
    """A clock was ahead; upkeep comes to that month, and goes on after it."""
    await keep_time_partitions(ledger.engine, NOW)
    await add_scans(ledger, mid_month_in(200), 7)
    await ledger.rows(
        f"INSERT INTO scan_traces (scan_id, cell) VALUES ({id_in(100)}, 5)"
    )
    assert await count(ledger, "scans_default") == 7
    assert await keep_time_partitions(ledger.engine, NOW + timedelta(days=200))
    assert await count(ledger, "scans_default") == 0
    assert await count(ledger, f"scans_{month_in(200)}") == 7
    assert await count(ledger, "scan_traces_default") == 0
    assert await count(ledger, f"scan_traces_{NOW + timedelta(days=100):%Y_%m_%d}") == 1
    assert await ledger.rows("SELECT count(*), count(DISTINCT scan_id) FROM scans") == [
        (7, 7)
    ]


async def test_many_rows_move_in_steps_and_none_is_ever_missing(ledger: Ground) -> None:
    """No lock lasts longer than a step; every reader finds every row once."""
    await add_scans(ledger, mid_month_in(-100), 2 * STEP + 1)
    first, last = id_in(-150), id_in(-60)
    for step in (1, 2, 3, 0):
        [(made,)] = await ledger.rows(
            "SELECT ensure_time_partitions("
            f"'scans', '{{old}}', '{{{first}}}', '{{{last}}}')"
        )
        assert made == min(step, 1)
        assert await count(ledger, "scans") == 2 * STEP + 1
    assert await count(ledger, "scans_default") == 0
    names = ["scans_old", "scans_old_2", "scans_old_3"]
    assert await partitions(ledger, "scans") == names
    assert [await count(ledger, name) for name in names] == [STEP, STEP, 1]


async def test_rows_of_past_months_move_too(ledger: Ground) -> None:
    """Upkeep failed for months; only the months with rows get a partition."""
    await add_scans(ledger, mid_month_in(-200))
    await add_scans(ledger, mid_month_in(-100))
    assert await keep_time_partitions(ledger.engine, NOW)
    made = await partitions(ledger, "scans")
    assert made[:3] == [f"scans_{month_in(days)}" for days in (-200, -100, 0)]
    assert await count(ledger, "scans_default") == 0


async def test_a_month_that_is_damaged_is_the_only_one_that_waits(
    ledger: Ground,
) -> None:
    """Its rows can't move; every other month's do, and partitions are made ahead."""
    await add_scans(ledger, mid_month_in(-200))
    await add_scans(ledger, mid_month_in(-100))
    await ledger.rows(
        "CREATE TRIGGER damaged BEFORE DELETE ON scans_default FOR EACH ROW"
        f" WHEN (old.scan_id < {mid_month_in(-150)})"
        " EXECUTE FUNCTION refuse_rewriting()"
    )
    assert not await keep_time_partitions(ledger.engine, NOW)
    made = await partitions(ledger, "scans")
    assert made[:2] == [f"scans_{month_in(days)}" for days in (-100, 0)]
    assert await count(ledger, "scans_default") == 1


async def test_what_is_written_right_now_moves_when_nobody_writes_it(
    ledger: Ground,
) -> None:
    """This month has no partition: what comes next gets one, and no scan fails."""
    scanning = Scanning(ledger, await ledger.live(50))
    async with scanning.going_on():
        await scanning.has_sent(1)
        assert not await keep_time_partitions(ledger.engine, NOW)
        await scanning.has_sent(max(scanning.sent, 50) + 3)
    assert scanning.failed == 0
    assert await count(ledger, "scans") == scanning.kept
    [(covered,)] = await ledger.rows(
        f"SELECT uncovered('scans', {id_in(1 / 24)}, {id_in(60)}) = '{{}}'"
    )
    assert covered


async def test_any_table_with_ids_of_time_is_kept(ledger: Ground) -> None:
    """Whatever its key is called and its columns are like, with a default or not."""
    columns = (
        "kind text NOT NULL DEFAULT 'x', moment bigint NOT NULL, twice bigint"
        " GENERATED ALWAYS AS (moment * 2) STORED, shard smallint NOT NULL DEFAULT 0,"
        " PRIMARY KEY (shard, moment, kind)"
    )
    for table in ("things", "others"):
        await ledger.rows(
            f"CREATE TABLE {table} ({columns}) PARTITION BY RANGE (moment)"
        )
    await ledger.rows("CREATE TABLE things_default PARTITION OF things DEFAULT")
    await ledger.rows("INSERT INTO things (moment) VALUES (5), (15), (25)")
    for table in ("things", "others"):
        made = await ledger.rows(
            f"SELECT ensure_time_partitions('{table}',"
            " '{a,b}', '{0,10}', '{10,20}')"
        )
        assert made == [(2,)]
    assert await ledger.rows("SELECT moment, twice FROM things_b") == [(15, 30)]
    assert await ledger.rows("SELECT moment FROM things_default") == [(25,)]
    await ledger.rows("INSERT INTO others (moment) VALUES (9)")
    assert await count(ledger, "others_a") == 1


async def test_damage_in_a_default_keeps_no_worker_from_starting(
    ledger: Ground,
) -> None:
    """Rows inside the bounds, a lock that is kept, a name that is taken, any fault."""
    await add_scans(ledger, id_in(-0.5), 3)
    await ledger.rows(f"CREATE TABLE scans_{month_in(0)} (somebody text)")
    await ledger.rows(
        "CREATE TRIGGER damaged BEFORE DELETE ON scans_default"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
    )
    with structlog.testing.capture_logs() as logs:
        async with open_reader(ledger):
            await ensure_current_partitions(ledger.engine, NOW)
        await ensure_current_partitions(ledger.engine, NOW)
        assert not await keep_time_partitions(ledger.engine, NOW)
    told = [line["event"] for line in logs if "scans" in line["tables"]]
    assert told[0] == "partition_waits"
    assert {*told[1:]} == {"partition_failed"}
    await ledger.rows("DROP TRIGGER damaged ON scans_default")
    await keep_time_partitions(ledger.engine, NOW)
    assert await count(ledger, "scans") == 3
    assert f"scans_{month_in(0)}_2" in await partitions(ledger, "scans")


async def test_upkeep_of_two_workers_at_once_makes_each_partition_once(
    ledger: Ground,
) -> None:
    """Every worker keeps the tables; the second finds the work done."""
    await ledger.issue(1)
    await ledger.rows("UPDATE epochs SET next_serial = 1::bigint << 30")
    await asyncio.gather(
        *(keep_time_partitions(ledger.engine, NOW) for _ in range(3)),
        *(keep_code_partitions(ledger.engine) for _ in range(3)),
    )
    assert len(await partitions(ledger, "scans")) in {4, 5}
    assert len(await partitions(ledger, "scan_traces")) == 9
    assert await partitions(ledger, "sightings") == ["sightings_0", "sightings_1"]


async def test_traces_past_their_keeping_are_dropped_by_what_they_hold(
    ledger: Ground,
) -> None:
    """Partitions by their bounds, whatever they are called, and rows of the default."""
    for day, cell in ((-93, 1), (-92, 2), (-89, 3)):
        first, last = id_in(day), id_in(day + 0.5)
        await ledger.rows(
            "SELECT ensure_time_partitions("
            f"'scan_traces', '{{day}}', '{{{first}}}', '{{{last}}}')"
        )
        for at in (first, last):
            await ledger.rows(
                f"INSERT INTO scan_traces (scan_id, cell) VALUES ({at}, {cell})"
            )
    async with open_reader(ledger):
        with pytest.raises(OperationalError, match="lock timeout"):
            await drop_old_traces(ledger.engine, NOW, pauses_s=())
        assert await count(ledger, "scan_traces") == 6
    assert await drop_old_traces(ledger.engine, NOW) == 2
    assert await ledger.rows("SELECT DISTINCT cell FROM scan_traces") == [(3,)]
    assert await partitions(ledger, "scan_traces") == ["scan_traces_day_3"]


async def test_old_keys_are_forgotten_in_slices_around_whoever_holds_one(
    ledger: Ground,
) -> None:
    """One key that somebody is at stays for the next time; nobody waits."""
    await ledger.rows(
        "INSERT INTO idempotency_keys (key_hash, body_hash, owner, created_at)"
        " SELECT decode(md5(n::text), 'hex'), decode(md5(''), 'hex'), n,"
        " now() - interval '3 days'"
        f" FROM generate_series(1, {PRUNED_AT_ONCE + 10}) AS n"
    )
    pruned: list[int] = []
    async with ledger.engine.connect() as other, other.begin():
        await other.exec_driver_sql(
            "SELECT FROM idempotency_keys WHERE owner = 7 FOR UPDATE"
        )
        while not pruned or pruned[-1]:
            pruned.append(
                await try_briefly(
                    ledger.engine, lambda conn: prune_keys(conn, now=NOW), pauses_s=()
                )
            )
    assert pruned == [PRUNED_AT_ONCE, 9, 0]
    assert await ledger.rows("SELECT owner FROM idempotency_keys") == [(7,)]
