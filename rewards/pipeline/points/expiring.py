"""Points end: members are warned, what is owed is paid first, and the rest goes.

Each step is a transaction that does what is left to do as of a business day, so that a
job that is lost, comes twice or comes days late does no harm.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from core.event_types import EventType, Happening
from core.outbox import write_events, write_happened
from rewards.domain.ledger import POINTS_UNIT
from rewards.domain.points.spending import expire, repay
from rewards.store.lots import lock_lots
from rewards.store.points import expiring as store
from rewards.store.points.happened import EXPIRED
from rewards.store.transfers import post_transfers

WARN_DAYS: Final = 30
AT_ONCE: Final = 1_000

NextId = Callable[[], int]


async def expire_points(
    conn: AsyncConnection, *, day: date, next_id: NextId, at_once: int = AT_ONCE
) -> int:
    """Let go what ended before a business day; gives how many lots it looked at.

    Who owes pays with it first.
    """
    ended = await store.lock_ended(conn, unit=POINTS_UNIT, day=day, limit=at_once)
    if not ended:
        return 0
    remain = {(each.member_no, each.expires_on): each.available for each in ended}
    members = {each.member_no for each in ended}
    owing = await store.find_owing_among(conn, members, unit=POINTS_UNIT)
    transfers = []
    if owing:
        locked = await lock_lots(conn, owing, unit=POINTS_UNIT)
        for member_no, holding in locked.items():
            paid = list(repay(member_no, POINTS_UNIT, holding, next_id()))
            transfers += paid
            for each in paid:
                if each.expires_on is not None and each.expires_on < day:
                    remain[member_no, each.expires_on] -= each.amount
    gone = [
        expire(member_no, POINTS_UNIT, (expires_on, amount), next_id())
        for (member_no, expires_on), amount in remain.items()
        if amount > 0
    ]
    await post_transfers(conn, transfers + gone)
    await store.forget_lots(conn, ended, unit=POINTS_UNIT)
    await write_happened(conn, EXPIRED, [each.transfer_id for each in gone])
    return len(ended)


async def repay_debts(
    conn: AsyncConnection, *, next_id: NextId, at_once: int = AT_ONCE
) -> int:
    """Let members who earned something since pay what they owe; gives how many did.

    Until then what they have is less by what they owe all the same.
    """
    owing = await store.find_owing(conn, unit=POINTS_UNIT, limit=at_once)
    if not owing:
        return 0
    locked = await lock_lots(conn, owing, unit=POINTS_UNIT)
    transfers = [
        each
        for member_no, holding in locked.items()
        for each in repay(member_no, POINTS_UNIT, holding, next_id())
    ]
    await post_transfers(conn, transfers)
    return len(transfers)


async def warn_of_expiry(
    conn: AsyncConnection, *, day: date, at_once: int = AT_ONCE
) -> bool:
    """Tell some members what ends within WARN_DAYS, each day's lots once.

    Gives whether there is more to tell.
    """
    last = day + timedelta(days=WARN_DAYS)
    await store.begin_warnings(conn, unit=POINTS_UNIT, first=day, last=last)
    found = await store.lock_warning(conn, unit=POINTS_UNIT, first=day)
    if found is None:
        return False
    ends, next_no = found
    warned = await store.load_ending(
        conn, unit=POINTS_UNIT, day=ends, next_no=next_no, limit=at_once
    )
    await write_events(
        conn,
        [
            Happening(
                EventType.POINTS_EXPIRING,
                {
                    "member_id": each.member_id,
                    "amount": each.amount,
                    "expires_on": ends.isoformat(),
                },
            )
            for each in warned
        ],
    )
    more = warned[-1].member_no + 1 if len(warned) == at_once else None
    await store.go_on(conn, unit=POINTS_UNIT, day=ends, next_no=more)
    return True
