"""Acting beyond a case: foretold first, then done, and taken back where that goes."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from anti_fraud.domain.case_actions import NEEDS, ActionKind, Foretold, NewAction
from anti_fraud.domain.cases import SubjectKind
from anti_fraud.domain.lists import ListKind
from anti_fraud.domain.messages import message
from anti_fraud.pipeline.cases import acting, listing
from anti_fraud.pipeline.cases.listing import CaseFile
from console.frame.context import ConsoleContext
from console.frame.fields import Faults, Reader, local_moment, place_errors
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES
from console.frame.responses import AnyRequest, staff_page
from console.fraud.cases import PATH, begin_work, render_case
from core.auth import Role
from core.bounds import MAX_INTEGER, MAX_TEXT, read_id
from core.errors import Conflict, Fault, InvalidInput, NotFound
from core.moments import read_end
from core.pages import read_form

_TEXTS: Final = ("value", "instructions", "campaign_id", "offer_id", "tier_id")
_NUMBERS: Final = ("batch_id", "from_index", "to_index")
_FIELDS: Final = (
    *("action", "kind", "until", "until_time", "reason", "do", *_TEXTS, *_NUMBERS),
)
_SUBJECTS: Final[Mapping[SubjectKind, ListKind]] = {
    SubjectKind.MEMBER: ListKind.MEMBER,
    SubjectKind.NETWORK: ListKind.NETWORK,
}


@staff_page(HttpMethod.GET, "/cases/{case_id:str}/act", Role.ANALYST)
async def show_ways_to_act(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show what can be done beyond a case, and the form of one way."""
    kind = request.query_params.get("action", "")
    action = ActionKind(kind) if kind in set(ActionKind) else ActionKind.BLOCK
    return await _show(context, page, _number(request, "case_id"), action)


@staff_page(HttpMethod.POST, "/cases/{case_id:str}/act", Role.ANALYST)
async def act_beyond_case(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Tell what an action would do, or do it."""
    form = await read_form(request, page, *_FIELDS)
    number, kind = _number(request, "case_id"), form.get("action", "")
    if kind not in set(ActionKind):
        raise NotFound(message("no_case"))
    action = ActionKind(kind)
    wish, faults = _read_wish(context, action, form)
    fault: Fault | None = None
    foretold: Foretold | None = None
    if wish is not None and not faults:
        try:
            async with context.engine.begin() as conn:
                work, ports = begin_work(conn, context, page), context.case_ports
                if form.get("do") == "now":
                    await acting.act(work, ports.actions, number, wish)
                    return TEMPLATES.redirect(page, f"{PATH}/{number}")
                foretold = await acting.foretell_action(
                    work, ports.actions, number, wish
                )
        except InvalidInput as raised:
            faults = place_errors(raised, {})
        except (Conflict, NotFound) as raised:
            fault = raised
    return await _show(
        *(context, page, number, action),
        given=form,
        faults=faults,
        fault=fault,
        foretold=foretold,
    )


@staff_page(HttpMethod.POST, "/actions/{action_id:str}/undo", Role.ANALYST)
async def take_action_back(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Take an action back, once, and lead to its case."""
    await read_form(request, page)
    number = _number(request, "action_id")
    async with context.engine.begin() as conn:
        work = begin_work(conn, context, page)
        action = await acting.undo_action(work, context.case_ports.actions, number)
    return TEMPLATES.redirect(page, f"{PATH}/{action.case_id}")


def _number(request: AnyRequest, name: str) -> int:
    number = read_id(request.path_params[name])
    if number is None or number > MAX_INTEGER:
        raise NotFound(message("no_case"))
    return number


def _read_wish(
    context: ConsoleContext, action: ActionKind, form: Mapping[str, str]
) -> tuple[NewAction | None, Faults]:
    """Read the fields that the action asks for; what is wrong is told by field."""
    reader, zone = Reader(), context.settings.timezone
    with reader.noting("reason"):
        check_reason(form.get("reason", "").strip())
    for name in NEEDS[action]:
        if not form.get(name, "").strip():
            reader.need(name)
    texts = {name: form.get(name, "").strip()[:MAX_TEXT] or None for name in _TEXTS}
    numbers = {
        name: reader.number(name, form.get(name, "").strip(), 0, MAX_INTEGER)
        for name in _NUMBERS
    }
    until = None
    with reader.noting("until"):
        day, time = form.get("until", ""), form.get("until_time", "")
        until = read_end("/until", local_moment(day, time, zone) or None, zone)
    kind = form.get("kind", "")
    if reader.faults:
        return None, reader.faults
    fields: dict[str, Any] = {**texts, **numbers}
    return (
        NewAction(
            action=action,
            reason=form.get("reason", "").strip(),
            kind=ListKind(kind) if kind in set(ListKind) else None,
            until=until,
            **fields,
        ),
        {},
    )


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    number: int,
    action: ActionKind,
    *,
    given: Mapping[str, str] | None = None,
    faults: Faults | None = None,
    fault: Fault | None = None,
    foretold: Foretold | None = None,
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        shown = await listing.show_case(conn, page.staff, context.case_ports, number)
    return render_case(
        context,
        page,
        "acting.html",
        case=shown.case,
        action=action,
        actions=list(ActionKind),
        kind_names=[
            (kind.value, context.text(page.language, f"list_kind_{kind}"))
            for kind in ListKind
        ],
        given=_usual(shown) if given is None else given,
        faults=faults or {},
        focus=next(iter(faults or {}), ""),
        fault=fault,
        foretold=foretold,
    )


def _usual(shown: CaseFile) -> dict[str, str]:
    """Fill in what the case is of: its member or network, and its codes' batch."""
    case = shown.case
    kind = _SUBJECTS.get(case.subject_kind)
    batches = [s.batch_id for s in shown.evidence.scans if s.batch_id is not None]
    return {
        "kind": kind or ListKind.MEMBER,
        "value": case.subject_name if kind and not case.is_forgotten else "",
        "batch_id": batches[0] if batches else "",
    }
