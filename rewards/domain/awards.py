"""What a claim has earned of one offer, as its ledger says."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from rewards.domain.payouts import DEFAULT_CURRENCY
from rewards.domain.plans import PlannedReward, RewardKind


class AwardState(StrEnum):
    """Whether a reward is paid; one that waits may yet be void."""

    POSTED = "posted"
    PENDING = "pending"
    VOIDED = "voided"


class Award(msgspec.Struct, frozen=True, gc=False):
    """A reward of a scan; its number is its transfer's, and a coupon's its own."""

    scan_id: int
    transfer_id: int
    campaign_id: str
    kind: RewardKind
    amount: int
    state: AwardState
    # What it is one of, as people read it, and until when it is good.
    name: str | None = None
    valid_until: datetime | None = None
    # The tier of the chance that won it; empty where it was sure.
    tier_id: str = ""
    tier_name: str = ""
    # Of tickets: their draw, and when it is drawn.
    draw_id: str | None = None
    draws_at: datetime | None = None
    # Of a card: its set, and whether it was the last that was missing.
    set_id: str | None = None
    set_name: str | None = None
    card_id: str | None = None
    completes: bool = False


def award_of(
    reward: PlannedReward,
    *,
    scan_id: int,
    transfer_id: int,
    pending: bool,
    completes: bool,
    at: datetime,
    zone: ZoneInfo,
) -> Award:
    """Tell what a planned reward has become that was paid, or waits."""
    until = None
    if reward.pool is not None:
        _, until = reward.pool.validity(at, zone)
    draw, cards = reward.draw, reward.cards
    return Award(
        scan_id,
        transfer_id,
        reward.campaign_id,
        reward.kind,
        reward.amount,
        AwardState.PENDING if pending else AwardState.POSTED,
        reward.name,
        until,
        reward.tier_id,
        reward.tier_name,
        draw_id=draw.draw_id if draw else None,
        draws_at=draw.draws_at if draw else None,
        set_id=cards.set_id if cards else None,
        set_name=cards.name if cards else None,
        card_id=reward.card_id or None,
        completes=completes,
    )


class RewardView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a scan earned of one campaign; `pending` waits for a review."""

    kind: str
    amount: int
    status: str
    campaign_id: str | None = None
    coupon_id: str | None = None
    name: str | None = None
    valid_until: datetime | None = None
    gift_id: str | None = None
    payout_id: str | None = None
    minor: int | None = None
    currency: str | None = None
    tier_id: str | None = None
    draw_id: str | None = None
    draws_at: datetime | None = None
    set_id: str | None = None
    card_id: str | None = None
    completes: bool | None = None


def view_awards(awards: Iterable[Award]) -> tuple[RewardView, ...]:
    """Show rewards, each by its kind; a prize stands before what it gives."""
    views: list[RewardView] = []
    for award in awards:
        shown = award.state.value
        if award.tier_id:
            views.append(
                RewardView(
                    *(_PRIZE, 1, shown, award.campaign_id),
                    name=award.tier_name,
                    tier_id=award.tier_id,
                )
            )
        views.append(_view_award(award))
    return tuple(views)


def _view_award(award: Award) -> RewardView:
    number, is_money = str(award.transfer_id), award.kind is RewardKind.RED_PACKET
    return RewardView(
        award.kind.value,
        1 if is_money else award.amount,
        award.state.value,
        award.campaign_id,
        coupon_id=number if award.kind is RewardKind.COUPON else None,
        name=award.name,
        valid_until=award.valid_until,
        gift_id=number if award.kind is RewardKind.GIFT else None,
        payout_id=number if is_money else None,
        minor=award.amount if is_money else None,
        currency=DEFAULT_CURRENCY if is_money else None,
        draw_id=award.draw_id,
        draws_at=award.draws_at,
        set_id=award.set_id,
        card_id=award.card_id,
        completes=award.completes if award.kind is RewardKind.CARD else None,
    )


_PRIZE: Final = "prize"


def tell_awards(awards: Iterable[Award], state: AwardState) -> list[dict[str, Any]]:
    """Tell the world outside what who scanned is told, of rewards in a state by then.

    What is void by then stays so.
    """
    then = [
        each
        if each.state is AwardState.VOIDED and state is AwardState.POSTED
        else msgspec.structs.replace(each, state=state)
        for each in awards
    ]
    return [msgspec.to_builtins(each) for each in view_awards(then)]
