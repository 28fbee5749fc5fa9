"""What marketers read of gifts."""

from collections.abc import Mapping
from typing import Final

GIFT_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "gifts": ("礼品", "Gifts"),
    "gifts_lead": (
        "会员可以直接领取的礼品，每人一份，领完为止。活动中奖的礼品在活动里设置。",
        (
            "What members claim directly, one each, while there are some. Gifts that "
            "scans win are part of their campaign."
        ),
    ),
    "gifts_none": ("还没有礼品。", "There is no gift yet."),
    "gift_stock": ("库存", "Stock"),
    "gift_claimed": ("已领取", "Claimed"),
    "gift_left": ("剩余", "Left"),
    "gift_name": ("名称（会员看到）", "Name, as members read it"),
    "gift_id": ("编号（英文、数字，以后不能改）", "Id, for programs; it never changes"),
    "gift_add": ("新增礼品", "Add a gift"),
    "gift_never_changes": (
        "礼品建好后，名称和库存不能修改。",
        "Neither its name nor its stock changes later.",
    ),
    "gifts_waiting": ("等待处理", "What waits for somebody"),
    "gifts_waiting_to_send": ("待寄出", "To be sent"),
    "gifts_waiting_to_collect": ("待自提", "To be collected"),
    "gifts_waiting_won": ("会员未填写领取方式", "Won, and not asked for yet"),
    "gifts_waiting_go": ("去寄送", "Send them"),
    "gifts_sent_by": ("由客服寄送或交付。", "Support sends them or hands them over."),
}
