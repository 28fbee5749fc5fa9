"""Packages, line reports, cartons and pallets."""

from codegen.domain.ranges import SERIAL_BITS
from crowncap.audit.checks import BATCHES, Check

CHECKS = (
    Check(
        8,
        "each package that was approved was approved by a second person, and audited",
        """SELECT p.package_id FROM packages AS p
            WHERE p.approved_by IS NOT NULL AND (
                fold_name(p.approved_by) = fold_name(p.ordered_by)
                    AND p.cancelled_at IS NULL
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
        11,
        "each honey code is void, and in no package",
        """SELECT h.code_id FROM honey_codes AS h
            WHERE NOT EXISTS (SELECT FROM ranges AS r
                WHERE int8range(r.first_code_id, r.last_code_id, '[]') @> h.code_id
                    AND r.batch_id = h.batch_id AND r.state = 'void')
                OR EXISTS (SELECT FROM packages AS p WHERE p.batch_id = h.batch_id
                    AND h.code_id BETWEEN p.first_code_id AND p.last_code_id)""",
    ),
    Check(
        9,
        "the counts of each batch are those of its codes and units",
        # What units hold by their accounts replaces what is named in them.
        """SELECT c.batch_id FROM line_counts AS c
            JOIN batches AS b USING (batch_id)
            LEFT JOIN LATERAL (
                SELECT sum(length(translate(encode(s.statuses, 'hex'), '0', '')))
                    AS named FROM code_statuses AS s WHERE s.batch_id = c.batch_id
            ) AS codes ON true
            LEFT JOIN LATERAL (
                SELECT sum(a.printed + a.rejected + a.wasted + a.missing
                    + a.indeterminate - coalesce(n.named, 0)) AS more
                FROM unit_accounts AS a
                JOIN batch_units AS u ON u.batch_id = a.batch_id AND u.name = a.unit
                LEFT JOIN LATERAL (
                    SELECT sum(length(translate(encode(substring(s.statuses,
                        greatest(u.from_index - (s.chunk_no::bigint << 16), 0)::int + 1,
                        (least(u.to_index - (s.chunk_no::bigint << 16), 65535)
                            - greatest(u.from_index - (s.chunk_no::bigint << 16), 0)
                            + 1)::int), 'hex'), '0', ''))) AS named
                    FROM code_statuses AS s WHERE s.batch_id = a.batch_id
                        AND s.chunk_no BETWEEN u.from_index >> 16 AND u.to_index >> 16
                ) AS n ON true
                WHERE a.batch_id = c.batch_id
            ) AS accounts ON true
            LEFT JOIN LATERAL (
                SELECT sum(q.quantity) AS quantity FROM unit_quantities AS q
                LEFT JOIN unit_accounts AS a USING (batch_id, unit)
                WHERE q.batch_id = c.batch_id AND a.unit IS NULL
            ) AS units ON true
            WHERE c.batch_id BETWEEN :first AND :last AND (c.issued <> b.quantity
                OR c.printed + c.rejected + c.wasted + c.missing + c.indeterminate
                    <> coalesce(codes.named, 0) + coalesce(accounts.more, 0)
                        + coalesce(units.quantity, 0))""",
        BATCHES,
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
        f"""SELECT u.sscc FROM logistic_units AS u
            LEFT JOIN carton_contents AS c USING (sscc)
            LEFT JOIN batches AS b USING (batch_id)
            WHERE (c.sscc IS NULL) = (u.kind = 'carton')
                OR (c.unpacked_at IS NULL) = (u.state = 'unpacked')
                    AND c.sscc IS NOT NULL
                OR c.first_code_id < (b.epoch::bigint << {SERIAL_BITS}) + b.first_serial
                OR c.last_code_id >= b.quantity
                    + (b.epoch::bigint << {SERIAL_BITS}) + b.first_serial""",  # noqa: S608 - made of constants
    ),
)
