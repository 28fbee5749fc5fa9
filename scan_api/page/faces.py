"""Which face the page puts on: pure, from what is known of a code to what is shown."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from core.ids import time_of_id
from scan_api.answers import Answer
from scan_api.domain import CLAIMING, Outcome, View
from scan_api.page.store import OwnClaim

# A reward is celebrated when it is fresh; who comes back later reads it calmly.
JOY_MS: Final = 120_000


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
    REFUSED = "refused"
    LIMIT_REACHED = "limit_reached"
    NOT_ACTIVE = "not_active"
    RECALLED = "recalled"
    INVALID = "invalid"


_TONES: Final = {
    FaceName.GENUINE: Tone.GENUINE,
    FaceName.OUTSIDE: Tone.GENUINE,
    FaceName.REWARDED: Tone.GENUINE,
    FaceName.YOURS: Tone.GENUINE,
    FaceName.HELD: Tone.GENUINE,
    FaceName.NO_REWARD: Tone.GENUINE,
    FaceName.RECALLED: Tone.ALARM,
    FaceName.INVALID: Tone.UNKNOWN,
}
_OWN: Final = {
    Outcome.REWARDED: FaceName.YOURS,
    Outcome.NO_REWARD: FaceName.NO_REWARD,
    Outcome.HELD: FaceName.HELD,
}
_ANSWERED: Final = {
    Outcome.VERIFIED: FaceName.OUTSIDE,
    Outcome.ALREADY_CLAIMED: FaceName.OTHERS,
    Outcome.REFUSED: FaceName.REFUSED,
    Outcome.LIMIT_REACHED: FaceName.LIMIT_REACHED,
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
    retry_at: datetime | None = None
    sell_by: date | None = None

    @property
    def tone(self) -> Tone:
        """The colour that goes with it."""
        return _TONES.get(self.name, Tone.CAUTION)


def face_of_view(view: View, *, signed_in: bool) -> Face:
    """Show a look at a code."""
    if view.outcome is Outcome.INVALID:
        return Face(FaceName.INVALID)
    name = {
        Outcome.VERIFIED: FaceName.GENUINE if view.pays else FaceName.OUTSIDE,
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
        sell_by=view.sell_by,
    )


def face_of_own(view: View, own: OwnClaim, *, balance: int, now_ms: int) -> Face:
    """Show members what they claimed themselves, as it stands today."""
    name = _OWN.get(own.outcome, FaceName.YOURS)
    if own.resolution is not None:
        name = FaceName.DENIED if own.resolution == "voided" else FaceName.YOURS
    claimed_ms = time_of_id(own.scan_id)
    if own.outcome is Outcome.REWARDED and now_ms - claimed_ms < JOY_MS:
        name = FaceName.REWARDED
    product = view.product
    return Face(
        name,
        product.name if product else None,
        product.brand if product else None,
        first_claimed_ms=claimed_ms,
        points=own.points,
        balance=balance,
        sell_by=view.sell_by,
    )


def face_of_answer(answer: Answer) -> Face:
    """Show the answer to a claim that did not get the code."""
    outcome = Outcome(answer.outcome)
    if outcome not in _ANSWERED:
        return Face(FaceName.INVALID)
    first = answer.first_claimed_at
    return Face(
        _ANSWERED[outcome],
        answer.product.name if answer.product else None,
        answer.product.brand if answer.product else None,
        answer.message if outcome is Outcome.RECALLED else None,
        None if first is None else round(first.timestamp() * 1000),
        retry_at=answer.next.at,
        sell_by=answer.sell_by,
    )


def is_own_claim(answer: Answer) -> bool:
    """Tell whether the code is now, or was before, claimed by who asked."""
    return bool(answer.by_you) or Outcome(answer.outcome) in CLAIMING
