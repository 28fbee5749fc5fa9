"""Transfers, holds, members and balances; crowncap.audit.totals adds transfers up."""

from crowncap.audit.checks import BALANCES, MEMBERS, TRANSFERS, Check, Scope

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
                AND t.kind IN ('posted', 'pending', 'post', 'void', 'grant', 'unpost',
                    'unvoid', 'repost', 'revoid')
                AND (num_nonnulls(o.offer_no, s.set_no, d.draw_no) = 0
                    OR m.member_no IS NULL
                    OR t.kind NOT IN ('posted', 'pending', 'grant')
                        AND p.transfer_id IS NULL)""",
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
            LEFT JOIN (SELECT * FROM ends
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
        """SELECT e.origin_id FROM ends AS e
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
)
