"""What was taken of campaigns' limits, against the transfers that took it.

Those that everybody shares for all time are added up by crowncap.audit.totals.
"""

from typing import Final

from crowncap.audit.checks import TRANSFERS, Check, Scope
from crowncap.audit.payouts import WAS_GIVEN_BACK
from crowncap.audit.reversals import DAY, ROOM, ROOM_OF_DAYS

_SLICE: Final = "t.origin_id BETWEEN :first AND :last"
_IN_SLICE: Final = f"BETWEEN {DAY.format(':first')} AND {DAY.format(':last')}"


def _paid(per: str, holder: str, period: str, which: str) -> str:
    """Write what transfers took of limits `per` which, by holder and period.

    A slice is made of whole business days.
    """
    return f"""SELECT l.limit_no, l.most, l.since, {holder} AS holder, {period} AS day,
        CASE l.counts WHEN 'claims' THEN count(DISTINCT t.origin_id)
            WHEN 'awards' THEN count(*) ELSE sum(t.amount) END AS taken
    FROM transfers AS t
    JOIN offers AS o ON o.offer_no = t.debit_account
    JOIN limits AS l ON l.campaign_no = o.campaign_no
        AND l.per IN ({per}) AND l.in_force
        AND l.offer_no IN (0, o.offer_no)
        AND (l.counts = 'points' AND t.unit = 0 OR l.counts = 'minor' AND t.unit = 1
            OR l.counts IN ('claims', 'awards'))
    WHERE t.shard = 0 AND {which}
        AND t.kind IN ('posted', 'pending') AND NOT EXISTS (
            SELECT FROM ends AS e WHERE e.shard = 0 AND e.origin_id = t.origin_id
                AND e.kind = 'void' AND e.debit_account = t.debit_account)
        AND (t.unit <> 1 OR l.counts = 'claims' OR NOT EXISTS (
            SELECT FROM payouts WHERE shard = 0 AND payout_id = t.transfer_id
                AND {WAS_GIVEN_BACK}))
    GROUP BY l.limit_no, l.most, l.since, l.counts, 4, 5"""  # noqa: S608 - constants


# Less what was given back when scans were taken back.
_TAKEN_BY_DAY: Final = f"""SELECT p.limit_no, p.most, p.since, p.holder, p.day,
        p.taken - coalesce(r.room, 0) AS taken
    FROM ({
    _paid(
        "'day', 'member_day'",
        "CASE l.per WHEN 'member_day' THEN t.credit_account ELSE 0 END",
        DAY.format("t.origin_id"),
        _SLICE,
    )
}) AS p
    LEFT JOIN ({ROOM_OF_DAYS}) AS r USING (limit_no, holder, day)"""  # noqa: S608 - constants
# No transfer names a region, so all of them together.
_TAKEN_OF_REGIONS: Final = f"""SELECT p.limit_no, p.day,
        p.taken - coalesce(r.room, 0) AS taken
    FROM ({_paid("'region_day'", "0", DAY.format("t.origin_id"), _SLICE)}) AS p
    LEFT JOIN (SELECT limit_no, day, sum(room) AS room FROM ({ROOM_OF_DAYS}) AS g
        GROUP BY 1, 2) AS r USING (limit_no, day)"""  # noqa: S608 - constants
_TAKEN_BY_MEMBER: Final = f"""SELECT p.limit_no, p.holder,
        p.taken - coalesce(r.room, 0) AS taken
    FROM ({_paid("'member'", "t.credit_account", "date 'epoch'", "true")}) AS p
    LEFT JOIN ({ROOM}) AS r USING (limit_no, holder)"""  # noqa: S608 - constants

CHECKS: Final = (
    Check(
        7,
        "no more was earned in a day than its limit lets",
        f"""SELECT t.limit_no FROM ({_TAKEN_BY_DAY}) AS t
            WHERE t.taken > t.most AND t.day > t.since""",  # noqa: S608 - a constant
        TRANSFERS,
    ),
    # The row of a day that is over may be gone; one that is there must be right. Days
    # are counted exactly from the one after `since`.
    Check(
        7,
        "what was taken of a day's limit equals the transfers of that day",
        f"""SELECT u.limit_no FROM limit_uses AS u
            JOIN limits AS l ON l.limit_no = u.limit_no
                AND l.per IN ('day', 'member_day')
                AND l.campaign_no IS NOT NULL AND l.in_force
            LEFT JOIN ({_TAKEN_BY_DAY}) AS t ON t.limit_no = u.limit_no
                AND t.holder = u.holder AND t.day = u.period
            WHERE u.shard = 0 AND u.period > l.since AND u.period {_IN_SLICE}
                AND u.used <> coalesce(t.taken, 0)""",  # noqa: S608 - constants
        TRANSFERS,
    ),
    Check(
        7,
        "what all regions took on a day equals the transfers of that day",
        f"""SELECT u.limit_no FROM (
                SELECT u.limit_no, u.period, sum(u.used) AS used FROM limit_uses AS u
                JOIN limits AS l ON l.limit_no = u.limit_no AND l.per = 'region_day'
                    AND l.campaign_no IS NOT NULL AND l.in_force
                WHERE u.shard = 0 AND u.period > l.since AND u.period {_IN_SLICE}
                GROUP BY 1, 2) AS u
            LEFT JOIN ({_TAKEN_OF_REGIONS}) AS t ON t.limit_no = u.limit_no
                AND t.day = u.period
            WHERE u.used <> coalesce(t.taken, 0)""",  # noqa: S608 - constants
        TRANSFERS,
    ),
    # Of all time, so that no slice tells; campaigns that limit members so are few.
    Check(
        7,
        "what a member took of a limit for all time equals their transfers",
        f"""SELECT coalesce(u.holder, t.holder) FROM (
                SELECT u.limit_no, u.holder, u.used FROM limit_uses AS u
                JOIN limits AS l ON l.limit_no = u.limit_no AND l.per = 'member'
                    AND l.campaign_no IS NOT NULL AND l.in_force
                WHERE u.shard = 0 AND u.period = date 'epoch') AS u
            FULL JOIN ({_TAKEN_BY_MEMBER}) AS t USING (limit_no, holder)
            WHERE coalesce(u.used, 0) <> coalesce(t.taken, 0)""",  # noqa: S608 - constants
        scopes=(Scope.FULL,),
    ),
    # The limit that is nobody's counts claims that earned and were not denied.
    Check(
        7,
        "each member's claims are counted, while a campaign asks for them",
        """SELECT u.holder FROM limits AS l
            JOIN limit_uses AS u ON u.shard = 0 AND u.limit_no = l.limit_no
                AND u.period = date 'epoch'
            CROSS JOIN LATERAL (SELECT count(*) AS claims FROM scans AS s
                LEFT JOIN holds AS h ON h.shard = 0 AND h.transfer_id = s.scan_id
                WHERE s.shard = 0 AND s.member_no = u.holder
                    AND s.outcome IN ('rewarded', 'held')
                    AND h.resolution IS DISTINCT FROM 'voided') AS s
            WHERE l.in_force AND u.used <> s.claims AND num_nonnulls(
                l.campaign_no, l.pool_no, l.gift_no, l.draw_no) = 0""",
        scopes=(Scope.FULL,),
    ),
)
