"""What support reads of finding something."""

from collections.abc import Mapping
from typing import Final

FINDING_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "find_title": ("查找", "Find"),
    "find_lead": (
        (
            "输入对方报出的任何内容：会员编号、扫码编号、优惠券码或编号、红包单号、"
            "瓶盖码或链接、假冒举报编号。"
        ),
        (
            "Type whatever they read out: a member's id, the number of a scan, a "
            "coupon's code or id, a red packet's bill, a cap's code or link, or the "
            "reference of a report."
        ),
    ),
    "find_lead_brand": (
        "输入优惠券码或编号、扫码编号、瓶盖码或链接。会员由负责所有品牌的客服查看。",
        (
            "Type a coupon's code or id, the number of a scan, or a cap's code or "
            "link. Members are looked after by support of all brands."
        ),
    ),
    "find_what": ("对方报出的内容", "What they read out"),
    "find_do": ("查找", "Find it"),
    "find_nothing": (
        "没有找到。请核对每个字符；会员要至少扫过一次码才会在这里。",
        (
            "There is nothing by that name. Check each character; a member is here "
            "after a first scan."
        ),
    ),
    "find_several": ("可能是以下几种", "It may be one of these"),
    "find_member": ("会员", "Member"),
    "find_scan": ("扫码", "Scan"),
    "find_coupon": ("优惠券", "Coupon"),
    "find_payout": ("红包", "Red packet"),
    "find_report": ("假冒举报", "Report of a fake"),
    "find_cap": ("瓶盖", "Cap"),
}
