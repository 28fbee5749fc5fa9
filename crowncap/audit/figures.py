"""What campaigns came to, as it was counted, against the transfers themselves."""

from crowncap.audit.checks import TRANSFERS, Check
from crowncap.audit.reversals import DAY

# What happened and was not counted yet: rows of the outbox past the last that was.
_PENDING = """SELECT b.kind, u.id FROM figures_counted AS c
    JOIN outbox AS b ON b.shard = 0
        AND (b.era, b.xid, b.place) > (c.era, c.xid, c.place)
    CROSS JOIN LATERAL unnest(b.ids) AS u (id)
    WHERE b.kind IN ('scans', 'holds', 'holds_reopened', 'holds_again', 'reversals',
        'unpaid')"""
# A slice is made of whole business days.
_GIVEN = f"""SELECT t.debit_account AS offer_no, {DAY.format("t.origin_id")} AS day,
        CASE WHEN t.kind IN ('void', 'revoid') THEN -1 ELSE 1 END AS awards,
        CASE WHEN t.kind IN ('void', 'revoid') THEN -t.amount ELSE t.amount
            END AS amount
    FROM transfers AS t
    JOIN offers AS o ON o.offer_no = t.debit_account
    LEFT JOIN ({_PENDING}) AS p ON p.id = t.origin_id
        AND p.kind = CASE t.kind WHEN 'void' THEN 'holds'
            WHEN 'unvoid' THEN 'holds_reopened' WHEN 'revoid' THEN 'holds_again'
            ELSE 'scans' END
    WHERE t.shard = 0 AND t.origin_id BETWEEN :first AND :last
        AND t.kind IN ('posted', 'pending', 'void', 'unvoid', 'revoid')
        AND p.id IS NULL"""  # noqa: S608 - constants
# What was taken back of a reward, red packets where they ended unpaid.
_TAKEN_BACK = f"""SELECT t.debit_account, {DAY.format("t.origin_id")},
        -(r.amount = t.amount)::integer, -r.amount
    FROM (SELECT origin_id, credit_account, sum(amount) AS amount FROM transfers
        WHERE shard = 0 AND origin_id BETWEEN :first AND :last
            AND kind IN ('reversal', 'debt') GROUP BY 1, 2) AS r
    JOIN transfers AS t ON t.shard = 0 AND t.origin_id = r.origin_id
        AND t.debit_account = r.credit_account AND t.kind IN ('posted', 'pending')
        AND t.origin_id BETWEEN :first AND :last
    JOIN offers AS o ON o.offer_no = t.debit_account
    LEFT JOIN ({_PENDING}) AS p ON t.unit = 1 AND p.kind = 'unpaid'
            AND p.id = t.transfer_id
        OR t.unit <> 1 AND p.kind = 'reversals' AND p.id = t.origin_id
    WHERE p.id IS NULL"""  # noqa: S608 - constants
_EARNED = f"""SELECT offer_no, day, sum(awards) AS awards, sum(amount) AS amount
    FROM ({_GIVEN} UNION ALL {_TAKEN_BACK}) AS each_ GROUP BY 1, 2"""  # noqa: S608 - constants

CHECKS = (
    Check(
        7,
        "what an offer gave on a day, as it was counted, equals its transfers",
        f"""SELECT coalesce(t.offer_no, f.offer_no) FROM ({_EARNED}) AS t
            FULL JOIN (SELECT * FROM offer_days
                WHERE day BETWEEN {DAY.format(":first")} AND {DAY.format(":last")}) AS f
                ON f.offer_no = t.offer_no AND f.day = t.day
            CROSS JOIN figures_counted AS c
            WHERE c.era IS NOT NULL
                AND (coalesce(t.awards, 0) <> coalesce(f.awards, 0)
                    OR coalesce(t.amount, 0) <> coalesce(f.amount, 0))""",  # noqa: S608 - constants
        TRANSFERS,
    ),
    Check(
        7,
        "each member who earned from a campaign is counted once",
        """SELECT m.campaign_no FROM (
                SELECT campaign_no, count(*) AS members FROM campaign_members
                WHERE shard = 0 GROUP BY campaign_no) AS m
            FULL JOIN (
                SELECT campaign_no, sum(members) AS members FROM campaign_days
                GROUP BY campaign_no) AS d ON d.campaign_no = m.campaign_no
            WHERE coalesce(m.members, 0) <> coalesce(d.members, 0)""",
    ),
)
