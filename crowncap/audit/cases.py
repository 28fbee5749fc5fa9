"""Cases against the holds that they are made of."""

from crowncap.audit.checks import TRANSFERS, Check, Scope

CHECKS = (
    Check(
        6,
        "each hold is in one case at most, and both say so",
        """SELECT h.transfer_id FROM holds AS h
            LEFT JOIN case_scans AS s ON s.scan_id = h.transfer_id
            WHERE h.shard = 0 AND h.transfer_id BETWEEN :first AND :last
                AND (h.case_id IS DISTINCT FROM s.case_id
                    OR h.case_id IS NOT NULL AND h.reason <> 'rules')""",
        TRANSFERS,
    ),
    Check(
        6,
        "what was decided in a case waits no longer",
        """SELECT s.scan_id FROM case_scans AS s JOIN cases AS c USING (case_id)
            LEFT JOIN holds AS h ON h.shard = 0 AND h.transfer_id = s.scan_id
            WHERE (c.is_over OR s.entry_id IS NOT NULL) AND (s.entry_id IS NULL
                OR h.resolution IS NULL AND s.held
                OR h.transfer_id IS NOT NULL AND NOT s.held)""",
        scopes=(Scope.FULL,),
    ),
    Check(
        6,
        "the figures of a case are those of its scans",
        """SELECT c.case_id FROM cases AS c LEFT JOIN (
                SELECT case_id, count(*) AS scans,
                    count(*) FILTER (WHERE entry_id IS NULL) AS waiting,
                    sum(points) FILTER (WHERE entry_id IS NULL) AS points,
                    sum(minor) FILTER (WHERE entry_id IS NULL) AS minor,
                    sum(others) FILTER (WHERE entry_id IS NULL) AS others
                FROM case_scans GROUP BY case_id) AS s USING (case_id)
            WHERE c.scans <> coalesce(s.scans, 0) OR c.waiting <> coalesce(s.waiting, 0)
                OR c.points <> coalesce(s.points, 0)
                OR c.minor <> coalesce(s.minor, 0)
                OR c.others <> coalesce(s.others, 0)""",
        scopes=(Scope.FULL,),
    ),
)
