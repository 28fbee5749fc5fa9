"""An audit in slices: interrupted, gone on with, of what is recent, under way."""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import sqlalchemy

from core.clock import utc_datetime
from core.db import create_engine
from core.errors import MisconfiguredError
from crowncap.audit import Report, Scope
from crowncap.audit.progress import begin
from rewards.domain.holds import Resolution
from scan_api.domain.scans import Outcome
from tests.fixtures.days import Days, four_days
from tests.fixtures.ground import CLOCK, Ground

REWARD = "what a scan earned is what offers transferred to its member"
BALANCE = "each balance equals what its transfers add up to"
BUDGET = "what was taken of a budget or stock equals its transfers and fits"
CLAIM = "each claim has the scan that made it"
HOLD = "each pending transfer has its hold, resolved as the ledger says"

# The oldest open hold ends, as the code would have it.
POST_ONE = """
    WITH one AS (
        UPDATE holds SET resolution = 'posted', resolved_at = now()
        WHERE transfer_id = (
            SELECT min(transfer_id) FROM holds WHERE resolution IS NULL)
        RETURNING *
    ), paid AS (
        UPDATE balances AS b SET available = b.available + one.amount,
            pending = b.pending - one.amount
        FROM one WHERE b.member_no = one.member_no
    ), named AS (
        INSERT INTO unsealed SELECT 0, transfer_id, transfer_id + 1,
            ARRAY[transfer_id], ARRAY[transfer_id + 1] FROM one
    )
    INSERT INTO transfers
    SELECT 0, transfer_id, transfer_id + 1, 'post', campaign_no, member_no, amount
    FROM one
"""


class Interrupted(Exception):  # noqa: N818 - what happens, not a fault
    """Somebody ended the audit."""


@pytest.fixture
async def days(ledger: Ground) -> Days:
    """Give four days of rewards, holds and ends."""
    return await four_days(ledger)


def sentences(report: Report) -> set[str]:
    """Name what an audit found."""
    return {finding.sentence for finding in report.findings}


def interrupt_after(times: int, said: list[str]) -> Callable[[str], None]:
    """Make a listener that keeps what is said and ends the audit."""

    def say(words: str) -> None:
        said.append(words)
        if len(said) == times:
            raise Interrupted

    return say


async def test_an_audit_that_is_interrupted_again_and_again_comes_to_its_end(
    days: Days,
) -> None:
    """Each try does one slice more, nothing is added up twice, and none is found."""
    tries = 0
    heard: list[str] = []
    while True:
        said: list[str] = []
        tries += 1
        assert tries < 200
        # At the first word of a slice or a check that the last try had not come to.
        fresh = [0]

        def say(words: str, said: list[str] = said, fresh: list[int] = fresh) -> None:
            said.append(words)
            if words.startswith("   "):
                fresh[0] += 1
                heard.append(words)
                if fresh[0] == 1:
                    raise Interrupted

        try:
            report = await days.audit(say=say)
        except Interrupted:
            continue
        break
    assert report.findings == []
    assert tries > 30
    assert said[0].startswith("Going on with the audit that was begun at")
    assert not [words for words in said if words.startswith("   ")]
    assert sum(words.startswith("   transfers from 2") for words in heard) > 10
    assert await days.endings() == [True]


async def test_what_was_sound_is_not_read_again_until_the_next_audit(
    days: Days,
) -> None:
    """An old row that is broken behind the audit is found by the next, as is said."""
    said: list[str] = []
    with pytest.raises(Interrupted):
        await days.audit(say=interrupt_after(60, said))
    assert any(REWARD in words for words in said)
    await days.ground.rows(
        "UPDATE scans SET points = 6 WHERE scan_id = (SELECT min(scan_id) FROM scans)"
    )
    assert sentences(await days.audit()) == set()
    assert sentences(await days.audit()) == {REWARD}
    # What an interrupted audit had found is told by the one that goes on.
    said = []
    with pytest.raises(Interrupted):
        await days.audit(say=interrupt_after(60, said))
    await days.ground.rows("UPDATE scans SET points = 5 WHERE points = 6")
    assert sentences(await days.audit()) == {REWARD}
    assert await days.endings() == [True, False, False]


async def test_an_old_transfer_that_was_changed_is_found(days: Days) -> None:
    """By its scan, its member's balance and its campaign's budget."""
    assert (await days.audit()).findings == []
    await days.ground.rows(
        "UPDATE transfers SET amount = amount + 1"
        " WHERE origin_id = (SELECT min(origin_id) FROM transfers)"
    )
    found = {f.sentence: f for f in (await days.audit()).findings}
    assert found.keys() == {REWARD, BALANCE, BUDGET}
    assert {f.count for f in found.values()} == {1}
    [(member,)] = await days.ground.rows(
        "SELECT credit_account FROM transfers ORDER BY origin_id LIMIT 1"
    )
    assert found[BALANCE].examples == (str(member),)


async def test_a_recent_audit_takes_over_what_was_added_up(days: Days) -> None:
    """New rewards, and ends of what was held before the last audit, add up with it."""
    full = await days.audit()
    assert (full.findings, full.since) == ([], None)
    for hour in (1, 2):
        later_ms = hour * 3_600_000
        await days.scan(-hour / 24)
        await days.end_a_hold(Resolution.VOIDED, later_ms=later_ms)
        # Once while they are new, and once when they are settled and added up.
        for more_ms in (60_000, 600_000):
            recent = await days.audit(Scope.RECENT, later_ms=later_ms + more_ms)
            assert recent.findings == []
            assert recent.since is not None
    assert await days.endings() == [True] * 5


async def test_a_row_that_comes_late_is_no_finding_and_is_not_carried_on(
    days: Days,
) -> None:
    """A wrong total costs a look at every transfer; nobody goes on from it."""
    assert (await days.audit()).findings == []
    await days.scan(1)
    assert (await days.audit(Scope.RECENT)).findings == []
    assert await days.endings() == [True, False]
    assert (await days.audit()).findings == []
    assert (await days.audit(Scope.RECENT)).findings == []
    assert await days.endings() == [True, False, True, True]


async def test_a_recent_audit_finds_what_came_and_what_can_still_change(
    days: Days,
) -> None:
    """Balances, and holds that ended since; the full one finds the rest."""
    assert (await days.audit()).findings == []
    await days.ground.rows(
        f"UPDATE balances SET available = available + 1"
        f" WHERE member_no = {days.people[0]}"
    )
    assert sentences(await days.audit(Scope.RECENT)) == {BALANCE}
    await days.ground.rows(
        f"UPDATE balances SET available = available - 1"
        f" WHERE member_no = {days.people[0]}"
    )
    ended = await days.end_a_hold(Resolution.POSTED)
    await days.ground.rows(
        f"UPDATE holds SET resolution = 'voided' WHERE transfer_id = {ended}"
    )
    assert sentences(await days.audit(Scope.RECENT)) == {HOLD}
    await days.ground.rows(
        f"UPDATE holds SET resolution = 'posted' WHERE transfer_id = {ended}"
    )
    await days.ground.rows(
        "DELETE FROM scans WHERE scan_id = (SELECT min(scan_id) FROM scans)"
    )
    recent = await days.audit(Scope.RECENT)
    assert recent.findings == []
    assert recent.since is not None
    assert sentences(await days.audit()) == {CLAIM, REWARD}


async def test_without_a_sound_audit_a_recent_one_reads_all(days: Days) -> None:
    """There is nothing to go on from."""
    await days.ground.rows(
        "DELETE FROM scans WHERE scan_id = (SELECT min(scan_id) FROM scans)"
    )
    for _ in range(2):
        report = await days.audit(Scope.RECENT)
        assert report.since is None
        assert sentences(report) == {CLAIM, REWARD}


async def test_balances_are_held_against_transfers_of_the_same_moment(
    days: Days,
) -> None:
    """What is committed between the two is in neither."""
    posted: list[int] = []

    def post_a_hold(*about: Any) -> None:
        if "FROM balances WHERE shard = 0 GROUP BY" not in about[2] or posted:
            return
        posted.append(1)
        with psycopg.connect(days.ground.database_url) as elsewhere:
            elsewhere.execute(POST_ONE)

    audit = days.ground.auditor()
    sqlalchemy.event.listen(
        audit.engine.sync_engine, "before_cursor_execute", post_a_hold
    )
    assert (await audit.run()).findings == []
    assert posted == [1]
    assert await days.endings() == [True]
    assert (await days.audit()).findings == []


async def test_a_standby_is_audited_and_keeps_nothing(days: Days) -> None:
    """What only reads can be asked all the same."""
    assert (await days.audit()).findings == []
    url = f"{days.ground.database_url}&options=-c%20default_transaction_read_only%3Don"
    standby = create_engine(url)
    for scope in Scope:
        audit = days.ground.auditor(slice_rows=1)
        audit.engine = standby
        assert (await audit.run(scope)).findings == []
    await standby.dispose()
    assert await days.endings() == [True]


async def test_two_audits_at_once_do_not_add_up_twice(days: Days) -> None:
    """Whoever comes second to a step is told so."""
    engine, now = days.ground.engine, utc_datetime(CLOCK.now_ms())
    one = await begin(engine, scope=Scope.FULL, now=now)
    other = await begin(engine, scope=Scope.FULL, now=now)
    assert (one.goes_on, other.goes_on) == (False, True)
    async with engine.begin() as conn:
        await other.keep(conn)
    with pytest.raises(MisconfiguredError, match="Another audit"):
        async with engine.begin() as conn:
            await one.keep(conn)


async def test_scans_that_go_on_meanwhile_are_no_findings(days: Days) -> None:
    """Each slice sees one moment, and what is added up is settled."""
    done = asyncio.Event()

    async def scan() -> None:
        while len(days.codes) > 2:
            await days.scan(0)
            await days.scan(0, outcome=Outcome.HELD)
            await days.end_a_hold(Resolution.POSTED)
            await asyncio.sleep(0.02)
        done.set()

    async def audit() -> int:
        audits = 0
        while not done.is_set():
            assert (await days.audit()).findings == []
            audits += 1
        return audits

    _, audits = await asyncio.gather(scan(), audit())
    assert audits > 0
    assert all(await days.endings())
