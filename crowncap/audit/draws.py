"""Draws: tickets against their counters, winners against tickets, files redrawn."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from crowncap.audit.checks import TRANSFERS, Check, Scope
from crowncap.audit.given import was_given
from rewards.pipeline.draws.publishing import find_differences


class RedrawCheck(Check):
    """A check of the files of draws, each drawn again by its rule."""

    async def find(
        self, conn: AsyncConnection, known: Mapping[str, Any]
    ) -> Sequence[str]:
        """Draw all again that are drawn; names what differs in each."""
        draw_ids = await super().find(conn, known)
        return [each for one in draw_ids for each in await find_differences(conn, one)]


_GAVE = was_given("c.award_id", "c.draw_no", "w.member_no", "p.gives")

CHECKS = (
    Check(
        10,
        "no two tickets of a draw have one number, and none was not given out",
        """SELECT t.draw_no FROM (
                SELECT draw_no, first_no, amount, lead(first_no) OVER (
                    PARTITION BY draw_no ORDER BY first_no) AS next_no
                FROM draw_tickets WHERE shard = 0) AS t
            LEFT JOIN draw_counters AS c ON c.draw_no = t.draw_no
            WHERE t.first_no + t.amount > coalesce(t.next_no, c.next_no, 0)""",
        scopes=(Scope.FULL,),
    ),
    Check(
        7,
        "each draw counts the tickets that take part in it, as it was drawn with them",
        """SELECT d.draw_id FROM draws AS d
            LEFT JOIN draw_counters AS c ON c.draw_no = d.draw_no
            LEFT JOIN (SELECT draw_no, sum(amount) AS tickets FROM draw_tickets
                WHERE shard = 0 AND state = 'valid' GROUP BY draw_no) AS t
                ON t.draw_no = d.draw_no
            WHERE c.tickets IS DISTINCT FROM coalesce(t.tickets, 0)
                OR d.drawn_at IS NOT NULL
                    AND (c.frozen_at IS NULL OR d.tickets <> c.tickets)""",
        scopes=(Scope.FULL,),
    ),
    Check(
        3,
        "each ticket that a scan earned is in its draw, as the ledger says",
        """SELECT t.transfer_id FROM transfers AS t
            LEFT JOIN ends AS e ON e.shard = 0 AND e.origin_id = t.origin_id
                AND e.kind IN ('post', 'void') AND e.debit_account = t.debit_account
            LEFT JOIN transfers AS r ON r.shard = 0 AND r.origin_id = t.origin_id
                AND r.kind = 'reversal' AND r.unit = 4
                AND r.credit_account = t.debit_account
            LEFT JOIN draw_tickets AS d
                ON d.shard = 0 AND d.transfer_id = t.transfer_id
            WHERE t.shard = 0 AND t.origin_id BETWEEN :first AND :last
                AND t.unit = 4 AND t.kind IN ('posted', 'pending')
                AND (d.origin_id IS DISTINCT FROM t.origin_id
                    OR d.amount <> t.amount OR d.member_no <> t.credit_account
                    OR d.state <> ALL (CASE coalesce(r.kind, e.kind, t.kind)
                        WHEN 'reversal' THEN '{void}'
                        WHEN 'pending' THEN '{held}' WHEN 'void' THEN '{void,late}'
                        ELSE '{valid}' END::text[]))""",
        TRANSFERS,
    ),
    Check(
        3,
        "each ticket of a scan was earned by a transfer of its number",
        """SELECT d.transfer_id FROM draw_tickets AS d
            WHERE d.shard = 0 AND d.origin_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM transfers AS t WHERE t.shard = 0
                    AND t.origin_id = d.origin_id AND t.transfer_id = d.transfer_id
                    AND t.unit = 4)""",
        scopes=(Scope.FULL,),
    ),
    Check(
        7,
        "no member has more tickets than a draw lets",
        """SELECT t.member_no FROM draw_tickets AS t
            JOIN draws AS d ON d.draw_no = t.draw_no AND d.most_tickets IS NOT NULL
            WHERE t.shard = 0 AND t.state <> 'void'
            GROUP BY t.member_no, d.draw_no, d.most_tickets
            HAVING sum(t.amount) > d.most_tickets""",
        scopes=(Scope.FULL,),
    ),
    Check(
        7,
        "each draw that is drawn has a winner for each prize, or for each ticket",
        """SELECT d.draw_id FROM draws AS d
            JOIN (SELECT draw_no, sum(quantity) AS prizes FROM draw_prizes
                GROUP BY draw_no) AS p ON p.draw_no = d.draw_no
            LEFT JOIN (SELECT draw_no, count(*) AS winners, max(place) AS last
                FROM draw_winners GROUP BY draw_no) AS w ON w.draw_no = d.draw_no
            WHERE coalesce(w.winners, 0) <> CASE WHEN d.drawn_at IS NULL THEN 0
                ELSE least(p.prizes, d.tickets) END
                OR w.last >= w.winners""",
    ),
    Check(
        7,
        "each prize was won by a ticket of its member that took part",
        """SELECT w.draw_no || '-' || w.place FROM draw_winners AS w
            LEFT JOIN LATERAL (SELECT * FROM draw_tickets
                WHERE shard = 0 AND draw_no = w.draw_no AND first_no <= w.ticket_no
                ORDER BY first_no DESC LIMIT 1) AS t ON true
            WHERE t.member_no IS DISTINCT FROM w.member_no OR t.state <> 'valid'
                OR w.ticket_no >= t.first_no + t.amount""",
    ),
    Check(
        7,
        "each prize was claimed before it lapsed",
        """SELECT c.draw_no || '-' || c.place FROM draw_claims AS c
            JOIN draws AS d ON d.draw_no = c.draw_no
            WHERE c.claimed_at >= d.claims_until""",
    ),
    Check(
        7,
        "each prize that gives something gave it to who claimed it",
        f"""SELECT c.draw_no || '-' || c.place FROM draw_claims AS c
            JOIN draw_winners AS w ON w.draw_no = c.draw_no AND w.place = c.place
            JOIN (SELECT *, sum(quantity) OVER (PARTITION BY draw_no ORDER BY prize_no)
                AS after FROM draw_prizes) AS p ON p.draw_no = c.draw_no
                AND c.place < p.after AND c.place >= p.after - p.quantity
            WHERE (p.gives IS NULL) <> (c.award_id IS NULL)
                OR p.gives IS NOT NULL AND NOT {_GAVE}""",  # noqa: S608 - a constant
        scopes=(Scope.FULL,),
    ),
    Check(
        1,
        "nothing is paid by a draw but for a prize that was claimed",
        """SELECT t.transfer_id FROM transfers AS t
            JOIN draws AS d ON d.draw_no = t.debit_account
            WHERE t.shard = 0 AND NOT EXISTS (SELECT FROM draw_claims AS c
                WHERE c.draw_no = d.draw_no AND c.award_id = t.transfer_id)""",
        scopes=(Scope.FULL,),
    ),
    RedrawCheck(
        14,
        "each draw comes out the same when it is drawn again",
        "SELECT draw_id FROM draws WHERE drawn_at IS NOT NULL ORDER BY draw_no",
        scopes=(Scope.FULL,),
    ),
)
