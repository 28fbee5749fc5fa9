"""Every cap of every plant and line, accounted for."""

from datetime import date

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.messages import message
from console.frame.navigation import ACCOUNTANTS
from console.frame.page_request import StaffRequest
from console.frame.rendering import render
from console.frame.responses import AnyRequest, staff_page
from console.line.watching import read_watch
from core.bounds import check_span, refuse
from core.errors import InvalidInput
from printer_export.domain.reconciliation import Grouping, Span
from printer_export.pipeline.reconciliation import reconcile_places


@staff_page(HttpMethod.GET, "/plants", *ACCOUNTANTS)
async def show_plants(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show plants or lines side by side; `?watch` is for a screen on the wall."""
    asked = request.query_params
    by = Grouping.LINE if asked.get("by") == Grouping.LINE else Grouping.PLANT
    span = Span(_day(asked.get("from"), "from"), _day(asked.get("to"), "to"))
    refuse(check_span(("/from", span.first), ("/to", span.last)))
    async with context.engine.connect() as conn:
        places = await reconcile_places(
            conn, by, span, page.staff, timezone=context.settings.timezone
        )
    return render(
        context,
        page,
        "plants.html",
        places=places,
        by=by.value,
        span=span,
        watching=read_watch(request).value,
    )


def _day(text: str | None, name: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidInput.field(
            f"/{name}", "invalid", message("no_day", given=text[:20])
        ) from None
    return day
