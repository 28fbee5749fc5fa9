"""The SQL of lists: entries as they hold, and as people look at them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.lists import (
    CodeSpan,
    ListEntry,
    ListKind,
    ListName,
    WrittenEntry,
)


class ChangedEntries(NamedTuple):
    """Entries that hold, and numbers of those that do not any more."""

    entries: Sequence[ListEntry]
    removed: Sequence[int]


async def lists_version(conn: AsyncConnection) -> int:
    """Tell the range version at which lists were last changed; 0 if they never were."""
    newest = func.coalesce(func.max(t.list_entries.c.range_version), 0)
    return int((await conn.execute(select(newest))).scalar_one())


async def load_changed_entries(conn: AsyncConnection, *, since: int) -> ChangedEntries:
    """Load what changed after a range version; everything that holds for -1."""
    entries = t.list_entries
    asked = select(entries).where(entries.c.range_version > since)
    if since < 0:
        asked = asked.where(entries.c.removed_at.is_(None))
    rows = (await conn.execute(asked)).all()
    return ChangedEntries(
        [_entry(row) for row in rows if row.removed_at is None],
        [row.entry_id for row in rows if row.removed_at is not None],
    )


async def count_entries(conn: AsyncConnection) -> int:
    """Count the entries that nobody removed."""
    live = t.list_entries.c.removed_at.is_(None)
    counted = await conn.execute(select(func.count()).where(live))
    return int(counted.scalar_one())


async def end_expired(
    conn: AsyncConnection, entry: ListEntry, *, person: str, now: datetime
) -> None:
    """Remove an entry of the same value whose time is over, so that it can be anew."""
    e = t.list_entries.c
    same = and_(
        e.list == entry.list.value,
        e.kind == entry.kind.value,
        e.value == entry.value,
    )
    await conn.execute(
        update(t.list_entries)
        .where(same, e.removed_at.is_(None), e.until <= now)
        .values(removed_by=person, removed_at=now)
    )


async def insert_entry(
    conn: AsyncConnection,
    entry: ListEntry,
    *,
    reason: str,
    person: str,
    now: datetime,
) -> int:
    """Add an entry, whose number is not known yet; raises IntegrityError for one twice.

    The table takes the fence.
    """
    added = await conn.execute(
        insert(t.list_entries)
        .values(
            list=entry.list.value,
            kind=entry.kind.value,
            value=entry.value,
            first_code_id=entry.codes and entry.codes.first,
            last_code_id=entry.codes and entry.codes.last,
            until=entry.until,
            reason=reason,
            created_by=person,
            created_at=now,
        )
        .returning(t.list_entries.c.entry_id)
    )
    return int(added.scalar_one())


async def remove_entry(
    conn: AsyncConnection, entry_id: int, *, person: str, now: datetime
) -> WrittenEntry | None:
    """Let an entry hold no more; None where there is none."""
    entries = t.list_entries
    removed = await conn.execute(
        update(t.list_entries)
        .where(entries.c.entry_id == entry_id, entries.c.removed_at.is_(None))
        .values(removed_by=person, removed_at=now)
        .returning(entries)
    )
    row = removed.one_or_none()
    return None if row is None else _written(row)


async def load_entries(
    conn: AsyncConnection,
    name: ListName,
    *,
    kind: ListKind | None,
    begins: str | None,
    before: int | None,
    limit: int,
) -> list[WrittenEntry]:
    """Load the newest entries of a list that hold, or held until a moment."""
    e = t.list_entries.c
    asked = (
        select(t.list_entries)
        .where(e.list == name.value, e.removed_at.is_(None))
        .order_by(e.entry_id.desc())
        .limit(limit)
    )
    if kind is not None:
        asked = asked.where(e.kind == kind.value)
    if begins is not None:
        asked = asked.where(e.value.startswith(begins, autoescape=True))
    if before is not None:
        asked = asked.where(e.entry_id < before)
    return [_written(row) for row in await conn.execute(asked)]


def _written(row: Row[Any]) -> WrittenEntry:
    return WrittenEntry(_entry(row), row.reason, row.created_by, row.created_at)


def _entry(row: Row[Any]) -> ListEntry:
    codes = None
    if row.first_code_id is not None:
        codes = CodeSpan(row.first_code_id, row.last_code_id)
    return ListEntry(
        *(row.entry_id, ListName(row.list), ListKind(row.kind), row.value, row.until),
        codes,
    )
