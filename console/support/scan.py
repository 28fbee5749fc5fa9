"""One scan: what it earned, and taking that back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.evaluation import RuleAnswer
from console.frame.caps import find_cap_paths
from console.frame.context import ConsoleContext
from console.frame.fields import Faults, Reader, place_errors
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.errors import Fault, InvalidInput
from core.messages import Message
from core.pages import read_form
from rewards.domain.prizes import tell_money
from rewards.domain.programme import Clawback
from rewards.domain.reversals import TakenBack
from rewards.pipeline.reversals import find_reversal, reverse_scan
from scan_api.pipeline.claim_facts import find_scan_regions
from scan_api.pipeline.evaluations import evaluate_scan
from scan_api.pipeline.past_scans import SeenScan, look_at_scan

PLACE: Final = f"{HOME}/scans"
# What is written down of a way back that is only looked at, and never kept.
_LOOKED_AT: Final = "looked at"


@dataclass(frozen=True, slots=True)
class WayBack:
    """What a policy would take back, or why it cannot."""

    policy: Clawback
    done: TakenBack | None
    refused: str | Message | None


@staff_page(HttpMethod.GET, "/scans/{scan_id:int}", Role.SUPPORT)
async def look_at_one_scan(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show a scan, and what each policy would take back of it."""
    return await _show(request, context, page, {}, {})


@staff_page(HttpMethod.POST, "/scans/{scan_id:int}/reverse", Role.SUPPORT)
async def take_scan_back(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Take back what a scan earned, once."""
    form = await read_form(request, page, "policy", "reason")
    scan_id: int = request.path_params["scan_id"]
    reader = Reader()
    policy = reader.choice("policy", form.get("policy", ""), Clawback)
    reason = form.get("reason", "").strip()
    try:
        check_reason(reason)
    except InvalidInput as fault:
        reader.faults |= place_errors(fault, {})
    if policy is None or reader.faults:
        return await _show(request, context, page, form, reader.faults)
    async with context.engine.begin() as conn:
        scan = await look_at_scan(conn, scan_id, page.staff)
        await _take_back(conn, context, page, scan, policy=policy, reason=reason)
    return TEMPLATES.redirect(page, f"{PLACE}/{scan_id}")


async def _take_back(
    conn: AsyncConnection,
    context: ConsoleContext,
    page: StaffRequest,
    scan: SeenScan,
    *,
    policy: Clawback,
    reason: str,
) -> TakenBack:
    _, done = await reverse_scan(
        conn,
        scan.scan_id,
        policy=policy,
        reason=reason,
        staff=page.staff,
        ends=context.payouts.ends,
        find_regions=find_scan_regions,
        now=context.now,
    )
    return done


async def _foresee(
    conn: AsyncConnection, context: ConsoleContext, page: StaffRequest, scan: SeenScan
) -> list[WayBack]:
    """Go each way and give it up again: what is told is what would be.

    Nothing of it is kept, and what it locks is free again at once.
    """
    ways = []
    for policy in Clawback:
        try_out = await conn.begin_nested()
        try:
            done = await _take_back(
                conn, context, page, scan, policy=policy, reason=_LOOKED_AT
            )
            ways.append(WayBack(policy, done, None))
        except Fault as fault:
            ways.append(WayBack(policy, None, fault.detail))
        finally:
            await try_out.rollback()
    return ways


async def _tell_rules(
    conn: AsyncConnection, context: ConsoleContext, page: StaffRequest, scan: SeenScan
) -> list[Mapping[str, str]]:
    """Give the sentences of the rules that hit a scan, by language."""
    found = await evaluate_scan(
        conn, scan.scan_id, page.staff, context.settings.timezone
    )
    if found.judged is None:
        return []
    rules = found.judged.evaluation.rules
    return [each.rule.sentence for each in rules if each.answer is RuleAnswer.HIT]


async def _show(
    request: AnyRequest,
    context: ConsoleContext,
    page: StaffRequest,
    form: Mapping[str, str],
    faults: Faults,
) -> Response[bytes]:
    scan_id: int = request.path_params["scan_id"]
    async with context.engine.connect() as conn:
        scan = await look_at_scan(conn, scan_id, page.staff)
        (cap,) = await find_cap_paths(conn, context, page.staff, [scan.code_id])
        done, ways = None, []
        if page.staff.brand is None and scan.awards:
            done = await find_reversal(conn, scan_id, page.staff)
            if done is None:
                ways = await _foresee(conn, context, page, scan)
        why = await _tell_rules(conn, context, page, scan)
        await conn.rollback()
    return render(
        context,
        page,
        "scan.html",
        status=422 if faults else 200,
        scan=scan,
        cap=cap,
        done=done,
        why=why,
        ways=ways,
        may_reverse=any(each.done for each in ways),
        given=form,
        faults=faults,
        focus=next(iter(faults), ""),
        money=tell_money,
    )
