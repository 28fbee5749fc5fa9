"""The SQL of opening cases: scans join the case of their attack, or open it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.cases import MOST_SCANS, Attack, HeldScan

# What is new is locked in one order, whoever else opens cases. A case that has as many
# scans as one decision may settle takes no more.
_OPEN: Final = text(
    f"""
    INSERT INTO cases AS c (case_id, kind, subject_kind, subject, subject_name, score,
        heaviest, unexplained, points, minor, others, scans, waiting, rules, opened_at,
        last_at, due_at, collects)
    SELECT case_id, kind, subject_kind, subject, subject_name, score, heaviest,
        unexplained, points, minor, others, scans, scans, rules, :now, :now, :due,
        scans < {MOST_SCANS}
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (case_id bigint, kind text,
        subject_kind text, subject text, subject_name text, score integer,
        heaviest integer, unexplained integer, points bigint, minor bigint,
        others integer, scans integer, rules text[])
    ORDER BY kind, subject_kind, subject
    ON CONFLICT (kind, subject_kind, subject) WHERE collects DO UPDATE SET
        score = greatest(c.score, excluded.score),
        heaviest = greatest(c.heaviest, excluded.heaviest),
        unexplained = c.unexplained + excluded.unexplained,
        points = c.points + excluded.points,
        minor = c.minor + excluded.minor,
        others = c.others + excluded.others,
        scans = c.scans + excluded.scans,
        waiting = c.waiting + excluded.scans,
        rules = ARRAY(SELECT DISTINCT r FROM unnest(c.rules || excluded.rules) AS u (r)
            ORDER BY r),
        last_at = excluded.last_at,
        collects = c.scans + excluded.scans < {MOST_SCANS}
    RETURNING c.case_id, c.kind, c.subject_kind, c.subject
    """  # noqa: S608 - a constant
)


async def open_cases(
    conn: AsyncConnection,
    attacks: Sequence[tuple[int, Attack, Sequence[HeldScan]]],
    *,
    now: datetime,
    due_at: datetime,
) -> dict[Attack, int]:
    """Open the cases of attacks, each under its number, or join those that are open.

    Gives the number of each attack's case.
    """
    rows = msgspec.json.encode([_row(*each) for each in attacks]).decode()
    found = await conn.execute(_OPEN, {"rows": rows, "now": now, "due": due_at})
    by_name = {tuple(attack): attack for _, attack, _ in attacks}
    return {
        by_name[row.kind, row.subject_kind, row.subject]: row.case_id for row in found
    }


def _row(case_id: int, attack: Attack, scans: Sequence[HeldScan]) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "kind": attack.kind,
        "subject_kind": attack.subject_kind,
        "subject": attack.subject,
        "subject_name": scans[0].subjects[attack.subject_kind].name,
        "score": max(each.score for each in scans),
        "heaviest": max((h.score for each in scans for h in each.hits), default=0),
        "unexplained": sum(not each.hits or each.needs_person for each in scans),
        "points": sum(each.value.points for each in scans),
        "minor": sum(each.value.minor for each in scans),
        "others": sum(each.value.others for each in scans),
        "scans": len(scans),
        "rules": sorted({h.rule_id for each in scans for h in each.hits}),
    }


async def insert_scans(
    conn: AsyncConnection, scans: Sequence[tuple[int, HeldScan]]
) -> None:
    """Note which case scans are in; raises IntegrityError for one that was in one."""
    await conn.execute(
        insert(t.case_scans),
        [
            {
                "scan_id": scan.scan_id,
                "case_id": case_id,
                "points": scan.value.points,
                "minor": scan.value.minor,
                "others": scan.value.others,
                "score": scan.score,
                "held": scan.held,
            }
            for case_id, scan in scans
        ],
    )
