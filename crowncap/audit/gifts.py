"""Gifts against their stock, and what became of them against the audit log."""

from crowncap.audit.checks import Check, Scope

_TAKEN = """SELECT l.limit_no,
        CASE l.per WHEN 'member' THEN m.member_no ELSE 0 END AS holder,
        count(*) AS taken
    FROM member_gifts AS m JOIN limits AS l ON l.gift_no = m.gift_no
    WHERE m.shard = 0 GROUP BY 1, 2"""

CHECKS = (
    Check(
        7,
        "what was taken of each limit of a gift equals what members have, and fits",
        f"""SELECT coalesce(u.limit_no, t.limit_no) FROM (
                SELECT u.limit_no, u.holder, u.used, l.most
                FROM limit_uses AS u JOIN limits AS l ON l.limit_no = u.limit_no
                WHERE u.shard = 0 AND l.gift_no IS NOT NULL AND u.used > 0) AS u
            FULL JOIN ({_TAKEN}) AS t
                ON t.limit_no = u.limit_no AND t.holder = u.holder
            WHERE u.used > u.most OR u.used IS DISTINCT FROM t.taken""",  # noqa: S608 - a constant
        scopes=(Scope.FULL,),
    ),
    Check(
        8,
        "each gift is a member's, claimed where it has an id and else won by a scan",
        """SELECT m.transfer_id FROM member_gifts AS m
            LEFT JOIN gifts AS g ON g.gift_no = m.gift_no
            LEFT JOIN members AS who ON who.shard = 0 AND who.member_no = m.member_no
            WHERE m.shard = 0 AND (g.gift_no IS NULL OR who.member_no IS NULL
                OR (m.origin_id IS NULL) <> (g.gift_id IS NOT NULL))""",
        scopes=(Scope.FULL,),
    ),
    Check(
        8,
        "each gift that was sent or handed over is in the audit log",
        """SELECT m.transfer_id FROM member_gifts AS m
            WHERE m.shard = 0 AND m.state IN ('shipped', 'handed_over') AND NOT EXISTS (
                SELECT FROM audit_log AS a WHERE a.action = 'gift.' || m.state
                    AND a.subject = 'member_gift:' || m.transfer_id)""",
        scopes=(Scope.FULL,),
    ),
)
