"""A process that draws is killed between any two steps; the next one goes on."""

import asyncio
import multiprocessing
from multiprocessing.process import BaseProcess

from psycopg import AsyncConnection

from rewards.domain.draws.rule import TicketDigest, draw_places
from rewards.domain.draws.tickets import number_tickets
from rewards.pipeline.draws.drawing import DrawingOutcome
from tests.fixtures.draws import Raffle, draw_in_process

# Forks of all tests come from one server, whose list tests.fixtures.commands makes.
_FORKS = multiprocessing.get_context("forkserver")
# What somebody else holds so that a process waits just there.
STEPS = {
    "before it is frozen": "SELECT FROM draw_counters WHERE draw_no = {0} FOR UPDATE",
    "before the file is begun": "LOCK TABLE draw_publications IN SHARE MODE",
    "in the midst of the file": "INSERT INTO draw_publications VALUES ({0}, 3, '')",
    "before the result": "SELECT FROM draws WHERE draw_no = {0} FOR NO KEY UPDATE",
    "after the winners": "INSERT INTO draw_publications VALUES ({0}, 0, '')",
    "before the end of the file": ("INSERT INTO draw_publications VALUES ({0}, 7, '')"),
    "before the event": "LOCK TABLE outbox IN EXCLUSIVE MODE",
}


async def _wait_for_lock(raffle: Raffle, process: BaseProcess) -> None:
    waiting = "SELECT FROM pg_locks WHERE NOT granted"
    while not await raffle.ground.rows(waiting):
        assert process.is_alive(), "it came to its end"
        await asyncio.sleep(0.02)


async def _kill_at(raffle: Raffle, draw_no: int, holding: str) -> None:
    """Let a process draw up to where it waits for what we hold, and kill it there."""
    holder: AsyncConnection = await raffle.ground.connect()
    async with holder.transaction(force_rollback=True):
        await holder.execute(holding.format(draw_no))
        process = _FORKS.Process(
            target=draw_in_process, args=(raffle.ground.database_url, draw_no)
        )
        process.start()
        await _wait_for_lock(raffle, process)
        process.kill()
        process.join()
        # PostgreSQL finds out that nobody is there, and ends what it was at.
        left = "SELECT FROM pg_locks WHERE NOT granted"
        await raffle.ground.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"
        )
        while await raffle.ground.rows(left):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.02)
    await holder.close()


async def test_a_draw_is_all_or_nothing_wherever_its_process_is_killed(
    raffle: Raffle,
) -> None:
    """At each step in turn; what was drawn at last is what the rule gives."""
    draw = await raffle.make()
    await raffle.add(draw, range(1, 21), amount=2)
    await raffle.fall_due(draw)
    for step, holding in STEPS.items():
        await _kill_at(raffle, draw.draw_no, holding)
        shown = await raffle.shown(draw)
        assert shown.result is None, step
        assert await raffle.winners(draw) == [], step
        assert await raffle.ground.rows("SELECT FROM outbox") == [], step
        frozen = await raffle.ground.rows(
            "SELECT frozen_at IS NOT NULL FROM draw_counters"
        )
        assert frozen == [(step != "before it is frozen",)], step
    # Whoever scans by then is too late, though nothing was drawn.
    assert await raffle.add(draw, [7], at=draw.opens_at) == [0]
    # The advisory lock of who died ends with its connection.
    outcome = DrawingOutcome.ELSEWHERE
    while outcome is DrawingOutcome.ELSEWHERE:
        outcome = await raffle.drawing.draw(draw.draw_no)
    assert outcome is DrawingOutcome.DRAWN
    result = (await raffle.shown(draw)).result
    assert result is not None
    async with raffle.ground.engine.connect() as conn:
        keys = await raffle.secrets.ticket_keys(conn, {draw.draw_no: draw})
    tickets = number_tickets(keys[draw.draw_no], [(1, 40)])
    digest = TicketDigest()
    digest.add(tickets)
    assert result.tickets_digest == digest.value()
    places = draw_places(result.seed, digest.value(), tickets=40, prizes=4)
    assert await raffle.winners(draw) == [
        (place + 1, place // 2 + 1) for place in places
    ]
    assert (await raffle.verified(draw)).differences == ()
