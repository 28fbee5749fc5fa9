"""A backtest goes on after PostgreSQL cut one of its turns short."""

import asyncio
from random import Random  # noqa: TID251 - seeded here

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from anti_fraud.domain.backtests import BacktestState
from tests.fixtures.worker import Worker
from tests.integration.test_backtests import CANDIDATE, Bench, worker
from tests.integration.test_replay import scan_at_random

__all__ = ["worker"]


async def test_a_turn_that_postgresql_cut_short_is_taken_again(worker: Worker) -> None:
    """A connection that is lost, a statement that is cancelled: no version's fault."""
    ground = worker.ground
    codes = await ground.live(5, campaign_id="points")
    await scan_at_random(worker, codes, Random(1))  # noqa: S311 - seeded
    bench = Bench(ground)
    number = await bench.start(await bench.write(CANDIDATE))
    for cut in ("pg_cancel_backend(pid)", "pg_terminate_backend(pid)"):
        async with ground.engine.begin() as holder:
            await holder.execute(text("LOCK TABLE scans IN ACCESS EXCLUSIVE MODE"))
            turn = asyncio.create_task(bench.backtesting.go_on())
            cutting = (
                f"SELECT {cut} FROM pg_locks"
                " WHERE NOT granted AND relation = 'scans'::regclass"
            )
            while await ground.rows(cutting) == []:  # noqa: ASYNC110 - another's lock
                await asyncio.sleep(0.01)
            with pytest.raises((DBAPIError, psycopg.Error)):
                await turn
    await bench.finish()
    done = await bench.load(number)
    assert (done.state, done.fault) == (BacktestState.DONE, None)
    assert done.trial.scans > 0
