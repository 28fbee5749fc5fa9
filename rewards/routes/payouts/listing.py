"""HTTP of looking at red packets: support's list, and one's own."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from litestar import get
from litestar.params import QueryParameter, SkipValidation
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, Role, require_member, require_role
from core.fields import Cursor, Limit
from rewards.domain.messages import message
from rewards.domain.payouts import OwnPayout, Payout, PayoutState
from rewards.pipeline.payouts import listing
from rewards.pipeline.payouts.terms import PayoutTerms
from rewards.pipeline.payouts.texts import tell_own
from rewards.routes.fields import read_number

# The framework keeps the name `state` for itself.
_NO_PLACE = message("no_payout_there")
StateQuery = Annotated[PayoutState | None, QueryParameter(name="state")]


class PayoutView(msgspec.Struct, frozen=True, kw_only=True):
    """A payout as support sees it; `fault` is what was heard last, if that was bad.

    It is of a campaign, or of a draw's prize or a set of cards that gave it.
    """

    payout_id: str
    bill_no: str
    member_id: str
    campaign_id: str | None
    draw_id: str | None
    set_id: str | None
    minor: int
    currency: str
    state: PayoutState
    created_at: datetime
    lapses_at: datetime
    sent_at: datetime | None
    next_at: datetime | None
    attempts: int
    provider: str | None
    provider_ref: str | None
    fault: str | None
    cancelling: bool
    needs_person: bool


class PayoutList(msgspec.Struct, frozen=True):
    """A page of payouts, newest first."""

    items: tuple[PayoutView, ...]
    next_cursor: str | None


class Confirmation(msgspec.Struct, frozen=True):
    """What a mini-program asks its member by (wx.requestMerchantTransfer)."""

    merchant_id: str
    app_id: str
    package: str


class OwnPayoutView(msgspec.Struct, frozen=True, kw_only=True):
    """A red packet as its owner sees it."""

    payout_id: str
    minor: int
    currency: str
    state: PayoutState
    created_at: datetime
    lapses_at: datetime
    needs_payee: bool
    confirmation: Confirmation | None
    message: str


class OwnPayoutList(msgspec.Struct, frozen=True):
    """A page of one's red packets, newest first."""

    items: tuple[OwnPayoutView, ...]
    next_cursor: str | None


def view_payout(payout: Payout) -> PayoutView:
    """Show a payout to support."""
    return PayoutView(
        payout_id=str(payout.payout_id),
        bill_no=payout.bill_no,
        member_id=payout.member_id,
        campaign_id=payout.campaign_id,
        draw_id=payout.draw_id,
        set_id=payout.set_id,
        minor=payout.minor,
        currency=payout.currency,
        state=payout.state,
        created_at=payout.created_at,
        lapses_at=payout.lapses_at,
        sent_at=payout.sent_at,
        next_at=payout.next_at,
        attempts=payout.attempts,
        provider=payout.provider,
        provider_ref=payout.provider_ref,
        fault=payout.fault,
        cancelling=payout.is_cancelling,
        needs_person=payout.needs_person,
    )


@get("/v1/payouts", summary="List payouts", tags=["payouts"])
async def list_payouts(
    principal: Principal,
    engine: AsyncEngine,
    wanted: StateQuery = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> PayoutList:
    """List red packets, newest first, of all states or of one."""
    staff = require_role(principal, Role.SUPPORT)
    async with engine.connect() as conn:
        found = await listing.list_payouts(
            conn, staff, state=wanted, before=cursor, limit=limit
        )
    more = str(found[-1].payout_id) if len(found) == limit else None
    return PayoutList(tuple(map(view_payout, found)), more)


@get("/v1/me/payouts", summary="List one's red packets", tags=["members"])
async def list_own_payouts(
    principal: Principal,
    engine: AsyncEngine,
    payouts: SkipValidation[PayoutTerms],
    timezone: SkipValidation[ZoneInfo],
    cursor: str | None = None,
    limit: Limit = 20,
) -> OwnPayoutList:
    """List a member's red packets, newest first, with what confirms those that wait."""
    member = require_member(principal)
    before = None if cursor is None else read_number(cursor, _NO_PLACE)
    async with engine.connect() as conn:
        found = await listing.list_own_by_id(
            conn, member.member_id, before=before, limit=limit
        )
    more = str(found[-1].payout_id) if len(found) == limit else None
    return OwnPayoutList(tuple(_view_own(e, payouts, timezone) for e in found), more)


def _view_own(
    own: OwnPayout, payouts: PayoutTerms, timezone: ZoneInfo
) -> OwnPayoutView:
    by, package = payouts.confirming, own.confirmation
    confirmation = None
    if by is not None and package is not None:
        confirmation = Confirmation(by.merchant_id, by.app_id, package)
    return OwnPayoutView(
        payout_id=str(own.payout_id),
        minor=own.minor,
        currency=own.currency,
        state=own.state,
        created_at=own.created_at,
        lapses_at=own.lapses_at,
        needs_payee=own.needs_payee,
        confirmation=confirmation,
        message=str(tell_own(own, timezone)),
    )
