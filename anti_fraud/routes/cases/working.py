"""HTTP of working on cases: taken, put off, passed on, noted on."""

from typing import Annotated, Any, ClassVar, cast
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.cases import Case, CaseState
from anti_fraud.pipeline.cases import working as pipeline
from anti_fraud.pipeline.cases.listing import MINE
from anti_fraud.pipeline.cases.working import Work
from anti_fraud.routes.cases.listing import CaseItem, read_case_id, view_case_item
from core.auth import Principal, Role, Staff, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Sentence, Text64
from core.ids import TimeIds
from core.moments import When, read_start

ExpectedVersion = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1, examples=[1])]
Queue = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,32}\Z", examples=["senior"])
]


def begin_work(conn: AsyncConnection, staff: Staff, ids: TimeIds, clock: Clock) -> Work:
    """Let somebody work on cases in a transaction, from now on."""
    now_ms = clock.now_ms()
    return Work(conn, staff, lambda: ids.next_id(now_ms), utc_datetime(now_ms))


class CaseAssignment(Body, frozen=True, kw_only=True):
    """Who is to work on a case: `me`, a person, or nobody."""

    to: Text64 | None
    expected_version: ExpectedVersion


class CaseSnooze(Body, frozen=True, kw_only=True):
    """Until when a case is put off, and why."""

    prose: ClassVar = frozenset({"reason"})

    until: When
    reason: Annotated[Sentence, msgspec.Meta(examples=["the shop calls back"])]
    expected_version: ExpectedVersion | None = None


class CaseEscalation(Body, frozen=True, kw_only=True):
    """Which queue a case is passed on to, and why."""

    prose: ClassVar = frozenset({"reason"})

    queue: Queue
    reason: Annotated[Sentence, msgspec.Meta(examples=["looks like a stolen roll"])]
    expected_version: ExpectedVersion | None = None


class CaseNote(Body, frozen=True, kw_only=True):
    """Something to remember about a case."""

    prose: ClassVar = frozenset({"text"})

    text: Annotated[Sentence, msgspec.Meta(examples=["called the member"])]


class CaseChanged(msgspec.Struct, frozen=True):
    """A case as it is now; what is done next names its version."""

    case_id: str
    state: CaseState
    version: int
    queue: str
    assignee: str | None


def _view(case: Case, work: Work) -> CaseChanged:
    return CaseChanged(
        *(str(case.case_id), case.state, case.version, case.queue),
        case.holder(work.now),
    )


@post("/v1/cases/{case_id:str}/assignments", summary="Assign a case", tags=["cases"])
async def assign_case(
    request: Request[Any, Any, Any],
    case_id: str,
    data: CaseAssignment,
    principal: Principal,
    once: Once,
    clock: Clock,
    ids: SkipValidation[TimeIds],
) -> Response[CaseChanged]:
    """Take a case, give it to another, or let it go.

    Whoever does nothing with a case for half an hour has let it go. One that somebody
    works on only they or an admin give away.
    """
    staff = require_role(principal, Role.ANALYST)
    number = read_case_id(case_id)

    async def effect(conn: AsyncConnection) -> CaseChanged:
        work = begin_work(conn, staff, ids, clock)
        to = staff.person if data.to == MINE else data.to
        case = await pipeline.assign_case(
            work, number, to, expected_version=data.expected_version
        )
        return _view(case, work)

    return await once.perform(request, staff, effect)


class NextCase(Body, frozen=True, kw_only=True):
    """From which queue a case is wanted; from all of them if none is named."""

    queue: Queue | None = None


@post(
    "/v1/cases/next",
    summary="Take the next case",
    tags=["cases"],
    status_code=200,
    opt={"also": {204: "There is no case to take."}},
)
async def take_next_case(
    data: NextCase,
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    ids: SkipValidation[TimeIds],
) -> Response[CaseItem]:
    """Take the case that is due first of those that nobody works on; 204 for none."""
    staff = require_role(principal, Role.ANALYST)
    async with engine.begin() as conn:
        work = begin_work(conn, staff, ids, clock)
        case = await pipeline.take_next(work, queue=data.queue)
    if case is None:
        return cast("Response[CaseItem]", Response(None, status_code=204))
    return Response(view_case_item(case, work.now), status_code=200)


@post("/v1/cases/{case_id:str}/snoozes", summary="Put a case off", tags=["cases"])
async def snooze_case(
    request: Request[Any, Any, Any],
    case_id: str,
    data: CaseSnooze,
    principal: Principal,
    once: Once,
    clock: Clock,
    ids: SkipValidation[TimeIds],
    timezone: SkipValidation[ZoneInfo],
) -> Response[CaseChanged]:
    """Put a case off for at most 180 days; nobody holds it, and `next` passes it by."""
    staff = require_role(principal, Role.ANALYST)
    number = read_case_id(case_id)
    until = read_start("/until", data.until, timezone)
    assert until is not None

    async def effect(conn: AsyncConnection) -> CaseChanged:
        work = begin_work(conn, staff, ids, clock)
        case = await pipeline.snooze_case(
            work, number, until, data.reason, expected_version=data.expected_version
        )
        return _view(case, work)

    return await once.perform(request, staff, effect)


@post("/v1/cases/{case_id:str}/escalations", summary="Pass a case on", tags=["cases"])
async def escalate_case(
    request: Request[Any, Any, Any],
    case_id: str,
    data: CaseEscalation,
    principal: Principal,
    once: Once,
    clock: Clock,
    ids: SkipValidation[TimeIds],
) -> Response[CaseChanged]:
    """Pass a case on to another queue, where nobody holds it yet."""
    staff = require_role(principal, Role.ANALYST)
    number = read_case_id(case_id)

    async def effect(conn: AsyncConnection) -> CaseChanged:
        work = begin_work(conn, staff, ids, clock)
        case = await pipeline.escalate_case(
            *(work, number, data.queue, data.reason),
            expected_version=data.expected_version,
        )
        return _view(case, work)

    return await once.perform(request, staff, effect)


@post("/v1/cases/{case_id:str}/notes", summary="Note on a case", tags=["cases"])
async def note_case(
    request: Request[Any, Any, Any],
    case_id: str,
    data: CaseNote,
    principal: Principal,
    once: Once,
    clock: Clock,
    ids: SkipValidation[TimeIds],
) -> Response[CaseChanged]:
    """Write a note into a case's timeline."""
    staff = require_role(principal, Role.ANALYST)
    number = read_case_id(case_id)

    async def effect(conn: AsyncConnection) -> CaseChanged:
        work = begin_work(conn, staff, ids, clock)
        return _view(await pipeline.note_case(work, number, data.text), work)

    return await once.perform(request, staff, effect)
