"""Honey codes: asked for, told once, and how often each was seen."""

from collections.abc import Mapping, Sequence
from typing import Final

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.fields import Faults, Reader, place_errors
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.rendering import render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.bounds import MAX_INTEGER, read_id
from core.errors import Conflict, FieldError, InvalidInput, NotFound
from core.pages import read_form
from printer_export.pipeline import honey_codes as pipeline
from printer_export.pipeline.honey_codes import MOST_AT_ONCE, PrintedCode

PATH: Final = f"{HOME}/honey-codes"
_SHOWN: Final = 50
_FIELDS: Final = ("batch_id", "quantity")


@staff_page(HttpMethod.GET, "/honey-codes", Role.ANALYST)
async def show_honey_codes(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show which places are watched, and how often each was seen."""
    before = read_id(request.query_params.get("before", ""))
    return await _show(context, page, before=before)


@staff_page(HttpMethod.POST, "/honey-codes", Role.ANALYST)
async def ask_for_honey_codes(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Watch more codes; this page alone tells them, what is wrong is at its field."""
    form = await read_form(request, page, *_FIELDS)
    reader = Reader()
    batch_id = reader.number("batch_id", form.get("batch_id", ""), 1, MAX_INTEGER)
    quantity = reader.number("quantity", form.get("quantity", ""), 1, MOST_AT_ONCE)
    for name, value in (("batch_id", batch_id), ("quantity", quantity)):
        if value is None and name not in reader.faults:
            reader.need(name)
    if batch_id is None or quantity is None:
        return await _show(context, page, given=form, faults=reader.faults)
    try:
        async with context.engine.begin() as conn:
            told = await pipeline.add_honey_codes(
                conn, context.keys, batch_id, quantity, page.staff, now=context.now
            )
    except InvalidInput as fault:
        return await _show(context, page, given=form, faults=place_errors(fault, {}))
    except (Conflict, NotFound) as fault:
        wrong = FieldError("batch_id", fault.code, fault.detail)
        return await _show(context, page, given=form, faults={"batch_id": [wrong]})
    return await _show(context, page, told=told)


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    *,
    before: int | None = None,
    given: Mapping[str, str] | None = None,
    faults: Faults | None = None,
    told: Sequence[PrintedCode] = (),
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        found = await pipeline.list_honey_codes(
            conn, page.staff, batch_id=None, before_id=before, limit=_SHOWN + 1
        )
    more = None
    if len(found) > _SHOWN:
        more = f"{PATH}?before={found[_SHOWN - 1].honey.code_id}"
    return render(
        context,
        page,
        "honey_codes.html",
        status=422 if faults else 200,
        records=found[:_SHOWN],
        more=more,
        told=told,
        most=MOST_AT_ONCE,
        given=given or {},
        faults=faults or {},
        focus=next(iter(faults or {}), ""),
    )
