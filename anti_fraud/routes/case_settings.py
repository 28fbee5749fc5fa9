"""HTTP of the settings of cases: written by one person, approved by another."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post, put
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.case_settings import (
    DEFAULT_SETTINGS,
    CaseSettings,
    SettingsState,
    SettingsVersion,
)
from anti_fraud.domain.early_scans import MOST_CODES
from anti_fraud.pipeline import case_settings as pipeline
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Limit

_SUM = msgspec.Meta(ge=0, le=10**12)
_HOURS = msgspec.Meta(ge=1, le=24 * 365)


class CaseSettingsBody(Body, frozen=True, kw_only=True):
    """What is to hold for cases; what is left out is as it ships.

    A decision on more than `four_eyes_points` points or `four_eyes_minor` hundredths
    takes two persons. A case of fewer than `resolve_below_points` points and nothing
    else, of which no rule weighs `weighty_score`, approves itself
    `resolve_after_hours` after its last scan.
    """

    four_eyes_points: Annotated[int, _SUM] = DEFAULT_SETTINGS.four_eyes_points
    four_eyes_minor: Annotated[int, _SUM] = DEFAULT_SETTINGS.four_eyes_minor
    resolve_below_points: Annotated[int, _SUM] = DEFAULT_SETTINGS.resolve_below_points
    resolve_after_hours: Annotated[int, _HOURS] = DEFAULT_SETTINGS.resolve_after_hours
    early_scans_hold: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = (
        DEFAULT_SETTINGS.early_scans_hold
    )
    early_scans_alarm: Annotated[int, msgspec.Meta(ge=0, le=MOST_CODES)] = (
        DEFAULT_SETTINGS.early_scans_alarm
    )
    refusals_an_hour: Annotated[int, _SUM] = DEFAULT_SETTINGS.refusals_an_hour
    leak_scans_alarm: Annotated[int, msgspec.Meta(ge=0, le=MOST_CODES)] = (
        DEFAULT_SETTINGS.leak_scans_alarm
    )
    weighty_score: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = (
        DEFAULT_SETTINGS.weighty_score
    )
    due_hours: Annotated[int, _HOURS] = DEFAULT_SETTINGS.due_hours


class CaseSettingsVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the settings, and who took which step."""

    version: int
    state: SettingsState
    terms: CaseSettings
    created_by: str
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None


class CaseSettingsView(CaseSettings, frozen=True, kw_only=True):
    """The settings that hold, and the newest versions first."""

    items: tuple[CaseSettingsVersion, ...]


class CaseSettingsChanged(msgspec.Struct, frozen=True):
    """A version of the settings, and how far it has come."""

    version: int
    state: SettingsState


def _view(kept: SettingsVersion) -> CaseSettingsVersion:
    names = CaseSettingsVersion.__struct_fields__
    return CaseSettingsVersion(**{name: getattr(kept, name) for name in names})


@get("/v1/case-settings", summary="Look at the settings of cases", tags=["cases"])
async def show_case_settings(
    principal: Principal, engine: AsyncEngine, limit: Limit = 20
) -> CaseSettingsView:
    """Show what holds for cases, and the newest versions of it."""
    staff = require_role(principal, Role.ANALYST)
    async with engine.connect() as conn:
        terms, versions = await pipeline.list_settings(conn, staff, limit=limit)
    return CaseSettingsView(
        **msgspec.structs.asdict(terms), items=tuple([_view(each) for each in versions])
    )


@put("/v1/case-settings", summary="Write the settings of cases", tags=["cases"])
async def put_case_settings(
    request: Request[Any, Any, Any],
    data: CaseSettingsBody,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[CaseSettingsChanged]:
    """Write settings, which hold once somebody else approves them."""
    staff = require_role(principal, Role.ANALYST)
    now = utc_datetime(clock.now_ms())
    terms = CaseSettings(**msgspec.structs.asdict(data))

    async def effect(conn: AsyncConnection) -> CaseSettingsChanged:
        version = await pipeline.draft_settings(conn, terms, staff, now=now)
        return CaseSettingsChanged(version.version, version.state)

    return await once.perform(request, staff, effect)


class SettingsApproval(Body, frozen=True, kw_only=True):
    """Which version of the settings is to hold."""

    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000, examples=[1])]


@post(
    "/v1/case-settings/approvals",
    summary="Approve the settings of cases",
    tags=["cases"],
)
async def approve_case_settings(
    request: Request[Any, Any, Any],
    data: SettingsApproval,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[CaseSettingsChanged]:
    """Let settings hold that somebody else wrote."""
    staff = require_role(principal, Role.ANALYST)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> CaseSettingsChanged:
        version = await pipeline.approve_settings(conn, data.version, staff, now=now)
        return CaseSettingsChanged(version.version, version.state)

    return await once.perform(request, staff, effect)
