"""What consumers read, in Chinese and English."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from scan_api.domain import Outcome

_MESSAGES: Final[Mapping[str, Mapping[str, str]]] = {
    "invalid": {
        "zh": "这不是我们的码。请核对瓶盖内的 16 位字符后重试。",
        "en": "This is not one of our codes. Check the 16 symbols and try again.",
    },
    "not_active": {
        "zh": "这是真码，但尚未启用或已停用。",
        "en": "The code is genuine, but it is not active.",
    },
    "recalled": {
        "zh": "该产品已被召回，请勿饮用，并联系客服。",
        "en": "This product has been recalled. Do not consume it; contact us.",
    },
    "already_claimed": {
        "zh": "这是真码，但已被他人领取过。",
        "en": "The code is genuine, but somebody claimed it before.",
    },
    "already_yours": {
        "zh": "您已领取过这个码的奖励。",
        "en": "You claimed this code before; its reward is yours.",
    },
    "refused": {
        "zh": "这是真码，但暂时无法领取，如有疑问请联系客服。",
        "en": "The code is genuine, but it cannot be claimed now. Ask us if in doubt.",
    },
    "limit_reached": {
        "zh": "这是真码，但您已达到上限，或活动尚未开始，请稍后再来。",
        "en": "Genuine, but your limit is reached or the campaign has not begun yet.",
    },
    "held": {
        "zh": "正品！奖励正在审核，通过后会自动到账。",
        "en": "Genuine! Your reward is being reviewed and will follow by itself.",
    },
    "no_reward": {
        "zh": "正品！不过活动已结束或奖励已发完。",
        "en": "Genuine! The campaign has ended or its rewards are all gone.",
    },
    "rewarded": {
        "zh": "正品！恭喜获得 {points} 积分。",
        "en": "Genuine! You earned {points} points.",
    },
    "verified": {
        "zh": "正品！登录后即可领取奖励。",
        "en": "Genuine! Sign in to claim your reward.",
    },
}

_PAST_SELL_BY: Final[Mapping[str, str]] = {
    "zh": "{message} 请注意：该产品的保质期至 {day}，已经过期，请勿饮用。",
    "en": "{message} Note: this product was good until {day}. Do not consume it.",
}


def message_for(
    outcome: Outcome,
    language: str,
    *,
    points: int = 0,
    by_you: bool = False,
    instructions: str | None = None,
    past_sell_by: date | None = None,
) -> str:
    """Say an outcome to a consumer; a recall's own instructions come first.

    `past_sell_by` is the last good day of goods that are past it.
    """
    if instructions:
        return instructions
    name = "already_yours" if by_you else outcome.value
    message = _MESSAGES[name][language].format(points=points)
    if past_sell_by is None:
        return message
    return _PAST_SELL_BY[language].format(message=message, day=past_sell_by)
