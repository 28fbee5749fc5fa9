"""The SQL of what is taken back of scans, and of the room that this gives limits.

All that a scan took from is locked before anything is decided, in the order of locks.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import utc_datetime
from core.db_arrays import write_numbers
from core.event_types import EventType, Happening
from core.ids import time_of_id
from rewards.domain.limits import Counts
from rewards.domain.programme import Clawback
from rewards.domain.reversals import Reversal, Take, Use

# The kind of row of the outbox that numbers scans whose rewards were taken back.
REVERSED: Final = "reversals"

_IS_REVERSED: Final = text(
    "SELECT EXISTS (SELECT FROM reversals WHERE shard = 0 AND origin_id = :scan_id)"
)
_LOCK_HOLD: Final = text(
    "SELECT FROM holds WHERE shard = 0 AND transfer_id = :scan_id FOR UPDATE"
)
# Limits in force, as plans name them (rewards.domain.offers); of a day only if they
# were counted on that day.
_TAKES: Final = text(
    """
    SELECT t.transfer_id, l.limit_no, l.counts,
        CASE WHEN l.per LIKE 'member%' THEN t.credit_account
            WHEN l.per = 'region_day' THEN :region ELSE 0 END AS holder,
        CASE WHEN l.per LIKE '%day' THEN CAST(:day AS date)
            ELSE date 'epoch' END AS period
    FROM transfers AS t JOIN offers AS o ON o.offer_no = t.debit_account
    JOIN limits AS l ON l.campaign_no = o.campaign_no AND l.in_force
        AND (l.offer_no = o.offer_no OR l.offer_no = 0
            AND l.counts = ANY (ARRAY['claims', CASE o.kind WHEN 'points' THEN 'points'
                WHEN 'red_packet' THEN 'minor' END]))
    WHERE t.shard = 0 AND t.origin_id = :scan_id AND t.kind IN ('posted', 'pending')
        AND (l.per NOT LIKE '%day' OR :day > l.since)
    UNION ALL
    SELECT c.coupon_no, l.limit_no, 'awards',
        CASE l.per WHEN 'member' THEN c.member_no ELSE 0 END,
        CASE l.per WHEN 'day' THEN CAST(:day AS date) ELSE date 'epoch' END
    FROM coupons AS c JOIN limits AS l ON l.pool_no = c.pool_no
    WHERE c.shard = 0 AND c.coupon_no = ANY (CAST(:numbers AS bigint[]))
    UNION ALL
    SELECT d.transfer_id, l.limit_no, 'points', d.member_no, date 'epoch'
    FROM draw_tickets AS d JOIN limits AS l ON l.draw_no = d.draw_no
    WHERE d.shard = 0 AND d.member_no = :member_no AND d.origin_id = :scan_id
    """
)
_PAYOUT_USES: Final = text(
    """
    SELECT t.holder, l.limit_no, CASE WHEN l.per LIKE '%day' THEN CAST(:day AS date)
        ELSE date 'epoch' END AS period
    FROM unnest(CAST(:numbers AS bigint[])) AS u (number)
    CROSS JOIN LATERAL (SELECT limits, holders FROM payouts
        WHERE shard = 0 AND payout_id = u.number OFFSET 0) AS p
    CROSS JOIN LATERAL unnest(p.limits, p.holders) AS t (limit_no, holder)
    JOIN limits AS l ON l.limit_no = t.limit_no
    """
)
_LOCK_USES: Final = text(
    """
    SELECT v.holder, v.limit_no, v.period, v.used
    FROM unnest(CAST(:limits AS integer[]), CAST(:holders AS bigint[]),
        CAST(:periods AS date[])) AS u (limit_no, holder, period)
    JOIN limit_uses AS v ON v.shard = 0 AND v.limit_no = u.limit_no
        AND v.holder = u.holder AND v.period = u.period
    ORDER BY v.holder, v.limit_no, v.period FOR UPDATE OF v
    """
)
_GIVE_ROOM: Final = text(
    """
    UPDATE limit_uses AS v SET used = v.used - u.amount
    FROM unnest(CAST(:limits AS integer[]), CAST(:holders AS bigint[]),
        CAST(:periods AS date[]), CAST(:amounts AS bigint[]))
        AS u (limit_no, holder, period, amount)
    WHERE v.shard = 0 AND v.limit_no = u.limit_no AND v.holder = u.holder
        AND v.period = u.period
    """
)
_INSERT: Final = text(
    """
    INSERT INTO reversals (shard, origin_id, reversal_id, points, debt, policy, person,
        reason, limits, holders, takes, told)
    VALUES (0, :scan_id, :reversal_id, :points, :debt, :policy, :person, :reason,
        CAST(:limits AS integer[]), CAST(:holders AS bigint[]),
        CAST(:amounts AS bigint[]), CAST(:told AS jsonb))
    ON CONFLICT (shard, origin_id) DO NOTHING
    RETURNING origin_id
    """
)
_FIND: Final = text(
    """
    SELECT reversal_id, person, policy, reason, points, debt FROM reversals
    WHERE shard = 0 AND origin_id = :scan_id AND policy IS NOT NULL
    """
)
_TELL: Final = text(
    """
    SELECT r.origin_id, r.points, r.debt, r.told
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM reversals
        WHERE shard = 0 AND origin_id = u.id OFFSET 0) AS r
    """
)


async def is_reversed(conn: AsyncConnection, scan_id: int) -> bool:
    """Tell whether what a scan earned was taken back before."""
    found = await conn.execute(_IS_REVERSED, {"scan_id": scan_id})
    return bool(found.scalar_one())


async def find_reversal(conn: AsyncConnection, scan_id: int) -> Reversal | None:
    """Find how what a scan earned was taken back; None where it was not."""
    found = await conn.execute(_FIND, {"scan_id": scan_id})
    row = found.one_or_none()
    if row is None:
        return None
    at = utc_datetime(time_of_id(row.reversal_id))
    return Reversal(at, row.person, Clawback(row.policy), *row[3:])


async def lock_hold(conn: AsyncConnection, scan_id: int) -> None:
    """Lock the hold of a scan, if it has one, so that nobody else ends it."""
    await conn.execute(_LOCK_HOLD, {"scan_id": scan_id})


async def load_takes(
    conn: AsyncConnection,
    scan_id: int,
    *,
    member_no: int,
    coupons: Sequence[int],
    region: int,
    day: date,
) -> list[Take]:
    """Load from which limits the rewards of a scan took, on its business day.

    `coupons` are the numbers of those that it gave, `region` is whose rows it took of
    regions (number_region).
    """
    values = {
        "scan_id": scan_id,
        "member_no": member_no,
        "numbers": write_numbers(coupons),
        "region": region,
        "day": day,
    }
    return [
        Take(number, Use(holder, limit_no, period), Counts(counts))
        for number, limit_no, counts, holder, period in await conn.execute(
            _TAKES, values
        )
    ]


async def load_payout_uses(
    conn: AsyncConnection, payout_ids: Sequence[int], *, day: date
) -> set[Use]:
    """Load which rows red packets give back to where they end, of a business day."""
    values = {"numbers": write_numbers(payout_ids), "day": day}
    return {Use(*row) for row in await conn.execute(_PAYOUT_USES, values)}


def _columns(uses: Iterable[Use]) -> dict[str, Any]:
    rows = list(uses)
    return {
        "limits": write_numbers(each.limit_no for each in rows),
        "holders": write_numbers(each.holder for each in rows),
        "periods": [each.period for each in rows],
    }


async def lock_uses(conn: AsyncConnection, uses: Iterable[Use]) -> dict[Use, int]:
    """Lock rows of what was taken of limits, in their order, and read them.

    Those that are not there any more are left out.
    """
    rows = await conn.execute(_LOCK_USES, _columns(sorted(set(uses))))
    return {Use(row.holder, row.limit_no, row.period): row.used for row in rows}


async def give_room(conn: AsyncConnection, room: Mapping[Use, int]) -> None:
    """Give back to locked rows."""
    if room:
        amounts = {"amounts": write_numbers(room.values())}
        await conn.execute(_GIVE_ROOM, _columns(room) | amounts)


async def insert_reversal(
    conn: AsyncConnection,
    scan_id: int,
    *,
    reversal_id: int,
    points: int,
    debt: int,
    policy: str,
    person: str,
    reason: str,
    room: Mapping[Use, int],
    told: Mapping[str, Any],
) -> bool:
    """Write down what was taken back of a scan; False if that was done before."""
    columns = _columns(room)
    del columns["periods"]  # the scan's own day, where there is one
    values = columns | {
        "amounts": write_numbers(room.values()),
        "scan_id": scan_id,
        "reversal_id": reversal_id,
        "points": points,
        "debt": debt,
        "policy": policy,
        "person": person,
        "reason": reason,
        "told": msgspec.json.encode(told).decode(),
    }
    return (await conn.execute(_INSERT, values)).one_or_none() is not None


async def tell_reversed(
    conn: AsyncConnection, scan_ids: Sequence[int]
) -> dict[int, Happening]:
    """Tell what was taken back of scans, by their numbers."""
    rows = await conn.execute(_TELL, {"ids": write_numbers(scan_ids)})
    return {
        row.origin_id: Happening(
            EventType.SCAN_REVERSED, {"scan_id": str(row.origin_id)} | row.told
        )
        for row in rows
    }
