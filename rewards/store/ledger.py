"""The SQL of holds and of what members have, beside the commit of a scan."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from sqlalchemy import (
    insert,
    not_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from core.event_types import EventType, Happening
from core.outbox import write_happened
from rewards import tables as t
from rewards.domain.ledger import (
    POINTS_UNIT,
    Hold,
    HoldReason,
    HoldState,
    Resolution,
    Wallet,
)
from rewards.domain.limits import EVERYBODY
from rewards.store.limits import load_all_limits

# What the hot path reads again when an answer was lost on its way.
BALANCES_OF: Final = """
    SELECT member_no, available FROM balances
    WHERE shard = 0 AND unit = 0 AND member_no = ANY(%b::bigint[])
"""
HOLDS_OF: Final = """
    SELECT transfer_id, resolution FROM holds
    WHERE shard = 0 AND transfer_id = ANY(%b::bigint[])
"""


async def load_hold_states(
    conn: AsyncConnection, scan_ids: Sequence[int]
) -> dict[int, HoldState]:
    """Tell how the holds of scans stand, by scan_id, of those that had one."""
    h = t.holds.c
    rows = await conn.execute(
        select(h.transfer_id, h.resolution, h.resolved_at).where(
            h.shard == SHARD, h.transfer_id.in_(scan_ids)
        )
    )
    return {
        row.transfer_id: HoldState(
            row.resolution and Resolution(row.resolution), row.resolved_at
        )
        for row in rows
    }


async def load_wallet(conn: AsyncConnection, member_id: str) -> Wallet:
    """Read a member's points; nothing yet is an empty wallet."""
    b, i = t.balances.c, t.identities.c
    row = (
        await conn.execute(
            select(b.available, b.pending)
            .join_from(t.balances, t.identities, i.member_no == b.member_no)
            .where(
                i.shard == SHARD,
                i.member_id == member_id,
                b.shard == SHARD,
                b.unit == POINTS_UNIT,
            )
        )
    ).one_or_none()
    return Wallet(row.available, row.pending) if row else Wallet(0, 0)


async def load_open_holds(
    conn: AsyncConnection, *, frozen: Sequence[tuple[int, int]], limit: int
) -> list[Hold]:
    """Lock the oldest holds that wait for no person and that nobody else works on.

    Rewards of the codes that are still frozen, (first, last) code_id, go on waiting.
    """
    h = t.holds.c
    rows = await conn.execute(
        select(h.transfer_id, h.code_id, h.member_no, h.amount, h.reason)
        .where(
            h.shard == SHARD,
            h.reason.in_([HoldReason.SIGNALS.value, HoldReason.EPOCH.value]),
            h.resolution.is_(None),
            *(not_(h.code_id.between(first, last)) for first, last in frozen),
        )
        .order_by(h.transfer_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [
        Hold(
            row.transfer_id,
            row.code_id,
            row.member_no,
            row.amount,
            HoldReason(row.reason),
        )
        for row in rows
    ]


async def keep_for_review(conn: AsyncConnection, transfer_ids: Sequence[int]) -> None:
    """Leave holds to a person: the rules, asked again, still say hold."""
    await conn.execute(
        update(t.holds)
        .where(t.holds.c.shard == SHARD, t.holds.c.transfer_id.in_(transfer_ids))
        .values(reason=HoldReason.RULES.value)
    )


_END_HOLDS = text(
    """
    UPDATE holds AS h SET resolution = :resolution, resolved_at = :now
    FROM unnest(CAST(:transfer_ids AS bigint[]), CAST(:new_ids AS bigint[]))
        AS u (transfer_id, new_id)
    WHERE h.shard = 0 AND h.transfer_id = u.transfer_id AND h.resolution IS NULL
    RETURNING u.new_id, h.transfer_id, h.member_no, h.campaign_no, h.unit, h.amount,
        h.day, h.limits
    """
)

_GIVE_BACK = text(
    """
    UPDATE limit_uses SET used = used - :amount
    WHERE shard = 0 AND limit_no = :limit_no AND holder = :holder AND period = :period
    """
)

_SETTLE = text(
    """
    UPDATE balances SET pending = pending - :amount,
        available = available
            + CASE :resolution WHEN 'posted' THEN :amount ELSE 0 END
    WHERE shard = 0 AND member_no = :member_no AND unit = :unit
    """
)


async def resolve_holds(
    conn: AsyncConnection,
    holds: Sequence[Hold],
    *,
    new_ids: Sequence[int],
    resolution: Resolution,
    now: datetime,
) -> int:
    """Post or void held rewards; one that was resolved before stays as it is.

    A voided reward gives back to each limit what it took, in the period that it was
    taken from. `new_ids` are the transfer_ids to use. Returns how many. Locks are taken
    in the order of the hot statement: members' limits, balances, everybody's limits.
    """
    rows = await conn.execute(
        _END_HOLDS,
        {
            "transfer_ids": [h.transfer_id for h in holds],
            "new_ids": list(new_ids),
            "resolution": resolution.value,
            "now": now,
        },
    )
    ended = [_EndedHold(*row) for row in rows]
    if not ended:
        return 0
    ended.sort(key=lambda hold: (hold.member_no, hold.unit))
    voided = ended if resolution is Resolution.VOIDED else []
    taken = await _what_was_taken(conn, voided)
    await _give_back(conn, [use for use in taken if use.holder > EVERYBODY])
    await conn.execute(
        _SETTLE,
        [
            {
                "resolution": resolution.value,
                "member_no": hold.member_no,
                "unit": hold.unit,
                "amount": hold.amount,
            }
            for hold in ended
        ],
    )
    await _give_back(conn, [use for use in taken if use.holder <= EVERYBODY])
    await conn.execute(
        insert(t.transfers),
        [
            {
                "shard": SHARD,
                "origin_id": hold.transfer_id,
                "transfer_id": hold.new_id,
                "kind": "post" if resolution is Resolution.POSTED else "void",
                "debit_account": hold.campaign_no,
                "credit_account": hold.member_no,
                "unit": hold.unit,
                "amount": hold.amount,
            }
            for hold in ended
        ],
    )
    await write_happened(conn, HOLDS, [hold.transfer_id for hold in ended])
    return len(ended)


# The kind of row of the outbox that numbers holds which have ended.
HOLDS: Final = "holds"

_TELL_HOLDS = text(
    """
    SELECT h.transfer_id, h.resolution, h.unit, h.amount, m.member_id, c.campaign_id
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM holds
        WHERE shard = 0 AND transfer_id = u.id OFFSET 0) AS h
    CROSS JOIN LATERAL (SELECT member_id FROM members
        WHERE shard = 0 AND member_no = h.member_no OFFSET 0) AS m
    JOIN campaigns AS c ON c.campaign_no = h.campaign_no
    """
)


async def tell_holds(
    conn: AsyncConnection, transfer_ids: Sequence[int]
) -> dict[int, Happening]:
    """Tell how holds ended, by the number of the scan whose reward waited."""
    rows = await conn.execute(_TELL_HOLDS, {"ids": list(transfer_ids)})
    return {
        row.transfer_id: Happening(
            EventType.HOLD_POSTED
            if row.resolution == Resolution.POSTED.value
            else EventType.HOLD_VOIDED,
            {
                "scan_id": str(row.transfer_id),
                "member_id": row.member_id,
                "rewards": [
                    {
                        "kind": "points",
                        "campaign_id": row.campaign_id,
                        "amount": row.amount,
                        "status": row.resolution,
                    }
                ],
            },
        )
        for row in rows
    }


class _EndedHold(NamedTuple):
    """A hold that has ended, as _END_HOLDS gives it back."""

    new_id: int
    transfer_id: int
    member_no: int
    campaign_no: int
    unit: int
    amount: int
    day: date
    limits: Sequence[int]


class _Taken(NamedTuple):
    """What holds took of a row of limit_uses."""

    holder: int
    limit_no: int
    period: date
    amount: int


async def _what_was_taken(
    conn: AsyncConnection, ended: Sequence[_EndedHold]
) -> list[_Taken]:
    """Add up by row of limit_uses what holds took, in the order of locks."""
    campaigns = {hold.campaign_no for hold in ended}
    found = await load_all_limits(conn, sorted(campaigns))
    limits = {each.limit_no: each for some in found.values() for each in some}
    taken: Counter[tuple[int, int, date]] = Counter()
    for hold in ended:
        for limit in map(limits.__getitem__, hold.limits):
            holder = limit.holder(hold.member_no)
            period = limit.period(hold.day)
            taken[holder, limit.limit_no, period] += hold.amount
    return [_Taken(*row, amount) for row, amount in sorted(taken.items())]


async def _give_back(conn: AsyncConnection, taken: Sequence[_Taken]) -> None:
    if taken:
        rows = [use._asdict() for use in taken]
        await conn.execute(_GIVE_BACK, rows)
