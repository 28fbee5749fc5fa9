"""Coupons against their pools, their numbers, and what was redeemed and reversed."""

from codegen.domain.ranges import SERIAL_BITS
from crowncap.audit.checks import COUPONS, REDEMPTIONS, Check, Scope
from crowncap.audit.reversals import ROOM_OF_POOLS

# Rows of days that are over are forgotten after a week; what is there must be right.
_GIVEN = """SELECT l.limit_no, l.per,
        CASE l.per WHEN 'member' THEN c.member_no ELSE 0 END AS holder,
        CASE l.per WHEN 'day' THEN (c.issued_at AT TIME ZONE :timezone)::date
            ELSE date 'epoch' END AS period,
        count(*) AS taken
    FROM coupons AS c JOIN limits AS l ON l.pool_no = c.pool_no
    WHERE c.shard = 0 AND c.state <> 'denied' GROUP BY 1, 2, 3, 4"""
_TAKEN = f"""SELECT g.limit_no, g.per, g.holder, g.period,
        g.taken - coalesce(r.room, 0) AS taken
    FROM ({_GIVEN}) AS g
    LEFT JOIN ({ROOM_OF_POOLS}) AS r USING (limit_no, holder, period)"""  # noqa: S608 - constants
# A redemption that was not reversed uses its coupon.
_USES = """SELECT r.coupon_no, count(*) AS uses, max(r.redemption_id) AS redemption_id
    FROM redemptions AS r
    WHERE r.shard = 0 AND r.coupon_no BETWEEN :first AND :last AND NOT EXISTS (
        SELECT FROM redemption_reversals AS v
        WHERE v.shard = 0 AND v.redemption_id = r.redemption_id)
    GROUP BY 1"""

CHECKS = (
    Check(
        7,
        "what was taken of each limit of a pool equals its coupons, and fits",
        f"""SELECT coalesce(u.limit_no, t.limit_no) FROM (
                SELECT u.limit_no, u.holder, u.period, u.used, l.most
                FROM limit_uses AS u JOIN limits AS l ON l.limit_no = u.limit_no
                WHERE u.shard = 0 AND l.pool_no IS NOT NULL AND u.used > 0) AS u
            FULL JOIN ({_TAKEN}) AS t ON t.limit_no = u.limit_no
                AND t.holder = u.holder AND t.period = u.period
            WHERE u.used > u.most OR u.used <> t.taken OR t.taken IS NULL
                OR u.used IS NULL AND t.taken > 0 AND t.per IN ('total', 'member')""",  # noqa: S608 - a constant
        scopes=(Scope.FULL,),
    ),
    Check(
        8,
        "each coupon is of a pool and of a member",
        """SELECT c.coupon_no FROM coupons AS c
            LEFT JOIN coupon_pools AS p ON p.pool_no = c.pool_no
            LEFT JOIN members AS m ON m.shard = 0 AND m.member_no = c.member_no
            WHERE c.shard = 0 AND c.coupon_no BETWEEN :first AND :last
                AND (p.pool_no IS NULL OR m.member_no IS NULL)""",
        COUPONS,
    ),
    Check(
        8,
        "each coupon is used by the one redemption of it that was not reversed",
        f"""SELECT c.coupon_no FROM coupons AS c
            LEFT JOIN ({_USES}) AS u ON u.coupon_no = c.coupon_no
            WHERE c.shard = 0 AND c.coupon_no BETWEEN :first AND :last
                AND (u.uses > 1 OR c.redemption_id IS DISTINCT FROM u.redemption_id)""",  # noqa: S608 - a constant
        COUPONS,
    ),
    Check(
        8,
        "each redemption is of a coupon",
        """SELECT r.redemption_id FROM redemptions AS r
            LEFT JOIN coupons AS c ON c.shard = 0 AND c.coupon_no = r.coupon_no
            WHERE r.shard = 0 AND r.redemption_id BETWEEN :first AND :last
                AND c.coupon_no IS NULL""",
        REDEMPTIONS,
    ),
    Check(
        8,
        "each reversal is of a redemption, and in the audit log, by the same person",
        """SELECT v.redemption_id FROM redemption_reversals AS v
            LEFT JOIN redemptions AS r
                ON r.shard = 0 AND r.redemption_id = v.redemption_id
            WHERE v.shard = 0 AND (r.redemption_id IS NULL OR NOT EXISTS (
                SELECT FROM audit_log AS a
                WHERE a.action = 'redemption.reverse' AND a.person = v.person
                    AND a.subject = 'redemption:' || v.redemption_id))""",
        scopes=(Scope.FULL,),
    ),
    Check(
        10,
        "no coupon has a number that was not taken",
        f"""SELECT c.coupon_no FROM coupons AS c
            LEFT JOIN coupon_numbers AS n ON n.epoch = c.coupon_no >> {SERIAL_BITS}
            WHERE c.shard = 0 AND c.coupon_no BETWEEN :first AND :last
                AND c.coupon_no >= coalesce(n.next_no, 0)""",  # noqa: S608 - made of constants
        COUPONS,
    ),
)
