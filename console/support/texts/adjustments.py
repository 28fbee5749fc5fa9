"""What support reads of points that two persons give or take."""

from collections.abc import Mapping
from typing import Final

ADJUSTMENT_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "adjustments": ("待复核的积分调整", "Points that wait for a second person"),
    "adjustments_lead": (
        "一人申请、另一人复核后，积分才会增减。申请人不能自己复核。",
        (
            "One person asks, another one approves, and only then points are given or "
            "taken. Nobody approves what they asked for."
        ),
    ),
    "adjustments_none": ("没有待复核的调整。", "Nothing waits."),
    "adjust": ("调整积分", "Adjust points"),
    "adjust_does": (
        "另一位客服复核后生效。增加的积分与当天获得的积分有效期相同；扣减不能超过现有积分。",
        (
            "It waits for another person of support. What is given is good as long as "
            "what is earned on that day; no more is taken than there is."
        ),
    ),
    "adjust_direction": ("增加或扣减", "Give or take"),
    "adjust_give": ("增加", "Give"),
    "adjust_take": ("扣减", "Take"),
    "adjust_do": ("提交复核", "Ask for it"),
    "adjust_asked": ("申请人", "Asked by"),
    "adjust_second": ("复核", "Second person"),
    "adjust_approve": ("复核通过", "Approve"),
    "adjust_reject": ("拒绝", "Reject"),
    "adjust_reject_why": ("拒绝原因", "Why it is rejected"),
    "adjust_rejected_by": ("拒绝人", "Rejected by"),
    "adjustments_rejected": ("被拒绝的调整", "Rejected"),
    "adjust_yours": ("由您申请，请另一人复核", "You asked; somebody else approves"),
}
