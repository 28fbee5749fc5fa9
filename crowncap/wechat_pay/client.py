"""The client of merchant transfers, as rewards' port to who pays red packets out.

An answer counts if WeChat Pay signed it and it is about the bill that was asked for. No
error code ends a payout: the documentation says that they speak of the request only,
never of the bill.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import httpcore
import msgspec
import structlog

from core.clock import Clock
from crowncap.wechat_pay.signing import authorize, is_genuine
from crowncap.wechat_pay.terms import WeChatPay
from rewards.domain.payouts import Answer, Bill, Heard, PayeeProvider

TRY_WITHIN_S: Final = 10.0
CONNECTIONS: Final = 16
_IDLE_S: Final = 30.0
_MOST_BYTES: Final = 64 << 10
_BILLS: Final = "/v3/fund-app/mch-transfer/transfer-bills"

STATES: Final[Mapping[str, Heard]] = {
    "ACCEPTED": Heard.ACCEPTED,
    "PROCESSING": Heard.ACCEPTED,
    "WAIT_USER_CONFIRM": Heard.AWAITING_USER,
    "TRANSFERING": Heard.CONFIRMED,
    "SUCCESS": Heard.PAID,
    "FAIL": Heard.FAILED,
    "CANCELING": Heard.CANCELLING,
    "CANCELLED": Heard.CANCELLED,
}
# By code, or by status where a code is new to us.
_CODES: Final[Mapping[str, Heard]] = {
    "NOT_FOUND": Heard.MISSING,
    "FREQUENCY_LIMITED": Heard.BUSY,
    "FREQUENCY_LIMIT_EXCEED": Heard.BUSY,
    "RATELIMIT_EXCEEDED": Heard.BUSY,
    "SYSTEM_ERROR": Heard.SILENT,
    "NOT_ENOUGH": Heard.REFUSED,
    "NO_AUTH": Heard.REFUSED,
    "SIGN_ERROR": Heard.REFUSED,
    "PARAM_ERROR": Heard.REFUSED,
    "INVALID_REQUEST": Heard.REFUSED,
    "ALREADY_EXISTS": Heard.REFUSED,
}
# What ends or sends again; nobody but WeChat Pay may say so.
_NEEDS_SIGNATURE: Final = frozenset({Heard.MISSING})
_OK: Final = 200
_BUSY: Final = 429
_FIRST_SERVER_FAULT: Final = 500
# Faults of ours, beside WeChat Pay's codes.
NO_ANSWER: Final = "no_answer"
NOT_GENUINE: Final = "not_genuine"
OF_ANOTHER_BILL: Final = "of_another_bill"

log = structlog.get_logger(logger_name=__name__)


class BillView(msgspec.Struct, frozen=True):
    """A bill, as WeChat Pay tells of it; what else it may have is not read."""

    out_bill_no: str
    state: str
    transfer_bill_no: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    transfer_amount: int | None = None
    fail_reason: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    package_info: Annotated[str, msgspec.Meta(max_length=4096)] | None = None


class _Refusal(msgspec.Struct, frozen=True):
    code: Annotated[str, msgspec.Meta(max_length=64)] = ""


@dataclass(slots=True)
class WeChatTransfers:
    """Sends, asks after and cancels transfers; `notify_url` is told of their ends."""

    pay: WeChatPay
    clock: Clock
    notify_url: str
    pool: httpcore.AsyncConnectionPool = field(init=False, repr=False)
    try_within_s: float = TRY_WITHIN_S

    def __post_init__(self) -> None:
        encrypted = self.pay.terms.url.startswith("https:")
        self.pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context() if encrypted else None,
            max_connections=CONNECTIONS,
            keepalive_expiry=_IDLE_S,
        )

    @property
    def name(self) -> PayeeProvider:
        """Say which provider it is."""
        return PayeeProvider.WECHAT

    async def send(self, bill: Bill) -> Answer:
        """Ask for a transfer; the same again for a bill that is known."""
        terms = self.pay.terms
        body: dict[str, Any] = {
            "appid": terms.app_id,
            "out_bill_no": bill.bill_no,
            "transfer_scene_id": terms.scene_id,
            "openid": bill.account,
            "transfer_amount": bill.minor,
            "transfer_remark": terms.remark,
            "notify_url": self.notify_url,
            "transfer_scene_report_infos": [
                {"info_type": each.type, "info_content": each.content}
                for each in terms.report
            ],
        }
        if terms.perception is not None:
            body["user_recv_perception"] = terms.perception
        return await self._call(bill, "POST", _BILLS, msgspec.json.encode(body))

    async def ask(self, bill: Bill) -> Answer:
        """Ask how a transfer stands."""
        return await self._call(bill, "GET", f"{_BILLS}/out-bill-no/{bill.bill_no}")

    async def cancel(self, bill: Bill) -> Answer:
        """Ask that a transfer that nobody has confirmed be cancelled."""
        target = f"{_BILLS}/out-bill-no/{bill.bill_no}/cancel"
        return await self._call(bill, "POST", target)

    async def _call(
        self, bill: Bill, method: str, target: str, body: bytes = b""
    ) -> Answer:
        try:
            async with asyncio.timeout(self.try_within_s):
                status, headers, content = await self._exchange(method, target, body)
        except (TimeoutError, OSError, httpcore.NetworkError) as fault:
            return _unheard(bill, NO_ANSWER, fault)
        except (
            httpcore.ProtocolError,
            httpcore.TimeoutException,
            httpcore.UnsupportedProtocol,
        ) as fault:
            return _unheard(bill, NO_ANSWER, fault)
        now_s = self.clock.now_ms() // 1000
        genuine = is_genuine(self.pay, headers, content, now_s=now_s)
        answer = read_answer(bill, status, content, genuine=genuine)
        if answer.fault is not None:
            log.info(
                "payout_not_taken",
                bill_no=bill.bill_no,
                status=status,
                code=answer.fault,
            )
        return answer

    async def _exchange(
        self, method: str, target: str, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        base = urlsplit(self.pay.terms.url)
        target = base.path.rstrip("/") + target
        now_s = self.clock.now_ms() // 1000
        headers: dict[str | bytes, str | bytes] = {
            "accept": "application/json",
            "content-type": "application/json",
            "user-agent": "Crowncap",
            "authorization": authorize(self.pay, method, target, body, now_s=now_s),
        }
        url = f"{base.scheme}://{base.netloc}{target}"
        answering: AbstractAsyncContextManager[httpcore.Response] = self.pool.stream(
            method, url, headers=headers, content=body
        )
        async with answering as answer:
            content = b""
            async for part in answer.aiter_stream():
                content += part
                if len(content) > _MOST_BYTES:
                    raise httpcore.RemoteProtocolError("the answer is too long")
            told = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in answer.headers
            }
            return answer.status, told, content

    async def aclose(self) -> None:
        """Let connections go."""
        await self.pool.aclose()


def _unheard(bill: Bill, code: str, fault: Exception) -> Answer:
    log.info("payout_unheard", bill_no=bill.bill_no, cause=repr(fault))
    return Answer(Heard.SILENT, fault=code)


def read_answer(bill: Bill, status: int, content: bytes, *, genuine: bool) -> Answer:
    """Read what came back; whatever cannot be believed is silence."""
    if status != _OK:
        return _read_refusal(status, content, genuine=genuine)
    if not genuine:
        return Answer(Heard.SILENT, fault=NOT_GENUINE)
    try:
        view = msgspec.json.decode(content, type=BillView)
        heard = STATES[view.state]
    except (msgspec.DecodeError, KeyError):
        return Answer(Heard.SILENT, fault=NOT_GENUINE)
    amount = view.transfer_amount
    if view.out_bill_no != bill.bill_no or amount not in {None, bill.minor}:
        return Answer(Heard.SILENT, fault=OF_ANOTHER_BILL)
    failed = heard in {Heard.FAILED, Heard.CANCELLED}
    return Answer(
        heard,
        provider_ref=view.transfer_bill_no,
        fault=view.fail_reason if failed else None,
        confirmation=view.package_info if heard is Heard.AWAITING_USER else None,
    )


def _read_refusal(status: int, content: bytes, *, genuine: bool) -> Answer:
    try:
        code = msgspec.json.decode(content, type=_Refusal).code
    except msgspec.DecodeError:
        code = ""
    if status == _BUSY:
        heard = Heard.BUSY
    elif status >= _FIRST_SERVER_FAULT:
        heard = Heard.SILENT
    else:
        heard = _CODES.get(code, Heard.REFUSED)
    if heard in _NEEDS_SIGNATURE and not genuine:
        return Answer(Heard.SILENT, fault=NOT_GENUINE)
    # That there is no such bill is no fault.
    fault = None if heard is Heard.MISSING else code or f"http_{status}"
    return Answer(heard, fault=fault)
