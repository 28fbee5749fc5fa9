"""Entries of lists, changed by two people at once."""

import asyncio

import pytest

from anti_fraud.domain.lists import ListKind, ListName
from anti_fraud.pipeline.lists import NewEntry, add_entry, remove_entry
from core.auth.principal import Role, Staff
from core.clock import utc_datetime
from core.errors import NotFound
from core.fence import take_fence
from crowncap.code_spans import find_code_span
from tests.fixtures.ground import CLOCK, Ground

LI = Staff("t1", "li", Role.ANALYST)
WANG = Staff("t2", "wang", Role.ANALYST)


async def test_two_who_remove_an_entry_at_once_wait_for_each_other(
    ledger: Ground,
) -> None:
    """One by the list, one because of a case, who has shut scans out before."""
    await ledger.rules()
    now = utc_datetime(CLOCK.now_ms())
    wish = NewEntry(ListName.BLOCK, ListKind.MEMBER, "m-1", None, "why")
    async with ledger.engine.begin() as conn:
        entry_id = await add_entry(conn, wish, LI, find_code_span, now=now)

    async def remove() -> None:
        async with ledger.engine.begin() as conn:
            await remove_entry(conn, entry_id, WANG, now=now)

    async with ledger.engine.begin() as conn:
        await take_fence(conn)
        other = asyncio.create_task(remove())
        waiting = "SELECT pid FROM pg_locks WHERE NOT granted"
        while not await ledger.rows(waiting):  # noqa: ASYNC110 - another's lock
            await asyncio.sleep(0.01)
        await remove_entry(conn, entry_id, LI, now=now)
    with pytest.raises(NotFound):
        await other
    removed = "SELECT removed_by FROM list_entries"
    assert await ledger.rows(removed) == [("li",)]
