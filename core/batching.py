"""Gathers concurrent callers into batches: a few at once, no waiting for company.

While fewer than `at_once` batches run, what is waiting is taken, at most `batch_size`
items. While so many run items wait, so batches grow by themselves under load and stay
small without it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class QueueFullError(Exception):
    """Too many items wait already; the caller should come back later."""


class Batcher(Generic[Item, Answer]):
    """Hands items to `process` in batches and each answer back to who asked.

    `process(items)` returns one answer or exception for each item, in order. Two items
    that have one of their `lone_keys` in common never share a batch, so that set-based
    statements see each key once.
    """

    def __init__(
        self,
        process: Callable[[Sequence[Item]], Awaitable[Sequence[Answer | Exception]]],
        *,
        lone_keys: Callable[[Item], Sequence[Hashable]],
        batch_size: int = 128,
        at_once: int = 2,
        queue_limit: int = 2048,
    ) -> None:
        self._process = process
        self._lone_keys = lone_keys
        self._batch_size = batch_size
        self._free = at_once
        self._queue_limit = queue_limit
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    @property
    def depth(self) -> int:
        """How many items wait for a batch."""
        return len(self._waiting)

    async def submit(self, item: Item) -> Answer:
        """Wait for the item's answer; a caller who leaves cancels nobody's work."""
        if len(self._waiting) >= self._queue_limit:
            raise QueueFullError
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._free:
            self._start()
        return await future

    async def drain(self) -> None:
        """Wait until everything that was submitted has been answered."""
        while self._running:
            await asyncio.wait(self._running)

    def _start(self) -> None:
        self._free -= 1
        task = asyncio.get_running_loop().create_task(self._run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self) -> None:
        try:
            # Callers that became ready in the same turn of the loop join the batch.
            await asyncio.sleep(0)
            while batch := self._take():
                await self._run_batch(batch)
        finally:
            self._free += 1

    def _take(self) -> list[tuple[Item, asyncio.Future[Answer]]]:
        batch: list[tuple[Item, asyncio.Future[Answer]]] = []
        passed_over: list[tuple[Item, asyncio.Future[Answer]]] = []
        seen: set[Hashable] = set()
        waiting = self._waiting
        while waiting and len(batch) < self._batch_size:
            entry = waiting.popleft()
            keys = self._lone_keys(entry[0])
            if seen.isdisjoint(keys):
                seen.update(keys)
                batch.append(entry)
            else:
                passed_over.append(entry)
        waiting.extendleft(reversed(passed_over))
        return batch

    async def _run_batch(
        self, batch: list[tuple[Item, asyncio.Future[Answer]]]
    ) -> None:
        try:
            answers = await self._process([item for item, _ in batch])
        except Exception as fault:  # noqa: BLE001 - each caller is told, none hangs
            answers = [fault] * len(batch)
        if len(answers) != len(batch):
            answers = [RuntimeError("A batch gave another number of answers.")] * len(
                batch
            )
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
