"""What a provider tells by itself: once verified, it is a reason to ask at once.

So one that comes twice, late or out of order does no harm, and whatever a payout
becomes is what its provider answered when it was asked.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import utc_datetime
from rewards.domain.payouts import contradicts, payout_of
from rewards.pipeline.payouts.provider import Notice
from rewards.store.payouts import sending as store


async def take_notice(conn: AsyncConnection, notice: Notice, *, now_ms: int) -> None:
    """Ask after a payout now, or note that it is told to have ended otherwise."""
    payout_id = payout_of(notice.bill_no)
    if payout_id is None:
        return
    row = (await store.lock_payouts(conn, [payout_id])).get(payout_id)
    if row is None:
        return
    if contradicts(row.state, notice.heard):
        await store.dispute(conn, payout_id)
    else:
        await store.look_now(conn, payout_id, now=utc_datetime(now_ms))
