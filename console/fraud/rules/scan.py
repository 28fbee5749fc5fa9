"""One scan, explained: each rule with the values it saw, then and by the active set."""

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.page_request import StaffRequest
from console.frame.rendering import render
from console.frame.responses import AnyRequest, staff_page
from console.fraud.rules.words import RuleWords
from core.auth import Role
from core.bounds import read_id
from core.errors import NotFound
from scan_api.domain.messages import message
from scan_api.pipeline.evaluations import Judged, evaluate_scan


@staff_page(HttpMethod.GET, "/judged-scans/{scan_id:str}", Role.ANALYST)
async def explain_judged_scan(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show what every rule saw of a scan, and what the active rules say of it."""
    number = read_id(request.path_params["scan_id"])
    if number is None:
        raise NotFound(message("no_scan"))
    async with context.engine.connect() as conn:
        found = await evaluate_scan(conn, number, page.staff, context.settings.timezone)
    return render(
        context,
        page,
        "judged_scan.html",
        found=found,
        judgements=[
            (name, judged, _words(context, page, judged))
            for name, judged in (("then", found.judged), ("now", found.active))
            if judged is not None
        ],
    )


def _words(context: ConsoleContext, page: StaffRequest, judged: Judged) -> RuleWords:
    facts = {known.name: known for known in judged.rule_set.facts}
    return RuleWords(
        page.language, lambda name: context.text(page.language, name), facts
    )
