"""The SQL of what campaigns came to, counted from what happened, once.

What offers gave is in `offer_days`, what belongs to a campaign as a whole in
`campaign_days`, by the business day of the scan. `campaign_members` remembers who has
ever earned from which, so that each counts once.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers
from core.ids import EPOCH_MS
from rewards.domain.figures import DayFigures, OfferFigures, Place, Unpaid
from rewards.domain.ledger import MONEY_UNIT

# A scan's number tells when it was made (core.ids).
_DAY: Final = (
    f"CAST(to_timestamp(((t.origin_id >> 22) + {EPOCH_MS}) / 1000.0)"
    " AT TIME ZONE :timezone AS date)"
)
_OFFER_DAYS: Final = """
    INSERT INTO offer_days AS d (offer_no, day, awards, amount)
    {0}
    ON CONFLICT (offer_no, day) DO UPDATE
        SET awards = d.awards + excluded.awards, amount = d.amount + excluded.amount
"""
_CAMPAIGN_DAYS: Final = """
    INSERT INTO campaign_days AS d (campaign_no, day, claims, members, unpaid)
    {0}
    ON CONFLICT (campaign_no, day) DO UPDATE
        SET claims = d.claims + excluded.claims, members = d.members + excluded.members,
            unpaid = d.unpaid + excluded.unpaid
"""
# What scans earned, or what holds of theirs were not paid after all.
_OF_SCANS: Final = f"""
    SELECT t.origin_id, t.debit_account AS offer_no, o.campaign_no,
        t.credit_account AS member_no, t.amount, t.kind, {_DAY} AS day
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT origin_id, debit_account, credit_account, amount, kind
        FROM transfers WHERE shard = 0 AND origin_id = u.id OFFSET 0) AS t
    JOIN offers AS o ON o.offer_no = t.debit_account
    WHERE t.kind = ANY (CAST(:kinds AS text[]))"""  # noqa: S608 - a constant
# Of a scan of which one thing was void and another of the campaign's was posted at the
# same time: it was paid all the same.
_PAID_MORE: Final = """EXISTS (
    SELECT FROM transfers AS p JOIN offers AS o ON o.offer_no = p.debit_account
    WHERE p.shard = 0 AND p.origin_id = e.origin_id
        AND p.kind = CASE e.kind WHEN 'void' THEN 'post' WHEN 'revoid' THEN 'repost' END
        AND o.campaign_no = e.campaign_no)"""
_EARNED: Final = ("posted", "pending")
_VOID: Final = ("void",)
_UNVOID: Final = ("unvoid",)
_REVOID: Final = ("revoid",)
# What takes off what scans earned, and what takes that back.
_ENDS: Final = "('void', 'unvoid', 'revoid')"


# What was taken back of rewards, each of which is so at most once: of scans all but red
# packets, and red packets where they ended unpaid.
_REVERSED: Final = f"""
    SELECT t.debit_account AS offer_no, o.campaign_no, {_DAY} AS day, r.amount,
        (r.amount = t.amount)::integer AS awards
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT origin_id, credit_account, sum(amount) AS amount
        FROM transfers WHERE shard = 0 AND origin_id = u.id
            AND kind IN ('reversal', 'debt') AND unit <> {MONEY_UNIT}
        GROUP BY 1, 2) AS r
    CROSS JOIN LATERAL (SELECT origin_id, debit_account, amount
        FROM transfers WHERE shard = 0 AND origin_id = r.origin_id
            AND debit_account = r.credit_account AND kind IN ('posted', 'pending')
        OFFSET 0) AS t
    JOIN offers AS o ON o.offer_no = t.debit_account"""  # noqa: S608 - constants
_UNPAID_PACKETS: Final = f"""
    SELECT t.offer_no, t.campaign_no, {_DAY} AS day, t.minor AS amount, 1 AS awards
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM payouts
        WHERE shard = 0 AND payout_id = u.id OFFSET 0) AS t
    JOIN offers AS o ON o.offer_no = t.offer_no"""  # noqa: S608 - a constant


async def add_scans(
    conn: AsyncConnection,
    scan_ids: Sequence[int],
    *,
    sign: int,
    timezone: ZoneInfo,
) -> None:
    """Count what scans earned; -1 takes it off again. Their members count once."""
    await _add(conn, scan_ids, _EARNED, sign, timezone)


async def add_voided(
    conn: AsyncConnection,
    scan_ids: Sequence[int],
    *,
    sign: int,
    timezone: ZoneInfo,
) -> None:
    """Count what holds were not paid after all, of those that ended."""
    await _add(conn, scan_ids, _VOID, -sign, timezone)


async def add_reopened(
    conn: AsyncConnection,
    scan_ids: Sequence[int],
    *,
    sign: int,
    timezone: ZoneInfo,
) -> None:
    """Count what holds were not paid that wait again, once more."""
    await _add(conn, scan_ids, _UNVOID, sign, timezone)


async def add_voided_again(
    conn: AsyncConnection,
    scan_ids: Sequence[int],
    *,
    sign: int,
    timezone: ZoneInfo,
) -> None:
    """Count what holds were not paid after all, of those that waited again."""
    await _add(conn, scan_ids, _REVOID, -sign, timezone)


async def add_reversed(
    conn: AsyncConnection, scan_ids: Sequence[int], *, sign: int, timezone: ZoneInfo
) -> None:
    """Take off what was taken back of scans, but red packets; -1 adds it again."""
    await _take_off(conn, _TAKE_OFF_REVERSED, scan_ids, sign, timezone)


async def add_unpaid_packets(
    conn: AsyncConnection, payout_ids: Sequence[int], *, sign: int, timezone: ZoneInfo
) -> None:
    """Take off what red packets had paid that ended unpaid; -1 adds it again."""
    await _take_off(conn, _TAKE_OFF_PACKETS, payout_ids, sign, timezone)


_TAKEN_OFF: Final = """SELECT offer_no, day, -:sign * sum(awards), -:sign * sum(amount)
    FROM ({0}) AS back GROUP BY offer_no, day ORDER BY offer_no, day"""
_TAKE_OFF_REVERSED: Final = text(_OFFER_DAYS.format(_TAKEN_OFF.format(_REVERSED)))
_TAKE_OFF_PACKETS: Final = text(_OFFER_DAYS.format(_TAKEN_OFF.format(_UNPAID_PACKETS)))


async def _take_off(
    conn: AsyncConnection,
    statement: TextClause,
    ids: Sequence[int],
    sign: int,
    timezone: ZoneInfo,
) -> None:
    if ids:
        values = {"ids": write_numbers(ids), "sign": sign, "timezone": str(timezone)}
        await conn.execute(statement, values)


_ADD_OFFERS: Final = text(
    f"WITH earned AS ({_OF_SCANS})"  # noqa: S608 - constants
    + _OFFER_DAYS.format(
        """SELECT offer_no, day, :sign * count(*), :sign * sum(amount)
        FROM earned GROUP BY offer_no, day ORDER BY offer_no, day"""
    )
)
_ADD_CAMPAIGNS: Final = text(
    f"""WITH earned AS ({_OF_SCANS}), firsts AS (
        SELECT campaign_no, member_no, min(day) AS day FROM earned
        WHERE :sign > 0 GROUP BY campaign_no, member_no),
    added AS (
        INSERT INTO campaign_members (shard, campaign_no, member_no)
        SELECT 0, campaign_no, member_no FROM firsts ORDER BY campaign_no, member_no
        ON CONFLICT DO NOTHING RETURNING campaign_no, member_no),
    newcomers AS (
        SELECT f.campaign_no, f.day, count(*) AS members
        FROM added AS a JOIN firsts AS f USING (campaign_no, member_no)
        GROUP BY f.campaign_no, f.day)
    """  # noqa: S608 - constants
    + _CAMPAIGN_DAYS.format(
        f"""SELECT campaign_no, day, :sign * count(DISTINCT e.origin_id)
                FILTER (WHERE e.kind NOT IN {_ENDS} OR NOT {_PAID_MORE}),
            coalesce(min(n.members), 0), 0
        FROM earned AS e LEFT JOIN newcomers AS n USING (campaign_no, day)
        GROUP BY campaign_no, day ORDER BY campaign_no, day"""  # noqa: S608 - constants
    )
)


async def _add(
    conn: AsyncConnection,
    scan_ids: Sequence[int],
    kinds: Sequence[str],
    sign: int,
    timezone: ZoneInfo,
) -> None:
    values = {
        "ids": write_numbers(scan_ids),
        "kinds": list(kinds),
        "sign": sign,
        "timezone": str(timezone),
    }
    for statement in (_ADD_OFFERS, _ADD_CAMPAIGNS):
        await conn.execute(statement, values)


_UNPAID: Final = ("campaign_no", "day", "scans")
_ADD_UNPAID: Final = text(
    _CAMPAIGN_DAYS.format("VALUES (:campaign_no, :day, 0, 0, :scans)")
)


async def add_unpaid(conn: AsyncConnection, unpaid: Sequence[Unpaid]) -> None:
    """Count scans that campaigns paid nothing."""
    if unpaid:
        rows = [dict(zip(_UNPAID, each, strict=True)) for each in unpaid]
        await conn.execute(_ADD_UNPAID, rows)


# How far it was counted ---------------------------------------------------------------


async def lock_counted(conn: AsyncConnection) -> tuple[Place | None, int] | None:
    """Lock how far things are counted: the row of the outbox, and the scan.

    None while somebody else counts.
    """
    found = await conn.execute(
        text(
            "SELECT era, xid, place, scan_id FROM figures_counted"
            " FOR UPDATE SKIP LOCKED"
        )
    )
    row = found.one_or_none()
    if row is None:
        return None
    place = None if row.era is None else (row.era, row.xid, row.place)
    return place, row.scan_id


async def set_counted(
    conn: AsyncConnection, place: Place, *, scan_id: int, now: datetime
) -> None:
    """Note how far things are counted."""
    era, xid, place_ = place
    await conn.execute(
        text(
            "UPDATE figures_counted SET era = :era, xid = :xid, place = :place,"
            " scan_id = :scan_id, counted_at = :now"
        ),
        {"era": era, "xid": xid, "place": place_, "scan_id": scan_id, "now": now},
    )


# All of it anew -----------------------------------------------------------------------

_ALL: Final = f"""
    SELECT t.origin_id, t.debit_account AS offer_no, o.campaign_no,
        t.credit_account AS member_no, t.amount, t.kind, {_DAY} AS day
    FROM transfers AS t JOIN offers AS o ON o.offer_no = t.debit_account
    WHERE t.shard = 0
        AND t.kind IN ('posted', 'pending', 'void', 'unvoid', 'revoid')"""  # noqa: S608 - a constant
# Each account pays a scan once, so that what is taken back of a scan names its reward.
_ALL_BACK: Final = f"""
    SELECT t.debit_account AS offer_no, {_DAY} AS day, r.amount,
        (r.amount = t.amount)::integer AS awards
    FROM (SELECT origin_id, credit_account, sum(amount) AS amount FROM transfers
        WHERE shard = 0 AND kind IN ('reversal', 'debt') GROUP BY 1, 2) AS r
    JOIN transfers AS t ON t.shard = 0 AND t.origin_id = r.origin_id
        AND t.debit_account = r.credit_account AND t.kind IN ('posted', 'pending')
    JOIN offers AS o ON o.offer_no = t.debit_account"""  # noqa: S608 - a constant
_ANEW: Final = (
    "DELETE FROM offer_days",
    "DELETE FROM campaign_days",
    _OFFER_DAYS.format(
        f"""SELECT offer_no, day,
            sum(CASE WHEN kind IN ('void', 'revoid') THEN -1 ELSE 1 END),
            sum(CASE WHEN kind IN ('void', 'revoid') THEN -amount ELSE amount END)
        FROM ({_ALL}) AS t GROUP BY offer_no, day"""  # noqa: S608 - constants
    ),
    _OFFER_DAYS.format(
        f"""SELECT offer_no, day, -sum(awards), -sum(amount)
        FROM ({_ALL_BACK}) AS back GROUP BY offer_no, day"""  # noqa: S608 - constants
    ),
    f"""INSERT INTO campaign_members (shard, campaign_no, member_no)
        SELECT DISTINCT 0, campaign_no, member_no FROM ({_ALL}) AS t
        WHERE kind NOT IN {_ENDS} ON CONFLICT DO NOTHING""",  # noqa: S608 - constants
    _CAMPAIGN_DAYS.format(
        f"""SELECT campaign_no, day,
            count(DISTINCT origin_id) FILTER (WHERE kind NOT IN {_ENDS})
                - count(DISTINCT origin_id)
                    FILTER (WHERE kind = 'void' AND NOT {_PAID_MORE})
                + count(DISTINCT origin_id) FILTER (WHERE kind = 'unvoid')
                - count(DISTINCT origin_id)
                    FILTER (WHERE kind = 'revoid' AND NOT {_PAID_MORE}), 0, 0
        FROM ({_ALL}) AS e GROUP BY campaign_no, day"""  # noqa: S608 - constants
    ),
    _CAMPAIGN_DAYS.format(
        f"""SELECT campaign_no, day, 0, count(*), 0 FROM (
            SELECT campaign_no, member_no, min(day) AS day FROM ({_ALL}) AS t
            WHERE kind NOT IN {_ENDS} GROUP BY campaign_no, member_no) AS firsts
        GROUP BY campaign_no, day"""  # noqa: S608 - constants
    ),
)


async def lock_all(conn: AsyncConnection) -> None:
    """Let nobody count until this transaction ends, before it sees anything."""
    await conn.execute(text("LOCK TABLE figures_counted IN EXCLUSIVE MODE"))


async def count_anew(conn: AsyncConnection, *, timezone: ZoneInfo) -> None:
    """Count all awards that this transaction sees, from the transfers themselves."""
    for statement in _ANEW:
        values: dict[str, Any] = {"timezone": str(timezone)}
        await conn.execute(text(statement), values if ":timezone" in statement else {})


# What a campaign came to --------------------------------------------------------------

_LOAD_DAYS: Final = text(
    """
    SELECT day, coalesce(sum(claims + unpaid), 0) AS scans,
        coalesce(sum(claims), 0) AS claims, coalesce(sum(awards), 0) AS awards,
        coalesce(sum(members), 0) AS members, coalesce(sum(points), 0) AS points,
        coalesce(sum(minor), 0) AS minor
    FROM (
        SELECT day, claims, unpaid, members, 0 AS awards, 0 AS points, 0 AS minor
        FROM campaign_days WHERE campaign_no = :campaign_no
        UNION ALL
        SELECT d.day, 0, 0, 0, d.awards,
            CASE o.kind WHEN 'points' THEN d.amount ELSE 0 END,
            CASE o.kind WHEN 'red_packet' THEN d.amount ELSE 0 END
        FROM offers AS o JOIN offer_days AS d USING (offer_no)
        WHERE o.campaign_no = :campaign_no) AS each_
    GROUP BY day ORDER BY day
    """
)
_LOAD_OFFERS: Final = text(
    """
    SELECT o.offer_id, o.tier_id, o.kind, coalesce(sum(d.awards), 0) AS awards,
        coalesce(sum(d.amount), 0) AS amount, o.is_frozen
    FROM offers AS o LEFT JOIN offer_days AS d USING (offer_no)
    WHERE o.campaign_no = :campaign_no
    GROUP BY o.offer_no, o.offer_id, o.tier_id, o.kind, o.is_frozen ORDER BY o.offer_no
    """
)


async def load_days(conn: AsyncConnection, campaign_no: int) -> list[DayFigures]:
    """Load what a campaign came to on each day on which something happened."""
    rows = await conn.execute(_LOAD_DAYS, {"campaign_no": campaign_no})
    return [_day_figures(row.day, *map(int, row[1:])) for row in rows]


def _day_figures(day: date, *counts: int) -> DayFigures:
    return DayFigures(day, *counts)


async def load_offers(conn: AsyncConnection, campaign_no: int) -> list[OfferFigures]:
    """Load what the offers of a campaign gave, and the tiers of chances."""
    rows = await conn.execute(_LOAD_OFFERS, {"campaign_no": campaign_no})
    return [
        OfferFigures(
            row.offer_id,
            row.tier_id or None,
            row.kind,
            int(row.awards),
            int(row.amount) if row.kind == "points" else 0,
            int(row.amount) if row.kind == "red_packet" else 0,
            row.is_frozen,
        )
        for row in rows
    ]


async def load_counted_at(conn: AsyncConnection) -> datetime | None:
    """Tell when things were last counted."""
    found = await conn.execute(text("SELECT counted_at FROM figures_counted"))
    at: datetime | None = found.scalar_one_or_none()
    return at
