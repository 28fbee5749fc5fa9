"""What is said of sets of cards, and of tiers of chances."""

from typing import Final

from core.messages import Sentences

CARDS: Final[Sentences] = {
    # Collecting cards
    "set_exists": (
        "已有卡组 {set_id}。",
        "There is a card set {set_id} already.",
    ),
    "no_set": (
        "没有卡组 {set_id}。",
        "There is no card set {set_id}.",
    ),
    "card_twice": (
        "有两张卡的编号都是 {card_id}。",
        "Two cards are called {card_id}.",
    ),
    "cards_above_one": (
        "各张卡的 per_million 合计 {given:,}，最多 {most:,}。",
        "The cards' per_million add up to {given:,}; they can be {most:,} at most.",
    ),
    "no_chance_here": (
        "这里只能给确定的奖励，不能给一次抽奖。",
        "What is given here is sure: it cannot be a chance.",
    ),
    # Tiers that are frozen and thawed
    "no_tier": (
        "活动 {campaign_id} 没有奖级 {tier_id}。",
        "The campaign {campaign_id} has no tier {tier_id}.",
    ),
    "tier_is_so": (
        "奖级 {tier_id} 已是如此；请重新查看。",
        "The tier {tier_id} is so already; look at it again.",
    ),
}
