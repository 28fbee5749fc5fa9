"""What was taken back of scans, against what these had earned."""

from typing import Final

from crowncap.audit.checks import TRANSFERS, Check, Scope

# 1767225600000 is core.ids.EPOCH_MS.
_AT: Final = "to_timestamp((({0} >> 22) + 1767225600000) / 1000.0)"
DAY: Final = f"({_AT} AT TIME ZONE :timezone)::date"
_ROWS: Final = """reversals AS r
    CROSS JOIN LATERAL unnest(r.limits, r.takes, r.holders)
        AS g (limit_no, take, holder)"""
# How much room limits of all time were given back, by row; red packets aside.
ROOM: Final = f"""SELECT g.limit_no, g.holder, sum(g.take)::bigint AS room
    FROM {_ROWS} WHERE r.shard = 0 AND r.limits <> '{{}}' GROUP BY 1, 2"""  # noqa: S608 - constants
# The same of those of days, of the scans of a slice.
ROOM_OF_DAYS: Final = f"""SELECT g.limit_no, g.holder,
        {DAY.format("r.origin_id")} AS day,
        sum(g.take)::bigint AS room
    FROM {_ROWS} WHERE r.shard = 0 AND r.origin_id BETWEEN :first AND :last
    GROUP BY 1, 2, 3"""  # noqa: S608 - constants
# And of pools, whose limits are of all time or of days.
ROOM_OF_POOLS: Final = f"""SELECT g.limit_no, g.holder, CASE l.per
            WHEN 'day' THEN {DAY.format("r.origin_id")} ELSE date 'epoch' END AS period,
        sum(g.take)::bigint AS room
    FROM {_ROWS} JOIN limits AS l ON l.limit_no = g.limit_no AND l.pool_no IS NOT NULL
    WHERE r.shard = 0 GROUP BY 1, 2, 3"""  # noqa: S608 - constants

CHECKS = (
    Check(
        3,
        "no more of a reward was taken back than it was",
        """SELECT b.origin_id FROM (
                SELECT origin_id, credit_account, unit, sum(amount) AS amount
                FROM transfers WHERE shard = 0 AND kind IN ('reversal', 'debt')
                    AND origin_id BETWEEN :first AND :last GROUP BY 1, 2, 3) AS b
            LEFT JOIN (SELECT * FROM transfers WHERE shard = 0
                    AND kind IN ('posted', 'pending', 'grant', 'purchase')
                    AND origin_id BETWEEN :first AND :last) AS t
                ON t.origin_id = b.origin_id AND t.debit_account = b.credit_account
                    AND t.unit = b.unit
            WHERE b.amount > coalesce(t.amount, 0)""",
        TRANSFERS,
    ),
    Check(
        8,
        "each scan whose rewards were taken back is in the audit log, by whom",
        """SELECT r.origin_id FROM reversals AS r
            WHERE r.shard = 0 AND r.policy IS NOT NULL AND NOT EXISTS (
                SELECT FROM audit_log AS a WHERE a.action = 'scan.reverse'
                    AND a.person = r.person AND a.subject = 'scan:' || r.origin_id)""",
        scopes=(Scope.FULL,),
    ),
)
