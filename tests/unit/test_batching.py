"""Callers are gathered into batches, and each gets its own answer back."""

import asyncio
from collections.abc import Sequence

import pytest

from core.batching import Batcher, QueueFullError


class Desk:
    """A process that answers when it is let."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.open = asyncio.Event()

    async def process(self, items: Sequence[str]) -> list[str | Exception]:
        """Note the batch, wait for the gate, and answer each item with itself."""
        self.batches.append(list(items))
        await self.open.wait()
        return [
            ValueError(item) if item.startswith("bad") else item.upper()
            for item in items
        ]


def first_letter(item: str) -> tuple[str, ...]:
    """Keep items with the same first letter apart; `_` goes with everyone."""
    return () if item.startswith("_") else (item[0],)


async def settled() -> None:
    """Let every task that can run do so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_callers_of_one_moment_share_a_batch() -> None:
    """And get their answers in order."""
    desk = Desk()
    batcher = Batcher(desk.process, lone_keys=first_letter)
    desk.open.set()
    answers = await asyncio.gather(*(batcher.submit(i) for i in ("a", "b", "c")))
    assert answers == ["A", "B", "C"]
    assert desk.batches == [["a", "b", "c"]]


async def test_while_as_many_run_as_may_callers_wait_and_batches_grow() -> None:
    """Two batches at once, at most so many items in one, the rest after that."""
    desk = Desk()
    batcher = Batcher(desk.process, lone_keys=lambda _: (), at_once=2, batch_size=3)
    calls = [asyncio.create_task(batcher.submit(f"_{n}")) for n in range(10)]
    await settled()
    assert [len(batch) for batch in desk.batches] == [3, 3]
    assert batcher.depth == 4
    desk.open.set()
    assert await asyncio.gather(*calls) == [f"_{n}" for n in range(10)]
    assert [len(batch) for batch in desk.batches] == [3, 3, 3, 1]
    await batcher.drain()
    assert batcher.depth == 0


async def test_items_with_a_key_in_common_never_share_a_batch() -> None:
    """They are answered one after the other, and nobody is starved."""
    desk = Desk()
    desk.open.set()
    batcher = Batcher(desk.process, lone_keys=first_letter, at_once=1)
    items = ["a1", "a2", "b1", "a3", "_1", "b2", "_2"]
    answers = await asyncio.gather(*(batcher.submit(item) for item in items))
    assert answers == [item.upper() for item in items]
    assert desk.batches == [["a1", "b1", "_1", "_2"], ["a2", "b2"], ["a3"]]


async def test_a_fault_of_one_item_is_its_own() -> None:
    """The others of its batch are answered."""
    desk = Desk()
    desk.open.set()
    batcher = Batcher(desk.process, lone_keys=lambda _: ())
    answers = await asyncio.gather(
        *(batcher.submit(item) for item in ("x", "bad", "y")), return_exceptions=True
    )
    assert answers[0::2] == ["X", "Y"]
    assert isinstance(answers[1], ValueError)


async def test_a_fault_of_the_process_reaches_everyone_and_the_next_is_done() -> None:
    """Nobody hangs, and the next batch goes through."""
    broken = True

    async def process(items: Sequence[str]) -> list[str]:
        if broken:
            raise RuntimeError("the lights went out")
        return list(items)

    batcher: Batcher[str, str] = Batcher(process, lone_keys=lambda _: (), at_once=1)
    answers = await asyncio.gather(
        *(batcher.submit(item) for item in "ab"), return_exceptions=True
    )
    assert [str(answer) for answer in answers] == ["the lights went out"] * 2
    broken = False
    assert await batcher.submit("c") == "c"


async def test_a_caller_who_leaves_cancels_nobody() -> None:
    """Neither the work under way nor the others of the batch."""
    desk = Desk()
    batcher = Batcher(desk.process, lone_keys=lambda _: ())
    leaver = asyncio.create_task(batcher.submit("_leaver"))
    stayer = asyncio.create_task(batcher.submit("_stayer"))
    await settled()
    leaver.cancel()
    await settled()
    desk.open.set()
    assert await stayer == "_STAYER"
    assert leaver.cancelled()
    assert desk.batches == [["_leaver", "_stayer"]]


async def test_a_full_queue_refuses_at_once() -> None:
    """Rather than grow; and takes callers again when it has drained."""
    desk = Desk()
    batcher = Batcher(
        desk.process, lone_keys=lambda _: (), at_once=1, batch_size=1, queue_limit=2
    )
    calls = [asyncio.create_task(batcher.submit("_1"))]
    await settled()
    calls += [asyncio.create_task(batcher.submit(f"_{n}")) for n in (2, 3)]
    await settled()
    with pytest.raises(QueueFullError):
        await batcher.submit("_4")
    desk.open.set()
    assert await asyncio.gather(*calls) == ["_1", "_2", "_3"]
    assert await batcher.submit("_5") == "_5"
