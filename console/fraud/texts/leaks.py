"""What staff read of leaked codes, and of making them void."""

from collections.abc import Mapping
from typing import Final

LEAK_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    # Tracing --------------------------------------------------------------------------
    "leaks": ("追查泄露的码", "Trace leaked codes"),
    "leaks_lead": (
        "粘贴在外流传的码或链接：查出卷、码包和下载者，并预览作废的后果。",
        (
            "Paste codes or links found outside: see the roll, the package, who "
            "took it, and what voiding them would do."
        ),
    ),
    "codes": ("码，一行一个", "Codes, one a line"),
    "which": ("逐个查看", "One by one"),
    "trace": ("追查", "Trace"),
    "trace_listed": ("个码已粘贴", "codes pasted"),
    "trace_unknown": ("不是我们的码", "not ours"),
    "trace_never": ("从未签发", "never issued"),
    "trace_foreign": (
        "从未签发，或不在您的范围内",
        "never issued, or out of your scope",
    ),
    "trace_foreign_note": (
        "签名正确：是别的品牌的码，或密钥可能已泄露。请交由管理员查看。",
        "Rightly signed: another brand's, or a key has leaked. Have an admin look.",
    ),
    "trace_repeated": ("重复", "repeated"),
    "trace_never_note": (
        "签名正确却从未签发：密钥可能已泄露，请立即上报。",
        "Rightly signed and never issued: a key may have leaked. Report it at once.",
    ),
    "found_here": ("其中的码", "Codes found here"),
    "whole_unit": ("整卷或整批可作废", "Voidable in all of it"),
    "between_units": ("未分卷的码，序号", "In no named roll, indexes"),
    "no_unit": ("整个批次（未分卷）", "Whole batch (no rolls named)"),
    "taken_by": ("下载者", "Taken by"),
    "not_packaged": ("不在任何码包里", "In no package"),
    "holds": ("含", "holds"),
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
    "voided": ("个码已作废", "codes are void now"),
}
