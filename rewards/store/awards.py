"""The SQL of what scans have earned, read from the ledger by the scans' numbers."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers
from rewards.domain.awards import Award, AwardState
from rewards.domain.plans import RewardKind

# Rows are found one by one: joined, a planner without statistics reads all of a shard.
# What ended a reward that waited has its account, and another number.
_EARNED: Final = """
    SELECT f.origin_id, f.transfer_id, c.campaign_id, o.kind, f.amount,
        CASE f.kind WHEN 'posted' THEN 'posted' ELSE coalesce((
            SELECT CASE e.kind WHEN 'post' THEN 'posted' ELSE 'voided' END
            FROM {ends} AS e
            WHERE e.shard = 0 AND e.origin_id = f.origin_id
                AND e.kind IN ('post', 'void')
                AND e.debit_account = f.debit_account AND e.unit = f.unit
            ), 'pending') END AS state,
        coalesce(p.name, g.name, d.name, a.name), k.valid_until, o.tier_id, o.tier_name,
        d.draw_id, d.draws_at, s.set_id, s.name, a.card_id, m.transfer_id IS NOT NULL
    FROM unnest({scan_ids}) WITH ORDINALITY AS u (id, place)
    CROSS JOIN LATERAL (SELECT * FROM transfers
        WHERE shard = 0 AND origin_id = u.id AND kind IN ('posted', 'pending')
        OFFSET 0) AS f
    JOIN offers AS o ON o.offer_no = f.debit_account
    JOIN campaigns AS c ON c.campaign_no = o.campaign_no
    LEFT JOIN LATERAL (SELECT pool_no, valid_until FROM coupons
        WHERE shard = 0 AND coupon_no = f.transfer_id AND o.kind = 'coupon'
        OFFSET 0) AS k ON true
    LEFT JOIN coupon_pools AS p ON p.pool_no = k.pool_no
    LEFT JOIN LATERAL (SELECT gift_no FROM member_gifts
        WHERE shard = 0 AND transfer_id = f.transfer_id AND o.kind = 'gift'
        OFFSET 0) AS w ON true
    LEFT JOIN gifts AS g ON g.gift_no = w.gift_no
    LEFT JOIN LATERAL (SELECT draw_no FROM draw_tickets
        WHERE shard = 0 AND transfer_id = f.transfer_id AND o.kind = 'ticket'
        OFFSET 0) AS n ON true
    LEFT JOIN draws AS d ON d.draw_no = n.draw_no
    LEFT JOIN cards AS a ON a.unit = f.unit AND o.kind = 'card'
    LEFT JOIN card_sets AS s ON s.set_no = a.set_no
    LEFT JOIN LATERAL (SELECT transfer_id FROM collected_sets
        WHERE shard = 0 AND member_no = f.credit_account AND set_no = a.set_no
            AND transfer_id = f.transfer_id OFFSET 0) AS m ON true
    ORDER BY u.place, f.transfer_id
    """
_IDS: Final = "CAST(:scan_ids AS bigint[])"
_LOAD: Final = text(_EARNED.format(scan_ids=_IDS, ends="ends"))
# As it had ended before that was taken back, if it was.
_LOAD_FIRST: Final = text(_EARNED.format(scan_ids=_IDS, ends="transfers"))
_BELOW: Final = _EARNED.format(scan_ids="%(scan_ids)s::bigint[]", ends="ends")


async def load_awards(
    conn: AsyncConnection, scan_ids: Sequence[int]
) -> dict[int, tuple[Award, ...]]:
    """Load what scans earned, by scan; those that earned nothing are left out."""
    if not scan_ids:
        return {}
    rows = await conn.execute(_LOAD, {"scan_ids": write_numbers(scan_ids)})
    return _by_scan(rows)


async def load_awards_first(
    conn: AsyncConnection, scan_ids: Sequence[int]
) -> dict[int, tuple[Award, ...]]:
    """Load what scans earned, as their holds ended the first time."""
    if not scan_ids:
        return {}
    rows = await conn.execute(_LOAD_FIRST, {"scan_ids": write_numbers(scan_ids)})
    return _by_scan(rows)


async def load_awards_below(
    conn: psycopg.AsyncConnection[Any], scan_ids: Collection[int]
) -> dict[int, tuple[Award, ...]]:
    """Do the same on a connection of the driver, where scans are committed."""
    rows = await conn.execute(_BELOW.encode(), {"scan_ids": list(scan_ids)})
    return _by_scan(await rows.fetchall())


def _by_scan(rows: Iterable[Sequence[Any]]) -> dict[int, tuple[Award, ...]]:
    found: dict[int, list[Award]] = {}
    for scan_id, number, campaign_id, kind, amount, state, *more in rows:
        award = Award(
            *(scan_id, number, campaign_id, RewardKind(kind), amount),
            *(AwardState(state), *more),
        )
        found.setdefault(scan_id, []).append(award)
    return {scan_id: tuple(awards) for scan_id, awards in found.items()}
