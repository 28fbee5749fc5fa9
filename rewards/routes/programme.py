"""HTTP of the programme: written by one person, approved by another."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body, read_id
from core.clock import Clock, utc_datetime
from core.errors import NotFound
from core.fields import Limit
from rewards.domain.messages import message
from rewards.domain.programme import (
    MAX_MONTHS,
    Clawback,
    ProgrammeState,
    ProgrammeTerms,
    ProgrammeVersion,
)
from rewards.pipeline import programme as pipeline


class ProgrammeBody(Body, frozen=True, kw_only=True):
    """Until when points are good, and how they are taken back.

    Without an end points never expire. `points_expire_on` is a day of each year.
    """

    points_valid_months: (
        Annotated[int, msgspec.Meta(ge=1, le=MAX_MONTHS, examples=[24])] | None
    ) = None
    points_expire_on: Annotated[str, msgspec.Meta(max_length=5)] | None = None
    clawback: Clawback = Clawback.WITHIN_BALANCE

    @property
    def terms(self) -> ProgrammeTerms:
        """The same as terms."""
        return ProgrammeTerms(
            points_valid_months=self.points_valid_months,
            points_expire_on=self.points_expire_on,
            clawback=self.clawback,
        )


class ProgrammeVersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the programme as it was written, and who took which step."""

    version: int
    state: ProgrammeState
    points_valid_months: int | None
    points_expire_on: str | None
    clawback: Clawback
    created_by: str
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None


class ProgrammeView(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for points that are earned now, and the newest versions first."""

    points_valid_months: int | None
    points_expire_on: str | None
    clawback: Clawback
    items: tuple[ProgrammeVersionView, ...]


class ProgrammeChanged(msgspec.Struct, frozen=True):
    """A version of the programme, and how far it has come."""

    version: int
    state: ProgrammeState


def _view(kept: ProgrammeVersion) -> ProgrammeVersionView:
    return ProgrammeVersionView(
        version=kept.version,
        state=kept.state,
        points_valid_months=kept.terms.points_valid_months,
        points_expire_on=kept.terms.points_expire_on,
        clawback=kept.terms.clawback,
        created_by=kept.created_by,
        created_at=kept.created_at,
        approved_by=kept.approved_by,
        approved_at=kept.approved_at,
    )


@get("/v1/programme", summary="Look at the programme", tags=["points"])
async def show_programme(
    principal: Principal, engine: AsyncEngine, limit: Limit = 20
) -> ProgrammeView:
    """Show until when points are good that are earned now, and the versions of it."""
    require_role(principal, *Role)
    async with engine.connect() as conn:
        terms, versions = await pipeline.list_versions(conn, limit=limit)
    return ProgrammeView(
        points_valid_months=terms.points_valid_months,
        points_expire_on=terms.points_expire_on,
        clawback=terms.clawback,
        items=tuple(_view(each) for each in versions),
    )


@post("/v1/programme/versions", summary="Write the programme anew", tags=["points"])
async def add_programme_version(
    request: Request[Any, Any, Any],
    data: ProgrammeBody,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[ProgrammeChanged]:
    """Write a version of the programme, which holds once somebody else approves it."""
    staff = require_role(principal, Role.MARKETER)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> ProgrammeChanged:
        version = await pipeline.draft_version(conn, data.terms, staff, now=now)
        return ProgrammeChanged(version.version, version.state)

    return await once.perform(request, staff, effect)


class PointsApproval(Body, frozen=True, kw_only=True):
    """Nothing more to say."""


@post(
    "/v1/programme/versions/{version:str}/approvals",
    summary="Approve the programme",
    tags=["points"],
)
async def approve_programme_version(
    request: Request[Any, Any, Any],
    version: str,
    data: PointsApproval,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[ProgrammeChanged]:
    """Let a version hold that somebody else wrote; points keep the end they have."""
    del data
    staff = require_role(principal, Role.MARKETER)
    number = read_id(version)
    if number is None or number > pipeline.MAX_VERSION:
        raise NotFound(message("no_programme_version", version=version))
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> ProgrammeChanged:
        approved = await pipeline.approve_version(conn, number, staff, now=now)
        return ProgrammeChanged(approved.version, approved.state)

    return await once.perform(request, staff, effect)
