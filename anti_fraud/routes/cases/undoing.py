"""HTTP of taking back what was decided of cases, one or many."""

from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.cases import CaseState, Value
from anti_fraud.domain.messages import message
from anti_fraud.pipeline.cases import undoing as pipeline
from anti_fraud.pipeline.cases.ports import CasePorts
from anti_fraud.pipeline.cases.undoing import Undone, UndoWish
from anti_fraud.routes.cases.deciding import MOST_CASES, Number
from anti_fraud.routes.cases.listing import read_case_id
from anti_fraud.routes.cases.working import ExpectedVersion, begin_work
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock
from core.errors import InvalidInput
from core.fields import Sentence
from core.ids import TimeIds

Reason = Annotated[Sentence, msgspec.Meta(examples=["the wrong case"])]


class DecisionUndo(Body, frozen=True, kw_only=True):
    """Why a decision is taken back, and in which version the case was seen."""

    prose: ClassVar = frozenset({"reason"})

    reason: Reason | None = None
    expected_version: ExpectedVersion | None = None


class DecisionUndone(msgspec.Struct, frozen=True, kw_only=True):
    """A case that is open again; `reopened` is what waits again."""

    case_id: str
    state: CaseState
    version: int
    scans: int
    reopened: Value


@post("/v1/cases/{case_id:str}/undos", summary="Undo a decision", tags=["cases"])
async def undo_decision(
    request: Request[Any, Any, Any],
    case_id: str,
    data: DecisionUndo,
    principal: Principal,
    once: Once,
    clock: Clock,
    ids: SkipValidation[TimeIds],
    case_ports: SkipValidation[CasePorts],
) -> Response[DecisionUndone]:
    """Take back the newest decision of a case, within ten minutes, once.

    What it posted is taken back and what it voided waits again, where nothing of it was
    spent, used or sent and its limits have room.
    """
    staff = require_role(principal, Role.ANALYST)
    number = read_case_id(case_id)

    async def effect(conn: AsyncConnection) -> DecisionUndone:
        work = begin_work(conn, staff, ids, clock)
        wish = UndoWish(number, data.expected_version)
        undone = await pipeline.undo_decision(
            work, case_ports, wish, reason=data.reason or ""
        )
        assert undone.case is not None
        return DecisionUndone(
            case_id=case_id,
            state=undone.case.state,
            version=undone.case.version,
            scans=undone.scans,
            reopened=undone.value,
        )

    return await once.perform(request, staff, effect)


class RowOfUndo(Body, frozen=True, kw_only=True):
    """A case of many whose decision is taken back."""

    case_id: Number
    expected_version: ExpectedVersion | None = None


class DecisionUndos(Body, frozen=True, kw_only=True):
    """Whose decisions are taken back, and why; a preview changes nothing."""

    prose: ClassVar = frozenset({"reason"})

    rows: Annotated[
        tuple[RowOfUndo, ...], msgspec.Meta(min_length=1, max_length=MOST_CASES)
    ]
    reason: Reason | None = None
    preview: bool = False


class UndoResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one row; `code` says why nothing did."""

    case_id: str
    ok: bool
    state: CaseState | None = None
    scans: int = 0
    code: str | None = None
    detail: str | None = None


class DecisionsUndone(msgspec.Struct, frozen=True, kw_only=True):
    """What came of each row, and what waits again in all."""

    results: tuple[UndoResult, ...]
    reopened: Value


@post(
    "/v1/cases/undos",
    summary="Undo many decisions",
    tags=["cases"],
    status_code=200,
)
async def undo_decisions(
    data: DecisionUndos,
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    ids: SkipValidation[TimeIds],
    case_ports: SkipValidation[CasePorts],
) -> DecisionsUndone:
    """Take back decisions on many cases in one transaction, as far as possible.

    A preview tells which have a decision that can still be taken back, and looks at
    nothing that may be spent.
    """
    staff = require_role(principal, Role.ANALYST)
    wishes = [UndoWish(int(row.case_id), row.expected_version) for row in data.rows]
    if len({wish.case_id for wish in wishes}) < len(wishes):
        raise InvalidInput.field("/rows", "named_twice", message("case_twice"))
    async with engine.begin() as conn:
        work = begin_work(conn, staff, ids, clock)
        if data.preview:
            undone = await pipeline.preview_undos(work, wishes)
        else:
            undone = await pipeline.undo_decisions(
                work, case_ports, wishes, reason=data.reason or ""
            )
    return DecisionsUndone(
        results=tuple([_view(each) for each in undone]),
        reopened=sum((each.value for each in undone), Value()),
    )


def _view(undone: Undone) -> UndoResult:
    number, fault = str(undone.case_id), undone.fault
    if fault is not None:
        return UndoResult(
            case_id=number, ok=False, code=fault.code, detail=fault.detail
        )
    state = undone.case.state if undone.case else None
    return UndoResult(case_id=number, ok=True, state=state, scans=undone.scans)
