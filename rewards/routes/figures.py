"""HTTP of what campaigns came to."""

from datetime import date, datetime

import msgspec
from litestar import get
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, Role, require_role
from rewards.domain.terms import Budget
from rewards.pipeline import figures as pipeline


class Amounts(msgspec.Struct, frozen=True):
    """So many points, and so much money in the smallest coin."""

    points: int | None
    minor: int | None


class DayView(msgspec.Struct, frozen=True, kw_only=True):
    """A business day; `members` are those who earned for the first time."""

    day: date
    scans: int
    claims: int
    awards: int
    members: int
    points: int
    minor: int


class OfferView(msgspec.Struct, frozen=True, kw_only=True):
    """An offer, or a tier of one that is a chance; a frozen one pays nothing now."""

    offer_id: str
    tier_id: str | None
    kind: str
    awards: int
    points: int
    minor: int
    is_frozen: bool


class FiguresView(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign came to until `counted_at`.

    `scans` are those that it paid or refused, `members` counts each once. What waits
    for review is counted as paid. No limit is null.
    """

    campaign_id: str
    scans: int
    claims: int
    awards: int
    members: int
    spent: Amounts
    budget: Amounts
    by_day: tuple[DayView, ...]
    by_offer: tuple[OfferView, ...]
    counted_at: datetime | None


@get(
    "/v1/campaigns/{campaign_id:str}/figures",
    summary="Look at a campaign's figures",
    tags=["campaigns"],
)
async def show_figures(
    campaign_id: str, principal: Principal, engine: AsyncEngine
) -> FiguresView:
    """Tell what a campaign came to, by day and by offer; a minute late at most."""
    staff = require_role(principal, *Role)
    async with engine.connect() as conn:
        kept, found = await pipeline.show_figures(conn, campaign_id, staff)
    terms = (kept.active or kept.versions[0]).terms
    budget = terms.budget or Budget()
    return FiguresView(
        campaign_id=campaign_id,
        scans=found.scans,
        claims=found.claims,
        awards=found.awards,
        members=found.members,
        spent=Amounts(found.points if kept.spent is None else kept.spent, found.minor),
        budget=Amounts(budget.points, budget.minor),
        by_day=tuple(
            DayView(**{n: getattr(each, n) for n in DayView.__struct_fields__})
            for each in found.by_day
        ),
        by_offer=tuple(
            OfferView(**{n: getattr(each, n) for n in OfferView.__struct_fields__})
            for each in found.by_offer
        ),
        counted_at=found.counted_at,
    )
