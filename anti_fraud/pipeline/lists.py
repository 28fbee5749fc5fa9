"""Lists are written by analysts, and act on the next scan of every worker."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.lists import (
    CodeSpan,
    ListEntry,
    ListKind,
    ListName,
    WrittenEntry,
    tidy_cell,
    tidy_network,
)
from anti_fraud.domain.messages import message
from anti_fraud.pipeline.rule_sets import refuse_scoped
from anti_fraud.store import lists as store
from core.auth.audit import record_action
from core.auth.principal import Staff
from core.bounds import read_id
from core.errors import Conflict, InvalidInput, NotFound
from core.fence import take_fence
from core.messages import Message

# What every worker keeps in memory.
MAX_ENTRIES: Final = 100_000

# Finds codes of a batch, from one index to another, or all; None where there are none.
FindSpan = Callable[
    [AsyncConnection, int, tuple[int, int] | None], Awaitable[CodeSpan | None]
]


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry as a person asks for it."""

    list: ListName
    kind: ListKind
    value: str
    until: datetime | None
    reason: str


async def add_entry(
    conn: AsyncConnection,
    wish: NewEntry,
    staff: Staff,
    find_span: FindSpan,
    *,
    now: datetime,
) -> int:
    """Add an entry; every scan that commits later obeys it. Gives its number.

    Raises InvalidInput, and Conflict for what stands there, or for one too many.
    """
    refuse_scoped(staff)
    entry = await check_entry(conn, wish, find_span, now=now)
    # Before any entry is locked, as whoever acts because of a case does.
    await take_fence(conn)
    await store.end_expired(conn, entry, person=staff.person, now=now)
    try:
        entry_id = await store.insert_entry(
            conn, entry, reason=wish.reason, person=staff.person, now=now
        )
    except IntegrityError:
        raise Conflict(
            message("entry_stands", list=wish.list.value, value=entry.value),
            code="already_exists",
        ) from None
    entry = replace(entry, entry_id=entry_id)
    await _note(conn, entry, "list.add", staff, reason=wish.reason, now=now)
    return entry_id


async def check_entry(
    conn: AsyncConnection, wish: NewEntry, find_span: FindSpan, *, now: datetime
) -> ListEntry:
    """Read what an entry names; raises what adding it would, if none stands yet."""
    if wish.until is not None and wish.until <= now:
        raise InvalidInput.field("/until", "out_of_range", message("entry_is_over"))
    if await store.count_entries(conn) >= MAX_ENTRIES:
        raise Conflict(message("lists_full", most=MAX_ENTRIES))
    return await _tidied(conn, wish, find_span)


async def _tidied(
    conn: AsyncConnection, wish: NewEntry, find_span: FindSpan
) -> ListEntry:
    """Read what an entry names, and write it in its one right way."""
    value: str | None = wish.value
    codes = None
    if wish.kind is ListKind.NETWORK:
        value = tidy_network(wish.value)
    elif wish.kind is ListKind.CELL:
        value = tidy_cell(wish.value)
    elif wish.kind is ListKind.PRODUCT:
        value = wish.value.zfill(14) if _is_gtin(wish.value) else None
    elif wish.kind is ListKind.CODE_RANGE:
        value, codes = await _span(conn, wish.value, find_span)
    if value is None:
        raise InvalidInput.field("/value", "invalid", _form(wish.kind, wish.value))
    return ListEntry(0, wish.list, wish.kind, value, wish.until, codes)


def _is_gtin(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) in {8, 12, 13, 14}


async def _span(
    conn: AsyncConnection, text: str, find_span: FindSpan
) -> tuple[str | None, CodeSpan | None]:
    """Read `BATCH` or `BATCH:FROM-TO`, indexes with both ends."""
    batch, _, indexes = text.partition(":")
    numbers = [read_id(batch), *map(read_id, indexes.split("-"))] if indexes else []
    known = [n for n in numbers or [read_id(batch)] if n is not None]
    if indexes:
        if len(numbers) != 3 or len(known) != 3:  # noqa: PLR2004 - as the form says
            return None, None
        batch_id, first, last = known
        codes = await find_span(conn, batch_id, (first, last))
        return f"{batch_id}:{first}-{last}" if codes else None, codes
    if not known or ":" in text:
        return None, None
    codes = await find_span(conn, known[0], None)
    return str(known[0]) if codes else None, codes


def _form(kind: ListKind, given: str) -> Message:
    """Say what a value of a kind looks like."""
    if kind is ListKind.NETWORK:
        return message("entry_network_form", given=given)
    if kind is ListKind.CELL:
        return message("entry_cell_form", given=given)
    if kind is ListKind.PRODUCT:
        return message("entry_product_form", given=given)
    return message("entry_range_form", given=given)


async def remove_entry(
    conn: AsyncConnection, entry_id: int, staff: Staff, *, now: datetime
) -> None:
    """Let an entry hold no more; raises NotFound."""
    refuse_scoped(staff)
    await take_fence(conn)
    removed = await store.remove_entry(conn, entry_id, person=staff.person, now=now)
    if removed is None:
        raise NotFound(message("no_such_entry", entry_id=entry_id))
    await _note(
        conn, removed.entry, "list.remove", staff, reason=removed.reason, now=now
    )


async def list_entries(
    conn: AsyncConnection,
    name: ListName,
    staff: Staff,
    *,
    kind: ListKind | None,
    begins: str | None,
    before: int | None,
    limit: int,
) -> Sequence[WrittenEntry]:
    """List the entries of a list that nobody removed, newest first."""
    refuse_scoped(staff)
    return await store.load_entries(
        conn, name, kind=kind, begins=begins, before=before, limit=limit
    )


async def _note(
    conn: AsyncConnection,
    entry: ListEntry,
    action: str,
    staff: Staff,
    *,
    reason: str,
    now: datetime,
) -> None:
    detail: dict[str, Any] = {
        "list": entry.list.value,
        "kind": entry.kind.value,
        "value": entry.value,
        "until": entry.until and entry.until.isoformat(),
        "reason": reason,
    }
    subject = f"list_entry:{entry.entry_id}"
    await record_action(
        conn, staff, action=action, subject=subject, detail=detail, now=now
    )
