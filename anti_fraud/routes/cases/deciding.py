"""HTTP of deciding cases, one or many; and of the second person above a value."""

from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.cases import MOST_SCANS, CaseState, Value, Verb
from anti_fraud.domain.messages import message
from anti_fraud.pipeline.cases import deciding as pipeline
from anti_fraud.pipeline.cases.deciding import Outcome, Wish
from anti_fraud.pipeline.cases.ports import CasePorts
from anti_fraud.routes.cases.listing import read_case_id
from anti_fraud.routes.cases.working import ExpectedVersion, begin_work
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock
from core.errors import InvalidInput
from core.fields import Sentence
from core.ids import TimeIds

MOST_CASES = 10_000
Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,19}\Z", examples=["1"])]
Why = Annotated[Sentence, msgspec.Meta(examples=["a shop that scans for customers"])]


class CaseDecisionBody(Body, frozen=True, kw_only=True):
    """Approve posts what the case holds, deny voids it; of some scans, or of all.

    With `release_code` another member may claim each code of what is denied.
    """

    prose: ClassVar = frozenset({"note"})

    decision: Verb
    note: Why
    expected_version: ExpectedVersion
    release_code: bool = False
    scans: Annotated[tuple[Number, ...], msgspec.Meta(max_length=MOST_SCANS)] = ()


class CaseDecided(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision came to; one that waits needs a second person.

    So many codes were `released`: another member may claim each.
    """

    case_id: str
    state: CaseState
    posted: Value
    voided: Value
    released: int


def _view(outcome: Outcome) -> CaseDecided:
    assert outcome.state is not None
    return CaseDecided(
        case_id=str(outcome.case_id),
        state=outcome.state,
        posted=outcome.posted,
        voided=outcome.voided,
        released=outcome.released,
    )


@post("/v1/cases/{case_id:str}/decisions", summary="Decide a case", tags=["cases"])
async def decide_case(
    request: Request[Any, Any, Any],
    case_id: str,
    data: CaseDecisionBody,
    principal: Principal,
    once: Once,
    clock: Clock,
    ids: SkipValidation[TimeIds],
    case_ports: SkipValidation[CasePorts],
) -> Response[CaseDecided]:
    """Decide all scans of a case that wait, or those that are named.

    New scans join a case without changing its version: all that wait when the decision
    is made are decided by it. Above the value that the settings name it waits for
    another person.
    """
    staff = require_role(principal, Role.ANALYST)
    number = read_case_id(case_id)

    async def effect(conn: AsyncConnection) -> CaseDecided:
        wish = Wish(
            *(number, data.expected_version, data.decision),
            scans=frozenset(map(int, data.scans)),
            release_code=data.release_code,
        )
        work = begin_work(conn, staff, ids, clock)
        return _view(await pipeline.decide_case(work, case_ports, wish, note=data.note))

    return await once.perform(request, staff, effect)


class RowOfDecision(Body, frozen=True, kw_only=True):
    """What is decided of one case of many."""

    case_id: Number
    expected_version: ExpectedVersion
    decision: Verb
    release_code: bool = False


class CaseDecisions(Body, frozen=True, kw_only=True):
    """What is decided of many cases, and why; a preview changes nothing."""

    prose: ClassVar = frozenset({"note"})

    rows: Annotated[
        tuple[RowOfDecision, ...], msgspec.Meta(min_length=1, max_length=MOST_CASES)
    ]
    note: Why
    preview: bool = False


class CaseResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one row; `code` says why nothing did."""

    case_id: str
    ok: bool
    state: CaseState | None = None
    released: int = 0
    code: str | None = None
    detail: str | None = None


class CasesDecided(msgspec.Struct, frozen=True, kw_only=True):
    """What came of each row, and of all."""

    results: tuple[CaseResult, ...]
    posted: Value
    voided: Value


@post(
    "/v1/cases/decisions",
    summary="Decide many cases",
    tags=["cases"],
    status_code=200,
)
async def decide_cases(
    data: CaseDecisions,
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    ids: SkipValidation[TimeIds],
    case_ports: SkipValidation[CasePorts],
) -> CasesDecided:
    """Decide many cases in one transaction, or tell what that would come to.

    A case that changed meanwhile, or is somebody else's, harms no other.
    """
    staff = require_role(principal, Role.ANALYST)
    wishes = [
        Wish(
            *(int(row.case_id), row.expected_version, row.decision),
            release_code=row.release_code,
        )
        for row in data.rows
    ]
    if len({wish.case_id for wish in wishes}) < len(wishes):
        raise InvalidInput.field("/rows", "named_twice", message("case_twice"))
    async with engine.begin() as conn:
        work = begin_work(conn, staff, ids, clock)
        if data.preview:
            outcomes = await pipeline.preview_cases(work, wishes)
        else:
            outcomes = await pipeline.decide_cases(
                work, case_ports, wishes, note=data.note
            )
    return CasesDecided(
        results=tuple([_view_row(each) for each in outcomes]),
        posted=sum((each.posted for each in outcomes), Value()),
        voided=sum((each.voided for each in outcomes), Value()),
    )


def _view_row(outcome: Outcome) -> CaseResult:
    number, fault = str(outcome.case_id), outcome.fault
    if fault is None:
        return CaseResult(
            case_id=number, ok=True, state=outcome.state, released=outcome.released
        )
    return CaseResult(case_id=number, ok=False, code=fault.code, detail=fault.detail)


class DecisionApproval(Body, frozen=True, kw_only=True):
    """Which version of the case is approved; without one, as it is."""

    expected_version: ExpectedVersion | None = None


@post("/v1/cases/{case_id:str}/approvals", summary="Approve a decision", tags=["cases"])
async def approve_decision(
    request: Request[Any, Any, Any],
    case_id: str,
    data: DecisionApproval,
    principal: Principal,
    once: Once,
    clock: Clock,
    ids: SkipValidation[TimeIds],
    case_ports: SkipValidation[CasePorts],
) -> Response[CaseDecided]:
    """Carry out what another person decided of a case, as the second one."""
    staff = require_role(principal, Role.ANALYST)
    number = read_case_id(case_id)

    async def effect(conn: AsyncConnection) -> CaseDecided:
        work = begin_work(conn, staff, ids, clock)
        return _view(
            await pipeline.approve_decision(
                work, case_ports, number, expected_version=data.expected_version
            )
        )

    return await once.perform(request, staff, effect)


class DecisionRejection(Body, frozen=True, kw_only=True):
    """Why what was decided is not carried out."""

    prose: ClassVar = frozenset({"reason"})

    reason: Annotated[Sentence, msgspec.Meta(examples=["ask the shop first"])]
    expected_version: ExpectedVersion | None = None


class DecisionRejected(msgspec.Struct, frozen=True):
    """A case that is open again."""

    case_id: str
    state: CaseState
    version: int


@post("/v1/cases/{case_id:str}/rejections", summary="Reject a decision", tags=["cases"])
async def reject_decision(
    request: Request[Any, Any, Any],
    case_id: str,
    data: DecisionRejection,
    principal: Principal,
    once: Once,
    clock: Clock,
    ids: SkipValidation[TimeIds],
) -> Response[DecisionRejected]:
    """Open a case again whose decision waits for a second person."""
    staff = require_role(principal, Role.ANALYST)
    number = read_case_id(case_id)

    async def effect(conn: AsyncConnection) -> DecisionRejected:
        work = begin_work(conn, staff, ids, clock)
        case = await pipeline.reject_decision(
            work, number, data.reason, expected_version=data.expected_version
        )
        return DecisionRejected(case_id, case.state, case.version)

    return await once.perform(request, staff, effect)
