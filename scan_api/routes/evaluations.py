"""HTTP of explained scans."""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
from litestar import Router, get
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncEngine

from anti_fraud.domain.evaluation import RuleAnswer, SeenRule
from anti_fraud.domain.lists import ListName
from anti_fraud.domain.verdict import CaseKind, Effect, HeldBy, Verdict
from core.auth import Principal, Role, require_role
from core.bounds import read_id
from core.clock import utc_datetime
from core.conditions import ConditionValue
from core.doors import GUARDS
from core.errors import NotFound
from scan_api.domain.messages import message
from scan_api.domain.scans import Outcome
from scan_api.pipeline.evaluations import Judged, ScanEvaluation, evaluate_scan
from scan_api.pipeline.replay import Replay

Value = float | int | str | bool | None


class ConditionView(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison and what it saw; `actual` is null where nobody knew the fact.

    `holds` is null where it could not be asked.
    """

    fact: str
    op: str
    value: Value | tuple[Value, ...]
    actual: Value
    holds: bool | None


class EvaluatedRuleView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule and what it said of the scan."""

    id: str
    answer: RuleAnswer
    score: int
    effect: Effect
    group: str | None
    kind: CaseKind | None
    expires_on: date | None
    sentence: Mapping[str, str]
    conditions: tuple[ConditionView, ...]


class JudgementView(msgspec.Struct, frozen=True, kw_only=True):
    """What a version of the rules says of the scan."""

    version: int
    verdict: Verdict
    score: int
    # Facts that its rules read and nobody knew.
    unknown: tuple[str, ...]
    rules: tuple[EvaluatedRuleView, ...]


class ListedView(msgspec.Struct, frozen=True):
    """An entry of a list, and which list."""

    list: ListName
    entry_id: str


class EvaluationView(msgspec.Struct, frozen=True, kw_only=True):
    """A scan, the version that judged it, and what the active version would say.

    Both are null for a scan that no verdict could change.
    """

    scan_id: str
    # When it arrived, and its own time, by which it was judged.
    at: datetime
    judged_at: datetime | None
    outcome: Outcome
    # Whether judging it anew gives what was recorded; null where nobody judged.
    equals_record: bool | None
    # The entry of a list that decided beside the rules, whatever these say.
    listed: ListedView | None
    # What let it wait beside the rules, whatever these say.
    held_by: HeldBy | None
    judged: JudgementView | None
    active: JudgementView | None


def _view(found: ScanEvaluation) -> EvaluationView:
    return EvaluationView(
        scan_id=str(found.scan_id),
        at=found.at,
        judged_at=_judged_at(found.replay),
        outcome=found.outcome,
        equals_record=None if found.replay is None else found.replay.equals_record,
        listed=_view_listed(found.replay),
        held_by=None if found.replay is None else found.replay.recorded.held_by,
        judged=_view_judged(found.judged),
        active=_view_judged(found.active),
    )


def _judged_at(replay: Replay | None) -> datetime | None:
    return None if replay is None else utc_datetime(replay.recorded.judged_at_ms)


def _view_listed(replay: Replay | None) -> ListedView | None:
    listed = None if replay is None else replay.recorded.listed
    if listed is None:
        return None
    return ListedView(listed.list, str(listed.entry_id))


def _view_judged(judged: Judged | None) -> JudgementView | None:
    if judged is None:
        return None
    decision = judged.evaluation.decision
    return JudgementView(
        version=judged.rule_set.version,
        verdict=decision.verdict,
        score=decision.score,
        unknown=judged.unknown,
        rules=tuple(map(_view_rule, judged.evaluation.rules)),
    )


def _view_rule(seen: SeenRule) -> EvaluatedRuleView:
    rule = seen.rule
    return EvaluatedRuleView(
        id=rule.rule_id,
        answer=seen.answer,
        score=rule.score,
        effect=rule.effect,
        group=rule.group,
        kind=rule.kind,
        expires_on=rule.expires_on,
        sentence=rule.sentence,
        conditions=tuple(map(_view_condition, seen.conditions)),
    )


def _view_condition(seen: ConditionValue) -> ConditionView:
    return ConditionView(
        fact=seen.fact,
        op=seen.op,
        value=seen.value,
        actual=seen.actual,
        holds=seen.holds,
    )


@get(
    "/v1/scans/{scan_id:str}/evaluation",
    summary="Explain a scan",
    tags=["rule sets"],
)
async def show_evaluation(
    scan_id: str,
    principal: Principal,
    engine: AsyncEngine,
    timezone: SkipValidation[ZoneInfo],
) -> EvaluationView:
    """Show every rule and condition with the value that it saw, then and now."""
    staff = require_role(principal, Role.ANALYST)
    number = read_id(scan_id)
    if number is None:
        raise NotFound(message("no_scan"))
    async with engine.connect() as conn:
        return _view(await evaluate_scan(conn, number, staff, timezone))


ROUTER = Router(path="/", guards=GUARDS, route_handlers=[show_evaluation])
