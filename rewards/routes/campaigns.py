"""HTTP of campaigns: written and approved by two, activated, paused and stopped."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Cursor, Limit, Sentence, Text64
from core.moments import When, read_end, read_start
from rewards.domain.campaigns import (
    CampaignState,
    KeptCampaign,
    Move,
    Version,
    VersionState,
)
from rewards.domain.terms import (
    MAX_CAPS,
    MAX_OFFERS,
    AppliesTo,
    Budget,
    Cap,
    OfferTerms,
    Terms,
    TwoNames,
)
from rewards.pipeline import campaigns as pipeline

_POINTS = {"offer_id": "points", "kind": "points", "amount": 5}


class VersionBody(Body, frozen=True, kw_only=True):
    """What a campaign is to promise: when, for whom, what, and how much at most."""

    name: Annotated[TwoNames, msgspec.Meta(examples=[{"zh": "春天", "en": "Spring"}])]
    starts_at: When
    ends_at: When | None = None
    applies_to: AppliesTo = AppliesTo.BOUND
    when: dict[str, Any] | None = None
    order: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 100
    exclusive: bool = False
    offers: Annotated[
        tuple[OfferTerms, ...],
        msgspec.Meta(max_length=MAX_OFFERS, examples=[[_POINTS]]),
    ]
    budget: Budget | None = None
    caps: Annotated[tuple[Cap, ...], msgspec.Meta(max_length=MAX_CAPS)] = ()

    def read(self, timezone: ZoneInfo) -> Terms:
        """Read when it begins and ends in the brand's calendar; or InvalidInput."""
        given = {name: getattr(self, name) for name in VersionBody.__struct_fields__}
        starts_at = read_start("/starts_at", self.starts_at, timezone)
        assert starts_at is not None
        return Terms(
            **given
            | {
                "starts_at": starts_at,
                "ends_at": read_end("/ends_at", self.ends_at, timezone),
            }
        )


class CampaignBody(VersionBody, frozen=True, kw_only=True):
    """A campaign to write; it belongs to the brand of the token."""

    campaign_id: Annotated[Text64, msgspec.Meta(examples=["spring-2027"])]


class VersionChanged(msgspec.Struct, frozen=True):
    """A version of a campaign, and how far it has come."""

    campaign_id: str
    version: int
    state: VersionState


class CampaignChanged(msgspec.Struct, frozen=True):
    """A campaign and the state that it is in by now."""

    campaign_id: str
    state: CampaignState


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a campaign as it was written, and who took which step."""

    version: int
    state: VersionState
    name: TwoNames
    starts_at: datetime
    ends_at: datetime | None
    applies_to: AppliesTo
    when: dict[str, Any] | None
    order: int
    exclusive: bool
    offers: tuple[OfferTerms, ...]
    budget: Budget | None
    caps: tuple[Cap, ...]
    created_by: str
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    activated_by: str | None
    activated_at: datetime | None


class CampaignView(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign with its versions, newest first.

    `spent` is what was taken of its budget; one without a budget counts nothing.
    """

    campaign_id: str
    brand: str | None
    state: CampaignState
    active_version: int | None
    spent: Budget | None
    versions: tuple[VersionView, ...]


class CampaignList(msgspec.Struct, frozen=True):
    """A page of campaigns, newest first."""

    items: tuple[CampaignView, ...]
    next_cursor: str | None


def view_campaign(kept: KeptCampaign) -> CampaignView:
    """Show a campaign to staff."""
    return CampaignView(
        campaign_id=kept.campaign_id,
        brand=kept.brand,
        state=kept.state,
        active_version=kept.active_version,
        spent=None if kept.spent is None else Budget(points=kept.spent),
        versions=tuple(_view_version(each) for each in kept.versions),
    )


def _view_version(version: Version) -> VersionView:
    shown = {
        name: getattr(version if hasattr(version, name) else version.terms, name)
        for name in VersionView.__struct_fields__
    }
    return VersionView(**shown)


@post("/v1/campaigns", summary="Write a campaign", tags=["campaigns"])
async def add_campaign(
    request: Request[Any, Any, Any],
    data: CampaignBody,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: SkipValidation[ZoneInfo],
) -> Response[VersionChanged]:
    """Write the first version of a campaign; it pays once it is approved and active.

    A day as `starts_at` is its first moment, as `ends_at` its last.
    """
    staff = require_role(principal, Role.MARKETER)
    terms = data.read(timezone)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> VersionChanged:
        version = await pipeline.draft_campaign(
            conn, data.campaign_id, terms, staff, now=now
        )
        return _changed(data.campaign_id, version)

    return await once.perform(request, staff, effect)


@get("/v1/campaigns", summary="List campaigns", tags=["campaigns"])
async def list_campaigns(
    principal: Principal,
    engine: AsyncEngine,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CampaignList:
    """List campaigns with their states and versions, newest first."""
    staff = require_role(principal, *Role)
    async with engine.connect() as conn:
        found = await pipeline.list_campaigns(conn, staff, before=cursor, limit=limit)
    more = str(found[-1].campaign_no) if len(found) == limit else None
    return CampaignList(tuple(view_campaign(each) for each in found), more)


@get(
    "/v1/campaigns/{campaign_id:str}", summary="Look at a campaign", tags=["campaigns"]
)
async def show_campaign(
    campaign_id: str, principal: Principal, engine: AsyncEngine
) -> CampaignView:
    """Show a campaign with its state and versions."""
    staff = require_role(principal, *Role)
    async with engine.connect() as conn:
        return view_campaign(await pipeline.show_campaign(conn, campaign_id, staff))


@post(
    "/v1/campaigns/{campaign_id:str}/versions",
    summary="Write another version",
    tags=["campaigns"],
)
async def add_version(
    request: Request[Any, Any, Any],
    campaign_id: str,
    data: VersionBody,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: SkipValidation[ZoneInfo],
) -> Response[VersionChanged]:
    """Write another version of a campaign, which pays as before until it is active."""
    staff = require_role(principal, Role.MARKETER)
    terms = data.read(timezone)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> VersionChanged:
        version = await pipeline.draft_version(conn, campaign_id, terms, staff, now=now)
        return _changed(campaign_id, version)

    return await once.perform(request, staff, effect)


class NamedVersion(Body, frozen=True, kw_only=True):
    """Which version is meant."""

    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


@post(
    "/v1/campaigns/{campaign_id:str}/approvals",
    summary="Approve a version",
    tags=["campaigns"],
)
async def approve_version(
    request: Request[Any, Any, Any],
    campaign_id: str,
    data: NamedVersion,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[VersionChanged]:
    """Approve a version of a campaign, which somebody else wrote."""
    staff = require_role(principal, Role.MARKETER)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> VersionChanged:
        version = await pipeline.approve_version(
            conn, campaign_id, data.version, staff, now=now
        )
        return _changed(campaign_id, version)

    return await once.perform(request, staff, effect)


@post(
    "/v1/campaigns/{campaign_id:str}/activations",
    summary="Activate a version",
    tags=["campaigns"],
)
async def activate_version(
    request: Request[Any, Any, Any],
    campaign_id: str,
    data: NamedVersion,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[VersionChanged]:
    """Let a campaign pay by a version that was approved; what is paused stays so."""
    staff = require_role(principal, Role.MARKETER)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> VersionChanged:
        version = await pipeline.activate_version(
            conn, campaign_id, data.version, staff, now=now
        )
        return _changed(campaign_id, version)

    return await once.perform(request, staff, effect)


def _changed(campaign_id: str, version: Version) -> VersionChanged:
    return VersionChanged(campaign_id, version.version, version.state)


class CampaignReason(Body, frozen=True, kw_only=True):
    """Why a campaign is paused, resumed or stopped."""

    prose: ClassVar = frozenset({"reason"})

    reason: Annotated[Sentence, msgspec.Meta(examples=["the leaflet is wrong"])]


@post(
    "/v1/campaigns/{campaign_id:str}/pauses",
    summary="Pause a campaign",
    tags=["campaigns"],
)
async def pause_campaign(
    request: Request[Any, Any, Any],
    campaign_id: str,
    data: CampaignReason,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[CampaignChanged]:
    """Pause a campaign: no scan that is sent after the answer is paid by it."""
    return await _move(Move.PAUSE, request, campaign_id, data, principal, once, clock)


@post(
    "/v1/campaigns/{campaign_id:str}/resumptions",
    summary="Resume a campaign",
    tags=["campaigns"],
)
async def resume_campaign(
    request: Request[Any, Any, Any],
    campaign_id: str,
    data: CampaignReason,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[CampaignChanged]:
    """Let a paused campaign go on."""
    return await _move(Move.RESUME, request, campaign_id, data, principal, once, clock)


@post(
    "/v1/campaigns/{campaign_id:str}/stops",
    summary="Stop a campaign",
    tags=["campaigns"],
)
async def stop_campaign(
    request: Request[Any, Any, Any],
    campaign_id: str,
    data: CampaignReason,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[CampaignChanged]:
    """Stop a campaign for good: no scan that is sent after the answer is paid by it."""
    return await _move(Move.STOP, request, campaign_id, data, principal, once, clock)


async def _move(
    move: Move,
    request: Request[Any, Any, Any],
    campaign_id: str,
    data: CampaignReason,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[CampaignChanged]:
    staff = require_role(principal, Role.MARKETER)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> CampaignChanged:
        state = await pipeline.move_campaign(
            conn, campaign_id, move, staff, reason=data.reason, now=now
        )
        return CampaignChanged(campaign_id, state)

    return await once.perform(request, staff, effect)
