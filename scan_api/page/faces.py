"""Which face the page puts on: pure, from what is known of a code to what is shown."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from core.bounds import read_id
from core.clock import to_ms
from core.ids import time_of_id
from rewards.domain import Offer, OfferState
from scan_api.domain.scans import CLAIMING, Outcome, View
from scan_api.pipeline.responses import Answer
from scan_api.store.own_claims import OwnClaim


class Tone(StrEnum):
    """The colour of a face; words and a glyph say the same."""

    GENUINE = "genuine"
    CAUTION = "caution"
    ALARM = "alarm"
    UNKNOWN = "unknown"
    CALM = "calm"


class FaceName(StrEnum):
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
    FaceName.GENUINE: Tone.GENUINE,
    FaceName.OUTSIDE: Tone.GENUINE,
    FaceName.REWARDED: Tone.GENUINE,
    FaceName.YOURS: Tone.GENUINE,
    FaceName.HELD: Tone.GENUINE,
    FaceName.NO_REWARD: Tone.GENUINE,
    FaceName.CAME_LATE: Tone.GENUINE,
    FaceName.NOT_BEGUN: Tone.GENUINE,
    FaceName.FULL_TODAY: Tone.GENUINE,
    FaceName.FULL_AT_LAST: Tone.GENUINE,
    FaceName.ENDED: Tone.GENUINE,
    FaceName.SPENT: Tone.GENUINE,
    FaceName.NO_CAMPAIGN: Tone.GENUINE,
    FaceName.RECALLED: Tone.ALARM,
    FaceName.INVALID: Tone.UNKNOWN,
}
_OWN: Final = {
    Outcome.REWARDED: FaceName.YOURS,
    Outcome.NO_REWARD: FaceName.NO_REWARD,
    Outcome.HELD: FaceName.HELD,
}
_OFFERED: Final = {
    OfferState.OPEN: FaceName.GENUINE,
    OfferState.NOT_BEGUN: FaceName.NOT_BEGUN,
    OfferState.FULL_TODAY: FaceName.FULL_TODAY,
    OfferState.ENDED: FaceName.ENDED,
    OfferState.SPENT: FaceName.SPENT,
}
_ANSWERED: Final = {
    Outcome.VERIFIED: FaceName.OUTSIDE,
    Outcome.ALREADY_CLAIMED: FaceName.OTHERS,
    Outcome.REFUSED: FaceName.REFUSED,
    Outcome.NOT_ACTIVE: FaceName.NOT_ACTIVE,
    Outcome.RECALLED: FaceName.RECALLED,
}


@dataclass(frozen=True, slots=True)
class Face:
    """What the page shows of one code."""

    name: FaceName
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

    @property
    def tone(self) -> Tone:
        """The colour that goes with it."""
        return _TONES.get(self.name, Tone.CAUTION)


def face_of_view(view: View, *, signed_in: bool, tomorrow: datetime) -> Face:
    """Show a look at a code; `tomorrow` is when the brand's next day begins."""
    if view.outcome is Outcome.INVALID:
        return Face(FaceName.INVALID)
    offer = view.offer
    name = {
        Outcome.VERIFIED: _face_of_offer(view, tomorrow),
        Outcome.ALREADY_CLAIMED: FaceName.OTHERS if signed_in else FaceName.CLAIMED,
        Outcome.RECALLED: FaceName.RECALLED,
    }.get(view.outcome, FaceName.NOT_ACTIVE)
    product = view.product
    return Face(
        name,
        product.name if product else None,
        product.brand if product else None,
        view.instructions if name is FaceName.RECALLED else None,
        view.first_claimed_ms,
        begins_at=offer.begins_at if offer else None,
        ends_at=offer.ends_at if offer else None,
        sell_by=view.sell_by,
    )


def _face_of_offer(view: View, tomorrow: datetime) -> FaceName:
    """Tell of a genuine cap what there is to claim, before anybody presses a button."""
    if not view.pays:
        return FaceName.OUTSIDE
    return _name_offer(view.offer, tomorrow)


def _name_offer(offer: Offer | None, tomorrow: datetime) -> FaceName:
    if offer is None:
        return FaceName.NO_CAMPAIGN
    if offer.state is OfferState.FULL_TODAY and offer.is_over_by(tomorrow):
        return FaceName.FULL_AT_LAST
    return _OFFERED[offer.state]


def face_of_own(
    view: View, own: OwnClaim, *, balance: int, joy_for: int | None = None
) -> Face:
    """Show members what they claimed themselves, as it stands today.

    `joy_for` is the scan that has just earned something: it is celebrated once.
    """
    name = _OWN.get(own.outcome, FaceName.YOURS)
    if own.resolution is not None:
        name = FaceName.DENIED if own.resolution == "voided" else FaceName.YOURS
    elif own.outcome is Outcome.NO_REWARD and own.campaign_no is not None:
        # Bound to a campaign that could have paid: its budget was spent.
        name = FaceName.CAME_LATE
    elif own.outcome is Outcome.REWARDED and own.scan_id == joy_for:
        name = FaceName.REWARDED
    product = view.product
    return Face(
        name,
        product.name if product else None,
        product.brand if product else None,
        first_claimed_ms=time_of_id(own.scan_id),
        points=own.points,
        balance=balance,
        sell_by=view.sell_by,
        scan_id=own.scan_id,
    )


def face_of_answer(answer: Answer, *, tomorrow: datetime) -> Face:
    """Show the answer to a claim that did not get the code."""
    outcome = Outcome(answer.outcome)
    begins = answer.next.at
    if outcome is Outcome.LIMIT_REACHED and answer.offer and begins is not None:
        offer = Offer(answer.offer, begins, answer.campaign_ends_at or None)
        name = _name_offer(offer, tomorrow)
    elif outcome is Outcome.LIMIT_REACHED:
        name = FaceName.FULL_AT_LAST
    else:
        name = _ANSWERED.get(outcome, FaceName.INVALID)
    if name is FaceName.INVALID:
        return Face(name)
    first = answer.first_claimed_at
    return Face(
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


def is_own_claim(answer: Answer) -> bool:
    """Tell whether the code is now, or was before, claimed by who asked."""
    return bool(answer.by_you) or Outcome(answer.outcome) in CLAIMING
