"""The programme: until when points are good, in versions that two persons make."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.fields import Faults, Reader, place_errors
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.bounds import read_id
from core.errors import InvalidInput, NotFound
from core.pages import read_form
from rewards.domain.messages import message
from rewards.domain.programme import (
    MAX_MONTHS,
    Clawback,
    ProgrammeTerms,
    ProgrammeVersion,
)
from rewards.pipeline import programme as pipeline

PATH: Final = f"{HOME}/programme"
_SHOWN: Final = 50
_FIELDS: Final = ("end", "months", "day", "clawback")
_POINTERS: Final = {"/points_valid_months": "months", "/points_expire_on": "day"}


class End(StrEnum):
    """When points end: never, so many months on, or on a day of each year."""

    NEVER = "never"
    MONTHS = "months"
    DAY = "day"


@staff_page(HttpMethod.GET, "/programme", Role.MARKETER)
async def show_programme(
    _request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show what holds, and every version with who wrote and who approved it."""
    return await _show(context, page, {}, {})


@staff_page(HttpMethod.POST, "/programme", Role.MARKETER)
async def write_programme(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Write a version, which holds once somebody else approves it."""
    form = await read_form(request, page, *_FIELDS)
    terms, faults = read_terms(form)
    if terms is not None:
        try:
            async with context.engine.begin() as conn:
                await pipeline.draft_version(conn, terms, page.staff, now=context.now)
        except InvalidInput as fault:
            faults = place_errors(fault, _POINTERS)
        else:
            return TEMPLATES.redirect(page, PATH)
    return await _show(context, page, form, faults)


def read_terms(form: Mapping[str, str]) -> tuple[ProgrammeTerms | None, Faults]:
    """Make the terms that a form asks for; None, and what is wrong by field."""
    reader = Reader()
    end = reader.choice("end", form.get("end", ""), End)
    clawback = reader.choice("clawback", form.get("clawback", ""), Clawback)
    months = day = None
    if end is End.MONTHS:
        months = reader.needed("months", form.get("months", ""), 1, MAX_MONTHS)
    elif end is End.DAY:
        day = reader.text("day", form.get("day", ""))
    if reader.faults or clawback is None:
        return None, reader.faults
    terms = ProgrammeTerms(
        points_valid_months=months, points_expire_on=day, clawback=clawback
    )
    return terms, {}


@staff_page(HttpMethod.POST, "/programme/approve", Role.MARKETER)
async def approve_programme(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Let a version hold from now on that somebody else wrote."""
    form = await read_form(request, page, "version")
    number = read_id(form.get("version", ""))
    if number is None or number > pipeline.MAX_VERSION:
        told = message("no_programme_version", version=form.get("version", "")[:20])
        raise NotFound(told)
    async with context.engine.begin() as conn:
        await pipeline.approve_version(conn, number, page.staff, now=context.now)
    return TEMPLATES.redirect(page, PATH)


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    given: Mapping[str, str],
    faults: Faults,
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        terms, versions = await pipeline.list_versions(conn, limit=_SHOWN)

    def may_approve(version: ProgrammeVersion) -> bool:
        return pipeline.may_approve(version, page.staff)

    return render(
        context,
        page,
        "programme.html",
        status=422 if faults else 200,
        terms=terms,
        versions=versions,
        may_write=page.staff.brand is None,
        may_approve=may_approve,
        ends=list(End),
        clawbacks=list(Clawback),
        given=given,
        faults=faults,
        focus=next(iter(faults), ""),
    )
