"""What support reads of red packets."""

from collections.abc import Mapping
from typing import Final

PAYOUT_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "payouts": ("红包", "Red packets"),
    "payouts_nobody_pays": (
        "本系统还没有设置支付方（CROWNCAP_WECHAT_PAY），红包会一直等待，不会丢失。",
        "Nobody pays out yet (CROWNCAP_WECHAT_PAY): they wait, and none is lost.",
    ),
    "payouts_troubled": ("需要人工处理", "These need a person"),
    "payouts_troubled_none": (
        "没有需要处理的红包。",
        "None does: all others end by themselves.",
    ),
    "payouts_all": ("全部红包", "All red packets"),
    "payouts_none": ("没有这样的红包。", "There is none of these."),
    "payout_all_states": ("全部", "all"),
    "payout_find": ("红包编号或商户单号", "Number of the payout or of its bill"),
    "payout_find_do": ("查找", "Find"),
    "payout_bill": ("商户单号", "Bill"),
    "payout_member": ("会员", "Member"),
    "payout_campaign": ("活动", "Campaign"),
    "payout_amount": ("金额", "Amount"),
    "payout_since": ("获得时间", "Won"),
    "payout_next": ("下次查询", "Asked again"),
    "payout_what": ("说明", "What it is"),
    "payout_older": ("更早的", "Older ones"),
    "payout_tries": ("已查询 {n} 次", "asked {n} times"),
    "payout_cancelling": ("撤销中", "being cancelled"),
    "payout_disputed": (
        "支付方后来给出了不同的结果。请用商户单号向支付方核对。",
        "Its provider told of another end later. Look its bill up with the provider.",
    ),
    "payout_waits_for_payee": (
        "未发放的红包在 {at} 前等会员登记收款账号。",
        "Until {at} it waits for its member to say where to.",
    ),
    "payout_cancel": ("取消红包", "Cancel it"),
    "payout_cancel_why": ("原因", "Reason"),
    "payout_cancel_note": (
        "未发出的立即取消；已发出的由支付方撤销，用户已确认的不能撤销。",
        (
            "What was not sent is cancelled at once, what was sent by its provider, "
            "unless the member accepted it first."
        ),
    ),
    # Faults, by their codes
    "payout_fault_NOT_ENOUGH": (
        "商户账户余额不足：充值后自动继续。",
        "The merchant's account is empty: fill it, and it goes on by itself.",
    ),
    "payout_fault_NO_AUTH": (
        "商户没有此转账权限：请在商户平台开通。",
        "The merchant may not send this: ask for it on the merchant platform.",
    ),
    "payout_fault_SIGN_ERROR": (
        "签名未通过：请检查商户证书序列号和私钥。",
        "Our signature was refused: look at the merchant's key and its serial number.",
    ),
    "payout_fault_PARAM_ERROR": (
        "参数被拒：多为收款账号有误。请与会员核对，或取消。",
        "Refused, mostly for a wrong account: ask the member, or cancel it.",
    ),
    "payout_fault_INVALID_REQUEST": (
        "请求被拒：请检查转账场景、服务器 IP 和收款账号，或取消。",
        "Refused: look at the scene, this server's address and the account, or cancel.",
    ),
    "payout_fault_ACCOUNT_FROZEN": (
        "收款账户被冻结，红包已退回。",
        "The receiver's account is frozen; the money went back.",
    ),
    "payout_fault_OVERDUE_CLOSE": (
        "用户 24 小时内未确认，红包已退回。",
        "Its member did not accept it within 24 hours; the money went back.",
    ),
    "payout_fault_no_answer": (
        "支付方没有答复：请检查网络。",
        "Its provider does not answer: look at the network.",
    ),
    "payout_fault_not_genuine": (
        "答复的签名不可信：请检查支付方公钥和网络。",
        "What answers is not its provider: look at its keys and at the network.",
    ),
    "payout_fault_of_another_bill": (
        "支付方答复的是另一笔：请联系支付方。",
        "Its provider answered of another bill: ask the provider.",
    ),
    "payout_fault_never_made": (
        "支付方从未收到，已取消。",
        "It never reached its provider, and was cancelled.",
    ),
    "payout_fault_lapsed": (
        "会员 30 天内未登记收款账号，已退回。",
        "Its member said nowhere to within 30 days; it went back.",
    ),
    "payout_fault_by_support": ("由客服取消。", "Cancelled by support."),
}
