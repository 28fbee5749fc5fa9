"""What an owner is told of a red packet, in a sentence."""

from typing import Final
from zoneinfo import ZoneInfo

from core.clock import local_time
from core.messages import Message
from rewards.domain.messages import message
from rewards.domain.payouts import OwnPayout, PayoutState

# As staff read a state.
STATE_NAMES: Final = {
    PayoutState.WAITING: message("payout_waiting"),
    PayoutState.SENT: message("payout_sent"),
    PayoutState.UNKNOWN: message("payout_unknown"),
    PayoutState.CONFIRMED: message("payout_confirmed"),
    PayoutState.PAID: message("payout_paid"),
    PayoutState.CANCELLED: message("payout_cancelled"),
    PayoutState.FAILED: message("payout_failed"),
}
_TOLD: Final = {
    PayoutState.WAITING: message("own_waiting"),
    PayoutState.SENT: message("own_sent"),
    PayoutState.UNKNOWN: message("own_unknown"),
    PayoutState.CONFIRMED: message("own_confirmed"),
    PayoutState.PAID: message("own_paid"),
    PayoutState.CANCELLED: message("own_cancelled"),
    PayoutState.FAILED: message("own_failed"),
}


def tell_own(payout: OwnPayout, timezone: ZoneInfo) -> Message:
    """Say how a red packet stands, and what its owner does now."""
    if payout.needs_payee:
        until = local_time(payout.lapses_at, timezone)
        return message("own_needs_payee", until=f"{until:%Y-%m-%d %H:%M}")
    if payout.confirmation is not None:
        return message("own_confirm")
    return _TOLD[payout.state]
