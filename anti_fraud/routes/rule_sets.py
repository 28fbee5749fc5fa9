"""HTTP of rule sets: written, committed, activated by somebody else, rolled back."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.rule_set_versions import (
    Change,
    ChangeRecord,
    RuleSetState,
    RuleSetVersion,
)
from anti_fraud.pipeline import rule_sets as pipeline
from anti_fraud.pipeline.rule_sets import MAX_VERSION
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import MAX_SENTENCE, Body
from core.clock import Clock, business_day, utc_datetime
from core.fields import Cursor, Limit, Sentence

# How many changes are shown of one version.
_CHANGES = 50
_DOCUMENT = {
    "thresholds": {"refuse": 85, "hold": 60},
    "counters": [{"fact": "scans_1d", "entity": "member", "window_s": 86400}],
    "throttles": [],
    "rules": [
        {
            "id": "many",
            "score": 60,
            "sentence": {"zh": "一天内扫码过多。", "en": "Too many scans in a day."},
            "when": {"fact": "scans_1d", "op": ">", "value": 50},
        }
    ],
}
Version = Annotated[int, msgspec.Meta(ge=1, le=MAX_VERSION, examples=[2])]


class NewRuleSetBody(Body, frozen=True, kw_only=True):
    """A rule set as its author writes it, and why."""

    prose: ClassVar[frozenset[str]] = frozenset({"note"})
    document: Annotated[dict[str, Any], msgspec.Meta(examples=[_DOCUMENT])]
    note: Annotated[str, msgspec.Meta(max_length=MAX_SENTENCE)] = ""


class RuleWarning(msgspec.Struct, frozen=True):
    """What can be read, and will not do what its author may think."""

    pointer: str
    code: str
    detail: str


class WrittenRuleSetView(msgspec.Struct, frozen=True):
    """A draft that was written."""

    version: int
    state: RuleSetState
    warnings: tuple[RuleWarning, ...]


class RuleSetView(msgspec.Struct, frozen=True, kw_only=True):
    """A version, and how far it has come."""

    version: int
    state: RuleSetState
    author: str
    note: str
    at: datetime
    committed_by: str | None
    committed_at: datetime | None
    # Until when it runs in the shadow, while it does.
    until: datetime | None


class RuleSetList(msgspec.Struct, frozen=True):
    """A page of versions, newest first."""

    items: tuple[RuleSetView, ...]
    next_cursor: str | None


class RuleSetChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """What was put into force instead of what, by whom and why."""

    action: Change
    before: int | None
    after: int | None
    reason: str
    person: str
    at: datetime


class WholeRuleSetView(RuleSetView, frozen=True, kw_only=True):
    """A version with its document, and its newest changes first."""

    document: dict[str, Any]
    changes: tuple[RuleSetChangeView, ...]


class CommitBody(Body, frozen=True, kw_only=True):
    """Nothing more to say."""


class ActivationBody(Body, frozen=True, kw_only=True):
    """Which version its caller believes to be active, and why it is replaced."""

    expected_active: Version
    reason: Annotated[str, msgspec.Meta(max_length=MAX_SENTENCE)] = ""


class RollbackBody(Body, frozen=True, kw_only=True):
    """Why it is rolled back; whoever says what is active rolls back nothing else."""

    reason: Sentence
    expected_active: Version | None = None


def _view(each: RuleSetVersion) -> RuleSetView:
    return RuleSetView(**_parts(each))


def _parts(each: RuleSetVersion) -> dict[str, Any]:
    return {
        "version": each.version,
        "state": each.state,
        "author": each.author,
        "note": each.note,
        "at": each.created_at,
        "committed_by": each.committed_by,
        "committed_at": each.committed_at,
        "until": each.until,
    }


def _view_change(each: ChangeRecord) -> RuleSetChangeView:
    return RuleSetChangeView(
        action=each.action,
        before=each.before,
        after=each.after,
        reason=each.reason,
        person=each.person,
        at=each.at,
    )


@post("/v1/rule-sets", summary="Write a rule set", tags=["rule sets"])
async def write_rule_set(
    request: Request[Any, Any, Any],
    data: NewRuleSetBody,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: ZoneInfo,
) -> Response[WrittenRuleSetView]:
    """Write a draft; it judges nobody until somebody else activates it.

    422 names each mistake by its place in the document; `warnings` name what can be
    read, and will not do what its author may think.
    """
    staff = require_role(principal, Role.ANALYST)
    now_ms = clock.now_ms()

    async def effect(conn: AsyncConnection) -> WrittenRuleSetView:
        draft = await pipeline.write_rule_set(
            conn,
            data.document,
            data.note,
            staff,
            now=utc_datetime(now_ms),
            today=business_day(now_ms, timezone),
        )
        warnings = (RuleWarning(w.pointer, w.code, w.detail) for w in draft.warnings)
        return WrittenRuleSetView(draft.version, RuleSetState.DRAFT, tuple(warnings))

    return await once.perform(request, staff, effect)


@get("/v1/rule-sets", summary="List rule sets", tags=["rule sets"])
async def list_rule_sets(
    principal: Principal,
    engine: AsyncEngine,
    limit: Limit = 50,
    before: Cursor = None,
) -> RuleSetList:
    """List versions, newest first; one at most is active, and one in the shadow."""
    staff = require_role(principal, Role.ANALYST)
    below = None if before is None else min(before, MAX_VERSION)
    async with engine.connect() as conn:
        found = await pipeline.list_rule_sets(
            conn, staff, before=below, limit=limit + 1
        )
    items = tuple(map(_view, found[:limit]))
    more = len(found) > limit
    return RuleSetList(items, str(items[-1].version) if more else None)


@get("/v1/rule-sets/{version:str}", summary="Look at a rule set", tags=["rule sets"])
async def show_rule_set(
    principal: Principal, version: str, engine: AsyncEngine
) -> WholeRuleSetView:
    """Show a version as it was written, and when it was in force."""
    staff = require_role(principal, Role.ANALYST)
    number = pipeline.read_version(version)
    async with engine.connect() as conn:
        written = await pipeline.find_rule_set(conn, number, staff)
        changes = await pipeline.list_changes(
            conn, staff, version=number, limit=_CHANGES
        )
    return WholeRuleSetView(
        **_parts(written.version),
        document=written.document,
        changes=tuple(map(_view_change, changes)),
    )


@post(
    "/v1/rule-sets/{version:str}/commits",
    summary="Commit a rule set",
    tags=["rule sets"],
)
async def commit_rule_set(
    request: Request[Any, Any, Any],
    version: str,
    data: CommitBody,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[RuleSetView]:
    """Say that a draft is done; only what is committed can be activated."""
    del data
    staff = require_role(principal, Role.ANALYST)
    number, now = pipeline.read_version(version), utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> RuleSetView:
        return _view(await pipeline.commit_rule_set(conn, number, staff, now=now))

    return await once.perform(request, staff, effect)


@post(
    "/v1/rule-sets/{version:str}/activations",
    summary="Activate a rule set",
    tags=["rule sets"],
)
async def activate_rule_set(
    request: Request[Any, Any, Any],
    version: str,
    data: ActivationBody,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[RuleSetView]:
    """Let a version judge every scan that commits after this is answered.

    This takes another person than its author; 409 `stale` if another version than
    `expected_active` is active.
    """
    staff = require_role(principal, Role.ANALYST)
    number, now = pipeline.read_version(version), utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> RuleSetView:
        return _view(
            await pipeline.activate_rule_set(
                conn,
                number,
                staff,
                expected_active=data.expected_active,
                reason=data.reason,
                now=now,
            )
        )

    return await once.perform(request, staff, effect)


@post("/v1/rule-sets/rollbacks", summary="Roll the rules back", tags=["rule sets"])
async def roll_rules_back(
    request: Request[Any, Any, Any],
    data: RollbackBody,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[RuleSetView]:
    """Let the version judge again that the active one had replaced."""
    staff = require_role(principal, Role.ANALYST)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> RuleSetView:
        return _view(
            await pipeline.roll_rules_back(
                conn,
                staff,
                expected_active=data.expected_active,
                reason=data.reason,
                now=now,
            )
        )

    return await once.perform(request, staff, effect)
