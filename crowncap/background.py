"""What goes on in a worker's background goes on, whatever is raised in it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from core.clock import elapsed_s

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 60.0

log = structlog.get_logger(logger_name=__name__)


async def keep_going(
    name: str,
    work: Callable[[], Awaitable[None]],
    *,
    first_delay_s: float = FIRST_DELAY_S,
) -> None:
    """Do work that never ends until cancelled; if it ends after all, begin it again."""
    delay_s = first_delay_s
    while True:
        began_s = elapsed_s()
        cause: BaseException | None = None
        try:
            await work()
        except asyncio.CancelledError as fault:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Not meant for us: something that it waited for was cancelled.
            cause = fault
        except Exception as fault:  # noqa: BLE001 - logged, and begun again
            cause = fault
        if elapsed_s() - began_s > LONGEST_DELAY_S:
            delay_s = first_delay_s
        log.error(
            "background_work_ended",
            work=name,
            cause=cause or "It returned.",
            again_in_s=delay_s,
            exc_info=cause,
        )
        await asyncio.sleep(delay_s)
        delay_s = min(delay_s * 2, LONGEST_DELAY_S)


def watch_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Log as one line what nobody waited for, as when a task's fault is never read."""

    def tell(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        fault = context.get("exception")
        log.error("unheard_fault", cause=context.get("message"), exc_info=fault)

    loop.set_exception_handler(tell)
