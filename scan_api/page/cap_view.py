"""What the page shows of a cap: pure, from what is known of its code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from core.bounds import read_id
from core.clock import to_ms
from core.ids import time_of_id
from rewards.domain.active_campaigns import Offer, OfferState
from scan_api.domain.claims import OwnClaim
from scan_api.domain.code_view import CodeView
from scan_api.domain.scans import CLAIMING, Outcome
from scan_api.page.belongings import RewardCard
from scan_api.pipeline.responses import ScanAnswer


class Tone(StrEnum):
    """The colour of a view; words and a glyph say the same."""

    GENUINE = "genuine"
    CAUTION = "caution"
    ALARM = "alarm"
    UNKNOWN = "unknown"
    CALM = "calm"


class CapViewName(StrEnum):
    """What a visitor can be shown about a code."""

    GENUINE = "genuine"
    OUTSIDE = "outside"
    CLAIMED = "claimed"
    OTHERS = "others"
    REWARDED = "rewarded"
    YOURS = "yours"
    HELD = "held"
    DENIED = "denied"
    NO_REWARD = "no_reward"
    CAME_LATE = "came_late"
    REFUSED = "refused"
    NOT_BEGUN = "not_begun"
    PAUSED = "paused"
    FULL = "full"
    FULL_TODAY = "full_today"
    FULL_AT_LAST = "full_at_last"
    ENDED = "ended"
    SPENT = "spent"
    NO_CAMPAIGN = "no_campaign"
    NOT_ACTIVE = "not_active"
    RECALLED = "recalled"
    INVALID = "invalid"
    FOREIGN = "foreign"


_TONES: Final = {
    CapViewName.GENUINE: Tone.GENUINE,
    CapViewName.OUTSIDE: Tone.GENUINE,
    CapViewName.REWARDED: Tone.GENUINE,
    CapViewName.YOURS: Tone.GENUINE,
    CapViewName.HELD: Tone.GENUINE,
    CapViewName.NO_REWARD: Tone.GENUINE,
    CapViewName.CAME_LATE: Tone.GENUINE,
    CapViewName.NOT_BEGUN: Tone.GENUINE,
    CapViewName.PAUSED: Tone.GENUINE,
    CapViewName.FULL: Tone.GENUINE,
    CapViewName.FULL_TODAY: Tone.GENUINE,
    CapViewName.FULL_AT_LAST: Tone.GENUINE,
    CapViewName.ENDED: Tone.GENUINE,
    CapViewName.SPENT: Tone.GENUINE,
    CapViewName.NO_CAMPAIGN: Tone.GENUINE,
    CapViewName.RECALLED: Tone.ALARM,
    CapViewName.INVALID: Tone.UNKNOWN,
}
_OWN: Final = {
    Outcome.REWARDED: CapViewName.YOURS,
    Outcome.NO_REWARD: CapViewName.NO_REWARD,
    Outcome.HELD: CapViewName.HELD,
}
_OFFERED: Final = {
    OfferState.OPEN: CapViewName.GENUINE,
    OfferState.NOT_BEGUN: CapViewName.NOT_BEGUN,
    OfferState.PAUSED: CapViewName.PAUSED,
    OfferState.FULL: CapViewName.FULL,
    OfferState.FULL_TODAY: CapViewName.FULL_TODAY,
    OfferState.ENDED: CapViewName.ENDED,
    OfferState.SPENT: CapViewName.SPENT,
}
# What a claim is told that may be paid one day, at no known time.
_FOR_LATER: Final = {
    OfferState.PAUSED: CapViewName.PAUSED,
    OfferState.FULL: CapViewName.FULL,
}
_ANSWERED: Final = {
    Outcome.VERIFIED: CapViewName.OUTSIDE,
    Outcome.ALREADY_CLAIMED: CapViewName.OTHERS,
    Outcome.REFUSED: CapViewName.REFUSED,
    Outcome.NOT_ACTIVE: CapViewName.NOT_ACTIVE,
    Outcome.RECALLED: CapViewName.RECALLED,
}


@dataclass(frozen=True, slots=True)
class CapView:
    """What the page shows of one code."""

    name: CapViewName
    product: str | None = None
    brand: str | None = None
    instructions: str | None = None
    first_claimed_ms: int | None = None
    points: int = 0
    balance: int | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    sell_by: date | None = None
    scan_id: int | None = None
    rewards: Sequence[RewardCard] = ()

    @property
    def tone(self) -> Tone:
        """The colour that goes with it."""
        return _TONES.get(self.name, Tone.CAUTION)


def view_of_code(found: CodeView, *, signed_in: bool, tomorrow: datetime) -> CapView:
    """Show a look at a code; `tomorrow` is when the brand's next day begins."""
    if found.outcome is Outcome.INVALID:
        return CapView(CapViewName.INVALID)
    offer = found.offer
    name = {
        Outcome.VERIFIED: _name_unclaimed(found, tomorrow),
        Outcome.ALREADY_CLAIMED: CapViewName.OTHERS
        if signed_in
        else CapViewName.CLAIMED,
        Outcome.RECALLED: CapViewName.RECALLED,
    }.get(found.outcome, CapViewName.NOT_ACTIVE)
    product = found.product
    return CapView(
        name,
        product.name if product else None,
        product.brand if product else None,
        found.instructions if name is CapViewName.RECALLED else None,
        found.first_claimed_ms,
        begins_at=offer.begins_at if offer else None,
        ends_at=offer.ends_at if offer else None,
        sell_by=found.sell_by,
    )


def _name_unclaimed(found: CodeView, tomorrow: datetime) -> CapViewName:
    """Tell of a genuine cap what there is to claim, before anybody presses a button."""
    if not found.pays:
        return CapViewName.OUTSIDE
    return _name_offer(found.offer, tomorrow)


def _name_offer(offer: Offer | None, tomorrow: datetime) -> CapViewName:
    if offer is None:
        return CapViewName.NO_CAMPAIGN
    if offer.state is OfferState.FULL_TODAY and offer.is_over_by(tomorrow):
        return CapViewName.FULL_AT_LAST
    return _OFFERED[offer.state]


def view_of_own_claim(
    found: CodeView,
    own: OwnClaim,
    *,
    balance: int,
    rewards: Sequence[RewardCard] = (),
    joy_for: int | None = None,
) -> CapView:
    """Show members what they claimed themselves, as it stands today.

    `joy_for` is the scan that has just earned something: it is celebrated once.
    """
    name = _OWN.get(own.outcome, CapViewName.YOURS)
    if own.resolution is not None:
        name = CapViewName.DENIED if own.resolution == "voided" else CapViewName.YOURS
    elif own.outcome is Outcome.NO_REWARD and own.campaign_no is not None:
        # Bound to a campaign that could have paid: its budget was spent.
        name = CapViewName.CAME_LATE
    elif own.outcome is Outcome.REWARDED and own.scan_id == joy_for:
        name = CapViewName.REWARDED
    product = found.product
    return CapView(
        name,
        product.name if product else None,
        product.brand if product else None,
        first_claimed_ms=time_of_id(own.scan_id),
        points=own.points,
        balance=balance,
        sell_by=found.sell_by,
        scan_id=own.scan_id,
        rewards=() if name is CapViewName.DENIED else rewards,
    )


def view_of_answer(answer: ScanAnswer, *, tomorrow: datetime) -> CapView:
    """Show the answer to a claim that did not get the code."""
    outcome = Outcome(answer.outcome)
    begins = answer.next.at
    if outcome is Outcome.LIMIT_REACHED and answer.offer and begins is not None:
        offer = Offer(answer.offer, begins, answer.campaign_ends_at or None)
        name = _name_offer(offer, tomorrow)
    elif outcome is Outcome.LIMIT_REACHED:
        name = _FOR_LATER.get(
            answer.offer or OfferState.FULL_TODAY, CapViewName.FULL_AT_LAST
        )
    else:
        name = _ANSWERED.get(outcome, CapViewName.INVALID)
    if name is CapViewName.INVALID:
        return CapView(name)
    first = answer.first_claimed_at
    return CapView(
        name,
        answer.product.name if answer.product else None,
        answer.product.brand if answer.product else None,
        answer.message if outcome is Outcome.RECALLED else None,
        None if first is None else to_ms(first),
        begins_at=begins,
        ends_at=answer.campaign_ends_at or None,
        sell_by=answer.sell_by,
        scan_id=read_id(answer.scan_id),
    )


def is_own_claim(answer: ScanAnswer) -> bool:
    """Tell whether the code is now, or was before, claimed by who asked."""
    return bool(answer.by_you) or Outcome(answer.outcome) in CLAIMING
