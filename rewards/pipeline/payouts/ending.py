"""How payouts end that no provider ends: cancelled by support, or lapsed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.clock import Clock, business_day
from core.errors import Conflict
from core.ids import TimeIds, time_of_id
from rewards.domain.limits import ALWAYS
from rewards.domain.messages import message
from rewards.domain.payouts import (
    BY_SUPPORT,
    LAPSED,
    LAPSES_AFTER,
    UNDER_WAY,
    PayoutState,
)
from rewards.pipeline.payouts.listing import show_payout
from rewards.pipeline.payouts.texts import STATE_NAMES
from rewards.store.payouts import sending as store
from rewards.store.payouts.sending import Ending

_LAPSED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class PayoutEnds:
    """What it takes to end a payout: a number for what takes its reward back."""

    ids: TimeIds
    clock: Clock
    timezone: ZoneInfo

    def ending(
        self, payout_id: int, origin_id: int, state: PayoutState, fault: str | None
    ) -> Ending:
        """Say how a payout ends; what it took is given back to its scan's day."""
        day = business_day(time_of_id(origin_id), self.timezone)
        transfer_id = self.ids.next_id(self.clock.now_ms())
        return Ending(payout_id, state, fault, transfer_id, (day - ALWAYS).days)

    async def lapse_some(self, conn: AsyncConnection, *, now: datetime) -> int:
        """Cancel some payouts whose members said nowhere to in time; tells how many.

        Whoever did say so is owed the money, and waits on.
        """
        over = await store.lock_lapsed(conn, now=now, limit=_LAPSED_AT_ONCE)
        owed = [each.payout_id for each in over if each.has_payee]
        await store.put_off_lapsing(conn, owed, until=now + LAPSES_AFTER)
        endings = [
            self.ending(each.payout_id, each.origin_id, PayoutState.CANCELLED, LAPSED)
            for each in over
            if not each.has_payee
        ]
        await store.end_payouts(conn, endings)
        return len(over)

    async def cancel(
        self,
        conn: AsyncConnection,
        payout_id: int,
        *,
        reason: str,
        staff: Staff,
        now: datetime,
    ) -> PayoutState:
        """Cancel what waits; let its provider cancel what is under way, if it can.

        Raises NotFound and Conflict. Gives the state that it is in by then.
        """
        await show_payout(conn, payout_id, staff)
        row = (await store.lock_payouts(conn, [payout_id]))[payout_id]
        _refuse(row.state, cancelling=row.cancelling)
        state = row.state
        if state is PayoutState.WAITING:
            state = PayoutState.CANCELLED
            end = self.ending(payout_id, row.origin_id, state, BY_SUPPORT)
            await store.end_payouts(conn, [end])
        else:
            await store.want_cancelled(conn, payout_id, now=now)
        await record_action(
            conn,
            staff,
            action="payout.cancel",
            subject=f"payout:{payout_id}",
            detail={"state": state.value, "reason": reason},
            now=now,
        )
        return state


def _refuse(state: PayoutState, *, cancelling: bool) -> None:
    """Refuse to cancel what is decided elsewhere, over, or being cancelled already."""
    if state is PayoutState.HELD:
        raise Conflict(message("payout_is_held"), code="illegal_state")
    may = {PayoutState.WAITING, *(UNDER_WAY - {PayoutState.CONFIRMED})}
    if state not in may:
        told = message("payout_is", state=STATE_NAMES[state])
        raise Conflict(told, code="illegal_state")
    if cancelling:
        raise Conflict(message("payout_is_cancelling"), code="illegal_state")
