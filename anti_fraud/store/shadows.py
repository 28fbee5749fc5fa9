"""The SQL of shadows: which one runs, and what was counted of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.rule_set_versions import Change, Slots
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.shadows import (
    MISSED,
    DayOfShadow,
    Difference,
    RuleCounts,
    Shadow,
    ShadowCounts,
    ShadowReport,
    ShadowRun,
)
from anti_fraud.domain.verdict import Verdict
from anti_fraud.store.rule_sets import (
    enter_shadow,
    leave_shadow,
    load_rule_sets,
    load_slots,
    note_change,
)
from core.clock import to_ms
from core.ids import first_id_at

_SHOWN: Final = 100


async def load_shadow(conn: AsyncConnection, live: RuleSet) -> Shadow | None:
    """Load what runs beside the live set; None where nothing does, or can be read."""
    version = (await load_slots(conn)).shadow
    if version is None:
        return None
    run = await load_running(conn)
    rule_set = (await load_rule_sets(conn, [version])).get(version)
    if run is None or rule_set is None:
        return None
    return Shadow(run.run, rule_set, to_ms(run.until), live)


async def start_run(
    conn: AsyncConnection,
    version: int,
    *,
    until: datetime,
    person: str,
    now: datetime,
) -> ShadowRun:
    """Put a committed version into the free shadow; behind the fence, slots locked."""
    run = await note_change(
        *(conn, Change.SHADOW, None, version),
        below=None,
        reason="",
        person=person,
        now=now,
    )
    started = ShadowRun(run, version, until, person, now, None, None)
    await conn.execute(
        insert(t.shadow_runs).values(
            run=run, version=version, until=until, started_by=person, started_at=now
        )
    )
    await enter_shadow(conn, version, until=until, change_id=run)
    return started


async def end_run(
    conn: AsyncConnection, slots: Slots, *, person: str, now: datetime
) -> None:
    """Take what is in the shadow out of it; slots are locked."""
    await note_change(
        *(conn, Change.END_SHADOW, slots.shadow, None),
        below=None,
        reason="",
        person=person,
        now=now,
    )
    await leave_shadow(conn, person=person, now=now)


async def load_running(conn: AsyncConnection) -> ShadowRun | None:
    """Load the run that is under way."""
    runs = t.shadow_runs
    found = await conn.execute(select(runs).where(runs.c.ended_at.is_(None)))
    row = found.one_or_none()
    return None if row is None else _read_run(row)


async def load_last_run(conn: AsyncConnection, version: int) -> ShadowRun | None:
    """Load the newest run of a version."""
    runs = t.shadow_runs
    found = await conn.execute(
        select(runs)
        .where(runs.c.version == version)
        .order_by(runs.c.run.desc())
        .limit(1)
    )
    row = found.one_or_none()
    return None if row is None else _read_run(row)


def _read_run(row: Row[Any]) -> ShadowRun:
    return ShadowRun(
        *(row.run, row.version, row.until, row.started_by, row.started_at),
        *(row.ended_by, row.ended_at),
    )


# What was counted ---------------------------------------------------------------------


# Rows in one order, so that workers wait for each other and no two for both.
_ADD_OUTCOMES: Final = text(
    """
    INSERT INTO shadow_outcomes AS o (run, day, live, shadow, scans)
    SELECT :run, n.day, n.live, n.shadow, n.scans
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS n (day date, live text, shadow text, scans bigint)
    ORDER BY n.day, n.live, n.shadow
    ON CONFLICT (run, day, live, shadow)
        DO UPDATE SET scans = o.scans + excluded.scans
    """
)
_ADD_RULES: Final = text(
    """
    INSERT INTO shadow_rules AS r
        (run, day, rule_id, live_hits, shadow_hits, both_hits, failed)
    SELECT :run, n.day, n.rule_id, n.live_hits, n.shadow_hits, n.both, n.failed
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n (day date, rule_id text,
        live_hits bigint, shadow_hits bigint, "both" bigint, failed bigint)
    ORDER BY n.day, n.rule_id
    ON CONFLICT (run, day, rule_id) DO UPDATE SET
        live_hits = r.live_hits + excluded.live_hits,
        shadow_hits = r.shadow_hits + excluded.shadow_hits,
        both_hits = r.both_hits + excluded.both_hits,
        failed = r.failed + excluded.failed
    """
)
_KEEP_DIFFERENCES: Final = text(
    """
    INSERT INTO shadow_differences
        (run, scan_id, live, shadow, live_score, shadow_score)
    SELECT :run, n.scan_id, n.live, n.shadow, n.live_score, n.shadow_score
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n (scan_id bigint,
        live text, shadow text, live_score integer, shadow_score integer)
    ON CONFLICT DO NOTHING
    """
)


async def add_counts(conn: AsyncConnection, run: int, counts: ShadowCounts) -> None:
    """Add what a worker has counted of a run to what all have."""
    outcomes = [
        {"day": day, "live": live, "shadow": shadow, "scans": scans}
        for (day, live, shadow), scans in counts.outcomes.items()
    ]
    rules = [
        {"day": day, "rule_id": rule_id} | msgspec.to_builtins(each)
        for (day, rule_id), each in counts.rules.items()
    ]
    differences = [each._asdict() for each in counts.differences]
    for statement, rows in (
        (_ADD_OUTCOMES, outcomes),
        (_ADD_RULES, rules),
        (_KEEP_DIFFERENCES, differences),
    ):
        if rows:
            packed = msgspec.json.encode(rows).decode()
            await conn.execute(statement, {"run": run, "rows": packed})


# By run, since their key begins with it.
_FORGET: Final = text(
    """
    DELETE FROM shadow_differences WHERE shard = 0 AND ctid = ANY(ARRAY(
        SELECT d.row_ FROM shadow_runs AS r
        CROSS JOIN LATERAL (SELECT ctid AS row_ FROM shadow_differences
            WHERE shard = 0 AND run = r.run AND scan_id < :before LIMIT :limit) AS d
        WHERE r.started_at < :started LIMIT :limit))
    """
)


async def forget_differences(
    conn: AsyncConnection, *, before: datetime, limit: int
) -> int:
    """Forget scans from before a moment; returns how many. Counts stay."""
    values = {"before": first_id_at(to_ms(before)), "started": before, "limit": limit}
    return int((await conn.execute(_FORGET, values)).rowcount)


async def load_report(conn: AsyncConnection, run: ShadowRun) -> ShadowReport:
    """Add up what was counted of a run."""
    outcomes: dict[tuple[Verdict, Verdict], int] = {}
    days: dict[Any, list[int]] = {}
    missed = 0
    found = t.shadow_outcomes
    rows = await conn.execute(
        select(found).where(found.c.run == run.run).order_by(found.c.day)
    )
    for row in rows:
        if row.shadow == MISSED:
            missed += row.scans
            continue
        pair = Verdict(row.live), Verdict(row.shadow)
        outcomes[pair] = outcomes.get(pair, 0) + row.scans
        day = days.setdefault(row.day, [0, 0])
        day[0] += row.scans
        day[1] += row.scans if row.live != row.shadow else 0
    return ShadowReport(
        run,
        outcomes,
        missed,
        await _load_rules(conn, run.run),
        [DayOfShadow(day, *numbers) for day, numbers in days.items()],
        await _load_differences(conn, run.run),
    )


async def _load_rules(conn: AsyncConnection, run: int) -> Mapping[str, RuleCounts]:
    found = t.shadow_rules
    rows = await conn.execute(select(found).where(found.c.run == run))
    counts: dict[str, RuleCounts] = {}
    for row in rows:
        known = counts.setdefault(row.rule_id, RuleCounts())
        known.live_hits += row.live_hits
        known.shadow_hits += row.shadow_hits
        known.both += row.both_hits
        known.failed += row.failed
    return counts


async def _load_differences(conn: AsyncConnection, run: int) -> list[Difference]:
    found = t.shadow_differences
    rows = await conn.execute(
        select(found)
        .where(found.c.shard == 0, found.c.run == run)
        .order_by(found.c.scan_id.desc())
        .limit(_SHOWN)
    )
    return [
        Difference(
            *(row.scan_id, Verdict(row.live), Verdict(row.shadow)),
            *(row.live_score, row.shadow_score),
        )
        for row in rows
    ]
