"""HTTP of shadows: started, ended, and what came of them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar import delete as route_delete
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.shadows import Difference, ShadowReport
from anti_fraud.domain.verdict import Verdict
from anti_fraud.pipeline import shadows as pipeline
from anti_fraud.pipeline.rule_sets import read_version
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.moments import When, read_end

# Of a report's differences so many scans are examples.
_EXAMPLES = 20


class ShadowBody(Body, frozen=True, kw_only=True):
    """Until when a version runs in the shadow; a day counts whole."""

    until: When


class StartedShadow(msgspec.Struct, frozen=True):
    """A version that runs in the shadow from now on."""

    version: int
    until: datetime


class ShadowRuleView(msgspec.Struct, frozen=True, kw_only=True):
    """How often a rule hit live, in the shadow, and in both of one scan."""

    id: str
    live_hits: int
    shadow_hits: int
    both: int
    only_live: int
    only_shadow: int
    # Scans of which the shadow's rule can't be asked.
    failed: int


class ShadowOutcomes(msgspec.Struct, frozen=True):
    """Verdicts of the live set and of the shadow."""

    live: Mapping[Verdict, int]
    shadow: Mapping[Verdict, int]


class ShadowMovedView(msgspec.Struct, frozen=True, kw_only=True):
    """How many scans both judged otherwise, each in one way."""

    live: Verdict
    shadow: Verdict
    scans: int


class ShadowDayView(msgspec.Struct, frozen=True):
    """A day of it."""

    day: date
    scans: int
    differ: int


class DifferenceView(msgspec.Struct, frozen=True, kw_only=True):
    """A scan of which both say otherwise."""

    scan_id: str
    live: Verdict
    shadow: Verdict
    live_score: int
    shadow_score: int


class ShadowReportView(msgspec.Struct, frozen=True, kw_only=True):
    """What a version said in the shadow, beside what was live.

    `missed` are scans of which nobody asked it, since a worker had too much to do.
    """

    version: int
    until: datetime
    started_by: str
    started_at: datetime
    ended_by: str | None
    ended_at: datetime | None
    scans: int
    differ: int
    missed: int
    by_rule: tuple[ShadowRuleView, ...]
    outcomes: ShadowOutcomes
    moved: tuple[ShadowMovedView, ...]
    days: tuple[ShadowDayView, ...]
    differences: tuple[DifferenceView, ...]
    examples: tuple[str, ...]


def _view(report: ShadowReport) -> ShadowReportView:
    run = report.run
    differences = tuple(map(_view_difference, report.differences))
    return ShadowReportView(
        version=run.version,
        until=run.until,
        started_by=run.started_by,
        started_at=run.started_at,
        ended_by=run.ended_by,
        ended_at=run.ended_at,
        scans=report.scans,
        differ=report.differ,
        missed=report.missed,
        by_rule=_view_rules(report),
        outcomes=_view_outcomes(report),
        moved=tuple(
            ShadowMovedView(live=live, shadow=shadow, scans=scans)
            for (live, shadow), scans in report.outcomes.items()
            if live is not shadow
        ),
        days=tuple(ShadowDayView(*each) for each in report.days),
        differences=differences,
        examples=tuple(each.scan_id for each in differences[:_EXAMPLES]),
    )


def _view_outcomes(report: ShadowReport) -> ShadowOutcomes:
    live, shadow = dict.fromkeys(Verdict, 0), dict.fromkeys(Verdict, 0)
    for (said, would), scans in report.outcomes.items():
        live[said] += scans
        shadow[would] += scans
    return ShadowOutcomes(live, shadow)


def _view_rules(report: ShadowReport) -> tuple[ShadowRuleView, ...]:
    most_first = sorted(
        report.rules.items(),
        key=lambda each: (-each[1].shadow_hits, -each[1].live_hits, each[0]),
    )
    return tuple(
        ShadowRuleView(
            id=rule_id,
            live_hits=counts.live_hits,
            shadow_hits=counts.shadow_hits,
            both=counts.both,
            only_live=counts.live_hits - counts.both,
            only_shadow=counts.shadow_hits - counts.both,
            failed=counts.failed,
        )
        for rule_id, counts in most_first
    )


def _view_difference(each: Difference) -> DifferenceView:
    return DifferenceView(
        scan_id=str(each.scan_id),
        live=each.live,
        shadow=each.shadow,
        live_score=each.live_score,
        shadow_score=each.shadow_score,
    )


@post(
    "/v1/rule-sets/{version:str}/shadows",
    summary="Run a rule set in the shadow",
    tags=["rule sets"],
)
async def start_shadow(
    request: Request[Any, Any, Any],
    version: str,
    data: ShadowBody,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: SkipValidation[ZoneInfo],
) -> Response[StartedShadow]:
    """Let a committed version say what it would of each scan that commits after this.

    It changes nothing for anybody, and ends by itself. One at most runs: 409
    `illegal_state` while another does, and for a draft.
    """
    staff = require_role(principal, Role.ANALYST)
    number, now = read_version(version), utc_datetime(clock.now_ms())
    until = read_end("/until", data.until, timezone)
    assert until is not None, "it was given"

    async def effect(conn: AsyncConnection) -> StartedShadow:
        run = await pipeline.start_shadow(conn, number, staff, until=until, now=now)
        return StartedShadow(run.version, run.until)

    return await once.perform(request, staff, effect)


@route_delete(
    "/v1/rule-sets/{version:str}/shadows",
    summary="End a shadow",
    tags=["rule sets"],
)
async def end_shadow(
    principal: Principal, version: str, engine: AsyncEngine, clock: Clock
) -> None:
    """Take a version out of the shadow before its time; its report stays."""
    staff = require_role(principal, Role.ANALYST)
    number, now = read_version(version), utc_datetime(clock.now_ms())
    async with engine.begin() as conn:
        await pipeline.end_shadow(conn, number, staff, now=now)


@get(
    "/v1/rule-sets/{version:str}/shadow-report",
    summary="Look at a shadow",
    tags=["rule sets"],
)
async def show_shadow_report(
    principal: Principal, version: str, engine: AsyncEngine
) -> ShadowReportView:
    """Show what a version's newest run in the shadow came to so far."""
    staff = require_role(principal, Role.ANALYST)
    number = read_version(version)
    async with engine.connect() as conn:
        return _view(await pipeline.load_shadow_report(conn, number, staff))
