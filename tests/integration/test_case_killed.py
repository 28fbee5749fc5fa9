"""A process that decides cases is killed between any two steps: all or nothing."""

import asyncio
import multiprocessing
from collections.abc import Callable
from multiprocessing.process import BaseProcess

from psycopg import AsyncConnection

from tests.fixtures.cases import Review, decide_in_process, undo_in_process

# Forks of all tests come from one server, whose list tests.fixtures.commands makes.
_FORKS = multiprocessing.get_context("forkserver")
# What somebody else holds so that a process waits just there.
STEPS = {
    "before the cases": "LOCK TABLE cases IN EXCLUSIVE MODE",
    "before the holds": "LOCK TABLE holds IN EXCLUSIVE MODE",
    "before the transfers": "LOCK TABLE transfers IN EXCLUSIVE MODE",
    "before the balances": "LOCK TABLE balances IN EXCLUSIVE MODE",
    "before its scans are settled": "LOCK TABLE case_scans IN EXCLUSIVE MODE",
    "before the timelines": "LOCK TABLE case_entries IN EXCLUSIVE MODE",
    "before it is audited": "LOCK TABLE audit_log IN EXCLUSIVE MODE",
    "before the events": "LOCK TABLE outbox IN EXCLUSIVE MODE",
}


async def _wait_for_lock(review: Review, process: BaseProcess) -> None:
    while not await review.ground.rows("SELECT FROM pg_locks WHERE NOT granted"):
        assert process.is_alive(), "it came to its end"
        await asyncio.sleep(0.02)


async def _kill_at(
    review: Review,
    case_ids: list[int],
    holding: str,
    act: Callable[[str, list[int]], None] = decide_in_process,
) -> None:
    """Let a process act up to where it waits for what we hold, and kill it there."""
    holder: AsyncConnection = await review.ground.connect()
    async with holder.transaction(force_rollback=True):
        await holder.execute(holding.encode())
        process = _FORKS.Process(
            target=act, args=(review.ground.database_url, case_ids)
        )
        process.start()
        await _wait_for_lock(review, process)
        process.kill()
        process.join()
        # PostgreSQL finds out that nobody is there, and ends what it was at.
        await review.ground.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"
        )
        left = "SELECT FROM pg_locks WHERE NOT granted"
        while await review.ground.rows(left):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.02)
    await holder.close()


async def _let_be(
    review: Review, case_ids: list[int], act: Callable[[str, list[int]], None]
) -> None:
    """Let a process act to its end."""
    process = _FORKS.Process(target=act, args=(review.ground.database_url, case_ids))
    process.start()
    while process.is_alive():  # noqa: ASYNC110 - a process tells nobody
        await asyncio.sleep(0.05)
    assert process.exitcode == 0


async def test_a_bulk_is_all_or_nothing_wherever_its_process_is_killed(
    review: Review,
) -> None:
    """At each step in turn; whoever decides then decides all of it, once."""
    for name in ("a", "b"):
        [member] = await review.ground.members(name)
        for code in await review.ground.live(2):
            await review.hold(code, member)
    await review.sorting().sort_once()
    cases = [n for (n,) in await review.ground.rows("SELECT case_id FROM cases")]
    before = await review.ground.rows("SELECT count(*) FROM outbox")
    for step, holding in STEPS.items():
        await _kill_at(review, cases, holding)
        assert await review.resolutions() == [None] * 4, step
        states = await review.ground.rows("SELECT DISTINCT state, version FROM cases")
        assert states == [("open", 1)], step
        assert await review.ground.rows("SELECT count(*) FROM outbox") == before, step
    await _let_be(review, cases, decide_in_process)
    assert await review.resolutions() == ["voided"] * 4
    assert await review.ground.audit() == []


async def test_taking_back_is_all_or_nothing_wherever_its_process_is_killed(
    review: Review,
) -> None:
    """At each step in turn; what is posted stays so until all of it waits again."""
    for name in ("a", "b"):
        [member] = await review.ground.members(name)
        for code in await review.ground.live(2):
            await review.hold(code, member)
    await review.sorting().sort_once()
    cases = [n for (n,) in await review.ground.rows("SELECT case_id FROM cases")]
    await _let_be(review, cases, decide_in_process)
    before = await review.ground.rows("SELECT count(*) FROM outbox")
    for step, holding in STEPS.items():
        await _kill_at(review, cases, holding, undo_in_process)
        assert await review.resolutions() == ["voided"] * 4, step
        states = await review.ground.rows("SELECT DISTINCT state, version FROM cases")
        assert states == [("decided", 2)], step
        assert await review.ground.rows("SELECT count(*) FROM outbox") == before, step
    await _let_be(review, cases, undo_in_process)
    assert await review.resolutions() == [None] * 4
    assert await review.ground.audit() == []
