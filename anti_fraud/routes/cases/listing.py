"""HTTP of looking at cases."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import QueryParameter, SkipValidation
from sqlalchemy.ext.asyncio import AsyncEngine

from anti_fraud.domain.case_scans import Linked, ShownScan
from anti_fraud.domain.cases import (
    Case,
    CaseEntryKind,
    CaseState,
    Sort,
    SubjectKind,
    Value,
    Verb,
)
from anti_fraud.domain.messages import message
from anti_fraud.domain.verdict import CaseKind
from anti_fraud.pipeline.cases import listing as pipeline
from anti_fraud.pipeline.cases.listing import Filters
from anti_fraud.pipeline.cases.ports import CasePorts
from core.auth import Principal, Role, require_role
from core.bounds import MAX_INTEGER, read_id
from core.clock import Clock, utc_datetime
from core.errors import NotFound
from core.fields import Cursor, Limit

# The framework keeps the name `state` for itself.
StateQuery = Annotated[CaseState | None, QueryParameter(name="state")]
NameQuery = Annotated[str | None, QueryParameter(min_length=1, max_length=64)]
PageCursor = Annotated[str | None, QueryParameter(max_length=80)]


class SubjectView(msgspec.Struct, frozen=True):
    """What the scans of a case have in common, by its number or its name."""

    kind: SubjectKind
    id: str


class ProposalView(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that waits for a second person."""

    decision: Verb
    note: str
    person: str
    release_code: bool
    scans: tuple[str, ...]


class CaseItem(msgspec.Struct, frozen=True, kw_only=True):
    """A case, as a queue shows it.

    `scans` counts all of its scans and `waiting` those that nobody has decided, which
    `value` is of. `assignee` is who works on it now.
    """

    case_id: str
    kind: CaseKind
    state: CaseState
    version: int
    queue: str
    score: int
    value: Value
    scans: int
    waiting: int
    subject: SubjectView
    opened_at: datetime
    last_at: datetime
    due_at: datetime
    assignee: str | None
    snoozed_until: datetime | None
    decision: Verb | None
    decided_by: str | None
    decided_at: datetime | None
    rules: tuple[str, ...]


class CaseList(msgspec.Struct, frozen=True):
    """A page of a queue."""

    items: tuple[CaseItem, ...]
    next_cursor: str | None


class CaseEntryView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a case."""

    entry_id: str
    at: datetime
    kind: CaseEntryKind
    person: str
    detail: Mapping[str, Any]


class CaseView(CaseItem, frozen=True, kw_only=True):
    """A case with all that is known of it.

    `shown` are its newest scans, each with what it would earn, how its hold stands, and
    why it was held; `scans_cursor` leads to older ones. `of_code`, `of_member` and
    `of_device` are other scans of the same codes, members and devices. `spent` is what
    is gone by now of what its newest decision posted; null where that posted nothing.
    """

    proposal: ProposalView | None
    spent: Value | None
    timeline: tuple[CaseEntryView, ...]
    shown: tuple[ShownScan, ...]
    scans_cursor: str | None
    linked: tuple[Linked, ...]
    of_code: tuple[ShownScan, ...]
    of_member: tuple[ShownScan, ...]
    of_device: tuple[ShownScan, ...]


def read_case_id(text: str) -> int:
    """Read the number of a case in an address; raises NotFound for what is none."""
    number = read_id(text)
    if number is None or number > MAX_INTEGER:
        raise NotFound(message("no_case"))
    return number


def _fields_of(case: Case, now: datetime) -> dict[str, Any]:
    same = set(CaseItem.__struct_fields__) - {"case_id", "subject", "assignee"}
    return {
        "case_id": str(case.case_id),
        # A member is known outside by its name alone.
        "subject": SubjectView(case.subject_kind, case.subject_name),
        "assignee": case.holder(now),
    } | {name: getattr(case, name) for name in same}


def view_case_item(case: Case, now: datetime) -> CaseItem:
    """Show a case in a queue."""
    return CaseItem(**_fields_of(case, now))


@get("/v1/cases", summary="List cases", tags=["cases"])
async def list_cases(
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    wanted: StateQuery = None,
    queue: NameQuery = None,
    kind: CaseKind | None = None,
    assignee: NameQuery = None,
    sort: Sort = Sort.DUE,
    cursor: PageCursor = None,
    limit: Limit = 50,
) -> CaseList:
    """List cases; without `state` those that are not decided.

    `assignee` is `me`, `none` or a person.
    """
    staff = require_role(principal, Role.ANALYST)
    now = utc_datetime(clock.now_ms())
    filters = Filters(state=wanted, queue=queue, kind=kind, assignee=assignee)
    async with engine.connect() as conn:
        found, following = await pipeline.list_cases(
            conn, staff, filters, sort=sort, cursor=cursor, limit=limit, now=now
        )
    return CaseList(tuple([view_case_item(each, now) for each in found]), following)


@get("/v1/cases/{case_id:str}", summary="Look at a case", tags=["cases"])
async def show_case(
    case_id: str,
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    case_ports: SkipValidation[CasePorts],
    cursor: Cursor = None,
) -> CaseView:
    """Show a case: its scans and why each was held, its timeline, what it has links to.

    `cursor` is the `scans_cursor` of what was shown before.
    """
    staff = require_role(principal, Role.ANALYST)
    now = utc_datetime(clock.now_ms())
    async with engine.connect() as conn:
        await conn.execution_options(isolation_level="REPEATABLE READ")
        shown = await pipeline.show_case(
            conn, staff, case_ports, read_case_id(case_id), before=cursor
        )
    case, evidence = shown.case, shown.evidence
    return CaseView(
        **_fields_of(case, now),
        proposal=_view_proposal(case),
        spent=shown.spent,
        timeline=tuple(
            [
                CaseEntryView(
                    entry_id=str(each.entry_id),
                    at=each.at,
                    kind=each.kind,
                    person=each.person,
                    detail=each.detail,
                )
                for each in shown.entries
            ]
        ),
        shown=evidence.scans,
        scans_cursor=None if shown.before is None else str(shown.before),
        linked=evidence.linked,
        of_code=evidence.of_code,
        of_member=evidence.of_member,
        of_device=evidence.of_device,
    )


def _view_proposal(case: Case) -> ProposalView | None:
    if case.proposal is None or case.proposed_by is None:
        return None
    return ProposalView(
        decision=case.proposal.decision,
        note=case.proposal.note,
        person=case.proposed_by,
        release_code=case.proposal.release_code,
        scans=tuple(map(str, case.proposal.scans)),
    )
