"""What support reads of a scan, and of taking back what it earned."""

from collections.abc import Mapping
from typing import Final

SCAN_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "scan": ("扫码", "Scan"),
    "scan_id": ("扫码编号", "Scan id"),
    "scan_at": ("时间", "When"),
    "scan_outcome": ("结果", "Outcome"),
    "scan_earned": ("获得的奖励", "What it earned"),
    "scan_earned_nothing": ("没有奖励。", "Nothing."),
    "scan_cap": ("查看这枚瓶盖", "Look at the cap"),
    "outcome_invalid": ("不是我们的码", "not one of our codes"),
    "outcome_not_active": ("未启用", "not active"),
    "outcome_recalled": ("已召回", "recalled"),
    "outcome_already_claimed": ("已被领取", "claimed before"),
    "outcome_refused": ("被拒绝", "refused"),
    "outcome_limit_reached": ("已达上限", "a limit was reached"),
    "outcome_held": ("领取，奖励待审", "claimed; rewards held"),
    "outcome_no_reward": ("领取，无奖励", "claimed; no reward left"),
    "outcome_rewarded": ("领取，奖励到账", "claimed and paid"),
    "outcome_verified": ("查验", "looked at"),
    "earned_points": ("{amount:,} 积分", "{amount:,} points"),
    "earned_coupon": ("优惠券", "Coupon"),
    "earned_gift": ("礼品", "Gift"),
    "earned_red_packet": ("红包 {money}", "Red packet of {money}"),
    "earned_ticket": ("抽奖券 {amount:,} 张", "{amount:,} tickets of a draw"),
    "earned_card": ("集卡", "Card of a set"),
    "award_pending": ("待审", "waits"),
    "award_voided": ("已作废", "void"),
    "scan_why": ("风控规则的判断", "What the rules said"),
    "taken_back": ("奖励已收回", "What it earned was taken back"),
    "taken_back_by": ("操作人", "By"),
    # Taking back ----------------------------------------------------------------------
    "take_back": ("收回此次扫码的奖励", "Take back what it earned"),
    "reverse_does": (
        "瓶盖仍为已领取，不能再次领取。收回只能进行一次，会员的账单会写明原因。",
        (
            "The cap stays claimed. It is done once, and the member's statement tells "
            "the reason."
        ),
    ),
    "reverse_policy": ("收回多少", "How far"),
    "policy_pending_only": ("只收回待审的", "Only what still waits"),
    "policy_pending_only_does": (
        "已到账的奖励不动。",
        "What was paid stays with the member.",
    ),
    "policy_within_balance": ("收回会员还有的", "As much as the member still has"),
    "policy_within_balance_does": (
        "已花掉的积分不追回，不会欠分。",
        "Points that were spent are let go; nothing is owed.",
    ),
    "policy_debt": ("全部收回，不足的记欠", "All of it; what is missing is owed"),
    "policy_debt_does": (
        "已花掉的积分记为欠分，从以后获得的积分中扣除。",
        "Points that were spent are owed, and paid from what is earned later.",
    ),
    "reverse_would": ("将会：", "It would do this:"),
    "fate_voided": ("取消（待审）", "void, before it was paid"),
    "fate_taken_back": ("收回", "taken back"),
    "fate_kept": ("不能收回", "stays"),
    "back_taken": ("收回 {points:,} 积分", "{points:,} taken back"),
    "back_owed": ("记欠 {points:,} 积分", "{points:,} owed"),
    "back_left": ("{points:,} 积分不追回", "{points:,} let go"),
    "note_spent": ("已花掉", "spent already"),
    "note_redeemed": ("已使用", "used already"),
    "note_void": ("已作废", "void already"),
    "note_shipped": ("已寄出", "on its way"),
    "note_handed_over": ("已交给会员", "handed over"),
    "note_sent": (
        "已发给支付方，请在“红包”中取消",
        "sent to its provider; cancel it at Red packets",
    ),
    "note_unknown": (
        "支付方未答复，请在“红包”中查看",
        "its provider has not answered; see Red packets",
    ),
    "note_confirmed": ("会员已确认", "its member has accepted it"),
    "note_paid": ("已支付", "paid out"),
    "note_failed": ("已失败，未支付", "had failed, and was not paid"),
    "note_cancelled": ("已取消，未支付", "was cancelled before"),
    "note_drawn": ("抽奖已开始开奖", "its draw has begun"),
    "note_set_reopened": ("卡组不再集齐", "its set is open again"),
    "note_set_paid": (
        "卡组的奖励已发，不收回",
        "its set was paid, and stays paid",
    ),
    "and_then": ("；", "; "),
    "reverse_do": ("收回奖励", "Take it back"),
    "reverse_final": ("不能撤销。", "This cannot be undone."),
}
