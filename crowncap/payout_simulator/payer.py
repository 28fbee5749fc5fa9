"""The simulated payer: does what is asked of bills, tells of ends, and goes wrong."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final
from urllib.parse import urlsplit

from core.clock import SystemClock, elapsed_s
from core.ids import random_token
from crowncap.payout_simulator.bank import CANCELLED, SUCCESS, Bank, Bill, Pace
from crowncap.payout_simulator.dice import Dice
from crowncap.payout_simulator.keys import APP, MERCHANT, PLATFORM_SERIAL, Keys

_TICK_S: Final = 0.05
_DELAYED_S: Final = 2.0
_NOTICE_WITHIN_S: Final = 5.0

Json = dict[str, Any]


class Told(Enum):
    """Whether a notice is signed by the payer, or by somebody who is not."""

    SIGNED = auto()
    SPOOFED = auto()


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of a bill: send, ask or cancel, and for which time."""

    verb: str
    number: str
    asked: Json
    times: int
    ordinal: int

    @property
    def name(self) -> tuple[str, int, int]:
        """Give what dice know it by."""
        return self.verb, self.ordinal, self.times


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; without a status the connection is closed instead."""

    status: int
    told: Json
    genuine: bool = True


NO_REPLY: Final = Reply(0, {})


@dataclass(slots=True)
class Payer:
    """The program: a bank behind HTTP, and what goes wrong between."""

    keys: Keys
    dice: Dice
    pace: Pace = field(default_factory=Pace)
    slow_s: float = 3.0
    asked: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    bank: Bank = field(init=False)

    def __post_init__(self) -> None:
        self.bank = Bank(self.dice, self.pace, self._tell_end)

    def tick_forever(self, stopped: threading.Event) -> None:
        """Let time pass until told to stop."""
        while not stopped.wait(_TICK_S):
            self.bank.advance(elapsed_s())

    def figures(self) -> Json:
        """Tell all that it knows, for tests and people."""
        with self.bank.lock:
            return {
                "bills": [
                    {
                        "bill_no": bill.bill_no,
                        "account": bill.account,
                        "minor": bill.minor,
                        "state": bill.state,
                    }
                    for bill in self.bank.bills.values()
                ],
                "paid": [bill.bill_no for bill in self.bank.paid],
                "faults": dict(self.faults),
            }

    # What is asked -------------------------------------------------------------------

    def answer(self, verb: str, number: str, asked: Json) -> Reply:
        """Do what is asked of a bill, or what goes wrong instead."""
        self.asked[f"{verb}/{number}"] += 1
        times = self.asked[f"{verb}/{number}"]
        call = Call(verb, number, asked, times, self.bank.ordinal(number))
        wrong = self._wrong_before(call)
        if wrong is not None:
            return wrong
        lag_s = self.pace.lags_s if verb == "ask" and self._goes("stale", call) else 0.0
        return self._wrong_after(call, self._do(call, lag_s))

    def _goes(self, fault: str, call: "Call") -> bool:
        wrong = self.dice.happens(fault, *call.name)
        self.faults[fault] += wrong
        return wrong

    def _wrong_before(self, call: "Call") -> Reply | None:
        """Tell what goes wrong before anything is done, if something does."""
        if self._goes("busy", call):
            return Reply(429, {"code": "FREQUENCY_LIMITED", "message": "slower"})
        if self._goes("deaf", call):
            return NO_REPLY
        if call.verb == "send" and self._goes("poor", call):
            return Reply(403, {"code": "NOT_ENOUGH", "message": "no money"})
        if call.verb == "send" and self._goes("late", call):
            self._in(self.pace.lags_s, self._do, call, 0.0)
            return NO_REPLY
        if self._goes("broken", call):
            if self.dice.coin(*call.name):
                self._do(call, 0.0)
            return Reply(500, {"code": "SYSTEM_ERROR", "message": "try again"})
        return None

    def _wrong_after(self, call: "Call", reply: Reply) -> Reply:
        """Give an answer, or what goes wrong once all is done."""
        if self._goes("mute", call):
            return NO_REPLY
        if self._goes("slow", call):
            time.sleep(self.slow_s)
        if reply.status == http.client.OK and self._goes("crossed", call):
            other = {"out_bill_no": f"X{call.number[1:]}", "state": SUCCESS}
            return Reply(reply.status, reply.told | other)
        if self._goes("forged", call):
            lie = {"out_bill_no": call.number, "state": SUCCESS}
            return Reply(http.client.OK, lie, genuine=False)
        return reply

    def _in(self, wait_s: float, work: Callable[..., Any], *given: Any) -> None:
        timer = threading.Timer(wait_s, work, given)
        timer.daemon = True
        timer.start()

    def _do(self, call: "Call", lag_s: float) -> Reply:
        now_s = elapsed_s()
        self.bank.advance(now_s)
        if call.verb == "send":
            bill = self.bank.make(call.asked, now_s)
            if bill is None:
                said = "this out_bill_no was used for another transfer"
                return Reply(400, {"code": "INVALID_REQUEST", "message": said})
        elif call.verb == "cancel":
            bill = self.bank.cancel(call.number)
        else:
            bill = self.bank.find(call.number)
        with self.bank.lock:
            state = None if bill is None else bill.state_at(now_s - lag_s)
            if bill is None or state is None:
                return Reply(404, {"code": "NOT_FOUND", "message": "no such bill"})
            return Reply(200, self._view(bill, state, call.verb))

    def _view(self, bill: Bill, state: str, verb: str) -> Json:
        view: Json = {
            "out_bill_no": bill.bill_no,
            "transfer_bill_no": f"13300{bill.bill_no[-20:]}",
            "state": state,
        }
        if verb != "send":
            view |= {
                "mch_id": MERCHANT,
                "appid": APP,
                "transfer_amount": bill.minor,
                "openid": bill.account,
            }
        if verb == "send" and state == "WAIT_USER_CONFIRM":
            view["package_info"] = f"package-of-{bill.bill_no}"
        if bill.fail_reason and state == "FAIL":
            view["fail_reason"] = bill.fail_reason
        return view

    # What is told --------------------------------------------------------------------

    def _tell_end(self, bill: Bill) -> None:
        number = self.bank.ordinal(bill.bill_no)
        if self.dice.happens("spoofed", number):
            self.faults["spoofed"] += 1
            other = CANCELLED if bill.state == SUCCESS else SUCCESS
            self._in(0.0, self._tell, bill, Told.SPOOFED, other)
        if self.dice.happens("lost", number):
            self.faults["lost"] += 1
            return
        times = 3 if self.dice.happens("twice", number) else 1
        wait_s = _DELAYED_S if self.dice.happens("delayed", number) else 0.0
        self.faults["twice"] += times > 1
        self.faults["delayed"] += wait_s > 0
        for _ in range(times):
            self._in(wait_s, self._tell, bill, Told.SIGNED, bill.state)

    def _tell(self, bill: Bill, how: Told, state: str) -> None:
        body = self.notice(self._view(bill, state, "ask"))
        headers = self.signed(body, genuine=how is Told.SIGNED)
        target = urlsplit(bill.notify_url)
        with suppress(OSError, http.client.HTTPException):
            way = http.client.HTTPConnection(target.netloc, timeout=_NOTICE_WITHIN_S)
            way.request("POST", target.path, body.encode(), headers)
            way.getresponse().read()
            way.close()

    def notice(self, content: Json) -> str:
        """Write a notice, with its content sealed."""
        nonce, associated = random_token(9), "mch_payment"
        sealed = self.keys.seal(json.dumps(content).encode(), nonce, associated)
        told = {
            "id": random_token(16),
            "resource_type": "encrypt-resource",
            "event_type": "MCHTRANSFER.BILL.FINISHED",
            "summary": "商家转账单据终态通知",
            "resource": {
                "original_type": "mch_payment",
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": sealed,
                "associated_data": associated,
                "nonce": nonce,
            },
        }
        return json.dumps(told, ensure_ascii=False)

    def signed(self, body: str, *, genuine: bool = True) -> dict[str, str]:
        """Give the headers of a body that is signed, well or badly."""
        at, nonce = str(SystemClock().now_ms() // 1000), random_token(16)
        signed_body = body if genuine else f"{body} "
        return {
            "Content-Type": "application/json",
            "Wechatpay-Timestamp": at,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": PLATFORM_SERIAL,
            "Wechatpay-Signature": self.keys.sign(at, nonce, signed_body),
        }
