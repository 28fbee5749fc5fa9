"""Sets that are complete against their cards, and against what was paid for them."""

from crowncap.audit.checks import Check, Scope
from crowncap.audit.given import was_given

_PAID = was_given("d.award_id", "d.set_no", "d.member_no", "s.completes")

CHECKS = (
    Check(
        3,
        "each set that is complete was completed by a card of it that its member got",
        """SELECT d.transfer_id FROM collected_sets AS d
            WHERE d.shard = 0 AND d.completed_at IS NOT NULL AND NOT EXISTS (
                SELECT FROM transfers AS t JOIN cards AS c ON c.unit = t.unit
                WHERE t.shard = 0 AND t.transfer_id = d.transfer_id
                    AND t.credit_account = d.member_no AND c.set_no = d.set_no
                    AND t.kind IN ('posted', 'pending', 'grant'))""",
        scopes=(Scope.FULL,),
    ),
    Check(
        1,
        "each set that is complete was paid once, by its set, or waits to be",
        f"""SELECT d.transfer_id FROM collected_sets AS d
            JOIN card_sets AS s ON s.set_no = d.set_no
            WHERE d.shard = 0 AND d.award_id IS NOT NULL AND NOT {_PAID}""",  # noqa: S608 - a constant
        scopes=(Scope.FULL,),
    ),
    Check(
        1,
        "nothing is paid by a set but to who completed it",
        """SELECT t.transfer_id FROM transfers AS t
            JOIN card_sets AS s ON s.set_no = t.debit_account
            WHERE t.shard = 0 AND NOT EXISTS (SELECT FROM collected_sets AS d
                WHERE d.shard = 0 AND d.member_no = t.credit_account
                    AND d.set_no = t.debit_account AND d.award_id = t.transfer_id)""",
        scopes=(Scope.FULL,),
    ),
)
