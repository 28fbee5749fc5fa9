"""Shadows: a version beside the one that judges, started, looked at, ended."""

from collections import Counter
from typing import Final

from litestar import Response
from litestar.enums import HttpMethod

from anti_fraud.domain.shadows import RuleCounts, ShadowReport
from anti_fraud.domain.verdict import Verdict
from anti_fraud.pipeline import rule_sets
from anti_fraud.pipeline import shadows as pipeline
from console.frame.context import ConsoleContext
from console.frame.fields import Faults, Reader, place_errors
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from console.fraud.rules.trials import Side
from console.fraud.rules.versions import (
    PATH,
    name_rules_of,
    read_version,
    show_version,
)
from core.auth import Role
from core.errors import Conflict, InvalidInput
from core.moments import read_end
from core.pages import read_form

_FIELDS: Final[dict[str, str]] = {"/until": "until"}


@staff_page(HttpMethod.POST, "/rules/{version:str}/shadow", Role.ANALYST)
async def start_rules_shadow(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Let a version say what it would of each scan, until the end of a day."""
    form = await read_form(request, page, "until")
    number, reader = read_version(request), Reader()
    day, timezone = form.get("until", ""), context.settings.timezone
    until = reader.moment("until", day, "", read_end, timezone)
    faults: Faults = reader.faults
    if until is not None and not faults:
        try:
            async with context.engine.begin() as conn:
                await pipeline.start_shadow(
                    conn, number, page.staff, until=until, now=context.now
                )
        except Conflict as fault:
            return await show_version(context, page, number, fault=fault)
        except InvalidInput as fault:
            faults = place_errors(fault, _FIELDS)
        else:
            return TEMPLATES.redirect(page, f"{PATH}/{number}/shadow")
    return await show_version(context, page, number, faults=faults, until=day)


@staff_page(HttpMethod.GET, "/rules/{version:str}/shadow", Role.ANALYST)
async def show_rules_shadow(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show what a version said in the shadow, beside what was live."""
    number = read_version(request)
    async with context.engine.connect() as conn:
        report = await pipeline.load_shadow_report(conn, number, page.staff)
        active = await rule_sets.find_active(conn, page.staff)
        names = await name_rules_of(conn, page, (number, active.version.version))
    most = max((each.scans for each in report.days), default=1)
    return render(
        context,
        page,
        "rules_shadow.html",
        report=report,
        sides=_sides(report),
        rules=_rules(report),
        names=names,
        days=[
            (each, 100 * each.scans / most, 100 * each.differ / most)
            for each in report.days
        ],
        is_running=report.run.ended_at is None and report.run.until > context.now,
    )


def _sides(report: ShadowReport) -> tuple[Side, Side]:
    live: Counter[Verdict] = Counter()
    shadow: Counter[Verdict] = Counter()
    for (said, own), number in report.outcomes.items():
        live[said] += number
        shadow[own] += number
    return Side("candidate", shadow, None), Side("live", live, None)


def _rules(report: ShadowReport) -> list[tuple[str, RuleCounts]]:
    """List rules, those on which both differ most first."""
    return sorted(
        report.rules.items(),
        key=lambda each: (
            2 * each[1].both - each[1].live_hits - each[1].shadow_hits,
            each[0],
        ),
    )


@staff_page(HttpMethod.POST, "/rules/{version:str}/shadow/end", Role.ANALYST)
async def end_rules_shadow(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Take a version out of the shadow before its time."""
    await read_form(request, page)
    number = read_version(request)
    async with context.engine.begin() as conn:
        await pipeline.end_shadow(conn, number, page.staff, now=context.now)
    return TEMPLATES.redirect(page, f"{PATH}/{number}/shadow")
