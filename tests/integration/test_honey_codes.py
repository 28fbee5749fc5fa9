"""Honey codes: which caps they are taken of, and how each that is seen is counted."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from anti_fraud.domain.incidents import Incident, IncidentFinding, IncidentKind
from anti_fraud.pipeline.incidents import close_incident, list_incidents
from codegen.domain.batches import Batch, Selection
from codegen.domain.ranges import RangeState
from core.auth.principal import Role, Staff
from core.clock import utc_datetime
from core.errors import Conflict, Forbidden, InvalidInput
from core.fence import take_fence
from crowncap.code_holders import find_code_holders
from printer_export.domain.reports.statuses import CHUNK, NUMBER_OF
from printer_export.pipeline.honey_codes import (
    MOST_OF_A_BATCH,
    add_honey_codes,
    list_honey_codes,
)
from scan_api.domain.scans import Outcome
from scan_api.pipeline.early_scans import EarlyScanLog
from scan_api.pipeline.seen_codes import MOST_WAITING
from tests.fixtures.ground import CLOCK, Ground
from tests.fixtures.worker import Worker, worker_of

LI = Staff("t1", "li", Role.ANALYST)
NOW = utc_datetime(CLOCK.now_ms())


@dataclass(slots=True)
class Hive:
    """Two workers, and who asks for honey codes."""

    ground: Ground
    workers: tuple[Worker, Worker]
    logs: tuple[EarlyScanLog, EarlyScanLog]

    async def add(self, batch: Batch, quantity: int, staff: Staff = LI) -> list[int]:
        """Ask for honey codes; gives their indexes."""
        keys = self.ground.issuance.key_file.load()
        async with self.ground.engine.begin() as conn:
            added = await add_honey_codes(
                conn, keys, batch.batch_id, quantity, staff, now=NOW
            )
        return [each.index for each in added]

    async def incidents(self) -> dict[str, Incident]:
        """List incidents of honey codes by subject."""
        async with self.ground.engine.connect() as conn:
            found, _ = await list_incidents(conn, LI, kind=IncidentKind.HONEY, limit=50)
        return {each.subject: each for each in found}

    async def flush(self) -> None:
        """Let both workers count at once."""
        await asyncio.gather(*(log.flush() for log in self.logs))


@pytest.fixture
async def hive(ledger: Ground, redis_url: str) -> AsyncIterator[Hive]:
    """Start two workers that look for nothing new."""
    await ledger.rules()
    async with worker_of(ledger, redis_url) as one, worker_of(ledger, redis_url) as two:
        logs = []
        for each in (one, two):
            log = EarlyScanLog(each.engine, CLOCK, each.states, find_code_holders)
            each.pipeline.note_early = log.note_scan
            logs.append(log)
        yield Hive(ledger, (one, two), (logs[0], logs[1]))


async def report(ground: Ground, batch: Batch, statuses: Sequence[int]) -> None:
    """Say what a line reported of the first codes of each chunk, behind its back."""
    chunk = np.zeros(CHUNK, dtype=np.uint8)
    chunk[: len(statuses)] = statuses
    await ground.conn.execute(
        "INSERT INTO code_statuses VALUES (%s, %s, %s)",
        (batch.batch_id, 1, chunk.tobytes()),
    )


async def test_codes_that_a_line_reported_or_somebody_voided_are_left(
    hive: Hive,
) -> None:
    """Of two chunks: what is left of the second, then the end of the first."""
    batch = await hive.ground.issue(CHUNK + 6)
    printed, missing = NUMBER_OF["printed"], NUMBER_OF["missing"]
    await report(hive.ground, batch, [0, printed, 0, missing, 0, 0])
    await hive.ground.rows(
        "INSERT INTO void_codes (code_id, change_id)"
        f" VALUES ({batch.first_code_id + CHUNK + 4}, 1)"
    )
    last = CHUNK + 5
    active = Selection(from_index=last, to_index=last)
    await hive.ground.change(batch, RangeState.ACTIVATED, active)
    assert await hive.add(batch, 4) == [CHUNK - 2, CHUNK - 1, CHUNK, CHUNK + 2]
    # The next ones lie before them.
    assert await hive.add(batch, 2) == [CHUNK - 4, CHUNK - 3]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ranges SET state = 'activated' WHERE batch_id = {batch.batch_id}",
        (
            "INSERT INTO void_codes (code_id, change_id)"
            " VALUES ({batch.first_code_id} + 8, 1)"
        ),
    ],
)
async def test_what_is_changed_while_they_are_chosen_is_none(
    hive: Hive, statement: str
) -> None:
    """Another has the fence when the request has chosen: it is told to try again."""
    batch = await hive.ground.issue(10)
    waiting = "SELECT FROM pg_locks WHERE NOT granted"
    async with hive.ground.engine.begin() as conn:
        await take_fence(conn)
        asked = asyncio.create_task(hive.add(batch, 3))
        while not await hive.ground.rows(waiting):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        await conn.exec_driver_sql(statement.format(batch=batch))
    with pytest.raises(Conflict) as refused:
        await asked
    assert refused.value.code == "stale"
    assert await hive.ground.rows("SELECT * FROM honey_codes") == []


async def test_a_batch_has_so_many_and_a_brands_analyst_none(hive: Hive) -> None:
    batch = await hive.ground.issue(MOST_OF_A_BATCH + 100)
    for _ in range(MOST_OF_A_BATCH // 100):
        await hive.add(batch, 100)
    with pytest.raises(InvalidInput):
        await hive.add(batch, 1)
    tea = Staff("t2", "wang", Role.ANALYST, brand="Tea")
    with pytest.raises(Forbidden):
        await hive.add(batch, 1, tea)
    async with hive.ground.engine.connect() as conn:
        with pytest.raises(Forbidden):
            await list_honey_codes(conn, tea, batch_id=None, before_id=None, limit=9)
    assert await hive.ground.audit() == []


async def test_the_first_scan_on_each_worker_counts_once(hive: Hive) -> None:
    """Neither worker has heard of them; void codes of others are nobody's alarm."""
    batch, other = await hive.ground.issue(10), await hive.ground.issue(10)
    for worker in hive.workers:
        await worker.states.refresh()
    await hive.add(batch, 2)
    await hive.ground.change(other, RangeState.VOID)
    first = batch.first_code_id
    for worker in hive.workers:
        for code in (first + 8, first + 9, first + 9, other.first_code_id):
            assert await worker.scan(code, f"m-{code}") is Outcome.NOT_ACTIVE
    await hive.flush()
    await hive.flush()
    found = await hive.incidents()
    assert set(found) == {f"batch:{batch.batch_id}"}
    [incident] = found.values()
    assert (incident.seen, incident.openings) == (6, 1)
    assert incident.detail == {
        "batch_id": str(batch.batch_id),
        "codes": 2,
        "looks": 0,
        "scans": 6,
    }
    assert await hive.ground.rows(
        "SELECT code_id, scans FROM honey_codes ORDER BY code_id"
    ) == [(first + 8, 2), (first + 9, 4)]
    assert await hive.ground.rows("SELECT * FROM early_codes") == []


async def test_a_false_alarm_is_opened_again_by_the_next_one(hive: Hive) -> None:
    """Who is at work is no exception: no cap of any plant has such a code."""
    batch = await hive.ground.issue(10)
    await hive.add(batch, 1)
    await hive.ground.rows(
        "INSERT INTO list_entries (list, kind, value, reason, created_by, created_at)"
        " VALUES ('shop', 'member', 'shop', 'r', 'li', now())"
    )
    worker, code = hive.workers[0], batch.first_code_id + 9
    await worker.states.refresh()
    await worker.scan(code, "shop")
    await hive.flush()
    [incident] = (await hive.incidents()).values()
    async with hive.ground.engine.begin() as conn:
        await close_incident(
            conn,
            incident.incident_id,
            LI,
            IncidentFinding.FALSE_ALARM,
            note="tried out",
            now=NOW,
        )
    await worker.scan(code, "shop")
    await hive.flush()
    [again] = (await hive.incidents()).values()
    assert (again.seen, again.openings, again.dismissed) == (2, 2, 1)


async def test_an_app_of_another_brand_is_told_nothing_and_seen(hive: Hive) -> None:
    batch = await hive.ground.issue(10)
    await hive.add(batch, 1)
    scan = hive.workers[0].opened(batch.first_code_id + 9, "m")
    scan.brand = "Nobody's"
    answered = await hive.workers[0].pipeline.submit(scan)
    assert answered.outcome is Outcome.INVALID
    await hive.flush()
    assert len(await hive.incidents()) == 1


async def test_a_flood_of_early_scans_drowns_no_honey_code(hive: Hive) -> None:
    """What is early and what is void waits apart."""
    batch = await hive.ground.issue(10)
    await hive.add(batch, 1)
    log, worker = hive.logs[0], hive.workers[0]
    for number in range(MOST_WAITING):
        log._early.add(number, 1, 0)
    await worker.scan(batch.first_code_id + 9, "thief")
    await log.flush()
    assert len(await hive.incidents()) == 1
