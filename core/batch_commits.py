"""Batches in a transaction each, where a fault of one request fails that one alone.

What fails before COMMIT was sent has no effect and never will, so it is done again: as
it is after a transient fault, once; in halves after any other, until who is at fault
stands alone. A COMMIT whose answer is lost may have been done. Doing it again could pay
twice, so its callers are told of the fault, and learn by their keys what came of it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.db import DATABASE_AWAY

Item = TypeVar("Item")
Answer = TypeVar("Answer")


async def commit_batch(
    engine: AsyncEngine,
    items: Sequence[Item],
    work: Callable[[AsyncConnection, Sequence[Item]], Awaitable[Sequence[Answer]]],
) -> list[Answer | Exception]:
    """Do `work` and commit it; gives an answer or a fault for each item, in order.

    The work must be safe to begin again, and gives one answer for each item it gets.
    """
    tries = 2
    while True:
        tries -= 1
        is_sent = False
        try:
            async with engine.connect() as conn:
                answers = await work(conn, items)
                is_sent = True
                await conn.commit()
            return list(answers)
        except DATABASE_AWAY as fault:
            if is_sent or not tries:
                return [fault] * len(items)
        except Exception as fault:  # noqa: BLE001 - each caller is told, none hangs
            # What PostgreSQL refuses to commit, it has undone.
            is_undone = not is_sent or isinstance(fault, IntegrityError)
            if len(items) == 1 or not is_undone:
                return [fault] * len(items)
            half = len(items) // 2
            first = await commit_batch(engine, items[:half], work)
            return first + await commit_batch(engine, items[half:], work)
