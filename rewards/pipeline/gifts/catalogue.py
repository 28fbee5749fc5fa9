"""A gift is added once, with its stock; members claim it directly."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.clock import utc_datetime
from core.errors import Conflict, NotFound
from core.ids import time_of_id
from rewards.domain.claim_facts import GIFT_FACT_KINDS, ClaimEvidence, read_when
from rewards.domain.gifts import Gift, NewGift
from rewards.domain.messages import message
from rewards.store.gifts import catalogue as store
from rewards.store.members import find_member_no


async def add_gift(
    conn: AsyncConnection, new: NewGift, staff: Staff, *, now: datetime
) -> NewGift:
    """Add a gift, of the brand of who adds it; raises InvalidInput and Conflict."""
    if new.when is not None:
        read_when(dict(new.when), GIFT_FACT_KINDS)
    new = replace(new, brand=staff.brand)
    try:
        await store.insert_gift(conn, new, now=now)
    except IntegrityError:
        raise Conflict(
            message("gift_exists", gift_id=new.gift_id), code="already_exists"
        ) from None
    await record_action(
        conn,
        staff,
        action="gift.add",
        subject=f"gift:{new.gift_id}",
        detail={"name": new.name, "stock": new.stock, "when": new.when},
        now=now,
    )
    return new


async def list_gifts(
    conn: AsyncConnection, staff: Staff, *, before: int | None, limit: int
) -> Sequence[store.GiftFigures]:
    """List the gifts that somebody may see, with their stock, newest first."""
    return await store.list_gifts(conn, brand=staff.brand, before=before, limit=limit)


async def list_claimable(
    conn: AsyncConnection, member_id: str, *, limit: int, now: datetime, zone: ZoneInfo
) -> Sequence[Gift]:
    """List the gifts that a member may claim now, newest first."""
    member_no = await find_member_no(conn, member_id)
    found = await store.list_claimable(conn, member_no, limit=limit)
    evidence = evidence_of(member_no, now.astimezone(zone))
    return [each.gift for each in found if each.gift.is_for(evidence)]


def evidence_of(member_no: int | None, at: datetime) -> ClaimEvidence:
    """Gather what is known of a member without a code; `at` is the brand's time."""
    since = utc_datetime(time_of_id(member_no)) if member_no else None
    return ClaimEvidence(at, member_since=since)


async def find_claimable(conn: AsyncConnection, gift_id: str) -> Gift:
    """Find a gift that members claim directly, be it gone by now; raises NotFound."""
    gift = await store.find_gift(conn, gift_id)
    if gift is None:
        raise NotFound(message("no_gift", gift_id=gift_id))
    return gift
