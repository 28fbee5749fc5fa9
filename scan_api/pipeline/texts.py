"""What consumers read of their scans, in Chinese or English."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from core.messages import CHINESE, ENGLISH
from rewards.domain.active_campaigns import Offer, OfferState
from rewards.domain.awards import Award
from rewards.domain.plans import RewardKind
from scan_api.domain.messages import message
from scan_api.domain.scans import Outcome
from scan_api.pipeline.moments import word_begin, word_day, word_end

_OF_OUTCOME: Final = {
    Outcome.INVALID: message("invalid"),
    Outcome.NOT_ACTIVE: message("not_active"),
    Outcome.RECALLED: message("recalled"),
    Outcome.ALREADY_CLAIMED: message("already_claimed"),
    Outcome.REFUSED: message("refused"),
    Outcome.HELD: message("held"),
}
# Told once: a forged code is answered in less time than it takes to tell that.
_TOLD: Final = {
    (outcome, language): said.say(language)
    for outcome, said in _OF_OUTCOME.items()
    for language in (CHINESE, ENGLISH)
}


_OF_OFFER: Final = {
    OfferState.OPEN: message("verified"),
    OfferState.PAUSED: message("paused"),
    OfferState.FULL: message("full"),
    OfferState.SPENT: message("spent"),
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """The brand's calendar, and when its next day begins."""

    timezone: ZoneInfo
    tomorrow: datetime


def message_of_outcome(outcome: Outcome, language: str) -> str:
    """Say what a scan came to, where its outcome alone says it."""
    return _TOLD[outcome, language]


def message_of_rewards(awards: Sequence[Award], points: int, language: str) -> str:
    """Say what a scan has earned."""
    if all(a.kind is RewardKind.POINTS and not a.tier_id for a in awards):
        return message.tell(language, "rewarded", points=points)
    earned = [_word_prize(award, language) for award in awards]
    told = _AND[language].join(earned)
    return message.tell(language, "rewarded_kinds", earned=told)


def _word_prize(award: Award, language: str) -> str:
    earned = _word_award(award, language)
    if not award.tier_id:
        return earned
    tier = award.tier_name
    return message.tell(language, "earned_prize", tier=tier, earned=earned)


def _word_award(award: Award, language: str) -> str:
    name, amount = award.name or "", award.amount
    match award.kind:
        case RewardKind.POINTS:
            told = message("earned_points", amount=amount)
        case RewardKind.RED_PACKET:
            told = message("earned_red_packet", yuan=f"{amount / 100:.2f}")
        case RewardKind.TICKET:
            told = message("earned_ticket", name=name, amount=amount)
        case RewardKind.CARD if award.completes:
            told = message("earned_last_card", name=name, set=award.set_name or "")
        case RewardKind.CARD:
            told = message("earned_card", name=name, set=award.set_name or "")
        case RewardKind.GIFT:
            told = message("earned_gift", name=name)
        case RewardKind.COUPON:
            told = message("earned_coupon", name=name)
    return told.say(language)


_AND: Final = {CHINESE: "、", ENGLISH: ", "}


def message_of_own_claim(*, paid: bool, language: str) -> str:
    """Say that the code was theirs before, and never promise what was not paid."""
    return message.tell(language, "already_yours" if paid else "yours_unpaid")


def message_of_no_reward(language: str) -> str:
    """Say that there was nothing for this cap, though campaigns run."""
    return message.tell(language, "no_reward")


def message_of_proof(language: str) -> str:
    """Say that a genuine code only proves the product."""
    return message.tell(language, "outside")


def warn_of_age(notice: str, language: str, last_day: date) -> str:
    """Add to a notice that the goods are past their last good day."""
    day = word_day(language, last_day)
    return message.tell(language, "past_sell_by", notice=notice, day=day)


def message_of_offer(offer: Offer | None, language: str, calendar: Calendar) -> str:
    """Say what there is to claim of a genuine cap, and when."""
    if offer is None:
        return message.tell(language, "no_campaign")
    if offer.state is OfferState.NOT_BEGUN:
        begins = word_begin(language, calendar.timezone, offer.begins_at)
        return message.tell(language, "not_begun", begins=begins)
    if offer.state is OfferState.ENDED:
        return message.tell(language, "ended", ends=_end(offer, language, calendar))
    if offer.state is OfferState.FULL_TODAY:
        return _message_of_full_day(offer, language, calendar)
    return _OF_OFFER[offer.state].say(language)


def _message_of_full_day(offer: Offer, language: str, calendar: Calendar) -> str:
    ends = _end(offer, language, calendar)
    # Nobody is told to come back for what will be over.
    if offer.is_over_by(calendar.tomorrow):
        return message.tell(language, "full_at_last", ends=ends)
    again = word_begin(language, calendar.timezone, calendar.tomorrow)
    if offer.ends_at is None:
        return message.tell(language, "full_today", again=again)
    return message.tell(language, "full_today_until", again=again, ends=ends)


def _end(offer: Offer, language: str, calendar: Calendar) -> str:
    if offer.ends_at is None:
        return ""
    return word_end(language, calendar.timezone, offer.ends_at)
