"""HTTP of card sets."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth import Principal, Role, require_member, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Cursor, Limit, Text64
from rewards.domain.cards import MAX_CARDS, CardSet, NewCard, NewCardSet, OwnSet
from rewards.domain.chances import WHOLE
from rewards.domain.terms import Given
from rewards.pipeline import cards as pipeline

_COMPLETES = {"kind": "points", "amount": 100}


class CardBody(msgspec.Struct, frozen=True, kw_only=True):
    """A card of a set: it comes as often as `per_million` is of all of them."""

    card_id: Annotated[Text64, msgspec.Meta(examples=["dragon"])]
    name: Annotated[Text64, msgspec.Meta(examples=["Dragon"])]
    per_million: Annotated[int, msgspec.Meta(ge=1, le=WHOLE, examples=[WHOLE])]


class NewCardSetBody(Body, frozen=True, kw_only=True):
    """A set to add, and what who has all of its cards is given, once."""

    set_id: Annotated[Text64, msgspec.Meta(examples=["zodiac"])]
    name: Annotated[Text64, msgspec.Meta(examples=["Zodiac"])]
    cards: Annotated[
        tuple[CardBody, ...], msgspec.Meta(min_length=1, max_length=MAX_CARDS)
    ]
    completes: Annotated[Given, msgspec.Meta(examples=[_COMPLETES])]


class CardSetView(msgspec.Struct, frozen=True, kw_only=True):
    """A set of cards as staff see it."""

    set_id: str
    name: str
    brand: str | None
    cards: tuple[CardBody, ...]
    completes: Given
    created_at: datetime


class CardSetList(msgspec.Struct, frozen=True):
    """A page of card sets, newest first."""

    items: tuple[CardSetView, ...]
    next_cursor: str | None


class AddedCardSet(msgspec.Struct, frozen=True):
    """A set that was added."""

    set_id: str
    name: str


@post("/v1/card-sets", summary="Add a set of cards", tags=["cards"])
async def add_card_set(
    request: Request[Any, Any, Any],
    data: NewCardSetBody,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[AddedCardSet]:
    """Add a set of cards; it never changes, so that what was collected keeps its worth.

    It belongs to the brand of the token.
    """
    staff = require_role(principal, Role.MARKETER)
    cards = tuple(
        NewCard(each.card_id, each.name, each.per_million) for each in data.cards
    )
    new = NewCardSet(data.set_id, data.name, cards, data.completes)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> AddedCardSet:
        await pipeline.add_set(conn, new, staff, now=now)
        return AddedCardSet(new.set_id, new.name)

    return await once.perform(request, staff, effect)


def view_set(found: CardSet) -> CardSetView:
    """Show a set to staff."""
    return CardSetView(
        set_id=found.set_id,
        name=found.name,
        brand=found.brand,
        cards=tuple(
            CardBody(card_id=each.card_id, name=each.name, per_million=each.per_million)
            for each in found.cards
        ),
        completes=found.completes,
        created_at=found.created_at,
    )


@get("/v1/card-sets", summary="List sets of cards", tags=["cards"])
async def list_card_sets(
    principal: Principal,
    engine: AsyncEngine,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CardSetList:
    """List sets of cards, newest first."""
    staff = require_role(principal, *Role)
    async with engine.connect() as conn:
        found = await pipeline.list_sets(conn, staff, before=cursor, limit=limit)
    more = str(found[-1].set_no) if len(found) == limit else None
    return CardSetList(tuple(view_set(each) for each in found), more)


@get("/v1/card-sets/{set_id:str}", summary="Look at a set of cards", tags=["cards"])
async def show_card_set(
    set_id: str, principal: Principal, engine: AsyncEngine
) -> CardSetView:
    """Show a set of cards with its odds and what completing it gives."""
    staff = require_role(principal, *Role)
    async with engine.connect() as conn:
        return view_set(await pipeline.show_set(conn, set_id, staff))


class OwnCardView(msgspec.Struct, frozen=True):
    """How many of a card the caller has; 0 is a gap."""

    card_id: str
    name: str
    count: int


class OwnSetView(msgspec.Struct, frozen=True, kw_only=True):
    """A set that the caller collects."""

    set_id: str
    name: str
    cards: tuple[OwnCardView, ...]
    missing: int
    completed_at: datetime | None


class OwnSets(msgspec.Struct, frozen=True):
    """The sets that the caller has a card of, newest first."""

    items: tuple[OwnSetView, ...]


def view_own_set(own: OwnSet) -> OwnSetView:
    """Show a set to who collects it."""
    return OwnSetView(
        set_id=own.set_id,
        name=own.name,
        cards=tuple(
            OwnCardView(each.card_id, each.name, each.count) for each in own.cards
        ),
        missing=own.missing,
        completed_at=own.completed_at,
    )


@get("/v1/me/cards", summary="List one's cards", tags=["cards"])
async def list_own_cards(principal: Principal, engine: AsyncEngine) -> OwnSets:
    """List the caller's cards by their sets, with what is missing of each."""
    member = require_member(principal)
    async with engine.connect() as conn:
        found = await pipeline.list_own_sets(conn, member.member_id)
    return OwnSets(tuple(view_own_set(each) for each in found))
