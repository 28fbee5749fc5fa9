"""What a cashier redeemed: a moment ago, and today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.principal import Staff
from core.clock import business_day, to_ms, utc_datetime
from core.ids import first_id_at, time_of_id
from core.messages import Message
from rewards.pipeline.coupons.redeeming import AtTill
from rewards.pipeline.coupons.till_texts import tell_off
from rewards.pipeline.coupons.views import Redeemed
from rewards.store.coupons.redeeming import load_latest

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Used:
    """A redemption as its cashier sees it."""

    redemption_id: int
    at: datetime
    name: str
    worth: Message | str
    is_reversed: bool


def used_now(seen: AtTill) -> Used:
    """Tell of a coupon that was used just now, or by the same tap before."""
    told = msgspec.json.decode(seen.body, type=Redeemed)
    number = int(told.redemption_id)
    return Used(
        number,
        utc_datetime(time_of_id(number)),
        told.name,
        told.benefit.name or tell_off(told.discount_minor),
        is_reversed=False,
    )


async def list_todays(
    conn: AsyncConnection, staff: Staff, *, timezone: ZoneInfo, now: datetime
) -> Sequence[Used]:
    """List what a cashier redeemed in their store today, newest first."""
    today = business_day(to_ms(now), timezone)
    midnight = datetime.combine(today, datetime.min.time(), timezone)
    rows = await load_latest(
        conn,
        person=staff.person,
        store_id=staff.store,
        since=first_id_at(to_ms(midnight)),
        limit=SHOWN,
    )
    return [
        Used(
            row.redemption_id,
            utc_datetime(time_of_id(row.redemption_id)),
            row.name,
            row.gift or tell_off(row.discount_minor),
            row.is_reversed,
        )
        for row in rows
    ]
