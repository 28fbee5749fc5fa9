"""One campaign: what it says, each version of it, and the steps that change it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.fields import Faults
from console.frame.messages import message
from console.frame.navigation import CAMPAIGNERS, CAMPAIGNS
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from console.marketing import previewing
from console.marketing.campaigns import find_waiting
from console.marketing.plots import Spend, lay_out_shares, lay_out_spend
from console.marketing.words import Wording, wording_of
from core.auth import Role
from core.bounds import read_id
from core.errors import InvalidInput
from core.names import are_one
from core.pages import read_form
from rewards.domain.campaigns import KeptCampaign, Move, Version
from rewards.domain.figures import Figures, OfferFigures
from rewards.domain.terms import Counted
from rewards.pipeline import campaigns as pipeline
from rewards.pipeline.figures import show_figures

_DAYS_SHOWN: Final = 62
# Steps with a version: the same but for what they come to.
Step = Callable[..., Awaitable[Version]]


@staff_page(HttpMethod.GET, "/campaigns/{campaign_id:str}", *CAMPAIGNERS)
async def show_campaign(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show a campaign: its terms in words, what waits, and what may be done."""
    return await _show(request, context, page)


@staff_page(
    HttpMethod.POST,
    "/campaigns/{campaign_id:str}/preview",
    Role.MARKETER,
    Role.SUPPORT,
)
async def preview_campaign(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Tell what a scan would earn by the newest version."""
    asked = await read_form(request, page, *previewing.FIELDS)
    return await _show(request, context, page, asked)


async def _show(
    request: AnyRequest,
    context: ConsoleContext,
    page: StaffRequest,
    asked: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """Show a campaign, with a preview if one is asked for."""
    campaign_id = request.path_params["campaign_id"]
    async with context.engine.connect() as conn:
        kept, figures = await show_figures(conn, campaign_id, page.staff)
    wording, waits = wording_of(context, page), find_waiting(kept)
    shown = kept.active or kept.versions[0]
    preview: previewing.Shown | None = None
    faults: Faults = {}
    if asked is not None:
        preview, faults = await previewing.preview(
            context, page, asked, terms=kept.versions[0].terms, kept=kept
        )
    changes = None
    if waits is not None and kept.active is not None:
        changes = wording.compare(kept.active.terms, waits.terms)
    return render(
        context,
        page,
        "campaign.html",
        status=422 if faults else 200,
        kept=kept,
        shown=shown,
        said=wording.tell(shown.terms),
        preview=preview,
        asked_for=asked or {},
        faults=faults,
        may_preview=page.may(Role.MARKETER, Role.SUPPORT),
        figures=figures,
        plots=_lay_out_plots(kept, figures, wording, _today(context)),
        by_offer=_share_offers(figures),
        days=figures.by_day[: -_DAYS_SHOWN - 1 : -1],
        yuan=partial(wording.count, "minor"),
        waits=waits,
        changes=changes,
        may_change=page.may(Role.MARKETER) and kept.is_changed_by(page.staff.brand),
        is_mine=lambda version: are_one(version.created_by, page.staff.person),
    )


@dataclass(frozen=True, slots=True)
class Plot:
    """What was given of a unit, and what it is called."""

    unit: str
    spend: Spend
    budget: int | None
    total: int
    told: Callable[[int], str]


def _lay_out_plots(
    kept: KeptCampaign, figures: Figures, wording: Wording, today: date
) -> list[Plot]:
    """Lay out points and money, whichever is given or limited."""
    terms = (kept.active or kept.versions[0]).terms
    plots = []
    for unit in (Counted.POINTS, Counted.MINOR):
        budget: int | None = getattr(terms.budget, unit.value, None)
        by_day = [(each.day, getattr(each, unit.value)) for each in figures.by_day]
        total = sum(amount for _, amount in by_day)
        spend = lay_out_spend(by_day, budget=budget, today=today)
        if spend is not None and (total or budget is not None):
            told = partial(wording.count, unit.value)
            plots.append(Plot(unit.value, spend, budget, total, told))
    return plots


def _share_offers(figures: Figures) -> list[tuple[OfferFigures, float]]:
    offers = figures.by_offer
    shares = lay_out_shares([each.awards for each in offers])
    return list(zip(offers, shares, strict=True))


def _today(context: ConsoleContext) -> date:
    return context.now.astimezone(context.settings.timezone).date()


@staff_page(HttpMethod.POST, "/campaigns/{campaign_id:str}/pause", Role.MARKETER)
async def pause_campaign(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Pause a campaign at once."""
    return await _move(request, context, page, Move.PAUSE)


@staff_page(HttpMethod.POST, "/campaigns/{campaign_id:str}/resume", Role.MARKETER)
async def resume_campaign(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Let a paused campaign go on."""
    return await _move(request, context, page, Move.RESUME)


@staff_page(HttpMethod.POST, "/campaigns/{campaign_id:str}/stop", Role.MARKETER)
async def stop_campaign(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Stop a campaign for good, once it is said that this is meant."""
    return await _move(request, context, page, Move.STOP)


async def _move(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest, move: Move
) -> Response[Any]:
    form = await read_form(request, page, "reason", "sure")
    reason = form.get("reason", "").strip()
    check_reason(reason)
    if move is Move.STOP and form.get("sure") != "on":
        raise InvalidInput.field("/sure", "required", message("stop_is_final"))
    campaign_id = request.path_params["campaign_id"]
    async with context.engine.begin() as conn:
        await pipeline.move_campaign(
            conn, campaign_id, move, page.staff, reason=reason, now=context.now
        )
    return _back(page, campaign_id)


@staff_page(HttpMethod.POST, "/campaigns/{campaign_id:str}/approve", Role.MARKETER)
async def approve_campaign(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Approve a version as a second person."""
    return await _take_step(request, context, page, pipeline.approve_version)


@staff_page(HttpMethod.POST, "/campaigns/{campaign_id:str}/activate", Role.MARKETER)
async def activate_campaign(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Let a campaign pay by a version that was approved."""
    return await _take_step(request, context, page, pipeline.activate_version)


async def _take_step(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest, step: Step
) -> Response[Any]:
    form = await read_form(request, page, "version")
    given = form.get("version", "")
    version = read_id(given)
    if version is None:
        raise InvalidInput.field(
            "/version", "invalid", message("no_number", given=given[:20])
        )
    campaign_id = request.path_params["campaign_id"]
    async with context.engine.begin() as conn:
        await step(conn, campaign_id, version, page.staff, now=context.now)
    return _back(page, campaign_id)


def _back(page: StaffRequest, campaign_id: str) -> Response[bytes]:
    return TEMPLATES.redirect(page, f"{CAMPAIGNS}/{quote(campaign_id, safe='')}")
