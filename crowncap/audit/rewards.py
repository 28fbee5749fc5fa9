"""Transfers, holds, members and balances; crowncap.audit.totals adds transfers up."""

from crowncap.audit.checks import BALANCES, MEMBERS, TRANSFERS, Check, Scope
from crowncap.audit.payouts import WAS_GIVEN_BACK
from crowncap.audit.reversals import DAY, ROOM_OF_DAYS

# What was taken of each limit of a day by transfers, but of those of regions, which no
# transfer names. A slice is made of whole business days.
_PAID_BY_DAY = f"""SELECT l.limit_no, l.most, l.since,
        CASE l.per WHEN 'member_day' THEN t.credit_account ELSE 0 END AS holder,
        {DAY.format("t.origin_id")} AS day,
        CASE l.counts WHEN 'claims' THEN count(DISTINCT t.origin_id)
            WHEN 'awards' THEN count(*) ELSE sum(t.amount) END AS taken
    FROM transfers AS t
    JOIN offers AS o ON o.offer_no = t.debit_account
    JOIN limits AS l ON l.campaign_no = o.campaign_no
        AND l.per IN ('day', 'member_day') AND l.in_force
        AND l.offer_no IN (0, o.offer_no)
        AND (l.counts = 'points' AND t.unit = 0 OR l.counts = 'minor' AND t.unit = 1
            OR l.counts IN ('claims', 'awards'))
    WHERE t.shard = 0 AND t.origin_id BETWEEN :first AND :last
        AND t.kind IN ('posted', 'pending') AND NOT EXISTS (
            SELECT FROM transfers AS e WHERE e.shard = 0 AND e.origin_id = t.origin_id
                AND e.kind = 'void' AND e.debit_account = t.debit_account)
        AND (t.unit <> 1 OR l.counts = 'claims' OR NOT EXISTS (
            SELECT FROM payouts WHERE shard = 0 AND payout_id = t.transfer_id
                AND {WAS_GIVEN_BACK}))
    GROUP BY l.limit_no, l.most, l.since, l.counts, 4, 5"""  # noqa: S608 - constants
# Less what was given back when scans were taken back.
_TAKEN_BY_DAY = f"""SELECT p.limit_no, p.most, p.since, p.holder, p.day,
        p.taken - coalesce(r.room, 0) AS taken
    FROM ({_PAID_BY_DAY}) AS p
    LEFT JOIN ({ROOM_OF_DAYS}) AS r USING (limit_no, holder, day)"""  # noqa: S608 - constants

CHECKS = (
    Check(
        8,
        "each campaign pays by the version of it that is active, what that says",
        """SELECT c.campaign_id FROM campaigns AS c
            LEFT JOIN campaign_versions AS v
                ON v.campaign_no = c.campaign_no AND v.state = 'active'
            WHERE c.active_version IS DISTINCT FROM v.version
                OR coalesce((SELECT sum((o ->> 'amount')::bigint)
                    FROM jsonb_array_elements(v.terms -> 'offers') AS o
                    WHERE o ->> 'kind' = 'points'), 0) <> c.points
                    AND v.version IS NOT NULL""",
    ),
    Check(
        3,
        "each transfer is from an offer to a member, or ends one that was",
        """SELECT t.transfer_id FROM transfers AS t
            LEFT JOIN offers AS o ON o.offer_no = t.debit_account
            LEFT JOIN card_sets AS s ON s.set_no = t.debit_account
            LEFT JOIN draws AS d ON d.draw_no = t.debit_account
            LEFT JOIN members AS m ON m.shard = 0 AND m.member_no = t.credit_account
            LEFT JOIN transfers AS p ON p.shard = 0 AND p.kind = 'pending'
                AND p.origin_id = t.origin_id AND p.debit_account = t.debit_account
                AND p.origin_id BETWEEN :first AND :last
            WHERE t.shard = 0 AND t.origin_id BETWEEN :first AND :last
                AND t.kind IN ('posted', 'pending', 'post', 'void', 'grant')
                AND (num_nonnulls(o.offer_no, s.set_no, d.draw_no) = 0
                    OR m.member_no IS NULL
                    OR t.kind IN ('post', 'void') AND p.transfer_id IS NULL)""",
        TRANSFERS,
    ),
    Check(
        3,
        "debits and credits cancel out",
        """SELECT sum(amount) FROM entries WHERE origin_id BETWEEN :first AND :last
            HAVING sum(amount) <> 0""",
        TRANSFERS,
    ),
    Check(
        4,
        "each member is found by its identity",
        """SELECT m.member_no FROM members AS m
            LEFT JOIN identities AS i ON i.shard = 0 AND i.member_id = m.member_id
            WHERE m.shard = 0 AND m.member_no BETWEEN :first AND :last
                AND i.member_no IS DISTINCT FROM m.member_no""",
        MEMBERS,
    ),
    Check(
        5,
        "no balance is negative",
        """SELECT member_no FROM balances
            WHERE shard = 0 AND member_no BETWEEN :first AND :last
            AND (available < 0 OR pending < 0)""",
        BALANCES,
    ),
    Check(
        6,
        "each pending transfer has its hold, resolved as the ledger says",
        """SELECT coalesce(p.origin_id, h.transfer_id) FROM (
                SELECT * FROM transfers WHERE shard = 0 AND kind = 'pending'
                    AND origin_id BETWEEN :first AND :last) AS p
            FULL JOIN (SELECT * FROM holds
                WHERE shard = 0 AND transfer_id BETWEEN :first AND :last) AS h
                ON h.transfer_id = p.origin_id
            LEFT JOIN (SELECT * FROM transfers
                WHERE shard = 0 AND kind IN ('post', 'void')
                    AND origin_id BETWEEN :first AND :last) AS e
                ON e.origin_id = p.origin_id AND e.debit_account = p.debit_account
            WHERE p.transfer_id IS NULL OR h.transfer_id IS NULL
                OR coalesce(h.resolution, '') <> CASE e.kind
                    WHEN 'post' THEN 'posted' WHEN 'void' THEN 'voided' ELSE '' END
                    AND NOT (h.resolution = 'posted' AND e.kind = 'void'
                        AND EXISTS (SELECT FROM draw_tickets WHERE shard = 0
                            AND transfer_id = p.transfer_id AND state = 'late'))
                OR e.amount <> p.amount OR e.credit_account <> p.credit_account
                OR e.unit <> p.unit""",
        TRANSFERS,
    ),
    # What began before and ended since. The index of ends is small: only what was held
    # has one.
    Check(
        6,
        "each pending transfer has its hold, resolved as the ledger says",
        """SELECT e.origin_id FROM transfers AS e
            LEFT JOIN transfers AS p ON p.shard = 0 AND p.kind = 'pending'
                AND p.origin_id = e.origin_id AND p.debit_account = e.debit_account
            LEFT JOIN holds AS h ON h.shard = 0 AND h.transfer_id = e.origin_id
            WHERE e.shard = 0 AND e.kind IN ('post', 'void')
                AND e.transfer_id >= :since AND e.origin_id < :since
                AND (p.transfer_id IS NULL
                    OR h.resolution IS DISTINCT FROM CASE e.kind
                        WHEN 'post' THEN 'posted' ELSE 'voided' END
                        AND NOT EXISTS (SELECT FROM draw_tickets WHERE shard = 0
                            AND transfer_id = p.transfer_id AND state = 'late')
                    OR e.amount <> p.amount OR e.credit_account <> p.credit_account)
            """,
        scopes=(Scope.RECENT,),
    ),
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
            WHERE u.shard = 0 AND u.period > l.since
                AND u.period BETWEEN {DAY.format(":first")} AND {DAY.format(":last")}
                AND u.used <> coalesce(t.taken, 0)""",  # noqa: S608 - constants
        TRANSFERS,
    ),
)
