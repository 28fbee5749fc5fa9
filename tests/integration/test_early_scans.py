"""Codes that are seen before their caps are active: counted once each, and told of."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from anti_fraud.domain.case_settings import CaseSettings
from anti_fraud.domain.early_scans import MOST_CODES, EarlyWatch, SeenCode
from anti_fraud.domain.incidents import (
    Incident,
    IncidentFinding,
    IncidentKind,
    IncidentState,
)
from anti_fraud.pipeline.case_settings import approve_settings, draft_settings
from anti_fraud.pipeline.incidents import close_incident, list_incidents
from anti_fraud.store.early_scans import load_watch
from codegen.domain.batches import Batch, Unit
from codegen.domain.ranges import RangeState
from core.auth.principal import Role, Staff
from core.clock import utc_datetime
from core.ids import random_token
from crowncap.code_holders import find_code_holders
from printer_export.store.aggregation.dealers import find_dealers
from scan_api.domain.scans import Outcome
from scan_api.pipeline import early_scans
from scan_api.pipeline.case_sorting import CaseSorting
from scan_api.pipeline.early_scans import EarlyScanLog, count_early_scans
from scan_api.pipeline.replay import replay_scans
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.worker import Worker, worker_of

LI = Staff("t1", "li", Role.ANALYST)
WANG = Staff("t2", "wang", Role.ANALYST)
NOW = utc_datetime(CLOCK.now_ms())
NOTHING = EarlyWatch()
ROLLS = (Unit("R1", 0, 49), Unit("R2", 50, 99))


@dataclass(slots=True)
class Watched:
    """Two workers that see early scans, and a package of a batch in two rolls."""

    ground: Ground
    workers: tuple[Worker, Worker]
    logs: tuple[EarlyScanLog, EarlyScanLog]
    batch: Batch

    def code(self, index: int) -> int:
        """Give a code of the batch."""
        return self.batch.first_code_id + index

    async def see(
        self, indexes: Sequence[int], *, looks: int = 1, later: timedelta = timedelta()
    ) -> None:
        """Count looks at codes, as one worker does."""
        seen = [SeenCode(self.code(index), looks, 0) for index in indexes]
        async with self.ground.engine.begin() as conn:
            await count_early_scans(
                conn, seen, NOTHING, find_code_holders, now=NOW + later
            )

    async def incidents(self, kind: IncidentKind) -> dict[str, Incident]:
        """List incidents of a kind by subject."""
        async with self.ground.engine.connect() as conn:
            found, _ = await list_incidents(conn, LI, kind=kind, limit=50)
        return {each.subject: each for each in found}

    async def early(self) -> dict[str, int]:
        """Tell how many codes incidents have seen, by subject."""
        found = await self.incidents(IncidentKind.EARLY_SCAN)
        return {subject: each.seen for subject, each in found.items()}

    async def close(self, incident: Incident, finding: IncidentFinding) -> None:
        """Close an incident now."""
        async with self.ground.engine.begin() as conn:
            await close_incident(
                conn, incident.incident_id, LI, finding, note="looked", now=NOW
            )

    async def watch(self) -> EarlyWatch:
        """Load what is watched."""
        async with self.ground.engine.connect() as conn:
            return await load_watch(conn, NOTHING)


@pytest.fixture
async def watched(ledger: Ground, redis_url: str) -> AsyncIterator[Watched]:
    """Start two workers on a batch that nobody has activated."""
    await ledger.rules()
    await ledger.campaign("points")
    batch = await ledger.issue(200, units=ROLLS, campaign_id="points")
    first = batch.first_code_id
    await ledger.rows(
        "INSERT INTO packages (batch_id, first_code_id, last_code_id, document,"
        " sample_code_id, printhouse, ordered_by, ordered_at, downloads_allowed)"
        f' VALUES ({batch.batch_id}, {first}, {first + 99}, \'{{"preset": "csv"}}\','
        f" {first}, 'Foil & Sons', 'ann', now(), 3)"
    )
    async with worker_of(ledger, redis_url) as one, worker_of(ledger, redis_url) as two:
        logs = []
        for each in (one, two):
            log = EarlyScanLog(each.engine, CLOCK, each.states, find_code_holders)
            each.pipeline.note_early = log.note_scan
            logs.append(log)
        yield Watched(ledger, (one, two), (logs[0], logs[1]), batch)


async def test_a_code_counts_once_however_often_it_is_seen(watched: Watched) -> None:
    """Package and roll are named, and looks are counted beside the codes."""
    for _ in range(3):
        await watched.see([0, 1], looks=240)
    assert await watched.early() == {}
    await watched.see([2])
    found = await watched.incidents(IncidentKind.EARLY_SCAN)
    roll = f"roll:{watched.batch.batch_id}/R1"
    assert set(found) == {"package:1", roll}
    package = found["package:1"]
    assert (package.seen, package.detail) == (
        3,
        {"printhouse": "Foil & Sons", "codes": 3, "looks": 1_441, "scans": 0},
    )
    await watched.see([60])
    assert await watched.early() == {"package:1": 4, roll: 3}


async def test_codes_of_no_package_are_of_their_batch(watched: Watched) -> None:
    await watched.see([100, 150, 199])
    assert await watched.early() == {f"batch:{watched.batch.batch_id}": 3}


async def test_workers_that_count_at_once_miss_no_code(watched: Watched) -> None:
    """Each adds codes that the other does not see until it is done."""
    parts = [range(at, 50, 5) for at in range(5)]
    await asyncio.gather(*(watched.see(part) for part in parts for _ in range(2)))
    roll = f"roll:{watched.batch.batch_id}/R1"
    assert await watched.early() == {"package:1": 50, roll: 50}


async def test_three_new_codes_of_a_batch_in_a_day_are_a_leak(
    watched: Watched,
) -> None:
    """Of two days they are none, and after a false alarm others are needed."""
    subject = f"batch:{watched.batch.batch_id}"
    await watched.see([0, 1])
    await watched.see([100], later=timedelta(hours=25))
    assert await watched.incidents(IncidentKind.LEAK) == {}
    await watched.see([101, 102], later=timedelta(hours=26))
    leak = (await watched.incidents(IncidentKind.LEAK))[subject]
    assert (leak.seen, leak.openings) == (2, 1)
    await watched.close(leak, IncidentFinding.FALSE_ALARM)
    # As if it had been closed later than these were seen.
    await watched.ground.rows(
        "UPDATE incidents SET closed_at = closed_at + interval '26 hours'"
        " WHERE closed_at IS NOT NULL"
    )
    await watched.see([103, 104], later=timedelta(hours=27))
    assert (await watched.incidents(IncidentKind.LEAK))[subject].openings == 1
    await watched.see([105], later=timedelta(hours=28))
    assert (await watched.incidents(IncidentKind.LEAK))[subject].openings == 2


async def test_a_false_alarm_counts_no_more_and_a_leak_goes_on(
    watched: Watched,
) -> None:
    """A closed incident that was one keeps claims waiting."""
    await watched.see(range(100, 125))
    [incident] = (await watched.incidents(IncidentKind.EARLY_SCAN)).values()
    await watched.close(incident, IncidentFinding.CONFIRMED)
    assert (await watched.watch()).codes_near(watched.code(180)) == 25
    await watched.see([125])
    [again] = (await watched.incidents(IncidentKind.EARLY_SCAN)).values()
    assert again.openings == 2
    await watched.close(again, IncidentFinding.FALSE_ALARM)
    assert (await watched.watch()).codes_near(watched.code(180)) == 0
    await watched.see([126, 127])
    [quiet] = (await watched.incidents(IncidentKind.EARLY_SCAN)).values()
    assert quiet.openings == 2
    await watched.see([128])
    assert (await watched.watch()).codes_near(watched.code(180)) == 3


async def test_what_is_closed_meanwhile_stays_closed(watched: Watched) -> None:
    """Whoever counts looks at an incident when nobody else has it."""
    await watched.see(range(100, 103))
    [incident] = (await watched.incidents(IncidentKind.EARLY_SCAN)).values()
    blocked = "SELECT pid FROM pg_locks WHERE NOT granted"
    async with watched.ground.engine.begin() as conn:
        await close_incident(
            *(conn, incident.incident_id, LI, IncidentFinding.FALSE_ALARM),
            note="looked",
            now=NOW,
        )
        counting = asyncio.create_task(watched.see(range(100, 103)))
        while not await watched.ground.rows(blocked):  # noqa: ASYNC110 - another's lock
            await asyncio.sleep(0.01)
    await counting
    [closed] = (await watched.incidents(IncidentKind.EARLY_SCAN)).values()
    assert (closed.state, closed.openings) == (IncidentState.CLOSED, 1)


async def test_a_false_alarm_takes_no_room_from_what_comes_later(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many codes were dismissed, as many count anew."""
    monkeypatch.setattr(early_scans, "MOST_CODES", 10)
    await watched.see(range(100, 115))
    [incident] = (await watched.incidents(IncidentKind.EARLY_SCAN)).values()
    assert incident.seen == 10
    await watched.close(incident, IncidentFinding.FALSE_ALARM)
    await watched.see(range(115, 130))
    [again] = (await watched.incidents(IncidentKind.EARLY_SCAN)).values()
    assert (again.seen, again.dismissed, again.openings) == (20, 10, 2)
    assert (await watched.watch()).codes_near(watched.code(180)) == 10


async def test_of_a_package_no_more_than_enough_is_written_down(
    watched: Watched,
) -> None:
    await watched.ground.rows(
        "INSERT INTO incidents (kind, subject, first_at, last_at, opened_at, seen,"
        " first_code_id, last_code_id) VALUES ('early_scan', 'package:1', now(), now(),"
        f" now(), {MOST_CODES}, {watched.code(0)}, {watched.code(99)})"
    )
    full = await watched.watch()
    async with watched.ground.engine.begin() as conn:
        seen = [SeenCode(watched.code(i), 1, 0) for i in (0, 99, 100)]
        await count_early_scans(conn, seen, full, find_code_holders, now=NOW)
    assert await watched.ground.rows("SELECT code_id FROM early_codes") == [
        (watched.code(100),)
    ]


async def test_thresholds_are_data(watched: Watched) -> None:
    """None of them is asked at 0."""
    terms = CaseSettings(early_scans_alarm=0, leak_scans_alarm=0, early_scans_hold=0)
    async with watched.ground.engine.begin() as conn:
        version = await draft_settings(conn, terms, LI, now=NOW)
        await approve_settings(conn, version.version, WANG, now=NOW)
    await watched.see(range(50))
    assert await watched.early() == {}
    assert await watched.incidents(IncidentKind.LEAK) == {}
    assert not (await watched.watch()).holds(1_000, hours_active=0, score=60)


async def test_claims_of_a_watched_package_wait_and_become_a_leaks_case(
    watched: Watched,
) -> None:
    """Scans of two workers count together; each claim says so in its record."""
    ground = watched.ground
    for index in range(20):
        worker = watched.workers[index % 2]
        member = f"thief-{index}"
        assert await worker.scan(watched.code(index), member) == "not_active"
    for log in watched.logs:
        await log.flush()
    assert (await watched.early())["package:1"] == 20
    await ground.change(watched.batch, RangeState.ACTIVATED)
    one, two = watched.workers
    # Neither has looked for anything new since it began: the activation tells it.
    assert await one.scan(watched.code(0), "fresh-1") is Outcome.HELD
    assert await two.scan(watched.code(77), "fresh-2") is Outcome.HELD
    assert await two.scan(watched.code(150), "fresh-3") is Outcome.REWARDED
    held = await ground.rows(
        "SELECT scan_id FROM scans WHERE outcome = 'held' ORDER BY scan_id"
    )
    async with ground.engine.connect() as conn:
        replays = await replay_scans(conn, [n for (n,) in held], TIMEZONE)
    facts = []
    for (scan_id,) in held:
        replay = replays[scan_id]
        assert replay.equals_record
        assert replay.decision is not None
        assert (replay.decision.held_by, replay.decision.verdict) == (
            *("early_scans",),
            "hold",
        )
        found = replay.decision.facts
        facts.append((found["code_early_looks"], found["package_early_codes"]))
    assert facts == [(1, 20), (0, 20)]
    sorting = CaseSorting(ground.engine, CLOCK, ground.ids, TIMEZONE, find_dealers)
    assert await sorting.sort_once() == 2
    assert await ground.rows(
        "SELECT kind, subject_kind, subject, scans, unexplained FROM cases"
    ) == [("leak", "batch", str(watched.batch.batch_id), 2, 2)]


async def test_who_a_list_lets_through_or_calls_a_shop_is_at_work(
    watched: Watched,
) -> None:
    log, worker = watched.logs[0], watched.workers[0]
    for number, name in enumerate(("shop", "allow", "override", "block")):
        await watched.ground.rows(
            "INSERT INTO list_entries (list, kind, value, reason, created_by,"
            f" created_at) VALUES ('{name}', 'member', 'of-{name}', 'r', 'li', now())"
        )
        await worker.states.refresh()
        for _ in range(2):
            await worker.scan(watched.code(number), f"of-{name}")
    await log.flush()
    assert await watched.ground.rows("SELECT code_id, scans FROM early_codes") == [
        (watched.code(3), 2)
    ]


async def test_what_can_not_be_written_down_waits(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was written down is not counted again."""
    log, worker = watched.logs[0], watched.workers[0]
    await worker.scan(watched.code(0), f"m-{random_token(6)}")
    engine = log.engine
    monkeypatch.setattr(log, "engine", None)
    await log.flush()
    monkeypatch.setattr(log, "engine", engine)
    await worker.scan(watched.code(0), f"m-{random_token(6)}")
    await log.flush()
    await log.flush()
    assert await watched.ground.rows("SELECT scans FROM early_codes") == [(2,)]


async def test_what_is_voided_or_begins_later_is_told_apart(watched: Watched) -> None:
    """Caps that are to be active are early, caps that never will be are not."""
    log, worker = watched.logs[0], watched.workers[0]
    later = NOW + timedelta(days=1)
    ground = watched.ground
    early = await ground.issue(2)
    await ground.change(early, RangeState.ACTIVATED, effective_at=later)
    gone = await ground.issue(2)
    await ground.change(gone, RangeState.VOID)
    await worker.states.refresh()
    for batch in (early, gone):
        await worker.scan(batch.first_code_id, f"m-{batch.batch_id}")
    await log.flush()
    assert await ground.rows("SELECT code_id FROM early_codes") == [
        (early.first_code_id,)
    ]
