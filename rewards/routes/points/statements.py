"""HTTP of statements: what moved a member's points."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar import get
from litestar.params import QueryParameter, SkipValidation
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, Role, require_member, require_role
from core.clock import utc_datetime
from core.fields import Limit
from core.ids import time_of_id
from rewards.domain.points.statements import Entry, EntryKind
from rewards.pipeline.points.statements import Cursor, FindScans, load_statement
from rewards.pipeline.programme import refuse_brand

PageCursor = Annotated[str | None, QueryParameter(max_length=40)]


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """What moved a member's points, and the balance after it.

    `pending` tells of points that wait, or waited in vain: the balance is what it was.
    `expires_on` is the last day on which these are good, where they are of one lot.
    """

    entry_id: str
    at: datetime
    kind: EntryKind
    amount: int
    balance: int
    pending: bool
    expires_on: date | None
    because: str


class EntryList(msgspec.Struct, frozen=True):
    """A page of entries, newest first."""

    items: tuple[EntryView, ...]
    next_cursor: str | None


@get("/v1/me/entries", summary="Look at one's statement", tags=["members"])
async def list_own_entries(
    principal: Principal,
    engine: AsyncEngine,
    find_scans: SkipValidation[FindScans],
    cursor: PageCursor = None,
    limit: Limit = 20,
) -> EntryList:
    """List what moved a member's points, newest first."""
    member = require_member(principal)
    return await _list(engine, member.member_id, find_scans, cursor, limit)


@get(
    "/v1/members/{member_id:str}/entries",
    summary="Look at a member's statement",
    tags=["members"],
)
async def list_member_entries(
    member_id: str,
    principal: Principal,
    engine: AsyncEngine,
    find_scans: SkipValidation[FindScans],
    cursor: PageCursor = None,
    limit: Limit = 20,
) -> EntryList:
    """List what moved a member's points, newest first, to who supports them."""
    refuse_brand(require_role(principal, Role.SUPPORT))
    return await _list(engine, member_id, find_scans, cursor, limit)


async def _list(
    engine: AsyncEngine,
    member_id: str,
    find_scans: FindScans,
    cursor: str | None,
    limit: int,
) -> EntryList:
    start = None if cursor is None else Cursor.read(cursor)
    async with engine.connect() as conn:
        await conn.execution_options(isolation_level="REPEATABLE READ")
        found = await load_statement(
            conn, member_id, find_scans=find_scans, cursor=start, limit=limit
        )
    following = found.next_cursor
    return EntryList(
        tuple(map(_view, found.entries, found.because)),
        None if following is None else following.write(),
    )


def _view(entry: Entry, because: str) -> EntryView:
    return EntryView(
        entry_id=str(entry.entry_id),
        at=utc_datetime(time_of_id(entry.entry_id)),
        kind=entry.kind,
        amount=entry.amount,
        balance=entry.balance,
        pending=entry.pending,
        expires_on=entry.expires_on,
        because=because,
    )
