"""Red packets: those that need a person first, then all, by state or by number."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from console.frame.context import ConsoleContext
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.bounds import read_id
from core.pages import read_form
from rewards.domain.payouts import Payout, PayoutState, payout_of
from rewards.domain.prizes import tell_money
from rewards.pipeline.payouts import listing
from rewards.pipeline.payouts.texts import STATE_NAMES

PATH: Final = f"{HOME}/payouts"
_SHOWN: Final = 50
# Faults that the page says what to do about; others are shown as they are.
_EXPLAINED: Final = frozenset(
    {
        *("NOT_ENOUGH", "NO_AUTH", "SIGN_ERROR", "PARAM_ERROR", "INVALID_REQUEST"),
        *("ACCOUNT_FROZEN", "OVERDUE_CLOSE", "no_answer", "not_genuine"),
        *("of_another_bill", "never_made", "lapsed", "by_support"),
    }
)


@staff_page(HttpMethod.GET, "/payouts", Role.SUPPORT)
async def show_payouts(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show what needs a person, and a page of the others."""
    asked = request.query_params
    states = {each.value: each for each in STATE_NAMES}
    state = states.get(asked.get("state", ""))
    find = asked.get("find", "").strip()
    before = read_id(asked.get("before", ""))
    async with context.engine.connect() as conn:
        troubled = await listing.list_for_person(conn, page.staff, limit=_SHOWN)
        if find:
            found = await _find(conn, find, page)
        else:
            found = await listing.list_payouts(
                conn, page.staff, state=state, before=before, limit=_SHOWN
            )
    return render(
        context,
        page,
        "payouts.html",
        troubled=troubled,
        found=found,
        find=find,
        states=STATE_NAMES,
        state=state,
        money=tell_money,
        knows_members=page.staff.brand is None,
        fault_of=_explain,
        may_cancel=_may_cancel,
        is_paying=context.payouts.notices is not None,
        more=found[-1].payout_id if not find and len(found) == _SHOWN else None,
    )


async def _find(
    conn: AsyncConnection, text: str, page: StaffRequest
) -> Sequence[Payout]:
    """Find a payout by its number or by that of its bill."""
    number = payout_of(text) or read_id(text)
    if number is None:
        return ()
    return await listing.find_payouts(conn, page.staff, number)


def _explain(payout: Payout) -> str | None:
    """Name the text that says what a fault means, if there is one."""
    return f"payout_fault_{payout.fault}" if payout.fault in _EXPLAINED else None


def _may_cancel(payout: Payout) -> bool:
    late = {PayoutState.CONFIRMED}
    return not (payout.state.is_over or payout.is_cancelling or payout.state in late)


@staff_page(HttpMethod.POST, "/payouts/cancel", Role.SUPPORT)
async def cancel_payout(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Cancel a payout, or ask its provider to."""
    form = await read_form(request, page, "payout_id", "reason")
    reason = form.get("reason", "").strip()
    check_reason(reason)
    number = read_id(form.get("payout_id", "")) or 0
    async with context.engine.begin() as conn:
        await context.payouts.ends.cancel(
            conn, number, reason=reason, staff=page.staff, now=context.now
        )
    return TEMPLATES.redirect(page, f"{PATH}?find={number}")
