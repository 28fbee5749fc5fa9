"""HTTP of events: read in order, from where the reader was."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Router, get
from litestar.params import QueryParameter, SkipValidation
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, Role, require_role
from core.doors import GUARDS
from core.errors import Forbidden, InvalidInput
from events.domain.events import EventId, Teller
from events.domain.messages import message
from events.pipeline.events import MAX_EVENTS, read_events


class EventView(msgspec.Struct, frozen=True):
    """Something that happened."""

    event_id: str
    type: str
    at: datetime
    data: Mapping[str, Any]


class EventList(msgspec.Struct, frozen=True):
    """Events in order; the next page is `after` the last of them."""

    items: list[EventView]


@get("/v1/events", summary="Read what happened", tags=["events"])
async def list_events(
    principal: Principal,
    engine: AsyncEngine,
    tellers: SkipValidation[Mapping[str, Teller]],
    after: str | None = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_EVENTS)] = 100,
) -> EventList:
    """Read events in order, at least once each; the list is empty at the end."""
    staff = require_role(principal, Role.APP)
    if staff.brand is not None or staff.store is not None:
        raise Forbidden(message("events_are_of_all"))
    seen = None if after is None else EventId.parse(after)
    if after is not None and seen is None:
        raise InvalidInput.field("/after", "invalid", message("not_an_event_id"))
    async with engine.connect() as conn:
        found = await read_events(conn, tellers, after=seen, limit=limit)
    return EventList([EventView(e.event_id, e.type, e.at, e.data) for e in found])


ROUTER = Router(path="/", guards=GUARDS, route_handlers=[list_events])
