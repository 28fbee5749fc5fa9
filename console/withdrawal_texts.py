"""What staff read where codes are taken out of use, in Chinese and English."""

from collections.abc import Mapping
from typing import Final

WITHDRAWAL_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
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
