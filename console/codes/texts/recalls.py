"""What staff read of recalls, and of voids that take two."""

from collections.abc import Mapping
from typing import Final

RECALL_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
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
}
