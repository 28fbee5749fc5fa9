"""HTTP of lists: who is blocked, who is let through, which shops scan much."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar import delete as route_delete
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.lists import ListKind, ListName, WrittenEntry
from anti_fraud.domain.messages import message
from anti_fraud.pipeline import lists as pipeline
from anti_fraud.pipeline.lists import FindSpan, NewEntry
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import MAX_TEXT, Body, read_id
from core.clock import Clock, utc_datetime
from core.errors import NotFound
from core.fields import Cursor, Limit, Sentence

_MAX_VALUE: Final = 128
_Begins = Annotated[str | None, QueryParameter(max_length=MAX_TEXT)]


class NewEntryBody(Body, frozen=True, kw_only=True):
    """Whom or what an entry names, until when and why.

    A network is CIDR, a range of codes `BATCH` or `BATCH:FROM-TO` (indexes), a cell H3,
    a product a GTIN; the others are what scans say.
    """

    kind: ListKind
    value: Annotated[
        str,
        msgspec.Meta(min_length=1, max_length=_MAX_VALUE, examples=["192.0.2.0/24"]),
    ]
    until: datetime | None = None
    reason: Sentence


class AddedEntry(msgspec.Struct, frozen=True):
    """An entry that holds from now on."""

    entry_id: str


class ListEntryView(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it stands; one whose `until` has passed holds no more."""

    entry_id: str
    list: ListName
    kind: ListKind
    value: str
    until: datetime | None
    reason: str
    created_by: str
    created_at: datetime


class ListEntries(msgspec.Struct, frozen=True):
    """A page of entries, newest first."""

    items: tuple[ListEntryView, ...]
    next_cursor: str | None


def _view(written: WrittenEntry) -> ListEntryView:
    entry = written.entry
    return ListEntryView(
        entry_id=str(entry.entry_id),
        list=entry.list,
        kind=entry.kind,
        value=entry.value,
        until=entry.until,
        reason=written.reason,
        created_by=written.created_by,
        created_at=written.created_at,
    )


def _read_name(text: str) -> ListName:
    if text not in set(ListName):
        known = ", ".join(ListName)
        raise NotFound(message("no_such_list", given=text[:20], known=known))
    return ListName(text)


@post("/v1/lists/{list_name:str}/entries", summary="Add to a list", tags=["lists"])
async def add_entry(
    request: Request[Any, Any, Any],
    list_name: str,
    data: NewEntryBody,
    principal: Principal,
    once: Once,
    clock: Clock,
    find_span: FindSpan,
) -> Response[AddedEntry]:
    """Add an entry, which every scan obeys that commits after this is answered.

    `override` lets through whatever else says, `block` refuses, `allow` lets nothing
    be held, and rules read `shop`; the strongest that names a scan decides.
    """
    staff = require_role(principal, Role.ANALYST)
    name, now = _read_name(list_name), utc_datetime(clock.now_ms())
    wish = NewEntry(name, data.kind, data.value, data.until, data.reason)

    async def effect(conn: AsyncConnection) -> AddedEntry:
        added = await pipeline.add_entry(conn, wish, staff, find_span, now=now)
        return AddedEntry(str(added))

    return await once.perform(request, staff, effect)


@route_delete(
    "/v1/lists/entries/{entry_id:str}", summary="Take from a list", tags=["lists"]
)
async def remove_entry(
    entry_id: str, principal: Principal, engine: AsyncEngine, clock: Clock
) -> None:
    """Let an entry hold no more; what was done stays in the audit log."""
    staff = require_role(principal, Role.ANALYST)
    number = read_id(entry_id)
    if number is None:
        raise NotFound(message("no_such_entry", entry_id=entry_id[:20]))
    now = utc_datetime(clock.now_ms())
    async with engine.begin() as conn:
        await pipeline.remove_entry(conn, number, staff, now=now)


@get("/v1/lists/{list_name:str}", summary="Look at a list", tags=["lists"])
async def show_list(
    list_name: str,
    principal: Principal,
    engine: AsyncEngine,
    kind: ListKind | None = None,
    q: _Begins = None,
    limit: Limit = 50,
    before: Cursor = None,
) -> ListEntries:
    """Show entries that nobody removed, whose values begin with `q`, newest first."""
    staff = require_role(principal, Role.ANALYST)
    name = _read_name(list_name)
    async with engine.connect() as conn:
        found = await pipeline.list_entries(
            conn, name, staff, kind=kind, begins=q, before=before, limit=limit + 1
        )
    items = tuple(map(_view, found[:limit]))
    more = len(found) > limit
    return ListEntries(items, items[-1].entry_id if more else None)
