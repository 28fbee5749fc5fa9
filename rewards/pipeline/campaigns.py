"""A campaign is added once, is written down, and binds from the next batch on."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.errors import Conflict, InvalidInput
from core.event_types import EventType, Happening
from core.fence import take_fence
from core.outbox import write_events
from rewards.domain.campaigns import NewCampaign
from rewards.domain.messages import message
from rewards.store.campaigns import insert_campaign

# Who knows products tells how the first of them spells a brand.
BrandSpelling = Callable[[AsyncConnection, str], Awaitable[str]]


async def add_campaign(
    conn: AsyncConnection,
    new: NewCampaign,
    staff: Staff,
    *,
    spell_brand: BrandSpelling,
    now: datetime,
) -> NewCampaign:
    """Add a campaign; gives it with its brand spelled as products spell it.

    Raises InvalidInput for one that ends before it starts, Conflict for an id that
    there is. The fence is held until the transaction ends.
    """
    if new.ends_at is not None and new.ends_at <= new.starts_at:
        raise InvalidInput(message("ends_before_start"))
    await take_fence(conn)
    if new.brand is not None:
        new = replace(new, brand=await spell_brand(conn, new.brand))
    try:
        await insert_campaign(conn, new, now=now)
    except IntegrityError:
        raise Conflict(
            message("campaign_exists", campaign_id=new.campaign_id)
        ) from None
    await record_action(
        conn,
        staff,
        action="campaign.add",
        subject=f"campaign:{new.campaign_id}",
        detail={
            "name": new.name,
            "points": new.points,
            "budget": new.budget,
            "daily_cap": new.daily_cap,
            "brand": new.brand,
            "starts": new.starts_at.isoformat(),
            "ends": new.ends_at and new.ends_at.isoformat(),
        },
        now=now,
    )
    data = {"campaign_id": new.campaign_id, "change": "added"}
    await write_events(conn, [Happening(EventType.CAMPAIGN_CHANGED, data)])
    return new
