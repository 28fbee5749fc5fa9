"""The queue of cases: filtered, sorted, and decided many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.cases import (
    FIRST_QUEUE,
    Case,
    CaseState,
    Sort,
    Value,
    Verb,
)
from anti_fraud.domain.verdict import CaseKind
from anti_fraud.pipeline import rule_sets
from anti_fraud.pipeline.cases import deciding, listing, undoing, working
from anti_fraud.pipeline.cases.deciding import Outcome, Wish
from anti_fraud.pipeline.cases.listing import MINE, NOBODYS, Filters
from anti_fraud.pipeline.cases.ports import CasePorts
from anti_fraud.pipeline.cases.undoing import UndoWish
from anti_fraud.pipeline.cases.working import Work
from console.frame.context import ConsoleContext
from console.frame.messages import message
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from console.fraud.due import tell_due
from console.fraud.rules.words import name_rules
from core.auth import Role
from core.bounds import read_id
from core.errors import InvalidInput
from core.pages import read_form

PATH: Final = f"{HOME}/cases"
SENIOR: Final = "senior"
QUEUES: Final = (FIRST_QUEUE, SENIOR)
SHOWN: Final = 40
_SCRIPT: Final = Path(__file__).with_name("keys.js").read_bytes()
# The boxes of a page, each with a case and the version that was seen.
_BOXES: Final = tuple(f"row{n}" for n in range(SHOWN))
_MAX_FORM: Final = 32_768


def begin_work(
    conn: AsyncConnection, context: ConsoleContext, page: StaffRequest
) -> Work:
    """Let the visitor work on cases in a transaction."""
    now_ms = context.clock.now_ms()
    return Work(conn, page.staff, lambda: context.ids.next_id(now_ms), context.now)


def render_case(
    context: ConsoleContext, page: StaffRequest, template: str, **values: Any
) -> Response[bytes]:
    """Render a page on which the keys' script alone may run."""
    policy = TEMPLATES.headers(page)["content-security-policy"]
    return render(
        context,
        page,
        template,
        headers={"content-security-policy": f"{policy}; script-src 'self'"},
        now=context.now,
        due=partial(tell_due, now=context.now),
        queues=QUEUES,
        **values,
    )


@staff_page(HttpMethod.GET, "/cases/keys.js", Role.ANALYST)
async def give_keys(
    _request: AnyRequest, _context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Give the script of the keys."""
    return Response(
        _SCRIPT, media_type="text/javascript", headers=TEMPLATES.headers(page)
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a queue asks for; what makes no sense is left out."""

    filters: Filters
    sort: Sort
    cursor: str | None

    @classmethod
    def read(cls, asked: Any) -> "Asked":
        """Read an address."""
        state, kind = asked.get("state", ""), asked.get("kind", "")
        assignee = asked.get("assignee", "")
        sort = asked.get("sort", "")
        usual = None if assignee == MINE else CaseState.OPEN
        return cls(
            Filters(
                state=CaseState(state) if state in set(CaseState) else usual,
                kind=CaseKind(kind) if kind in set(CaseKind) else None,
                queue=queue if (queue := asked.get("queue", "")) in QUEUES else None,
                assignee=assignee if assignee in {MINE, NOBODYS} else None,
                is_awake=state != CaseState.DECIDED,
            ),
            Sort(sort) if sort in set(Sort) else Sort.DUE,
            asked.get("cursor") or None,
        )

    def address(self, **changed: str | None) -> str:
        """Give the address of this queue, with something else about it."""
        f = self.filters
        named = {
            "state": f.state,
            "kind": f.kind,
            "queue": f.queue,
            "assignee": f.assignee,
            "sort": None if self.sort is Sort.DUE else self.sort,
        } | changed
        told = urlencode({name: each for name, each in named.items() if each})
        return f"{PATH}?{told}" if told else PATH


@staff_page(HttpMethod.GET, "/cases", Role.ANALYST)
async def show_cases(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show a queue, as its address says."""
    return await _show_queue(context, page, Asked.read(request.query_params))


async def _show_queue(
    context: ConsoleContext,
    page: StaffRequest,
    asked: Asked,
    *,
    bulk: "Bulk | None" = None,
    **values: Any,
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        found, following = await listing.list_cases(
            conn,
            page.staff,
            asked.filters,
            sort=asked.sort,
            cursor=asked.cursor,
            limit=SHOWN,
            now=context.now,
        )
        tabs = [
            Tab(name, tab, await _count(conn, context, page, tab.filters))
            for name, tab in _name_tabs(asked).items()
        ]
        active = await rule_sets.find_active(conn, page.staff)
        decided = [] if bulk is None else [each.case_id for _, each in bulk.rows]
        known = await listing.find_cases(conn, page.staff, decided)
    names = name_rules(active.document, page.language)
    return render_case(
        context,
        page,
        "cases.html",
        cases=found,
        asked=asked,
        more=None if following is None else asked.address(cursor=following),
        tabs=tabs,
        names_of=partial(_name_rules_of, names),
        kinds=list(CaseKind),
        sorts=list(Sort),
        most=listing.MOST_COUNTED,
        bulk=bulk,
        known=known,
        **{"fault": None, "none_left": False} | values,
    )


def _name_rules_of(names: Mapping[str, str], case: Case) -> list[str]:
    """Tell by which rules a case was held, weightiest first; of old ones their ids."""
    known = [name for rule_id, name in names.items() if rule_id in case.rules]
    return known + [each for each in case.rules if each not in names]


_TABS: Final = {
    "cases_open": Filters(state=CaseState.OPEN, is_awake=True),
    "cases_nobodys": Filters(state=CaseState.OPEN, assignee=NOBODYS, is_awake=True),
    "cases_mine": Filters(assignee=MINE, is_awake=True),
    "cases_waiting": Filters(state=CaseState.WAITING, is_awake=True),
    "cases_decided": Filters(state=CaseState.DECIDED),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """A way to look at the queue that is filtered so; counted where it is work."""

    name: str
    asked: Asked
    count: int | None


def _name_tabs(asked: Asked) -> dict[str, Asked]:
    """Name the ways to look at what is of the kind and the queue that are asked for."""
    kind, queue = asked.filters.kind, asked.filters.queue
    return {
        name: replace(
            asked, filters=replace(filters, kind=kind, queue=queue), cursor=None
        )
        for name, filters in _TABS.items()
    }


async def _count(
    conn: AsyncConnection, context: ConsoleContext, page: StaffRequest, asked: Filters
) -> int | None:
    """Count what is to be done; what is decided is history, and nobody counts it."""
    if asked.state is CaseState.DECIDED:
        return None
    return await listing.count_cases(conn, page.staff, asked, now=context.now)


@staff_page(HttpMethod.POST, "/cases/next", Role.ANALYST)
async def open_next_case(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Take the next case that nobody works on, and lead there."""
    form = await read_form(request, page, "queue")
    queue = form.get("queue") or None
    async with context.engine.begin() as conn:
        work = begin_work(conn, context, page)
        case = await working.take_next(work, queue=queue)
    if case is None:
        return await _show_queue(context, page, Asked.read({}), none_left=True)
    return TEMPLATES.redirect(page, f"{PATH}/{case.case_id}")


@dataclass(frozen=True, slots=True)
class Bulk:
    """What deciding many came to, or would; `is_undone` where it was taken back."""

    decision: Verb
    note: str
    rows: tuple[tuple[str, Outcome], ...]
    is_done: bool
    is_undone: bool = False
    releases: bool = False

    @property
    def released(self) -> int:
        """How many codes others may claim now."""
        return sum(each.released for _, each in self.rows)

    @property
    def posted(self) -> Value:
        """What is posted in all."""
        return sum((each.posted for _, each in self.rows), Value())

    @property
    def voided(self) -> Value:
        """What is voided in all."""
        return sum((each.voided for _, each in self.rows), Value())


@staff_page(HttpMethod.POST, "/cases", Role.ANALYST, max_bytes=_MAX_FORM)
async def decide_many(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Preview what deciding the selected cases would come to, or do it."""
    asked = Asked.read(request.query_params)
    form = await read_form(
        request,
        page,
        *_BOXES,
        *("decision", "release_code", "note", "now", "undo"),
        max_bytes=_MAX_FORM,
    )
    boxes = [form[name] for name in _BOXES if name in form]
    note = form.get("note", "").strip()
    verb = Verb.DENY if form.get("decision") == Verb.DENY else Verb.APPROVE
    releases = bool(form.get("release_code"))
    wishes = [_read_box(box, verb, release_code=releases) for box in boxes]
    try:
        _check(wishes, note)
        async with context.engine.begin() as conn:
            work = begin_work(conn, context, page)
            if form.get("undo"):
                outcomes = await _undo_many(work, context.case_ports, wishes, note)
            elif form.get("now"):
                outcomes = await deciding.decide_cases(
                    work, context.case_ports, wishes, note=note
                )
            else:
                outcomes = await deciding.preview_cases(work, wishes)
    except InvalidInput as fault:
        return await _show_queue(context, page, asked, fault=fault)
    rows = tuple(zip(boxes, outcomes, strict=True))
    is_undone = bool(form.get("undo"))
    is_done = is_undone or bool(form.get("now"))
    bulk = Bulk(verb, note, rows, is_done, is_undone, releases)
    return await _show_queue(context, page, asked, bulk=bulk)


async def _undo_many(
    work: Work, ports: CasePorts, wishes: Sequence[Wish], note: str
) -> list[Outcome]:
    """Take back what was decided together, as far as that goes."""
    asked = [UndoWish(wish.case_id) for wish in wishes]
    done = await undoing.undo_decisions(work, ports, asked, reason=note)
    return [
        Outcome(each.case_id, each.fault, each.case.state if each.case else None)
        for each in done
    ]


def _check(wishes: Sequence[Wish], note: str) -> None:
    """Raise InvalidInput where nothing is selected, or nobody says why."""
    if not wishes:
        raise InvalidInput.field("/rows", "required", message("no_cases_picked"))
    check_reason(note)


def _read_box(text: str, verb: Verb, *, release_code: bool) -> Wish:
    """Read a box: a case and the version that was seen."""
    number, _, version = text.partition("-")
    return Wish(
        *(read_id(number) or 0, read_id(version) or 0, verb), release_code=release_code
    )
