"""Claims and scans, and what a claim needs of its code."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from crowncap.audit.checks import CLAIMS, SCANS, VOIDS, Check, Scope
from scan_api.pipeline.replay import replay_scans

_AT_ONCE: Final = 5_000


class ReplayCheck(Check):
    """A check of scans that are judged anew, one of all that are alike."""

    async def find(
        self, conn: AsyncConnection, known: Mapping[str, Any]
    ) -> Sequence[int]:
        """Judge a few thousand at once, as many as are no burden."""
        scan_ids = await super().find(conn, known)
        found: list[int] = []
        for start in range(0, len(scan_ids), _AT_ONCE):
            some = scan_ids[start : start + _AT_ONCE]
            replays = await replay_scans(conn, some, ZoneInfo(known["timezone"]))
            found += [key for key, each in replays.items() if not each.equals_record]
        return found


CHECKS = (
    # Which claims are new nobody can tell without reading all of them.
    Check(
        1,
        "each claim has the scan that made it",
        """SELECT k.code_id FROM claims AS k
            LEFT JOIN scans AS s ON s.shard = 0 AND s.scan_id = k.scan_id
            WHERE k.shard = 0 AND k.code_id BETWEEN :first AND :last AND (
                s.scan_id IS NULL OR s.code_id <> k.code_id
                OR s.member_no IS DISTINCT FROM k.member_no
                OR s.outcome NOT IN ('held', 'no_reward', 'rewarded'))""",
        CLAIMS,
        (Scope.FULL,),
    ),
    Check(
        1,
        "each scan that claims has its claim",
        """SELECT s.scan_id FROM scans AS s
            LEFT JOIN claims AS k
                ON k.shard = 0 AND k.code_id = s.code_id
                AND k.scan_id = s.scan_id
            WHERE s.shard = 0 AND s.scan_id BETWEEN :first AND :last
                AND k.code_id IS NULL
                AND s.outcome IN ('held', 'no_reward', 'rewarded')
                AND NOT EXISTS (SELECT FROM released_claims AS r
                    WHERE r.scan_id = s.scan_id AND NOT r.taken_back)""",
        SCANS,
    ),
    # Two scans, of which one at most is named by the code's one claim.
    Check(
        1,
        "no code is claimed by two scans",
        """SELECT s.code_id FROM scans AS s
            JOIN claims AS k ON k.shard = 0 AND k.code_id = s.code_id
                AND k.scan_id <> s.scan_id
            WHERE s.shard = 0 AND s.scan_id BETWEEN :first AND :last
                AND s.outcome IN ('held', 'no_reward', 'rewarded')
                AND NOT EXISTS (SELECT FROM released_claims AS r
                    WHERE r.scan_id = s.scan_id AND NOT r.taken_back)""",
        SCANS,
    ),
    # What ended with a claim is its hold, and whoever was denied has the code no more.
    Check(
        1,
        "each claim that ended was held and denied, and is nobody's whom it was denied",
        """SELECT r.scan_id FROM released_claims AS r
            LEFT JOIN scans AS s ON s.shard = 0 AND s.scan_id = r.scan_id
            LEFT JOIN holds AS h ON h.shard = 0 AND h.transfer_id = r.scan_id
            LEFT JOIN claims AS k ON k.shard = 0 AND k.code_id = r.code_id
            WHERE s.code_id IS DISTINCT FROM r.code_id
                OR s.member_no IS DISTINCT FROM r.member_no
                OR NOT r.taken_back AND (h.resolution IS DISTINCT FROM 'voided'
                    OR k.member_no = r.member_no)""",
        scopes=(Scope.FULL,),
    ),
    Check(
        1,
        "what a scan earned is what offers transferred to its member",
        """SELECT coalesce(s.scan_id, t.origin_id) FROM (
                SELECT * FROM scans
                WHERE shard = 0 AND scan_id BETWEEN :first AND :last) AS s
            FULL JOIN (SELECT t.origin_id,
                    coalesce(sum(t.amount) FILTER (WHERE t.unit = 0), 0) AS points,
                    count(*) FILTER (WHERE t.unit <> 0) AS others,
                    min(t.credit_account) AS member_no,
                    max(t.credit_account) AS last_member_no,
                    bool_or(t.kind = 'pending') AS held
                FROM transfers AS t JOIN offers AS o ON o.offer_no = t.debit_account
                WHERE t.shard = 0 AND t.origin_id BETWEEN :first AND :last
                    AND t.kind IN ('posted', 'pending')
                GROUP BY t.origin_id) AS t
                ON t.origin_id = s.scan_id
            WHERE coalesce(s.points, 0) <> coalesce(t.points, 0)
                OR coalesce(s.others, 0) <> coalesce(t.others, 0)
                OR t.member_no <> s.member_no OR t.last_member_no <> s.member_no
                OR t.held <> (s.outcome = 'held') OR s.scan_id IS NULL""",
        SCANS,
    ),
    Check(
        1,
        "no two workers had one number at the same time",
        """SELECT lease_no FROM (
            SELECT lease_no, started_at, max(coalesce(ended_at, seen_at)) OVER (
                PARTITION BY worker_no ORDER BY lease_no
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS last_held_at
            FROM worker_leases) AS l WHERE started_at < last_held_at""",
    ),
    # A minute, since clocks may be apart and a holder is believed for a while after it
    # was heard of last. A number that was never leased is of an older version.
    Check(
        1,
        "no scan has the number of a worker that had given it up",
        """SELECT s.scan_id FROM scans AS s
            CROSS JOIN LATERAL (
                SELECT to_timestamp(((s.scan_id >> 22) + 1767225600000) / 1000.0) AS at
            ) AS t
            CROSS JOIN LATERAL (
                SELECT coalesce(l.ended_at, l.seen_at) AS held_until
                FROM worker_leases AS l
                WHERE l.worker_no = (s.scan_id >> 12) & 1023
                    AND l.started_at <= t.at + interval '1 minute'
                ORDER BY l.lease_no DESC LIMIT 1) AS lease
            WHERE s.shard = 0 AND s.scan_id BETWEEN :first AND :last
                AND t.at > lease.held_until + interval '1 minute'""",
        SCANS,
    ),
    # 1767225600000 is core.ids.EPOCH_MS, at which scan_ids begin to count. Each claim
    # looks its range up, which costs the same with one range and with millions.
    Check(
        11,
        "no code was claimed that was not activated, or after its range was ended",
        """SELECT k.code_id FROM claims AS k
            LEFT JOIN LATERAL (
                SELECT state, last_code_id, change_id FROM ranges
                WHERE first_code_id <= k.code_id
                ORDER BY first_code_id DESC LIMIT 1) AS r
                ON r.last_code_id >= k.code_id
            LEFT JOIN range_changes AS c ON c.change_id = r.change_id
            WHERE k.shard = 0 AND k.code_id BETWEEN :first AND :last AND (
                r.state IS NULL OR r.state = 'issued'
                OR r.state IN ('void', 'recalled') AND c.at
                    < to_timestamp(((k.scan_id >> 22) + 1767225600000) / 1000.0))""",
        CLAIMS,
        (Scope.FULL,),
    ),
    Check(
        11,
        "no code was claimed after it was voided",
        """SELECT k.code_id FROM void_codes AS v
            JOIN range_changes AS c USING (change_id)
            JOIN claims AS k ON k.shard = 0 AND k.code_id = v.code_id
            WHERE v.shard = 0 AND v.code_id BETWEEN :first AND :last
                AND c.at < to_timestamp(((k.scan_id >> 22) + 1767225600000) / 1000.0)
            """,
        VOIDS,
    ),
    ReplayCheck(
        14,
        "each scan that was judged is judged alike again",
        """SELECT min(scan_id) FROM scans
            WHERE shard = 0 AND scan_id BETWEEN :first AND :last AND facts <> ''
                AND (outcome <> 'refused' OR NOT EXISTS (
                    SELECT FROM released_claims AS r WHERE r.shard = 0
                        AND r.code_id = scans.code_id
                        AND r.member_no = scans.member_no))
            GROUP BY outcome, facts""",
        SCANS,
    ),
)
