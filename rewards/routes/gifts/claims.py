"""HTTP of gifts that members have: claimed by them, sent or handed over by staff."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth import Principal, Role, require_member, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Cursor, Limit, Sentence, Text64
from rewards.domain.gifts import GiftState, MemberGift, Parcel
from rewards.domain.messages import message
from rewards.pipeline.addresses import Addresses
from rewards.pipeline.gifts import claims as pipeline
from rewards.pipeline.gifts.claims import GiftClaiming
from rewards.routes.fields import read_number


class GiftClaimBody(Body, frozen=True, kw_only=True):
    """Where the gift is sent; without an address it is collected."""

    prose: ClassVar = frozenset({"address"})

    address: Sentence | None = None


class OwnGift(msgspec.Struct, frozen=True, kw_only=True):
    """A gift as its member sees it; `award_id` is its own, whatever it is one of."""

    award_id: str
    gift_id: str
    name: str
    state: GiftState
    won_at: datetime
    carrier: str | None
    tracking_no: str | None


class OwnGifts(msgspec.Struct, frozen=True):
    """A page of a member's gifts, newest first."""

    items: tuple[OwnGift, ...]
    next_cursor: str | None


def view_own_gift(gift: MemberGift) -> OwnGift:
    """Show a gift to its member."""
    parcel = gift.parcel
    return OwnGift(
        award_id=str(gift.transfer_id),
        gift_id=gift.gift_id or str(gift.transfer_id),
        name=gift.name,
        state=gift.state,
        won_at=gift.won_at,
        carrier=None if parcel is None else parcel.carrier,
        tracking_no=None if parcel is None else parcel.tracking_no,
    )


@post("/v1/me/gifts/{gift_id:str}/claims", summary="Claim a gift", tags=["gifts"])
async def claim_gift(
    request: Request[Any, Any, Any],
    gift_id: str,
    data: GiftClaimBody,
    principal: Principal,
    once: Once,
    clock: Clock,
    gift_claiming: GiftClaiming,
) -> Response[OwnGift]:
    """Claim a gift by its id, or one that a scan won by its number."""
    member = require_member(principal)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> OwnGift:
        claimed = await gift_claiming.claim(
            conn, gift_id, member.member_id, address=data.address, now=now
        )
        return view_own_gift(claimed)

    return await once.perform_own(request, member, effect)


@get("/v1/me/gifts", summary="List one's gifts", tags=["gifts"])
async def list_own_gifts(
    principal: Principal,
    engine: AsyncEngine,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> OwnGifts:
    """List the caller's gifts, newest first."""
    member = require_member(principal)
    async with engine.connect() as conn:
        found = await pipeline.list_own_gifts(
            conn, member.member_id, before=cursor, limit=limit
        )
    more = str(found[-1].transfer_id) if len(found) == limit else None
    return OwnGifts(tuple(view_own_gift(each) for each in found), more)


class GiftAward(msgspec.Struct, frozen=True, kw_only=True):
    """A member's gift as who sends it sees it."""

    award_id: str
    gift_id: str | None
    name: str
    state: GiftState
    member_id: str
    won_at: datetime
    changed_at: datetime
    address: str | None
    carrier: str | None
    tracking_no: str | None


class GiftAwards(msgspec.Struct, frozen=True):
    """A page of members' gifts, newest first."""

    items: tuple[GiftAward, ...]
    next_cursor: str | None


def view_award(gift: MemberGift, addresses: Addresses) -> GiftAward:
    """Show a member's gift to who sends it."""
    parcel = gift.parcel
    return GiftAward(
        award_id=str(gift.transfer_id),
        gift_id=gift.gift_id,
        name=gift.name,
        state=gift.state,
        member_id=gift.member_id,
        won_at=gift.won_at,
        changed_at=gift.changed_at,
        address=addresses.open(gift.address, gift.transfer_id),
        carrier=None if parcel is None else parcel.carrier,
        tracking_no=None if parcel is None else parcel.tracking_no,
    )


@get("/v1/gift-awards", summary="List members' gifts", tags=["gifts"])
async def list_awards(
    principal: Principal,
    engine: AsyncEngine,
    gift_claiming: GiftClaiming,
    *,
    gift_state: Annotated[GiftState, QueryParameter(name="state")] = GiftState.TO_SEND,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> GiftAwards:
    """List the gifts in a state, newest first: those to send, unless told otherwise."""
    staff = require_role(principal, Role.SUPPORT)
    async with engine.connect() as conn:
        found = await pipeline.list_gifts_in(
            conn, gift_state, staff, before=cursor, limit=limit
        )
    more = str(found[-1].transfer_id) if len(found) == limit else None
    addresses = gift_claiming.addresses
    return GiftAwards(tuple(view_award(each, addresses) for each in found), more)


class ChangedGift(msgspec.Struct, frozen=True):
    """A member's gift and how far it has come by now."""

    award_id: str
    state: GiftState


class Shipment(Body, frozen=True, kw_only=True):
    """By which carrier a gift was sent, under which number."""

    carrier: Annotated[Text64, msgspec.Meta(examples=["SF Express"])]
    tracking_no: Annotated[Text64, msgspec.Meta(examples=["SF1234567890"])]


@post(
    "/v1/gift-awards/{award_id:str}/shipments",
    summary="Note that a gift was sent",
    tags=["gifts"],
)
async def ship_gift(
    request: Request[Any, Any, Any],
    award_id: str,
    data: Shipment,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[ChangedGift]:
    """Note that a gift is on its way to the address that its member gave."""
    staff = require_role(principal, Role.SUPPORT)
    number = read_number(award_id, message("no_gift", gift_id=award_id))
    parcel = Parcel(data.carrier, data.tracking_no)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> ChangedGift:
        shipped = await pipeline.ship_gift(conn, number, parcel, staff, now=now)
        return ChangedGift(award_id, shipped.state)

    return await once.perform(request, staff, effect)


class Handover(Body, frozen=True, kw_only=True):
    """Nothing more is to be said of a gift that was handed over."""


@post(
    "/v1/gift-awards/{award_id:str}/handovers",
    summary="Note that a gift was handed over",
    tags=["gifts"],
)
async def hand_gift_over(
    request: Request[Any, Any, Any],
    award_id: str,
    data: Handover,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[ChangedGift]:
    """Note that a member was given their gift, in a store or by hand."""
    del data
    staff = require_role(principal, Role.SUPPORT, Role.CASHIER)
    number = read_number(award_id, message("no_gift", gift_id=award_id))
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> ChangedGift:
        handed = await pipeline.hand_gift_over(conn, number, staff, now=now)
        return ChangedGift(award_id, handed.state)

    return await once.perform(request, staff, effect)
