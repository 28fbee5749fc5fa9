"""Reporting a suspected fake: what and where, no name asked, a number to refer to."""

from typing import Final

from litestar import Response, post, route

from codegen.domain.symbols import ALPHABET
from core.bounds import check_prose, check_text
from core.ids import random_below
from core.pages import read_form
from core.pages.guard import local_path
from scan_api.domain.fakes import (
    MAX_NOTE,
    MAX_PLACE,
    REFERENCE_SYMBOLS,
    make_reference,
    read_reference,
    show_reference,
)
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import render
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer
from scan_api.pipeline import fakes

REPORT_PATH: Final = "/report"


@route(REPORT_PATH, http_method=LOOK, include_in_schema=False)
async def show_report_form(request: AnyRequest, context: Context) -> Response[bytes]:
    """Ask what was seen and where."""
    return await answer(request, context, _show_report_form)


@post(REPORT_PATH, include_in_schema=False)
async def report_fake(request: AnyRequest, context: Context) -> Response[bytes]:
    """Write a report down, and tell its number."""
    return await answer(request, context, _report_fake)


async def _show_report_form(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    of = local_path(request.query_params.get("of"))
    page.marks = {"of": of}
    # Chosen here, so that a form that is sent twice is one report.
    reference = make_reference(random_below(len(ALPHABET) ** REFERENCE_SYMBOLS))
    return _render_form(context, page, {"of": of, "reference": reference}, wrong=False)


def _render_form(
    context: PageContext, page: MemberRequest, form: dict[str, str], *, wrong: bool
) -> Response[bytes]:
    # Nothing here may tell whether the code is ours: nobody counts who asks.
    return render(
        context,
        page,
        "report.html",
        status=422 if wrong else 200,
        form={"note": "", "place": ""} | form,
        wrong=wrong,
        sent=None,
    )


async def _report_fake(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    form = await read_form(request, page, "of", "reference", "place", "note")
    note, place = (" ".join(form.get(name, "").split()) for name in ("note", "place"))
    faults = [
        *check_prose("/note", note, most=MAX_NOTE),
        *check_text("/place", place, most=MAX_PLACE),
    ]
    reference = read_reference(form.get("reference", ""))
    if faults or reference is None:
        return _render_form(context, page, form, wrong=True)
    now_ms = context.clock.now_ms()
    of = local_path(form.get("of"))
    await fakes.report_fake(
        context.engine,
        context.opening.throttle.redis,
        context.codes.states,
        fakes.ToldFake(reference, of, place, note, page.language),
        tags=page.origin.guess_tags,
        report_id=context.opening.ids.next_id(now_ms),
        now_ms=now_ms,
    )
    return render(context, page, "report.html", sent=show_reference(reference))
