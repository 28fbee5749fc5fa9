"""HTTP of activations: which there are, and when they begin."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen import pipeline
from codegen.domain.ranges import ActivationRecord
from codegen.routes.batches import READERS
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Cursor, Limit
from core.moments import BothClocks, When, on_both_clocks, read_start


class ActivationView(msgspec.Struct, frozen=True, kw_only=True):
    """An activation: what it changed then, and what is still active by it."""

    activation_id: int
    person: str
    reason: str
    at: datetime
    changed: int
    active: int
    effective_at: BothClocks | None


class ActivationList(msgspec.Struct, frozen=True):
    """A page of activations, newest first."""

    items: tuple[ActivationView, ...]
    next_cursor: str | None


class Move(Body, frozen=True, kw_only=True):
    """Another start, while the old one is to come."""

    effective_at: When


class Moved(msgspec.Struct, frozen=True):
    """A start that was moved, and of how many codes."""

    activation_id: int
    changed: int
    was: BothClocks
    effective_at: BothClocks


@get(
    "/v1/batches/{batch_id:int}/activations",
    summary="List the activations of a batch",
    tags=["batches"],
)
async def list_activations(
    batch_id: int,
    principal: Principal,
    engine: AsyncEngine,
    timezone: SkipValidation[ZoneInfo],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ActivationList:
    """List who activated what of a batch, and from when it counts, newest first."""
    staff = require_role(principal, *READERS)
    async with engine.connect() as conn:
        rows = await pipeline.list_activations(
            conn, batch_id, staff, before_id=cursor, limit=limit
        )
    more = str(rows[-1].activation_id) if len(rows) == limit else None
    return ActivationList(tuple(_view(row, timezone) for row in rows), more)


def _view(row: ActivationRecord, timezone: ZoneInfo) -> ActivationView:
    starts_at = row.effective_at
    return ActivationView(
        activation_id=row.activation_id,
        person=row.person,
        reason=row.reason,
        at=row.at,
        changed=row.changed,
        active=row.active,
        effective_at=None if starts_at is None else on_both_clocks(starts_at, timezone),
    )


@post(
    "/v1/activations/{activation_id:int}/moves",
    summary="Move the start of an activation",
    tags=["batches"],
)
async def move_start(
    request: Request[Any, Any, Any],
    activation_id: int,
    data: Move,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: SkipValidation[ZoneInfo],
) -> Response[Moved]:
    """Let an activation begin at another time, as long as it is to come.

    A day is its first moment in the brand's calendar.
    """
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    starts_at = read_start("/effective_at", data.effective_at, timezone)
    assert starts_at is not None
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> Moved:
        done = await pipeline.move_start(conn, activation_id, starts_at, staff, now=now)
        return Moved(
            done.activation_id,
            done.changed,
            on_both_clocks(done.was, timezone),
            on_both_clocks(done.effective_at, timezone),
        )

    return await once.perform(request, staff, effect)
