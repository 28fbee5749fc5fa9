"""HTTP of honey codes: codes that are watched and never printed."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen.pipeline import Issuance
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import MAX_INTEGER, Body
from core.clock import Clock, utc_datetime
from core.fields import Cursor, Limit, OptionalId
from printer_export.pipeline import honey_codes as pipeline
from printer_export.pipeline.honey_codes import MOST_AT_ONCE, HoneyRecord


class NewHoneyCodes(Body, frozen=True, kw_only=True):
    """How many codes of a batch are to be watched."""

    batch_id: Annotated[int, msgspec.Meta(ge=1, le=MAX_INTEGER)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=MOST_AT_ONCE, examples=[5])]


class NewHoneyCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code as a cap would have it; `index` is its 0-based place in the batch."""

    index: int
    code: str
    link: str


class AddedHoneyCodes(msgspec.Struct, frozen=True):
    """Codes that are watched from now on; this is the only time they are told."""

    batch_id: int
    codes: tuple[NewHoneyCode, ...]


class HoneyCodeView(msgspec.Struct, frozen=True, kw_only=True):
    """A code that is watched, by its place, and how often it was seen."""

    batch_id: int
    index: int
    added_by: str
    added_at: datetime
    looks: int
    scans: int
    first_seen_at: datetime | None
    last_seen_at: datetime | None


class HoneyCodeList(msgspec.Struct, frozen=True):
    """A page of honey codes, the last of the newest batch first."""

    items: tuple[HoneyCodeView, ...]
    next_cursor: str | None


def _view(record: HoneyRecord) -> HoneyCodeView:
    honey = record.honey
    return HoneyCodeView(
        batch_id=honey.batch_id,
        index=record.index,
        added_by=honey.added_by,
        added_at=honey.added_at,
        looks=honey.looks,
        scans=honey.scans,
        first_seen_at=honey.first_seen_at,
        last_seen_at=honey.last_seen_at,
    )


@post("/v1/honey-codes", summary="Watch unprinted codes", tags=["incidents"])
async def add_honey_codes(
    request: Request[Any, Any, Any],
    data: NewHoneyCodes,
    principal: Principal,
    once: Once,
    clock: Clock,
    issuance: SkipValidation[Issuance],
) -> Response[AddedHoneyCodes]:
    """Keep codes of a batch from print for good, and raise an incident if one is seen.

    The last ones that are issued and in no package, roll or line report. They are void,
    and who scans one is told what any cap that is not active tells.
    """
    staff = require_role(principal, Role.ANALYST)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> AddedHoneyCodes:
        codes = await pipeline.add_honey_codes(
            conn,
            issuance.key_file.load(),
            data.batch_id,
            data.quantity,
            staff,
            now=now,
        )
        told = [
            NewHoneyCode(index=each.index, code=each.code_text, link=each.link)
            for each in codes
        ]
        return AddedHoneyCodes(data.batch_id, tuple(told))

    return await once.perform(request, staff, effect)


@get("/v1/honey-codes", summary="List watched codes", tags=["incidents"])
async def list_honey_codes(
    principal: Principal,
    engine: AsyncEngine,
    batch_id: OptionalId = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> HoneyCodeList:
    """List honey codes by their place, and how often each was seen; no code is told."""
    staff = require_role(principal, Role.ANALYST)
    async with engine.connect() as conn:
        found = await pipeline.list_honey_codes(
            conn, staff, batch_id=batch_id, before_id=cursor, limit=limit
        )
    more = str(found[-1].honey.code_id) if len(found) == limit else None
    return HoneyCodeList(tuple(map(_view, found)), more)
