"""Reporting a suspected fake: what and where, no name asked, a number to refer to."""

from typing import Final

from litestar import Response, post, route

from codegen.domain.scanned import parse_scanned
from codegen.domain.sealing import open_code
from codegen.domain.symbols import ALPHABET
from core.bounds import check_prose, check_text
from core.ids import random_below
from core.pages import read_form
from core.pages.guard import HOME, local_path
from scan_api.domain.fakes import (
    MAX_NOTE,
    MAX_PLACE,
    MAX_SEEN,
    REFERENCE_SYMBOLS,
    FakeReport,
    make_reference,
    read_reference,
    show_reference,
)
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import render
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer
from scan_api.pipeline.fakes import count_reporters, take_report

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
    await count_reporters(context.opening.throttle.redis, page.origin.guess_tags)
    report = _report_of(
        context, page, reference, local_path(form.get("of")), note, place
    )
    async with context.engine.begin() as conn:
        await take_report(conn, report, now_ms=context.clock.now_ms())
    return render(context, page, "report.html", sent=show_reference(reference))


def _report_of(
    context: PageContext,
    page: MemberRequest,
    reference: str,
    of: str,
    note: str,
    place: str,
) -> FakeReport:
    """Put a report together; the code of the page that it began at comes with it."""
    states = context.codes.states
    code_text = parse_scanned(of).code_text
    code_id = None if code_text is None else open_code(states.keys, code_text)
    brand, seen = states.current.brands.sole, None
    if code_id is not None:
        brand = states.current.brand_of(code_id) or brand
    elif of != HOME:
        seen = of[:MAX_SEEN]
    return FakeReport(
        context.opening.ids.next_id(context.clock.now_ms()),
        reference,
        code_id,
        seen,
        brand,
        place,
        note,
        page.language,
    )
