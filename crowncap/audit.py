"""`crowncap audit`: every invariant that applies so far, over the whole database.

Each check is one query that returns what breaks an invariant; none is a good audit.
docs/invariants.md says what the numbers stand for.
"""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.keyring import HighWaterMark

MAX_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Check:
    """A query for what breaks an invariant; its first column names the offender."""

    invariant: int
    sentence: str
    query: str


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant that does not hold, and where."""

    invariant: int
    sentence: str
    count: int
    examples: tuple[str, ...]


CHECKS = (
    Check(
        1,
        "each claim has the scan that made it",
        """SELECT k.code_id FROM claims AS k LEFT JOIN scans AS s USING (scan_id)
            WHERE s.scan_id IS NULL OR s.code_id <> k.code_id
                OR s.member_no <> k.member_no
                OR s.outcome NOT IN ('held', 'no_reward', 'rewarded')""",
    ),
    Check(
        1,
        "each scan that claims has its claim",
        """SELECT s.scan_id FROM scans AS s LEFT JOIN claims AS k
                ON k.code_id = s.code_id AND k.scan_id = s.scan_id
            WHERE s.outcome IN ('held', 'no_reward', 'rewarded')
                AND k.code_id IS NULL""",
    ),
    Check(
        1,
        "no code is claimed by two scans",
        """SELECT code_id FROM scans WHERE outcome IN ('held', 'no_reward', 'rewarded')
            GROUP BY code_id HAVING count(*) > 1""",
    ),
    Check(
        1,
        "each reward of a scan is one transfer of the same points to its member",
        """SELECT s.scan_id FROM scans AS s
            FULL JOIN (SELECT * FROM transfers WHERE kind IN ('posted', 'pending')) AS t
                ON t.transfer_id = s.scan_id
            WHERE (s.points > 0) IS DISTINCT FROM (t.transfer_id IS NOT NULL)
                AND (s.points > 0 OR t.transfer_id IS NOT NULL)
                OR t.amount <> s.points OR t.credit_account <> s.member_no
                OR t.debit_account <> s.campaign_no
                OR (t.kind = 'pending') <> (s.outcome = 'held')""",
    ),
    Check(
        2,
        "each idempotency key has its recorded answer",
        "SELECT encode(key_hash, 'hex') FROM idempotency_keys WHERE response IS NULL",
    ),
    Check(
        3,
        "each transfer is from a campaign to a member, or ends one that was",
        """SELECT t.transfer_id FROM transfers AS t
            LEFT JOIN campaigns AS c ON c.campaign_no = t.debit_account
            LEFT JOIN members AS m ON m.member_no = t.credit_account
            WHERE c.campaign_no IS NULL OR m.member_no IS NULL""",
    ),
    Check(
        3,
        "debits and credits cancel out",
        "SELECT sum(amount) FROM entries HAVING sum(amount) <> 0",
    ),
    Check(
        4,
        "each balance equals what its transfers add up to",
        """SELECT coalesce(b.member_no, t.member_no) FROM balances AS b
            FULL JOIN (
                SELECT credit_account AS member_no,
                    coalesce(sum(amount) FILTER (
                        WHERE kind IN ('posted', 'post')), 0) AS available,
                    coalesce(sum(amount) FILTER (WHERE kind = 'pending'), 0)
                        - coalesce(sum(amount) FILTER (
                            WHERE kind IN ('post', 'void')), 0) AS pending
                FROM transfers GROUP BY credit_account) AS t USING (member_no)
            WHERE coalesce(b.available, 0) <> coalesce(t.available, 0)
                OR coalesce(b.pending, 0) <> coalesce(t.pending, 0)""",
    ),
    Check(
        5,
        "no balance is negative",
        "SELECT member_no FROM balances WHERE available < 0 OR pending < 0",
    ),
    Check(
        6,
        "each pending transfer has its hold, resolved as the ledger says",
        """SELECT p.transfer_id FROM transfers AS p
            LEFT JOIN holds AS h ON h.transfer_id = p.transfer_id
            LEFT JOIN transfers AS e ON e.pending_id = p.transfer_id
            WHERE p.kind = 'pending' AND (h.transfer_id IS NULL OR h.amount <> p.amount
                OR coalesce(h.resolution, '') <> CASE e.kind
                    WHEN 'post' THEN 'posted' WHEN 'void' THEN 'voided' ELSE '' END
                OR e.amount <> p.amount OR e.credit_account <> p.credit_account)""",
    ),
    Check(
        7,
        "what a campaign spent equals its transfers and fits its budget",
        """SELECT b.campaign_no FROM campaign_budgets AS b
            LEFT JOIN (
                SELECT debit_account AS campaign_no,
                    sum(amount) FILTER (WHERE kind IN ('posted', 'pending'))
                    - coalesce(sum(amount) FILTER (WHERE kind = 'void'), 0) AS spent
                FROM transfers GROUP BY debit_account) AS t USING (campaign_no)
            WHERE b.spent <> coalesce(t.spent, 0) OR b.spent > b.budget""",
    ),
    # 1767225600000 is core.ids.EPOCH_MS, at which scan_ids begin to count.
    Check(
        7,
        "no member earned more of a campaign in a day than its cap",
        """SELECT t.credit_account FROM transfers AS t
            JOIN campaigns AS c ON c.campaign_no = t.debit_account
            LEFT JOIN transfers AS e ON e.pending_id = t.transfer_id AND e.kind = 'void'
            WHERE t.kind IN ('posted', 'pending') AND e.transfer_id IS NULL
                AND c.daily_cap IS NOT NULL
            GROUP BY t.credit_account, c.campaign_no, c.daily_cap,
                (to_timestamp(((t.transfer_id >> 22) + 1767225600000) / 1000.0)
                    AT TIME ZONE :timezone)::date
            HAVING sum(t.amount) > c.daily_cap""",
    ),
    Check(
        8,
        "the ranges of each batch tile it",
        """SELECT b.batch_id FROM batches AS b LEFT JOIN (
                SELECT batch_id, min(first_code_id) AS first, max(last_code_id) AS last,
                    sum(last_code_id - first_code_id + 1) AS size
                FROM ranges GROUP BY batch_id) AS r USING (batch_id)
            WHERE r.size IS DISTINCT FROM b.quantity
                OR r.first <> (b.epoch::bigint << 36) + b.first_serial
                OR r.last <> r.first + b.quantity - 1""",
    ),
    Check(
        8,
        "each change of a batch is in the audit log, by the same person",
        """SELECT c.change_id FROM range_changes AS c WHERE NOT EXISTS (
            SELECT FROM audit_log AS a WHERE a.person = c.person AND (
                a.subject = 'batch:' || c.batch_id AND a.action = 'batch.' || c.kind
                OR c.kind = 'recall' AND a.action = 'recall.approve'))""",
    ),
    Check(
        10,
        "no epoch has issued past its next serial",
        """SELECT b.batch_id FROM batches AS b JOIN epochs AS e USING (epoch)
            WHERE b.first_serial + b.quantity > e.next_serial""",
    ),
    Check(
        11,
        "no code was claimed that was not activated, or after its range was ended",
        """SELECT k.code_id FROM claims AS k
            LEFT JOIN ranges AS r
                ON int8range(r.first_code_id, r.last_code_id, '[]') @> k.code_id
            LEFT JOIN range_changes AS c ON c.change_id = r.change_id
            WHERE r.batch_id IS NULL OR r.state = 'issued'
                OR r.state IN ('void', 'recalled') AND c.at
                    < to_timestamp(((k.scan_id >> 22) + 1767225600000) / 1000.0)""",
    ),
    Check(
        11,
        "no code was claimed after it was voided",
        """SELECT k.code_id FROM claims AS k
            JOIN void_codes AS v USING (code_id)
            JOIN range_changes AS c USING (change_id)
            WHERE c.at < to_timestamp(((k.scan_id >> 22) + 1767225600000) / 1000.0)""",
    ),
    Check(
        8,
        "each package that was approved was approved by a second person, and audited",
        """SELECT p.package_id FROM packages AS p
            WHERE p.approved_by IS NOT NULL AND (p.approved_by = p.ordered_by
                OR NOT EXISTS (SELECT FROM audit_log AS a
                    WHERE a.action = 'package.approve' AND a.person = p.approved_by
                        AND a.subject = 'package:' || p.package_id))""",
    ),
    Check(
        8,
        "each download of a package was counted",
        """SELECT p.package_id FROM packages AS p
            LEFT JOIN package_downloads AS d USING (package_id)
            GROUP BY p.package_id HAVING count(d.download_id) <> p.downloads""",
    ),
    Check(
        9,
        "the counts of each batch are those of its codes and units",
        """SELECT c.batch_id FROM line_counts AS c
            JOIN batches AS b USING (batch_id)
            LEFT JOIN LATERAL (
                SELECT sum(length(translate(encode(s.statuses, 'hex'), '0', '')))
                    AS named FROM code_statuses AS s WHERE s.batch_id = c.batch_id
            ) AS codes ON true
            LEFT JOIN LATERAL (
                SELECT sum(q.quantity) AS quantity FROM unit_quantities AS q
                WHERE q.batch_id = c.batch_id
            ) AS units ON true
            WHERE c.issued <> b.quantity
                OR c.printed + c.rejected + c.wasted + c.missing + c.indeterminate
                    <> coalesce(codes.named, 0) + coalesce(units.quantity, 0)""",
    ),
    Check(
        8,
        "each logistic unit stands as its latest event left it",
        """SELECT u.sscc FROM logistic_units AS u LEFT JOIN LATERAL (
                SELECT e.kind FROM logistic_event_units AS v
                JOIN logistic_events AS e USING (event_id)
                WHERE v.sscc = u.sscc AND (v.pallet_sscc IS NULL
                    OR e.kind IN ('shipping', 'receiving'))
                ORDER BY e.event_no DESC LIMIT 1) AS latest ON true
            WHERE u.state IS DISTINCT FROM CASE latest.kind
                WHEN 'packing' THEN 'packed' WHEN 'unpacking' THEN 'unpacked'
                WHEN 'shipping' THEN 'shipped' WHEN 'receiving' THEN 'received' END""",
    ),
    Check(
        8,
        "each event of logistic units is in the audit log, by the same person",
        """SELECT e.event_id FROM logistic_events AS e LEFT JOIN (
                SELECT person, action,
                    jsonb_array_elements_text(detail -> 'events') AS event_id
                FROM audit_log WHERE starts_with(action, 'logistic_unit.')) AS a
                ON a.event_id = e.event_id::text AND a.person = e.person
                    AND a.action = 'logistic_unit.' || e.kind
            WHERE a.event_id IS NULL""",
    ),
    Check(
        8,
        "each carton on a pallet is where the pallet is",
        """SELECT c.sscc FROM logistic_units AS c
            JOIN logistic_units AS p ON p.sscc = c.pallet_sscc
            WHERE p.kind <> 'pallet' OR p.state = 'unpacked' OR c.state <> p.state
                AND (p.state, c.state) <> ('packed', 'received')""",
    ),
    Check(
        9,
        "each carton holds caps of its batches until it is unpacked",
        """SELECT u.sscc FROM logistic_units AS u
            LEFT JOIN carton_contents AS c USING (sscc)
            LEFT JOIN batches AS b USING (batch_id)
            WHERE (c.sscc IS NULL) = (u.kind = 'carton')
                OR (c.unpacked_at IS NULL) = (u.state = 'unpacked')
                    AND c.sscc IS NOT NULL
                OR c.first_code_id < (b.epoch::bigint << 36) + b.first_serial
                OR c.last_code_id
                    >= (b.epoch::bigint << 36) + b.first_serial + b.quantity""",
    ),
    Check(
        13,
        "each stored day, time and number lies within its bounds",
        """WITH s AS (SELECT tstzrange('2000-01-01T00:00:00Z',
                '2199-12-31T23:59:59.999999Z', '[]') AS times,
                daterange('2000-01-01', '2199-12-31', '[]') AS days)
            SELECT 'product ' || gtin FROM products
            WHERE shelf_life_days NOT BETWEEN 1 AND 36500
            UNION ALL SELECT 'batch ' || batch_id FROM batches, s
            WHERE NOT produced_on <@ days
            UNION ALL SELECT 'range ' || first_code_id FROM ranges, s
            WHERE NOT produced_on <@ days OR NOT effective_at <@ times
            UNION ALL SELECT 'campaign ' || campaign_id FROM campaigns, s
            WHERE NOT starts_at <@ times OR NOT ends_at <@ times
                OR points > 1000000 OR daily_cap > 1000000000000000
            UNION ALL SELECT 'budget of campaign ' || campaign_no
            FROM campaign_budgets WHERE budget > 1000000000000000
            UNION ALL SELECT 'package ' || package_id FROM packages, s
            WHERE NOT download_by <@ times OR NOT activate_by <@ times
            UNION ALL SELECT 'token ' || token_id FROM staff_tokens, s
            WHERE NOT expires_at <@ times
            UNION ALL SELECT 'event ' || event_id FROM logistic_events, s
            WHERE NOT happened_at <@ times""",
    ),
)


async def audit_database(
    conn: AsyncConnection, high_water: HighWaterMark, *, timezone: str
) -> list[Finding]:
    """Run every check in one snapshot; `conn` must be in REPEATABLE READ."""
    findings: list[Finding] = []
    for check in CHECKS:
        rows = (
            await conn.execute(text(check.query), {"timezone": timezone})
            if ":timezone" in check.query
            else await conn.execute(text(check.query))
        ).all()
        if rows:
            examples = tuple(str(row[0]) for row in rows[:MAX_EXAMPLES])
            findings.append(
                Finding(check.invariant, check.sentence, len(rows), examples)
            )
    behind = await _marks_behind(conn, high_water)
    if behind:
        findings.append(
            Finding(
                10,
                "the high-water mark outside PostgreSQL covers all that was issued",
                len(behind),
                tuple(behind),
            )
        )
    return findings


async def _marks_behind(conn: AsyncConnection, high_water: HighWaterMark) -> list[str]:
    rows = await conn.execute(
        text("SELECT epoch, next_serial FROM epochs WHERE next_serial > 0")
    )
    behind: list[str] = []
    for row in rows:
        with high_water.raising(row.epoch) as mark:
            if mark.current() < row.next_serial:
                behind.append(f"epoch {row.epoch}")
    return behind
