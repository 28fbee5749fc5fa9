"""One case: why it was held, what it holds, what happened, and what to do with it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from anti_fraud.domain.case_actions import ASKED_FOR, ActionKind
from anti_fraud.domain.cases import UNDO_WITHIN, Case, CaseEntryKind, Verb
from anti_fraud.domain.messages import message
from anti_fraud.pipeline.cases import deciding, listing, undoing, working
from anti_fraud.pipeline.cases.deciding import Wish
from anti_fraud.pipeline.cases.ports import CasePorts
from anti_fraud.pipeline.cases.resolving import BY_ITSELF
from anti_fraud.pipeline.cases.undoing import UndoWish
from anti_fraud.pipeline.cases.working import Work
from console.frame.context import ConsoleContext
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES
from console.frame.responses import AnyRequest, staff_page
from console.fraud import link_view
from console.fraud.case_view import list_hits, place_scans, sum_rewards, tell_all
from console.fraud.cases import PATH, SENIOR, begin_work, render_case
from console.fraud.link_view import lay_out_links
from console.fraud.maps import CELLS_HEIGHT, CELLS_WIDTH, HEIGHT, SIDE, WIDTH
from console.fraud.provinces import NAMED
from core.auth import Role
from core.bounds import read_id
from core.errors import Conflict, Fault, InvalidInput, NotFound
from core.names import are_one
from core.pages import read_form

_FIELDS: Final = ("do", "note", "version", "release_code")
_A_DAY: Final = timedelta(days=1)
# What somebody is asked for is theirs to approve, and stays asked.
_UNDOABLE: Final = frozenset(set(ActionKind) - ASKED_FOR)


@staff_page(HttpMethod.GET, "/cases/{case_id:str}", Role.ANALYST)
async def show_one_case(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show a case with all that is known."""
    before = read_id(request.query_params.get("before", ""))
    return await _show(context, page, _number(request), before=before)


def _number(request: AnyRequest) -> int:
    number = read_id(request.path_params["case_id"])
    if number is None:
        raise NotFound(message("no_case"))
    return number


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    number: int,
    *,
    before: int | None = None,
    fault: Fault | None = None,
    note: str = "",
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        await conn.execution_options(isolation_level="REPEATABLE READ")
        shown = await listing.show_case(
            conn, page.staff, context.case_ports, number, before=before
        )
    case, evidence = shown.case, shown.evidence
    others = (*evidence.of_code, *evidence.of_member, *evidence.of_device)
    everything = (*evidence.scans, *others)
    holder = case.holder(context.now)
    mine = holder is not None and are_one(holder, page.staff.person)
    proposer = case.proposed_by
    return render_case(
        context,
        page,
        "case.html",
        case=case,
        shown=shown,
        hits=list_hits(evidence),
        rewards=sum_rewards(evidence.scans),
        places=place_scans(everything),
        picture=lay_out_links(everything),
        moments=tell_all(shown.entries, evidence.scans),
        tile=(SIDE, WIDTH, HEIGHT),
        cells=(CELLS_WIDTH, CELLS_HEIGHT),
        links_width=link_view.WIDTH,
        named=NAMED,
        holder=holder,
        is_mine=mine,
        may_confirm=proposer is not None and not are_one(proposer, page.staff.person),
        may_undo=_may_undo(case, context.now) and (holder is None or mine),
        undo_until=case.decided_at and case.decided_at + UNDO_WITHIN,
        by_itself=BY_ITSELF,
        undoable=_UNDOABLE,
        taken_back={
            each.detail["action_id"]
            for each in shown.entries
            if each.kind is CaseEntryKind.ACTION_UNDONE
        },
        kinds=CaseEntryKind,
        fault=fault,
        note=note,
    )


def _may_undo(case: Case, now: datetime) -> bool:
    """Tell whether there is still time; what is spent by then is told to who tries."""
    return case.decided_at is not None and now - case.decided_at <= UNDO_WITHIN


@staff_page(HttpMethod.POST, "/cases/{case_id:str}", Role.ANALYST)
async def work_on_case(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Do what a button says; what went wrong is told on the case's page."""
    form = await read_form(request, page, *_FIELDS)
    number, note = _number(request), form.get("note", "").strip()
    version = read_id(form.get("version", ""))
    act = _ACTS.get(form.get("do", ""))
    if act is None or version is None:
        raise NotFound(message("no_case"))
    try:
        async with context.engine.begin() as conn:
            work = begin_work(conn, context, page)
            asked = _Asked(work, context.case_ports, number, version, note)
            asked.release_code = bool(form.get("release_code"))
            await act(asked)
    except (Conflict, InvalidInput) as fault:
        return await _show(context, page, number, fault=fault, note=note)
    return TEMPLATES.redirect(page, f"{PATH}/{number}")


class _Asked:
    """What a button asks for."""

    __slots__ = ("case_id", "note", "ports", "release_code", "version", "work")

    def __init__(
        self, work: Work, ports: CasePorts, case_id: int, version: int, note: str
    ) -> None:
        self.work, self.ports, self.case_id = work, ports, case_id
        self.version, self.note = version, note
        self.release_code = False

    def say_why(self) -> str:
        """Give the reason; raises InvalidInput without one."""
        check_reason(self.note)
        return self.note


async def _take(asked: _Asked) -> Any:
    person = asked.work.staff.person
    return await working.assign_case(
        asked.work, asked.case_id, person, expected_version=asked.version
    )


async def _release(asked: _Asked) -> Any:
    return await working.assign_case(
        asked.work, asked.case_id, None, expected_version=asked.version
    )


async def _approve(asked: _Asked) -> Any:
    return await _decide(asked, Verb.APPROVE)


async def _deny(asked: _Asked) -> Any:
    return await _decide(asked, Verb.DENY)


async def _decide(asked: _Asked, verb: Verb) -> Any:
    wish = Wish(*(asked.case_id, asked.version, verb), release_code=asked.release_code)
    return await deciding.decide_case(
        asked.work, asked.ports, wish, note=asked.say_why()
    )


async def _confirm(asked: _Asked) -> Any:
    return await deciding.approve_decision(
        asked.work, asked.ports, asked.case_id, expected_version=asked.version
    )


async def _reject(asked: _Asked) -> Any:
    return await deciding.reject_decision(
        asked.work, asked.case_id, asked.say_why(), expected_version=asked.version
    )


async def _undo(asked: _Asked) -> Any:
    wish = UndoWish(asked.case_id, asked.version)
    return await undoing.undo_decision(
        asked.work, asked.ports, wish, reason=asked.say_why()
    )


async def _snooze(asked: _Asked) -> Any:
    return await working.snooze_case(
        asked.work,
        asked.case_id,
        asked.work.now + _A_DAY,
        asked.say_why(),
        expected_version=asked.version,
    )


async def _escalate(asked: _Asked) -> Any:
    return await working.escalate_case(
        *(asked.work, asked.case_id, SENIOR, asked.say_why()),
        expected_version=asked.version,
    )


async def _note(asked: _Asked) -> Any:
    return await working.note_case(asked.work, asked.case_id, asked.say_why())


_ACTS: Final[Mapping[str, Callable[[_Asked], Awaitable[Any]]]] = {
    "take": _take,
    "release": _release,
    "approve": _approve,
    "deny": _deny,
    "confirm": _confirm,
    "reject": _reject,
    "undo": _undo,
    "snooze": _snooze,
    "escalate": _escalate,
    "note": _note,
}
