"""Red packets: how a payout stands, and what follows from what its provider says; pure.

A payout is asked for under one bill number for ever. Whoever does not know what became
of a request asks for that number again, and nothing but what the provider says of it
ends a payout that was ever sent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

DEFAULT_CURRENCY: Final = "CNY"
# A member who names no account has as long.
LAPSES_AFTER: Final = timedelta(days=30)
# WeChat takes 32 letters and digits; the id of a payout has 19 digits at most.
_BILL_PREFIX: Final = "CROWNCAP"
MAX_BILL_NO: Final = 32


class PayoutState(StrEnum):
    """How a payout stands; `held` is told as `waiting` outside."""

    HELD = "held"
    WAITING = "waiting"
    SENT = "sent"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    PAID = "paid"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def shown(self) -> "PayoutState":
        """Give the state as it is told outside."""
        return PayoutState.WAITING if self is PayoutState.HELD else self

    @property
    def is_over(self) -> bool:
        """Tell whether nothing can come after it."""
        return self in ENDED


ENDED: Final = frozenset({PayoutState.PAID, PayoutState.CANCELLED, PayoutState.FAILED})
# What its provider has, or may have.
UNDER_WAY: Final = frozenset(
    {PayoutState.SENT, PayoutState.UNKNOWN, PayoutState.CONFIRMED}
)


# Faults of ours, beside the codes of providers: why what nobody sent is over.
NEVER_MADE: Final = "never_made"
LAPSED: Final = "lapsed"
BY_SUPPORT: Final = "by_support"
REVERSED: Final = "reversed"


class PayeeProvider(StrEnum):
    """By whom red packets are paid out."""

    WECHAT = "wechat"


# An openid has 28 characters; WeChat Pay takes up to 64.
LEAST_ACCOUNT: Final = 8
MAX_ACCOUNT: Final = 64
ACCOUNT_PATTERN: Final = r"^[\x21-\x7e]+\Z"


def is_account(text: str) -> bool:
    """Tell whether a text may be where red packets go."""
    fits = LEAST_ACCOUNT <= len(text) <= MAX_ACCOUNT
    return fits and re.match(ACCOUNT_PATTERN, text) is not None


class Heard(StrEnum):
    """What a provider said of a bill, or that it said nothing that can be believed."""

    ACCEPTED = "accepted"
    AWAITING_USER = "awaiting_user"
    CONFIRMED = "confirmed"
    CANCELLING = "cancelling"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    MISSING = "missing"
    REFUSED = "refused"
    BUSY = "busy"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was heard of a bill.

    `fault` is the provider's own code of what went wrong; `confirmation` is what the
    member's app shows the member to confirm by.
    """

    heard: Heard
    provider_ref: str | None = None
    fault: str | None = None
    confirmation: str | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """What is asked of a provider, the same each time."""

    bill_no: str
    account: str
    minor: int
    currency: str


def bill_no_of(payout_id: int) -> str:
    """Name the bill of a payout: one for ever, which no other payout has."""
    return f"{_BILL_PREFIX}{payout_id:019d}"


def payout_of(bill_no: str) -> int | None:
    """Read the payout of a bill of ours; None for anybody else's."""
    digits = bill_no.removeprefix(_BILL_PREFIX)
    if not (digits.isascii() and digits.isdigit() and len(bill_no) <= MAX_BILL_NO):
        return None
    payout_id = int(digits)
    return payout_id if bill_no == bill_no_of(payout_id) else None


# Later answers never lead back; an end leads nowhere.
_RANKS: Final[Mapping[PayoutState, int]] = {
    PayoutState.HELD: 0,
    PayoutState.WAITING: 0,
    PayoutState.UNKNOWN: 1,
    PayoutState.SENT: 1,
    PayoutState.CONFIRMED: 2,
    PayoutState.PAID: 3,
    PayoutState.CANCELLED: 3,
    PayoutState.FAILED: 3,
}
_MEANS: Final[Mapping[Heard, PayoutState]] = {
    Heard.ACCEPTED: PayoutState.SENT,
    Heard.AWAITING_USER: PayoutState.SENT,
    Heard.CANCELLING: PayoutState.SENT,
    Heard.CONFIRMED: PayoutState.CONFIRMED,
    Heard.PAID: PayoutState.PAID,
    Heard.FAILED: PayoutState.FAILED,
    Heard.CANCELLED: PayoutState.CANCELLED,
    # Nobody knows whether an earlier request is still on its way.
    Heard.MISSING: PayoutState.UNKNOWN,
    Heard.REFUSED: PayoutState.UNKNOWN,
    Heard.BUSY: PayoutState.UNKNOWN,
    Heard.SILENT: PayoutState.UNKNOWN,
}
# What says nothing of a bill itself.
_NOTHING_HEARD: Final = frozenset(
    {Heard.MISSING, Heard.REFUSED, Heard.BUSY, Heard.SILENT}
)


def next_state(
    state: PayoutState, heard: Heard, *, is_known: bool = False
) -> PayoutState:
    """Tell how a payout stands once something was heard.

    Raises ValueError for what was never sent. `is_known`: its provider has told of it
    before, so that silence makes nothing unknown. An old answer that comes late changes
    nothing.
    """
    if state not in UNDER_WAY | ENDED:
        raise ValueError(f"nothing is heard of a payout that is {state}")
    then = _MEANS[heard]
    if heard in _NOTHING_HEARD and is_known:
        return state
    return then if _RANKS[then] >= _RANKS[state] and not state.is_over else state


def contradicts(state: PayoutState, heard: Heard) -> bool:
    """Tell whether a provider says of what has ended that it ended otherwise."""
    ends = {Heard.PAID, Heard.FAILED, Heard.CANCELLED}
    return state.is_over and heard in ends and _MEANS[heard] is not state


@dataclass(frozen=True, slots=True)
class Patience:
    """How soon what is under way is asked for again, and when silence is an answer.

    `settles_after`: a request that is older is on its way no more, so that a bill which
    its provider does not know was never made. `gives_up_sending_after`: who was kept
    from sending for longer asks first.
    """

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=30)
    after_refusal: timedelta = timedelta(minutes=10)
    settles_after: timedelta = timedelta(hours=1)
    gives_up_sending_after: timedelta = timedelta(seconds=30)
    taken_for: timedelta = timedelta(minutes=2)

    def wait(self, heard: Heard, attempts: int, dice: float) -> timedelta:
        """Tell how long to wait, with `dice` in [0, 1) so that not all come at once."""
        first = self.after_refusal if heard is Heard.REFUSED else self.first
        doubled = first * (1 << min(max(attempts - 1, 0), 20))
        bounded = min(doubled, max(self.longest, first))
        return bounded * (0.75 + dice / 2)


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout as staff see it: what a campaign, a draw's prize or a set gave."""

    payout_id: int
    member_id: str
    campaign_id: str | None
    draw_id: str | None
    set_id: str | None
    brand: str | None
    minor: int
    currency: str
    state: PayoutState
    created_at: datetime
    lapses_at: datetime
    sent_at: datetime | None
    next_at: datetime | None
    attempts: int
    provider: str | None
    provider_ref: str | None
    fault: str | None
    is_cancelling: bool
    is_disputed: bool
    needs_person: bool

    @property
    def bill_no(self) -> str:
        """Give the number that its provider knows it by."""
        return bill_no_of(self.payout_id)


@dataclass(frozen=True, slots=True)
class OwnPayout:
    """A red packet as its owner sees it.

    `confirmation` is there while the owner has to confirm it; `needs_payee` while
    nobody has said where to.
    """

    payout_id: int
    minor: int
    currency: str
    state: PayoutState
    created_at: datetime
    lapses_at: datetime
    confirmation: str | None
    needs_payee: bool
