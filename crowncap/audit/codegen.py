"""Batches, ranges and epochs."""

from codegen.domain.ranges import SERIAL_BITS
from crowncap.audit.checks import BATCHES, Check

CHECKS = (
    Check(
        8,
        "the ranges of each batch tile it",
        f"""SELECT b.batch_id FROM batches AS b LEFT JOIN (
                SELECT batch_id, min(first_code_id) AS first, max(last_code_id) AS last,
                    sum(last_code_id - first_code_id + 1) AS size
                FROM ranges WHERE batch_id BETWEEN :first AND :last
                GROUP BY batch_id) AS r USING (batch_id)
            WHERE b.batch_id BETWEEN :first AND :last AND (
                r.size IS DISTINCT FROM b.quantity
                OR r.first <> (b.epoch::bigint << {SERIAL_BITS}) + b.first_serial
                OR r.last <> r.first + b.quantity - 1)""",  # noqa: S608 - made of constants
        BATCHES,
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
        8,
        "no code stands for a campaign of another brand",
        """SELECT b.batch_id FROM campaigns AS c
            JOIN ranges AS r USING (campaign_id) JOIN batches AS b USING (batch_id)
            LEFT JOIN products AS p ON p.gtin = r.gtin
            WHERE c.brand IS NOT NULL
                AND c.brand IS DISTINCT FROM coalesce(p.brand, b.brand)""",
    ),
    Check(
        10,
        "no epoch has issued past its next serial",
        """SELECT b.batch_id FROM batches AS b JOIN epochs AS e USING (epoch)
            WHERE b.first_serial + b.quantity > e.next_serial""",
    ),
)
