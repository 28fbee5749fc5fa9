"""HTTP of actions beyond a case: foretold, taken, and taken back."""

from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.case_actions import ActionKind, Foretold, NewAction
from anti_fraud.domain.lists import ListKind
from anti_fraud.domain.messages import message
from anti_fraud.pipeline.cases import acting as pipeline
from anti_fraud.pipeline.cases.ports import CasePorts
from anti_fraud.routes.cases.listing import read_case_id
from anti_fraud.routes.cases.working import begin_work
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import MAX_INTEGER, Body, read_id
from core.clock import Clock
from core.errors import NotFound
from core.fields import Sentence, Text64
from core.ids import TimeIds
from core.moments import When, read_start

_Index = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
_BatchId = Annotated[int, msgspec.Meta(ge=1, le=MAX_INTEGER)]


class CaseActionBody(Body, frozen=True, kw_only=True):
    """What is done because of a case; a preview tells what it would do.

    `block` needs `kind` and `value`, and may end; ranges a `batch_id`, with indexes
    from 0 or all of it, and a recall its `instructions` to consumers; `freeze_tier` a
    campaign, its chance and the tier; `pause_campaign` a campaign.
    """

    prose: ClassVar = frozenset({"reason", "instructions"})

    action: ActionKind
    reason: Annotated[Sentence, msgspec.Meta(examples=["a stolen roll"])]
    preview: bool = False
    kind: ListKind | None = None
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    until: When | None = None
    batch_id: _BatchId | None = None
    from_index: _Index | None = None
    to_index: _Index | None = None
    instructions: Sentence | None = None
    campaign_id: Text64 | None = None
    offer_id: Text64 | None = None
    tier_id: Text64 | None = None


class CaseActionTaken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The number of an action that was taken, or what one would do."""

    action_id: str | None = None
    foretold: Foretold | None = None


@post(
    "/v1/cases/{case_id:str}/actions",
    summary="Act beyond a case",
    tags=["cases"],
    opt={"also": {200: "What the action would do."}},
)
async def act_on_case(
    request: Request[Any, Any, Any],
    case_id: str,
    data: CaseActionBody,
    principal: Principal,
    once: Once,
    clock: Clock,
    ids: SkipValidation[TimeIds],
    timezone: SkipValidation[ZoneInfo],
    case_ports: SkipValidation[CasePorts],
) -> Response[CaseActionTaken]:
    """Block somebody, ask to end codes, freeze a tier or pause a campaign.

    Every scan that commits later obeys. Voids and recalls wait for an issuer, who
    approves them as any other; with `preview` nothing is done, and the answer is 200.
    """
    staff = require_role(principal, Role.ANALYST)
    number = read_case_id(case_id)
    fields = {name: getattr(data, name) for name in NewAction.__struct_fields__} | {
        "until": read_start("/until", data.until, timezone)
    }
    wish = NewAction(**fields)

    async def effect(conn: AsyncConnection) -> CaseActionTaken:
        work = begin_work(conn, staff, ids, clock)
        if data.preview:
            told = await pipeline.foretell_action(
                work, case_ports.actions, number, wish
            )
            return CaseActionTaken(foretold=told)
        action_id = await pipeline.act(work, case_ports.actions, number, wish)
        return CaseActionTaken(action_id=str(action_id))

    answer = await once.perform(request, staff, effect)
    if data.preview:
        answer.status_code = 200
    return answer


class ActionUndone(msgspec.Struct, frozen=True):
    """An action that was taken back, and of which case."""

    action_id: str
    case_id: str


class ActionUndo(Body, frozen=True, kw_only=True):
    """Nothing needs to be said of it."""


@post("/v1/actions/{action_id:str}/undos", summary="Undo an action", tags=["cases"])
async def undo_action(
    request: Request[Any, Any, Any],
    action_id: str,
    data: ActionUndo,
    principal: Principal,
    once: Once,
    clock: Clock,
    ids: SkipValidation[TimeIds],
    case_ports: SkipValidation[CasePorts],
) -> Response[ActionUndone]:
    """Take an action back, once: the entry is removed, the tier or campaign goes on.

    What was asked for of codes stays: whoever approves it decides.
    """
    del data
    staff = require_role(principal, Role.ANALYST)
    number = read_id(action_id)
    if number is None or number > MAX_INTEGER:
        raise NotFound(message("no_action"))

    async def effect(conn: AsyncConnection) -> ActionUndone:
        work = begin_work(conn, staff, ids, clock)
        action = await pipeline.undo_action(work, case_ports.actions, number)
        return ActionUndone(action_id, str(action.case_id))

    return await once.perform(request, staff, effect)
