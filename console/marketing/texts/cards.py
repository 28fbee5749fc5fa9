"""What marketers read of sets of cards."""

from collections.abc import Mapping
from typing import Final

CARD_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "card_sets": ("集卡", "Card sets"),
    "card_sets_lead": (
        "活动发放卡组中的卡，集齐一套的会员得到一次奖励。",
        "Campaigns give cards of a set; who has all of them is given something, once.",
    ),
    "card_sets_none": ("还没有卡组。", "There is no set yet."),
    "card_set": ("卡组", "Set"),
    "card_set_new": ("新建卡组", "New set"),
    "card_set_created": ("建立时间", "Made"),
    "cards_in_set": ("卡片数", "Cards"),
    "set_completes": ("集齐奖励", "Completing it gives"),
    "set_collectors": ("参与会员", "Members who collect"),
    "set_completed": ("已集齐", "Have them all"),
    "set_counted": (
        "参与的会员很多，这里只统计最早的 {most:,} 位。",
        "Many collect it: these are the first {most:,} members.",
    ),
    "set_by_card": ("每张卡", "Each card"),
    "card": ("卡片", "Card"),
    "card_share": ("出现几率", "How often it comes"),
    "card_holders": ("持有的会员", "Members who hold it"),
    # The form -------------------------------------------------------------------------
    "set_form_lead": (
        "卡组建好后不能修改，会员收集的卡因此不会变。",
        "A set never changes once it is made, so that what was collected counts.",
    ),
    "set_id": ("编号", "Id"),
    "set_id_hint": (
        "英文、数字，以后不能改",
        "for programs; it never changes",
    ),
    "set_name": ("名称（会员看到）", "Name, as members read it"),
    "set_cards": ("卡片", "Cards"),
    "set_cards_hint": (
        "几率之和不超过 100%。不足 100% 时按比例折算，每次都会得到一张卡。",
        (
            "Shares add up to 100 % at most. Where they are less they are taken in "
            "proportion: every time one card comes."
        ),
    ),
    "card_id": ("卡片编号", "Card id"),
    "card_name": ("卡片名称", "Name of the card"),
    "card_percent": ("几率 %", "Share %"),
    "card_add": ("添加卡片", "Add a card"),
    "set_gives": ("集齐后发什么", "What completing it gives"),
    "set_make": ("建立卡组", "Make the set"),
}
