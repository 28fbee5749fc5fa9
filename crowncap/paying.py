"""What rewards is handed of red packets: who pays them, and what closes accounts."""

from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from core.clock import Clock
from core.ids import TimeIds
from core.settings import Settings
from crowncap.secret_boxes import BoxInfo, open_box
from crowncap.wechat_pay.client import WeChatTransfers
from crowncap.wechat_pay.notices import WeChatNotices
from crowncap.wechat_pay.terms import load_wechat_pay
from rewards.pipeline.payouts.ending import PayoutEnds
from rewards.pipeline.payouts.provider import Confirming
from rewards.pipeline.payouts.sending import PayoutSender
from rewards.pipeline.payouts.terms import PayoutTerms
from rewards.routes.payouts.notices import NOTICE_PATH


def payout_terms(settings: Settings, ends: PayoutEnds) -> PayoutTerms:
    """Tell what the settings say of payouts; raises MisconfiguredError."""
    box = partial(open_box, settings, BoxInfo.PAYEES)
    if settings.wechat_pay is None:
        return PayoutTerms(ends, box, None, None)
    pay = load_wechat_pay(settings.wechat_pay)
    confirming = Confirming(pay.terms.merchant_id, pay.terms.app_id)
    return PayoutTerms(ends, box, WeChatNotices(pay), confirming)


def payout_sender(
    settings: Settings, engine: AsyncEngine, clock: Clock, ids: TimeIds
) -> PayoutSender | None:
    """Make what sends payouts; None where nobody pays. Raises MisconfiguredError."""
    if settings.wechat_pay is None:
        return None
    transfers = WeChatTransfers(
        load_wechat_pay(settings.wechat_pay), clock, settings.public_url + NOTICE_PATH
    )
    ends = PayoutEnds(ids, clock, settings.timezone)
    box = open_box(settings, BoxInfo.PAYEES)
    return PayoutSender(engine, clock, ends, box, transfers)
