"""Versions of the rules: which judges, what each says, and the steps of its life."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.messages import message as rule_message
from anti_fraud.domain.rule_set_versions import (
    READY,
    RuleSetState,
    WrittenRuleSet,
)
from anti_fraud.domain.rule_set_versions import (
    Change as RulesChange,
)
from anti_fraud.pipeline import rule_sets as pipeline
from console.frame.context import ConsoleContext
from console.frame.fields import Faults
from console.frame.lines import Change, compare_lines
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from console.fraud.rules.words import RuleWords, facts_of, name_rules
from core.auth import Role
from core.bounds import read_id
from core.errors import Conflict, Fault, InvalidInput, NotFound
from core.names import are_one
from core.pages import read_form
from scan_api.pipeline import backtests

PATH: Final = f"{HOME}/rules"
_SHOWN: Final = 50
_BACKTESTS: Final = 10
_MAY_SHADOW: Final = frozenset({RuleSetState.COMMITTED, RuleSetState.RETIRED})
_MAX_VERSION: Final = 2**31 - 1


@staff_page(HttpMethod.GET, "/rules", Role.ANALYST)
async def show_rules(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show which version judges, every version, and what was put into force when."""
    before = read_id(request.query_params.get("before", ""))
    return await _show_list(context, page, before=before)


async def _show_list(
    context: ConsoleContext,
    page: StaffRequest,
    *,
    before: int | None = None,
    fault: Fault | None = None,
) -> Response[bytes]:
    below = None if before is None else min(before, _MAX_VERSION)
    async with context.engine.connect() as conn:
        versions = await pipeline.list_rule_sets(
            conn, page.staff, before=below, limit=_SHOWN + 1
        )
        changes = await pipeline.list_changes(conn, page.staff, limit=_SHOWN)
        active = await pipeline.find_active(conn, page.staff)
    return render(
        context,
        page,
        "rules.html",
        status=200 if fault is None else fault.status,
        versions=versions[:_SHOWN],
        more=versions[_SHOWN - 1].version if len(versions) > _SHOWN else None,
        changes=changes,
        active=active.version.version,
        rules=_rules(context, page, active),
        fault=fault,
    )


def words_of(
    context: ConsoleContext, page: StaffRequest, document: Mapping[str, Any]
) -> RuleWords:
    """Give the words in which whoever asks reads a document."""
    return RuleWords(
        page.language,
        lambda name: context.text(page.language, name),
        facts_of(document),
    )


async def name_rules_of(
    conn: AsyncConnection, page: StaffRequest, versions: Iterable[int]
) -> dict[str, str]:
    """Give the sentences of the rules of versions by their ids; the first ones win."""
    names: dict[str, str] = {}
    for version in dict.fromkeys(versions):
        written = await pipeline.find_rule_set(conn, version, page.staff)
        names = name_rules(written.document, page.language) | names
    return names


def _rules(
    context: ConsoleContext, page: StaffRequest, written: WrittenRuleSet
) -> list[Any]:
    words = words_of(context, page, written.document)
    return [words.rule(rule) for rule in written.document["rules"]]


@staff_page(HttpMethod.GET, "/rules/{version:str}", Role.ANALYST)
async def show_rules_version(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show one version in words, against the active one, and what may be done."""
    return await show_version(context, page, read_version(request))


def read_version(request: AnyRequest) -> int:
    """Read the version of an address; raises NotFound."""
    given = request.path_params["version"]
    number = read_id(given)
    if number is None or number > _MAX_VERSION:
        raise NotFound(rule_message("no_such_rule_set", version=given[:20]))
    return number


async def show_version(
    context: ConsoleContext,
    page: StaffRequest,
    number: int,
    *,
    fault: Fault | None = None,
    faults: Faults | None = None,
    asked: Mapping[str, str] | None = None,
    until: str = "",
) -> Response[bytes]:
    """Show a version, with what went wrong; `asked` is what a form of it said."""
    async with context.engine.connect() as conn:
        written = await pipeline.find_rule_set(conn, number, page.staff)
        active = await pipeline.find_active(conn, page.staff)
        changes = await pipeline.list_changes(
            conn, page.staff, version=number, limit=_SHOWN
        )
        tests = await backtests.list_backtests(
            conn, number, page.staff, limit=_BACKTESTS
        )
    state = written.version.state
    return render(
        context,
        page,
        "rules_version.html",
        status=422 if faults else 200 if fault is None else fault.status,
        version=written.version,
        document=written.document,
        rules=_rules(context, page, written),
        lines=words_of(context, page, written.document).tell(
            {**written.document, "rules": []}
        ),
        active=active.version.version,
        changed=compare_documents(context, page, active.document, written.document),
        changes=changes,
        may_commit=state is RuleSetState.DRAFT,
        may_activate=state in READY,
        is_mine=are_one(written.version.author, page.staff.person),
        backtests=tests,
        asked=asked or _last_week(context),
        until=until or (context.today + timedelta(days=6)).isoformat(),
        may_shadow=state in _MAY_SHADOW,
        was_shadow=state is RuleSetState.SHADOW
        or any(each.action is RulesChange.SHADOW for each in changes),
        fault=fault,
        faults=faults or {},
        focus="",
    )


def _last_week(context: ConsoleContext) -> dict[str, str]:
    """Give the days that people try rules on most often."""
    today = context.today
    return {
        "from_day": (today - timedelta(days=6)).isoformat(),
        "to_day": today.isoformat(),
    }


def compare_documents(
    context: ConsoleContext,
    page: StaffRequest,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> list[Change]:
    """List in words what one document changes of another."""
    old, new = (words_of(context, page, each).tell(each) for each in (before, after))
    return compare_lines(old, new)


@staff_page(HttpMethod.POST, "/rules/{version:str}/commit", Role.ANALYST)
async def commit_rules_version(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Say that a draft is done."""
    await read_form(request, page)
    number = read_version(request)
    try:
        async with context.engine.begin() as conn:
            await pipeline.commit_rule_set(conn, number, page.staff, now=context.now)
    except Conflict as fault:
        return await show_version(context, page, number, fault=fault)
    return TEMPLATES.redirect(page, f"{PATH}/{number}")


@staff_page(HttpMethod.POST, "/rules/{version:str}/activate", Role.ANALYST)
async def activate_rules_version(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Let a version judge from now on, instead of the one that was seen to."""
    form = await read_form(request, page, "expected_active", "reason")
    number, reason = read_version(request), form.get("reason", "").strip()
    try:
        check_reason(reason)
        async with context.engine.begin() as conn:
            await pipeline.activate_rule_set(
                conn,
                number,
                page.staff,
                expected_active=read_id(form.get("expected_active", "")) or 0,
                reason=reason,
                now=context.now,
            )
    except (Conflict, InvalidInput) as fault:
        return await show_version(context, page, number, fault=fault)
    return TEMPLATES.redirect(page, f"{PATH}/{number}")


@staff_page(HttpMethod.POST, "/rules/rollback", Role.ANALYST)
async def roll_rules_versions_back(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Let the version judge again that was active before the one that was seen."""
    form = await read_form(request, page, "expected_active", "reason")
    reason = form.get("reason", "").strip()
    try:
        check_reason(reason)
        async with context.engine.begin() as conn:
            back = await pipeline.roll_rules_back(
                conn,
                page.staff,
                expected_active=read_id(form.get("expected_active", "")) or 0,
                reason=reason,
                now=context.now,
            )
    except (Conflict, InvalidInput) as fault:
        return await _show_list(context, page, fault=fault)
    return TEMPLATES.redirect(page, f"{PATH}/{back.version}")
