"""What consumers read, in Chinese and English."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from rewards.domain.campaigns import Offer, OfferState
from scan_api.pipeline.moments import word_begin, word_day, word_end

_MESSAGES: Final[Mapping[str, Mapping[str, str]]] = {
    "invalid": {
        "zh": "这不是我们的码。请核对瓶盖内的 16 位字母和数字后重试。",
        "en": (
            "This is not one of our codes. Check the 16 letters and digits and try "
            "again."
        ),
    },
    "not_active": {
        "zh": "这是真码，但还没有开放领取，或已经停用。",
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
    "yours_unpaid": {
        "zh": "您已领取过这个码，它没有带来奖励。",
        "en": "You claimed this code before; there was no reward for it.",
    },
    "refused": {
        "zh": "这是真码，但暂时无法领取，如有疑问请联系客服。",
        "en": "The code is genuine, but it cannot be claimed now. Ask us if in doubt.",
    },
    "full_today": {
        "zh": "正品！您今天领取的积分已满，{again} 0 点起可以再领。",
        "en": (
            "Genuine! You have reached today's limit. Claim it from {again} on, 00:00."
        ),
    },
    "full_today_until": {
        "zh": "正品！您今天领取的积分已满，{again} 0 点起可以再领，活动截止 {ends}。",
        "en": (
            "Genuine! You have reached today's limit. Claim it from {again} on, "
            "00:00; the campaign lasts until {ends}."
        ),
    },
    "full_at_last": {
        "zh": "正品！不过您今天领取的积分已满，而活动截止 {ends}。",
        "en": (
            "Genuine! But you have reached today's limit, and the campaign lasts "
            "until {ends}."
        ),
    },
    "not_begun": {
        "zh": "正品！活动 {begins} 开始，请留好瓶盖，到时再来领取。",
        "en": "Genuine! The campaign begins on {begins}; keep the cap and come back.",
    },
    "ended": {
        "zh": "正品！不过活动已经结束，截止 {ends}。",
        "en": "Genuine! But the campaign is over; it lasted until {ends}.",
    },
    "spent": {
        "zh": "正品！不过活动的奖励已经发完。",
        "en": "Genuine! But the rewards of the campaign are all gone.",
    },
    "no_campaign": {
        "zh": "正品！这枚码没有可领取的奖励。",
        "en": "Genuine! There is no reward for this code.",
    },
    "held": {
        "zh": "正品！奖励正在审核，通过后会自动到账。",
        "en": "Genuine! Your reward is being reviewed and will follow by itself.",
    },
    "rewarded": {
        "zh": "正品！恭喜获得 {points} 积分。",
        "en": "Genuine! You earned {points} points.",
    },
    "verified": {
        "zh": "正品！登录后即可领取奖励。",
        "en": "Genuine! Sign in to claim your reward.",
    },
    "outside": {
        "zh": "正品！这枚码只用来验真，奖励码在瓶盖内。",
        "en": "Genuine! This code only proves it; the one that pays is in the cap.",
    },
}

_PAST_SELL_BY: Final[Mapping[str, str]] = {
    "zh": "{message} 请注意：该产品的保质期至 {day}，已经过期，请勿饮用。",
    "en": "{message} Note: this product was good until {day}. Do not consume it.",
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """The brand's calendar, and when its next day begins."""

    timezone: ZoneInfo
    tomorrow: datetime


def say(name: str, language: str, **values: object) -> str:
    """Say one message of the catalogue."""
    return _MESSAGES[name][language].format(**values)


def warn_of_age(message: str, language: str, last_day: date) -> str:
    """Add to a message that the goods are past their last good day."""
    day = word_day(language, last_day)
    return _PAST_SELL_BY[language].format(message=message, day=day)


def message_of_offer(offer: Offer | None, language: str, calendar: Calendar) -> str:
    """Say what there is to claim of a genuine cap, and when."""
    if offer is None:
        return say("no_campaign", language)
    if offer.state is OfferState.OPEN:
        return say("verified", language)
    timezone = calendar.timezone
    ends = "" if offer.ends_at is None else word_end(language, timezone, offer.ends_at)
    return say(
        _name_of_offer(offer, calendar),
        language,
        begins=word_begin(language, timezone, offer.begins_at),
        ends=ends,
        again=word_begin(language, timezone, calendar.tomorrow),
    )


def _name_of_offer(offer: Offer, calendar: Calendar) -> str:
    if offer.state is not OfferState.FULL_TODAY or offer.ends_at is None:
        return offer.state.value
    # Nobody is told to come back for what will be over.
    over = offer.is_over_by(calendar.tomorrow)
    return "full_at_last" if over else "full_today_until"
