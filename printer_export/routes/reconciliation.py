"""HTTP of reconciliation: every cap accounted for, by batch and by place."""

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from litestar import get
from litestar.params import QueryParameter, SkipValidation
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, Role, require_role
from core.bounds import check_span, refuse
from printer_export.domain.reconciliation import (
    Grouping,
    PlaceCounts,
    Reconciliation,
    Span,
)
from printer_export.pipeline import reconciliation as pipeline

READERS = (Role.LINE, Role.ISSUER, Role.ANALYST)
# `from` is a word of Python.
FromDay = Annotated[date | None, QueryParameter(name="from")]
ToDay = Annotated[date | None, QueryParameter(name="to")]


class PlaceList(msgspec.Struct, frozen=True):
    """Places with their caps, the largest first."""

    items: tuple[PlaceCounts, ...]


@get(
    "/v1/batches/{batch_id:int}/reconciliation",
    summary="Account for every cap of a batch",
    tags=["line reports"],
)
async def show_reconciliation(
    batch_id: int, principal: Principal, engine: AsyncEngine
) -> Reconciliation:
    """Issued = printed + rejected + wasted + missing + unprinted + indeterminate."""
    staff = require_role(principal, *READERS)
    async with engine.connect() as conn:
        return await pipeline.reconcile_batch(conn, batch_id, staff)


@get(
    "/v1/reconciliation",
    summary="Account for caps by plant, or by plant and line",
    tags=["line reports"],
)
async def show_places(
    principal: Principal,
    engine: AsyncEngine,
    timezone: SkipValidation[ZoneInfo],
    by: Grouping = Grouping.PLANT,
    from_day: FromDay = None,
    to_day: ToDay = None,
) -> PlaceList:
    """Add up batches that were issued from one day to another, both included."""
    staff = require_role(principal, *READERS)
    refuse(check_span(("/from", from_day), ("/to", to_day)))
    span = Span(from_day, to_day)
    async with engine.connect() as conn:
        places = await pipeline.reconcile_places(
            conn, by, span, staff, timezone=timezone
        )
    return PlaceList(tuple(places))
