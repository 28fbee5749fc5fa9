"""What staff read where codes are taken out of use, in Chinese and English."""

from collections.abc import Mapping
from typing import Final

WITHDRAWAL_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    # Recalls --------------------------------------------------------------------------
    "page_recalls": ("召回与作废", "Recalls"),
    "recalls_lead": (
        "召回和大宗作废由一人申请、另一人批准。批准的内容就是页面上显示的内容。",
        (
            "Recalls, and voids past a line's own, are asked for by one person and "
            "approved by another. What is approved is what the page shows."
        ),
    ),
    "recalls_none": ("没有召回，也没有作废申请。", "Nothing was asked for."),
    "what": ("事项", "What"),
    "covers": ("范围", "Covers"),
    "why": ("原因", "Why"),
    "asked_by": ("申请人", "Asked for by"),
    "kind_recall": ("召回", "Recall"),
    "kind_void": ("作废申请", "Void request"),
    "recall_requested": ("等待批准", "waits for a second person"),
    "recall_in_effect": ("已生效", "in effect"),
    "took": ("已涉及瓶盖数", "Caps taken"),
    "told_consumers": ("消费者将看到", "What consumers are told"),
    "would_take": ("批准后的结果", "What an approval would do"),
    "stands_now": ("现在的状况", "How it stands now"),
    "would_change": ("将改变", "Would change"),
    "left_alone": ("不变", "Left as they are"),
    "approve_recall": ("批准召回", "Approve the recall"),
    "approve_void": ("批准作废", "Approve the void"),
    "recall_final": ("批准后不能恢复。", "This is final."),
    "recall_second": (
        "由申请人以外的签发人批准。",
        "An issuer other than who asked for it approves.",
    ),
    # Voids ----------------------------------------------------------------------------
    "void_preview": ("作废预览", "What a void would do"),
    "void_listed": ("只作废这些码", "Only these codes"),
    "void_unit": ("作废所在的整卷（未分卷则整批）", "All of their rolls, or batches"),
    "void_claimed": (
        "其中已被领取的，奖励不会收回。",
        "Rewards that were claimed already are not taken back.",
    ),
    "void_reason": ("作废原因", "Why"),
    "void_now": ("作废", "Make void"),
    "void_final": ("作废不能恢复。", "A void is final."),
    "void_who": (
        "作废由产线或签发人执行。",
        "A line manager or an issuer makes codes void.",
    ),
    "void_line": (
        "产线只能作废未启用或自己 24 小时内启用的码，每小时一万个；其余由签发人批准。",
        (
            "A line voids what is not active, or what it activated itself within 24 "
            "hours, up to 10,000 an hour. An issuer approves the rest."
        ),
    ),
    "void_asked": ("其余的码要由另一人批准：", "The others wait for a second person:"),
    "void_request": ("作废申请", "Void request"),
    "voided": ("个码已作废", "codes are void now"),
}
