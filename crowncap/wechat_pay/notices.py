"""What WeChat Pay tells by itself: signed, and sealed with the APIv3 key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from core.clock import to_ms
from crowncap.wechat_pay.client import STATES, BillView
from crowncap.wechat_pay.signing import is_genuine, open_sealed
from crowncap.wechat_pay.terms import WeChatPay
from rewards.domain.payouts import Heard
from rewards.pipeline.payouts.provider import Notice

_ALGORITHM: Final = "AEAD_AES_256_GCM"


class _Resource(msgspec.Struct, frozen=True):
    algorithm: str
    ciphertext: str
    nonce: str
    associated_data: str = ""


class _Envelope(msgspec.Struct, frozen=True):
    event_type: str
    resource: _Resource


@dataclass(frozen=True, slots=True)
class WeChatNotices:
    """Verifies, then opens."""

    pay: WeChatPay

    def read(
        self, headers: Mapping[str, str], body: bytes, *, now: datetime
    ) -> Notice | None:
        """Give what a notice says of a bill; None for what is not genuine."""
        if not is_genuine(self.pay, headers, body, now_s=to_ms(now) // 1000):
            return None
        try:
            resource = msgspec.json.decode(body, type=_Envelope).resource
            if resource.algorithm != _ALGORITHM:
                return None
            content = open_sealed(
                self.pay,
                nonce=resource.nonce,
                associated=resource.associated_data,
                sealed=resource.ciphertext,
            )
            if content is None:
                return None
            view = msgspec.json.decode(content, type=BillView)
        except msgspec.DecodeError:
            return None
        return Notice(view.out_bill_no, STATES.get(view.state, Heard.SILENT))
