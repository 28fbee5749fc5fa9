"""The SQL of rebuilding: what lots and limits are by transfers, against what is kept.

Read in one transaction that sees one moment and writes nothing, so that scans go on and
whoever reads events waits for nothing. What is found is a difference, which stays the
same whatever happens meanwhile: whoever pays changes transfers and rows by as much. So
it is put right by adding it, at any time, once.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers
from core.ids import EPOCH_MS
from rewards.domain.limits import ALWAYS
from rewards.domain.rebuilding import LotGap, UseGap

# Members whose sums are made at once, so that each part fits in memory or nearly so.
_PART_ROWS: Final = 20_000_000
_MAX_PARTS: Final = 64
_TAKES_AT_ONCE: Final = 5_000
# Numbers that no other advisory lock has.
_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(4346, 1)")
_SIZE: Final = text(
    """
    SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint
    FROM pg_partition_tree('transfers') AS t JOIN pg_class AS c ON c.oid = t.relid
    """
)
_IN_PART: Final = "(hashint8({0}) & (:parts - 1)) = :part"
_LOTS: Final = text(
    f"""
    SELECT member_no, unit, nullif(expires_on, 'infinity') AS expires_on,
        coalesce(t.available, 0) - coalesce(b.available, 0) AS available,
        coalesce(t.pending, 0) - coalesce(b.pending, 0) AS pending,
        coalesce(t.debt, 0) - coalesce(b.debt, 0) AS debt
    FROM (SELECT f.member_no, t.unit, f.expires_on,
            sum(f.available)::bigint AS available, sum(f.pending)::bigint AS pending,
            sum(f.debt)::bigint AS debt
        FROM transfers AS t CROSS JOIN LATERAL effects_of(
            t.kind, t.debit_account, t.credit_account, t.expires_on, t.amount) AS f
        WHERE t.shard = 0 AND t.unit IN (SELECT unit FROM units WHERE has_balance)
            AND {_IN_PART.format("f.member_no")}
        GROUP BY 1, 2, 3) AS t
    FULL JOIN (SELECT * FROM balances
        WHERE shard = 0 AND {_IN_PART.format("member_no")}) AS b
        USING (member_no, unit, expires_on)
    WHERE (coalesce(t.available, 0), coalesce(t.pending, 0), coalesce(t.debt, 0))
        <> (coalesce(b.available, 0), coalesce(b.pending, 0), coalesce(b.debt, 0))
    """  # noqa: S608 - constants
)
_DAY: Final = (
    f"CAST(to_timestamp((({{0}} >> 22) + {EPOCH_MS}) / 1000.0)"
    " AT TIME ZONE :timezone AS date)"
)
# Rows of days are looked at from the day after `:before`, and after their limit
# changed: older ones may be forgotten. No transfer tells what is counted for nobody:
# claims, which scans tell; nor in which region a scan was, so those stand apart.
_IN_FORCE: Final = """(l.campaign_no IS NULL OR l.in_force)
    AND num_nonnulls(l.campaign_no, l.pool_no, l.gift_no, l.draw_no) = 1
    AND (l.per NOT LIKE '%day' OR {0} > CASE WHEN l.campaign_no IS NULL THEN :before
        ELSE greatest(:before, l.since) END)"""
_LOOKED_AT: Final = f"l.per <> 'region_day' AND {_IN_FORCE}"
_OF_REGIONS: Final = f"l.per = 'region_day' AND {_IN_FORCE}"
_TAKEN: Final = """CASE l.counts WHEN 'claims' THEN count(DISTINCT t.origin_id)
            WHEN 'awards' THEN count(*) ELSE sum(t.amount)::bigint END AS taken"""
# What counts, and what ended unpaid: void, or a red packet's money and place.
_PAID: Final = """
    FROM transfers AS t
    JOIN offers AS o ON o.offer_no = t.debit_account
    JOIN limits AS l ON l.campaign_no = o.campaign_no AND l.offer_no IN (0, o.offer_no)
        AND (l.counts = 'points' AND t.unit = 0 OR l.counts = 'minor' AND t.unit = 1
            OR l.counts IN ('claims', 'awards'))
    WHERE t.shard = 0 AND t.kind IN ('posted', 'pending') AND NOT EXISTS (
            SELECT FROM ends AS e WHERE e.shard = 0 AND e.origin_id = t.origin_id
                AND e.kind = 'void' AND e.debit_account = t.debit_account)
        AND (t.unit <> 1 OR l.counts = 'claims' OR NOT EXISTS (SELECT FROM payouts
            WHERE shard = 0 AND payout_id = t.transfer_id
                AND state IN ('failed', 'cancelled')
                AND (sent_at IS NOT NULL OR fault IS NOT NULL)))"""
_OF_CAMPAIGNS: Final = f"""
    SELECT l.limit_no,
        CASE WHEN l.per LIKE 'member%' THEN t.credit_account ELSE 0 END AS holder,
        CASE WHEN l.per LIKE '%day' THEN {_DAY.format("t.origin_id")}
            ELSE date 'epoch' END AS period, {_TAKEN}
    {_PAID} AND {_LOOKED_AT.format(_DAY.format("t.origin_id"))}
    GROUP BY l.limit_no, l.counts, 2, 3"""
_OF_POOLS: Final = f"""
    SELECT l.limit_no, CASE l.per WHEN 'member' THEN c.member_no ELSE 0 END,
        CASE l.per WHEN 'day' THEN (c.issued_at AT TIME ZONE :timezone)::date
            ELSE date 'epoch' END, count(*)
    FROM coupons AS c JOIN limits AS l ON l.pool_no = c.pool_no
        AND {_LOOKED_AT.format("(c.issued_at AT TIME ZONE :timezone)::date")}
    WHERE c.shard = 0 AND c.state <> 'denied' GROUP BY 1, 2, 3"""  # noqa: S608 - constants
_OF_GIFTS: Final = """
    SELECT l.limit_no, CASE l.per WHEN 'member' THEN m.member_no ELSE 0 END,
        date 'epoch', count(*)
    FROM member_gifts AS m JOIN limits AS l ON l.gift_no = m.gift_no
    WHERE m.shard = 0 GROUP BY 1, 2"""
_OF_DRAWS: Final = """
    SELECT l.limit_no, d.member_no, date 'epoch', sum(d.amount)::bigint
    FROM draw_tickets AS d JOIN limits AS l ON l.draw_no = d.draw_no
    WHERE d.shard = 0 AND d.state <> 'void' GROUP BY 1, 2"""
_GIVEN_BACK: Final = f"""
    SELECT g.limit_no, g.holder, CASE WHEN l.per LIKE '%day'
            THEN {_DAY.format("r.origin_id")} ELSE date 'epoch' END AS period,
        -sum(g.take)::bigint AS taken
    FROM reversals AS r CROSS JOIN LATERAL unnest(r.limits, r.takes, r.holders)
        AS g (limit_no, take, holder)
    JOIN limits AS l ON l.limit_no = g.limit_no AND l.draw_no IS NULL
        AND {{0}} WHERE r.shard = 0 GROUP BY 1, 2, 3"""  # noqa: S608 - constants
# What was given back when scans were taken back; void tickets are left out above.
_ROOM: Final = _GIVEN_BACK.format(_LOOKED_AT.format(_DAY.format("r.origin_id")))
_USES: Final = text(
    f"""
    SELECT holder, limit_no, period,
        (coalesce(t.taken, 0) - coalesce(u.used, 0))::bigint AS missing
    FROM (SELECT limit_no, holder, period, sum(taken) AS taken
        FROM ({_OF_CAMPAIGNS} UNION ALL {_OF_POOLS} UNION ALL {_OF_GIFTS}
            UNION ALL {_OF_DRAWS} UNION ALL {_ROOM}) AS each_
        WHERE {_IN_PART.format("holder")} GROUP BY 1, 2, 3) AS t
    FULL JOIN (SELECT u.limit_no, u.holder, u.period, u.used
        FROM limit_uses AS u JOIN limits AS l ON l.limit_no = u.limit_no
        WHERE u.shard = 0 AND {_LOOKED_AT.format("u.period")}
            AND {_IN_PART.format("u.holder")}) AS u USING (limit_no, holder, period)
    WHERE coalesce(t.taken, 0) <> coalesce(u.used, 0)
    """  # noqa: S608 - constants
)
# What each scan took of limits of regions, of which one it was another feature knows.
_TAKES_OF_REGIONS: Final = text(
    f"""
    SELECT t.origin_id, l.limit_no, {_DAY.format("t.origin_id")} AS period, {_TAKEN}
    {_PAID} AND t.origin_id >= :first
        AND {_OF_REGIONS.format(_DAY.format("t.origin_id"))}
    GROUP BY t.origin_id, l.limit_no, l.counts
    """
)
_ROOM_OF_REGIONS: Final = _GIVEN_BACK.format(
    _OF_REGIONS.format(_DAY.format("r.origin_id"))
)
_USES_OF_REGIONS: Final = text(
    f"""
    SELECT holder, limit_no, period, sum(used)::bigint AS used FROM (
        SELECT u.holder, u.limit_no, u.period, u.used
        FROM limit_uses AS u JOIN limits AS l ON l.limit_no = u.limit_no
        WHERE u.shard = 0 AND {_OF_REGIONS.format("u.period")}
        UNION ALL
        SELECT holder, limit_no, period, -taken FROM ({_ROOM_OF_REGIONS}) AS r) AS each_
    GROUP BY 1, 2, 3
    """  # noqa: S608 - constants
)


async def begin_reading(conn: AsyncConnection) -> int | None:
    """See one moment from now on, alone; tells in how many parts to read it.

    None while somebody else rebuilds.
    """
    await conn.execution_options(isolation_level="REPEATABLE READ")
    if not (await conn.execute(_LOCK)).scalar_one():
        return None
    size = (await conn.execute(_SIZE)).scalar_one()
    parts = 1
    while parts < _MAX_PARTS and parts * _PART_ROWS < size:
        parts *= 2
    return parts


async def find_lots(
    conn: AsyncConnection, *, part: int, parts: int
) -> AsyncIterator[LotGap]:
    """Find what differs of the lots of some members, one after the other."""
    async for row in await conn.stream(_LOTS, {"part": part, "parts": parts}):
        yield LotGap(*row)


async def find_uses(
    conn: AsyncConnection, *, part: int, parts: int, before: date, timezone: str
) -> AsyncIterator[UseGap]:
    """Find what differs of what some holders took of limits.

    Of days, those after `before`.
    """
    values = {"part": part, "parts": parts, "before": before, "timezone": timezone}
    async for row in await conn.stream(_USES, values):
        yield UseGap(*row)


class RegionTake(NamedTuple):
    """That a scan took so much of a limit of regions, of its day."""

    scan_id: int
    limit_no: int
    period: date
    taken: int


async def find_region_takes(
    conn: AsyncConnection, *, first_id: int, before: date, timezone: str
) -> AsyncIterator[list[RegionTake]]:
    """Read what scans from `first_id` on took of days after `before`, some at once."""
    values = {"first": first_id, "before": before, "timezone": timezone}
    rows = await conn.stream(_TAKES_OF_REGIONS, values)
    async for some in rows.partitions(_TAKES_AT_ONCE):
        yield [RegionTake(*row) for row in some]


async def load_region_uses(
    conn: AsyncConnection, *, before: date, timezone: str
) -> dict[tuple[int, int, date], int]:
    """Read by (holder, limit, day) what regions took and what was given back of it."""
    values = {"before": before, "timezone": timezone}
    rows = await conn.execute(_USES_OF_REGIONS, values)
    return {(row.holder, row.limit_no, row.period): row.used for row in rows}


# Putting right ------------------------------------------------------------------------

_ADD_TO_LOTS: Final = text(
    """
    SELECT add_to_lots(0::smallint, CAST(:members AS bigint[]),
        CAST(:units AS integer[]), CAST(:expires AS integer[]),
        CAST(:ready AS bigint[]), CAST(:later AS bigint[]), CAST(:debts AS bigint[]))
    """
)
_LOCK_USES: Final = text(
    """
    SELECT v.limit_no FROM unnest(CAST(:limits AS integer[]),
        CAST(:holders AS bigint[]), CAST(:periods AS date[]))
        AS u (limit_no, holder, period)
    JOIN limit_uses AS v ON v.shard = 0 AND v.limit_no = u.limit_no
        AND v.holder = u.holder AND v.period = u.period
    ORDER BY v.holder, v.limit_no, v.period FOR UPDATE OF v
    """
)
# What is above the most by transfers is as much as a row can say.
_ADD_TO_USES: Final = text(
    """
    WITH wanted AS (
        SELECT * FROM unnest(CAST(:limits AS integer[]), CAST(:holders AS bigint[]),
            CAST(:periods AS date[]), CAST(:missing AS bigint[]))
            AS u (limit_no, holder, period, missing)
    ), there AS (
        UPDATE limit_uses AS v
        SET used = greatest(least(v.used + u.missing, v.most), 0)
        FROM wanted AS u WHERE v.shard = 0 AND v.limit_no = u.limit_no
            AND v.holder = u.holder AND v.period = u.period
        RETURNING v.limit_no, v.holder, v.period
    )
    INSERT INTO limit_uses AS v (shard, limit_no, holder, period, used, most)
    SELECT 0, u.limit_no, u.holder, u.period, least(u.missing, l.most), l.most
    FROM wanted AS u JOIN limits AS l ON l.limit_no = u.limit_no
    WHERE u.missing > 0 AND (u.limit_no, u.holder, u.period) NOT IN (
        SELECT limit_no, holder, period FROM there)
    ORDER BY u.holder, u.limit_no, u.period
    ON CONFLICT (shard, limit_no, holder, period) DO UPDATE
        SET used = least(v.used + excluded.used, v.most)
    """
)


async def add_to_lots(conn: AsyncConnection, gaps: Sequence[LotGap]) -> None:
    """Add what lots lack; raises IntegrityError where one would be below zero."""
    values = {
        "members": write_numbers(each.member_no for each in gaps),
        "units": write_numbers(each.unit for each in gaps),
        "expires": write_numbers(
            None if each.expires_on is None else (each.expires_on - ALWAYS).days
            for each in gaps
        ),
        "ready": write_numbers(each.available for each in gaps),
        "later": write_numbers(each.pending for each in gaps),
        "debts": write_numbers(each.debt for each in gaps),
    }
    await conn.execute(_ADD_TO_LOTS, values)


async def add_to_uses(conn: AsyncConnection, gaps: Sequence[UseGap]) -> None:
    """Add what rows of limits lack, as far as their limits let."""
    values: dict[str, Any] = {
        "limits": write_numbers(each.limit_no for each in gaps),
        "holders": write_numbers(each.holder for each in gaps),
        "periods": [each.period for each in gaps],
    }
    await conn.execute(_LOCK_USES, values)
    missing = {"missing": write_numbers(each.missing for each in gaps)}
    await conn.execute(_ADD_TO_USES, values | missing)


_THINGS: Final = text(
    """
    SELECT 'unit' AS of, unit AS number,
        concat_ws(' ', kind, nullif(name, '')) AS name FROM units
        WHERE unit = ANY (CAST(:units AS integer[]))
    UNION ALL
    SELECT 'limit', l.limit_no, concat_ws(' ', c.campaign_id, o.offer_id,
        nullif(o.tier_id, ''), 'pool ' || p.pool_id, 'gift ' || g.gift_id,
        'draw ' || d.draw_id, 'per', l.per, l.counts)
    FROM limits AS l LEFT JOIN campaigns AS c ON c.campaign_no = l.campaign_no
    LEFT JOIN offers AS o ON o.offer_no = l.offer_no
    LEFT JOIN coupon_pools AS p ON p.pool_no = l.pool_no
    LEFT JOIN gifts AS g ON g.gift_no = l.gift_no
    LEFT JOIN draws AS d ON d.draw_no = l.draw_no
    WHERE l.limit_no = ANY (CAST(:limits AS integer[]))
    """
)


async def name_things(
    conn: AsyncConnection, units: set[int], limits: set[int]
) -> tuple[dict[int, str], dict[int, str]]:
    """Name units, and limits by what they are of."""
    values = {"units": write_numbers(units), "limits": write_numbers(limits)}
    rows = (await conn.execute(_THINGS, values)).all()
    return (
        {row.number: row.name for row in rows if row.of == "unit"},
        {row.number: row.name for row in rows if row.of == "limit"},
    )
