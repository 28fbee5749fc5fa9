"""Background work that raises, returns or is cancelled by mistake is begun again."""

import asyncio
import contextlib

import pytest

from crowncap.background import keep_going


async def test_work_that_ends_is_begun_again_and_says_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Raised, returned or cancelled from inside; only its own cancelling ends it."""
    begun = 0
    going = asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise ValueError("a value that nobody expected")
        if begun == 2:
            return
        if begun == 3:
            raise asyncio.CancelledError
        going.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(keep_going("some work", work, first_delay_s=0.001))
    await asyncio.wait_for(going.wait(), 10)
    assert begun == 4
    said = capsys.readouterr()
    assert "a value that nobody expected" in said.out + said.err
    assert "It returned." in said.out + said.err
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert begun == 4
