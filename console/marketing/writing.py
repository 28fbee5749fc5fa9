"""Writing a campaign, or another version of one, in a form and without JSON."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.fields import Faults
from console.frame.messages import message
from console.frame.navigation import CAMPAIGNS, HOME
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from console.marketing import previewing
from console.marketing.building.choices import Choices
from console.marketing.building.drafts import (
    ASKED,
    FIELDS,
    MAX_TIERS,
    Draft,
    change_draft,
    read_draft,
)
from console.marketing.building.terms import (
    FACTS,
    check_id,
    draft_of,
    place_faults,
    write_terms,
)
from console.marketing.words import Wording, wording_of
from core.auth import Role
from core.bounds import MAX_PAGE, read_id
from core.errors import Conflict, FieldError, InvalidInput
from core.pages import read_form
from rewards.domain.campaigns import KeptCampaign
from rewards.domain.terms import Terms
from rewards.pipeline import campaigns as pipeline
from rewards.pipeline.coupons import pools

NEW: Final = f"{HOME}/new-campaign"
MAX_BYTES: Final = 131_072
_MAX_FIELDS: Final = 2_000
_SAVE: Final = "save"
_PREVIEW: Final = "preview"


@staff_page(HttpMethod.GET, "/new-campaign", Role.MARKETER)
async def show_new_campaign(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show the form for a campaign, filled in like another if one is named."""
    draft = Draft({"applies_to": "bound", "order": "100"})
    like = request.query_params.get("like")
    if like:
        kept = await _find(context, page, like)
        shown = kept.active or kept.versions[0]
        draft = _fill(shown.terms, context)
    return await _show(context, page, draft, None, {}, focus="campaign_id")


@staff_page(HttpMethod.POST, "/new-campaign", Role.MARKETER, max_bytes=MAX_BYTES)
async def write_campaign(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Add or take away a row, check, or keep what was written as a first version."""
    return await _write(request, context, page, None)


@staff_page(HttpMethod.GET, "/campaigns/{campaign_id:str}/edit", Role.MARKETER)
async def show_new_version(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show the form for another version, filled in like the newest or a named one."""
    kept = await _find(context, page, request.path_params["campaign_id"])
    named = read_id(request.query_params.get("version", ""))
    base = kept.versions[0] if named is None else kept.find(named)
    draft = _fill((base or kept.versions[0]).terms, context)
    return await _show(context, page, draft, kept, {}, focus="name_zh")


@staff_page(
    HttpMethod.POST,
    "/campaigns/{campaign_id:str}/edit",
    Role.MARKETER,
    max_bytes=MAX_BYTES,
)
async def write_version(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Add or take away a row, check, or keep what was written as a version."""
    campaign_id = request.path_params["campaign_id"]
    return await _write(request, context, page, campaign_id)


def _fill(terms: Terms, context: ConsoleContext) -> Draft:
    """Fill the form in; raises Conflict where it would lose tiers without a word."""
    if any(len(offer.table or ()) > MAX_TIERS for offer in terms.offers):
        raise Conflict(message("too_many_tiers", most=MAX_TIERS))
    return draft_of(terms, context.settings.timezone)


async def _find(
    context: ConsoleContext, page: StaffRequest, campaign_id: str
) -> KeptCampaign:
    async with context.engine.connect() as conn:
        return await pipeline.show_campaign(conn, campaign_id, page.staff)


async def _write(
    request: AnyRequest,
    context: ConsoleContext,
    page: StaffRequest,
    campaign_id: str | None,
) -> Response[Any]:
    form = await read_form(
        request,
        page,
        *FIELDS,
        *previewing.FIELDS,
        max_bytes=MAX_BYTES,
        max_fields=_MAX_FIELDS,
    )
    kept = None if campaign_id is None else await _find(context, page, campaign_id)
    asked = {name: form.get(name, "") for name in previewing.FIELDS}
    draft, step = read_draft(form), form.get("do", "")
    focus = change_draft(draft, step, form)
    if focus is not None:
        return await _show(context, page, draft, kept, {}, focus=focus, asked=asked)
    terms, faults = write_terms(draft, context.settings.timezone)
    if terms is not None:
        faults = await _check(context, page, draft, terms, kept)
    if kept is None and step != _PREVIEW:
        faults = check_id(draft) | faults
    shown = None
    if step == _PREVIEW and terms is not None and not faults:
        shown, faults = await previewing.preview(
            context, page, asked, terms=terms, kept=kept
        )
    if terms is not None and not faults and step == _SAVE:
        faults = await _keep(context, page, draft, terms, kept)
        if not faults:
            named = draft.get("campaign_id") if kept is None else kept.campaign_id
            return TEMPLATES.redirect(page, f"{CAMPAIGNS}/{quote(named, safe='')}")
    return await _show(
        context,
        page,
        draft,
        kept,
        faults,
        terms=terms,
        asked=asked,
        shown=shown,
        previewed=step == _PREVIEW,
        status=422 if faults else 200,
    )


async def _check(
    context: ConsoleContext,
    page: StaffRequest,
    draft: Draft,
    terms: Terms,
    kept: KeptCampaign | None,
) -> Faults:
    """Tell by field what whoever keeps terms would find wrong."""
    try:
        async with context.engine.connect() as conn:
            await pipeline.check_terms(conn, terms, page.staff, kept)
    except InvalidInput as fault:
        return place_faults(fault, draft)
    return {}


async def _keep(
    context: ConsoleContext,
    page: StaffRequest,
    draft: Draft,
    terms: Terms,
    kept: KeptCampaign | None,
) -> Faults:
    """Keep the terms as a draft; tells by field why not."""
    try:
        async with context.engine.begin() as conn:
            if kept is None:
                write, campaign_id = pipeline.draft_campaign, draft.get("campaign_id")
            else:
                write, campaign_id = pipeline.draft_version, kept.campaign_id
            await write(conn, campaign_id, terms, page.staff, now=context.now)
    except Conflict as fault:
        if fault.code != "already_exists":
            raise
        return {"campaign_id": [FieldError("campaign_id", fault.code, fault.detail)]}
    except InvalidInput as fault:
        return place_faults(fault, draft)
    return {}


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    draft: Draft,
    kept: KeptCampaign | None,
    faults: Faults,
    *,
    focus: str = "",
    terms: Terms | None = None,
    asked: Mapping[str, str] | None = None,
    shown: previewing.Shown | None = None,
    previewed: bool = False,
    status: int = 200,
) -> Response[bytes]:
    """Show the form as it stands; `terms` are what it says, if it says something."""
    if terms is None:
        terms, _ = write_terms(draft, context.settings.timezone)
    async with context.engine.connect() as conn:
        known = await pools.list_pools(conn, page.staff, limit=MAX_PAGE)
    wording = wording_of(context, page)
    return render(
        context,
        page,
        "campaign_form.html",
        status=status,
        draft=draft,
        kept=kept,
        faults=faults,
        focus=next(iter(faults), focus),
        said=None if terms is None else wording.tell(terms),
        changes=_compare(wording, kept, terms),
        wording=wording,
        choices=Choices(wording),
        facts=FACTS,
        asked=ASKED,
        pools=[each.pool for each in known],
        timezone=context.settings.timezone,
        asked_for=asked or {},
        shown=shown,
        previewed=previewed,
    )


def _compare(
    wording: Wording, kept: KeptCampaign | None, terms: Terms | None
) -> list[Any] | None:
    if kept is None or kept.active is None or terms is None:
        return None
    return wording.compare(kept.active.terms, terms)
