"""Past so many refusals in an hour, what rules refuse waits for people."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
import pytest

from anti_fraud.domain.case_settings import CaseSettings
from anti_fraud.pipeline.case_settings import approve_settings, draft_settings
from anti_fraud.store.breaker import forget_refusals
from core.auth.principal import Role, Staff
from core.clock import utc_datetime
from printer_export.store.aggregation.dealers import find_dealers
from scan_api.domain.scans import Outcome
from scan_api.pipeline.breaker import RefusalCounter
from scan_api.pipeline.case_sorting import CaseSorting
from scan_api.pipeline.replay import replay_scans
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.worker import Worker, publish, worker_of
from tests.integration.test_worker_state import rule

LI = Staff("t1", "li", Role.ANALYST)
WANG = Staff("t2", "wang", Role.ANALYST)
MOST = 3


@dataclass(slots=True)
class Strict:
    """Two workers whose rules refuse everybody, and codes to be refused for."""

    ground: Ground
    workers: tuple[Worker, Worker]
    counters: tuple[RefusalCounter, RefusalCounter]
    codes: list[int]

    async def scan(self, worker: int) -> Outcome:
        """Scan a fresh code on a worker, as a new member."""
        code = self.codes.pop()
        return await self.workers[worker].scan(code, f"m-{code}")

    async def settle(self) -> None:
        """Let what was counted be written down, and every worker hear of it."""
        for counter in self.counters:
            await counter.flush()
        for worker in self.workers:
            await worker.states.refresh()


@pytest.fixture
async def strict(ledger: Ground, redis_url: str) -> AsyncIterator[Strict]:
    """Start two workers, and let rules refuse everybody."""
    await ledger.rules()
    await ledger.campaign("points")
    codes = await ledger.live(20, campaign_id="points")
    await publish(ledger, rules=rule("signals_available", "==", value=True))
    now = utc_datetime(CLOCK.now_ms())
    async with ledger.engine.begin() as conn:
        terms = CaseSettings(refusals_an_hour=MOST)
        version = await draft_settings(conn, terms, LI, now=now)
        await approve_settings(conn, version.version, WANG, now=now)
    async with worker_of(ledger, redis_url) as one, worker_of(ledger, redis_url) as two:
        counters = []
        for each in (one, two):
            counter = RefusalCounter(each.engine, CLOCK)
            each.pipeline.note_refused = counter.note
            counters.append(counter)
        yield Strict(ledger, (one, two), (counters[0], counters[1]), codes)


async def test_refusals_of_all_workers_together_open_it(strict: Strict) -> None:
    """What is held then says so, equals its record, and waits for a person."""
    ground = strict.ground
    for worker in (0, 1):
        assert await strict.scan(worker) is Outcome.REFUSED
    await strict.settle()
    assert await strict.scan(0) is Outcome.REFUSED
    await strict.settle()
    for worker in (0, 1):
        assert await strict.scan(worker) is Outcome.HELD
    [(seen, detail)] = await ground.rows(
        "SELECT seen, detail FROM incidents WHERE kind = 'breaker' AND subject = 'all'"
    )
    assert (seen, detail) == (1, {"refusals_in_an_hour": MOST, "at_most": MOST})
    held = await ground.rows("SELECT scan_id FROM scans WHERE outcome = 'held'")
    async with ground.engine.connect() as conn:
        replays = await replay_scans(conn, [n for (n,) in held], TIMEZONE)
    assert len(replays) == 2
    for replay in replays.values():
        assert replay.equals_record
        assert replay.decision is not None
        assert replay.decision.held_by == "breaker"
        assert [hit.rule_id for hit in replay.decision.hits] == ["strict"]
    sorting = CaseSorting(ground.engine, CLOCK, ground.ids, TIMEZONE, find_dealers)
    assert await sorting.sort_once() == 2
    assert await ground.rows("SELECT sum(unexplained) FROM cases") == [(2,)]


async def test_it_closes_as_the_hour_passes(strict: Strict) -> None:
    for _ in range(MOST):
        assert await strict.scan(0) is Outcome.REFUSED
    await strict.settle()
    assert await strict.scan(1) is Outcome.HELD
    await strict.ground.rows(
        "UPDATE refusal_minutes SET minute = minute - interval '61 minutes'"
    )
    await strict.settle()
    assert await strict.scan(1) is Outcome.REFUSED


async def test_a_minute_that_is_yet_to_come_opens_nothing(strict: Strict) -> None:
    """As one that was counted before PostgreSQL's clock was set back."""
    await strict.ground.rows(
        "INSERT INTO refusal_minutes"
        f" VALUES (date_trunc('minute', now()) + interval '1 day', {MOST})"
    )
    await strict.settle()
    assert await strict.scan(0) is Outcome.REFUSED


async def test_what_nobody_counts_any_more_is_forgotten(strict: Strict) -> None:
    """Refusals of yesterday, that is."""
    await strict.ground.rows(
        "INSERT INTO refusal_minutes"
        " SELECT date_trunc('minute', now()) - age, 1 FROM unnest(ARRAY["
        "interval '0', interval '2 hours', interval '2 days']) AS age"
    )
    async with strict.ground.engine.begin() as conn:
        await forget_refusals(conn)
    count = "SELECT count(*) FROM refusal_minutes"
    assert await strict.ground.rows(count) == [(2,)]


async def test_what_a_list_blocks_is_neither_counted_nor_held(strict: Strict) -> None:
    """A person refused it."""
    await strict.ground.rows(
        "INSERT INTO list_entries (list, kind, value, reason, created_by, created_at)"
        " VALUES ('block', 'product', '06901234567892', 'r', 'li', now())"
    )
    for worker in strict.workers:
        await worker.states.refresh()
    for _ in range(MOST + 1):
        assert await strict.scan(0) is Outcome.REFUSED
        await strict.settle()
    assert await strict.ground.rows("SELECT count(*) FROM refusal_minutes") == [(0,)]
    await strict.ground.rows(
        f"INSERT INTO refusal_minutes VALUES (date_trunc('minute', now()), {MOST})"
    )
    await strict.settle()
    assert await strict.scan(0) is Outcome.REFUSED


async def test_what_rules_refuse_of_the_allowed_counts(strict: Strict) -> None:
    """An entry of that list keeps nothing waiting, and lets no refusal through."""
    await strict.ground.rows(
        "INSERT INTO list_entries (list, kind, value, reason, created_by, created_at)"
        " VALUES ('allow', 'product', '06901234567892', 'r', 'li', now())"
    )
    await strict.settle()
    assert await strict.scan(0) is Outcome.REFUSED
    await strict.settle()
    total = "SELECT sum(refused) FROM refusal_minutes"
    assert await strict.ground.rows(total) == [(1,)]


async def test_an_answer_that_is_told_again_counts_once(strict: Strict) -> None:
    """Nor does what was refused, and was told that somebody else has claimed it."""
    worker, code = strict.workers[0], strict.codes.pop()
    for _ in range(3):
        keyed = msgspec.structs.replace(
            worker.opened(code, "ann"), key_hash=b"k" * 16, body_hash=b"b" * 16
        )
        assert (await worker.pipeline.submit(keyed)).outcome is Outcome.REFUSED
    claimed = strict.codes.pop()
    scan_id = strict.ground.ids.next_id(CLOCK.now_ms())
    await strict.ground.rows(
        "INSERT INTO claims (shard, code_id, scan_id, member_no)"
        f" VALUES (0, {claimed}, {scan_id}, {scan_id})"
    )
    assert await worker.scan(claimed, "ben") is Outcome.ALREADY_CLAIMED
    await strict.settle()
    total = "SELECT sum(refused) FROM refusal_minutes"
    assert await strict.ground.rows(total) == [(1,)]


async def test_refusals_that_can_not_be_written_down_wait(
    strict: Strict, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = strict.counters[0]
    for _ in range(2):
        await strict.scan(0)
    engine = counter.engine
    monkeypatch.setattr(counter, "engine", None)
    await counter.flush()
    monkeypatch.setattr(counter, "engine", engine)
    await counter.flush()
    await counter.flush()
    total = "SELECT sum(refused) FROM refusal_minutes"
    assert await strict.ground.rows(total) == [(2,)]
