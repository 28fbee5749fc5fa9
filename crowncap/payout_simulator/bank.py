"""The bills of the simulated payer, and what becomes of each; pays a number once.

Times are seconds on a clock that never jumps.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from crowncap.payout_simulator.dice import Dice

ACCEPTED: Final = "ACCEPTED"
WAITING: Final = "WAIT_USER_CONFIRM"
TRANSFERING: Final = "TRANSFERING"
SUCCESS: Final = "SUCCESS"
FAIL: Final = "FAIL"
CANCELING: Final = "CANCELING"
CANCELLED: Final = "CANCELLED"
OVER: Final = frozenset({SUCCESS, FAIL, CANCELLED})


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a bill takes from state to state, in seconds."""

    accepts_s: float = 0.05
    confirms_s: float = 0.5
    transfers_s: float = 0.1
    closes_s: float = 3.0
    lags_s: float = 1.0


@dataclass(slots=True)
class Bill:
    """A bill with all states that it has been in, each with when it began."""

    bill_no: str
    account: str
    minor: int
    notify_url: str
    history: list[tuple[float, str]]
    fail_reason: str | None = None
    cancel_wanted: bool = False

    @property
    def state(self) -> str:
        """Give the state that it is in."""
        return self.history[-1][1]

    def state_at(self, at_s: float) -> str | None:
        """Give the state that it was in; None before it was made."""
        return next((s for began, s in reversed(self.history) if began <= at_s), None)


@dataclass(slots=True)
class Bank:
    """All bills. `on_end` hears of each that ends, once."""

    dice: Dice
    pace: Pace
    on_end: Callable[[Bill], None]
    bills: dict[str, Bill] = field(default_factory=dict)
    paid: list[Bill] = field(default_factory=list)
    _ordinals: dict[str, int] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def ordinal(self, number: str) -> int:
        """Tell as which a bill was heard of, which is what dice know it by."""
        with self.lock:
            return self._ordinals.setdefault(number, len(self._ordinals))

    def make(self, asked: dict[str, Any], now_s: float) -> Bill | None:
        """Make a bill, or find the one of its number; None if that is another's."""
        number = str(asked["out_bill_no"])
        account, minor = str(asked["openid"]), int(asked["transfer_amount"])
        with self.lock:
            known = self.bills.get(number)
            if known is not None:
                alike = (known.account, known.minor) == (account, minor)
                return known if alike else None
            made = Bill(
                number, account, minor, str(asked["notify_url"]), [(now_s, ACCEPTED)]
            )
            self.bills[number] = made
            return made

    def find(self, number: str) -> Bill | None:
        """Find a bill by its number."""
        with self.lock:
            return self.bills.get(number)

    def cancel(self, number: str) -> Bill | None:
        """Let a bill be cancelled that its receiver has not confirmed."""
        with self.lock:
            bill = self.bills.get(number)
            if bill is not None and bill.state in {ACCEPTED, WAITING}:
                bill.cancel_wanted = True
            return bill

    def advance(self, now_s: float) -> None:
        """Let time do its work on every bill that is not over."""
        ended = []
        with self.lock:
            for bill in self.bills.values():
                if bill.state in OVER:
                    continue
                while bill.state not in OVER and self._step(bill, now_s):
                    pass
                if bill.state in OVER:
                    ended.append(bill)
        for bill in ended:
            self.on_end(bill)

    def _step(self, bill: Bill, now_s: float) -> bool:
        """Take a bill one state further; tells whether it went."""
        since_s = now_s - bill.history[-1][0]
        then = self._next(bill, since_s)
        if then is None:
            return False
        bill.history.append((now_s, then))
        if then == SUCCESS:
            self.paid.append(bill)
        return True

    def _next(self, bill: Bill, since_s: float) -> str | None:
        """Tell which state comes now; None while it stays."""
        if bill.state == WAITING:
            return self._next_of_waiting(bill, since_s)
        lasts_s, then = {
            ACCEPTED: (self.pace.accepts_s, WAITING),
            TRANSFERING: (self.pace.transfers_s, SUCCESS),
            CANCELING: (self.pace.transfers_s, CANCELLED),
        }[bill.state]
        if since_s < lasts_s:
            return None
        if bill.state == ACCEPTED and self._is("frozen", bill):
            bill.fail_reason, then = "ACCOUNT_FROZEN", FAIL
        return then

    def _is(self, fault: str, bill: Bill) -> bool:
        return self.dice.happens(fault, self.ordinal(bill.bill_no))

    def _next_of_waiting(self, bill: Bill, since_s: float) -> str | None:
        if bill.cancel_wanted:
            return CANCELING
        if not self._is("unconfirmed", bill):
            return TRANSFERING if since_s >= self.pace.confirms_s else None
        if since_s < self.pace.closes_s:
            return None
        bill.fail_reason = "OVERDUE_CLOSE"
        return FAIL
