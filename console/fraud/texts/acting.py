"""What analysts read of acting beyond a case."""

from collections.abc import Mapping
from typing import Final

ACTING_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "acting": ("采取进一步措施", "Act beyond the case"),
    "acting_back": ("返回案件", "Back to the case"),
    "acting_keys": ("q 返回案件", "q leads back to the case"),
    "acting_block": ("加入拒绝名单", "Block"),
    "acting_about_block": (
        "此后由其发起的扫码一律拒绝，直到移除或到期。可以撤销。",
        "Its scans are refused from now on, until a day or until it is taken back.",
    ),
    "acting_void_range": ("申请作废", "Ask to void"),
    "acting_about_void_range": (
        "申请作废一段码或整批，由签发人批准后生效；批准后不能撤销。",
        "An issuer approves it; what is void then stays void.",
    ),
    "acting_recall_range": ("申请召回", "Ask to recall"),
    "acting_about_recall_range": (
        "申请召回一段码或整批，由签发人批准；消费者会看到下面的说明。",
        "An issuer approves it; consumers are told what you write here.",
    ),
    "acting_freeze_tier": ("冻结奖级", "Freeze a tier"),
    "acting_about_freeze_tier": (
        "抽奖的一个奖级暂时不再中出。可以撤销。",
        "Nobody wins a tier of a chance any more, until it is taken back.",
    ),
    "acting_pause_campaign": ("暂停活动", "Pause a campaign"),
    "acting_about_pause_campaign": (
        "活动暂停，扫码不再发奖。可以撤销。",
        "A campaign pays nothing any more, until it is taken back.",
    ),
    "acting_from": ("起始序号", "From index"),
    "acting_to": ("截止序号", "To index"),
    "acting_whole": ("留空为整批", "Empty: the whole batch"),
    "acting_instructions": ("给消费者的说明", "What consumers are told"),
    "acting_campaign": ("活动", "Campaign"),
    "acting_offer": ("抽奖", "Chance"),
    "acting_tier": ("奖级", "Tier"),
    "acting_would": ("执行后", "What it would come to"),
    "acting_told_scans": ("本案扫码", "scans of the case"),
    "acting_told_caps": ("瓶盖", "caps"),
    "acting_told_claimed": ("已领取", "claimed"),
    "acting_told_members": ("会员", "members"),
    "acting_told_holds": ("扣下的奖励", "held claims"),
    "acting_undo": ("撤销", "Take it back"),
}
