"""Red packets against the transfers of their rewards, and against the audit log."""

from typing import Final

from crowncap.audit.checks import PAYOUTS, Check, Scope

# Ended unpaid, and not by the hold of its scan, whose end is a transfer of its own: its
# reward was taken back, and what it took of limits given back, but not of those that
# count scans.
WAS_GIVEN_BACK: Final = (
    "state IN ('failed', 'cancelled') AND (sent_at IS NOT NULL OR fault IS NOT NULL)"
)
GIVEN_BACK: Final = f"""SELECT offer_no, sum(minor)::bigint AS minor,
        count(*) AS payouts
    FROM payouts WHERE shard = 0 AND {WAS_GIVEN_BACK} GROUP BY 1"""  # noqa: S608 - a constant

CHECKS = (
    Check(
        3,
        "each payout is of a reward of the same money, and waits while its hold does",
        """SELECT p.payout_id FROM payouts AS p
            LEFT JOIN transfers AS t ON t.shard = 0 AND t.origin_id = p.origin_id
                AND t.transfer_id = p.payout_id
                AND t.kind IN ('posted', 'pending', 'grant')
            LEFT JOIN ends AS e ON e.shard = 0 AND e.origin_id = p.origin_id
                AND e.kind IN ('post', 'void') AND e.debit_account = p.offer_no
            WHERE p.shard = 0 AND p.payout_id BETWEEN :first AND :last
                AND (t.transfer_id IS NULL OR t.unit <> 1 OR t.amount <> p.minor
                    OR t.debit_account <> p.offer_no OR t.credit_account <> p.member_no
                    OR (p.state = 'held')
                        <> (t.kind = 'pending' AND e.kind IS NULL))""",
        PAYOUTS,
    ),
    Check(
        3,
        "what ended unpaid was taken back, once, and nothing else was",
        f"""SELECT p.payout_id FROM payouts AS p
            WHERE p.shard = 0 AND p.payout_id BETWEEN :first AND :last
                AND ({WAS_GIVEN_BACK})::integer <> (
                    SELECT count(*) FROM transfers AS t
                    WHERE t.shard = 0 AND t.origin_id = p.origin_id
                        AND t.kind = 'reversal' AND t.unit = 1 AND t.amount = p.minor
                        AND t.debit_account = p.member_no
                        AND t.credit_account = p.offer_no)""",  # noqa: S608 - a constant
        PAYOUTS,
    ),
    Check(
        8,
        "each payout that support cancelled is in the audit log",
        """SELECT p.payout_id FROM payouts AS p
            WHERE p.shard = 0 AND (p.cancelling OR p.fault = 'by_support')
                AND NOT EXISTS (SELECT FROM audit_log AS a
                    WHERE a.action = 'payout.cancel'
                        AND a.subject = 'payout:' || p.payout_id)""",
        scopes=(Scope.FULL,),
    ),
)
