"""The SQL of what rules and analysts came to, counted once, day by day."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.cases import Value, Verb
from anti_fraud.domain.figures import (
    Counts,
    DecidedCase,
    DueIn,
    Figure,
    Figures,
    Key,
    OpenCases,
)
from core.clock import business_day, to_ms
from core.ids import first_id_at

MOST_AGE_DAYS: Final = 7


class Counted(NamedTuple):
    """How far things are counted: the last scan, and the last entry of a case."""

    scan_id: int
    entry_id: int


async def lock_counted(conn: AsyncConnection) -> Counted | None:
    """Lock how far things are counted; None while somebody else counts."""
    c = t.fraud_days_counted.c
    found = await conn.execute(
        select(c.scan_id, c.entry_id).with_for_update(skip_locked=True)
    )
    row = found.one_or_none()
    return None if row is None else Counted(row.scan_id, row.entry_id)


async def set_counted(
    conn: AsyncConnection, counted: Counted, *, now: datetime
) -> None:
    """Note how far things are counted."""
    await conn.execute(
        update(t.fraud_days_counted).values(**counted._asdict(), counted_at=now)
    )


async def add_counts(conn: AsyncConnection, counts: Counts) -> None:
    """Add counts to those of their days."""
    if not counts:
        return
    new = upsert(t.fraud_days)
    await conn.execute(
        new.on_conflict_do_update(
            index_elements=["day", "figure", "name"],
            set_={"n": t.fraud_days.c.n + new.excluded.n},
        ),
        [
            {"day": key.day, "figure": key.figure.value, "name": key.name, "n": n}
            for key, n in sorted(counts.items())
        ],
    )


_DECIDED: Final = text(
    """
    SELECT e.entry_id, e.at, e.kind, e.detail, c.rules
    FROM (SELECT entry_id, case_id, at, kind, detail FROM case_entries
        WHERE entry_id > :after AND entry_id <= :upto
        ORDER BY entry_id LIMIT :limit) AS e
    JOIN cases AS c USING (case_id)
    ORDER BY e.entry_id
    """
)


async def load_decided(
    conn: AsyncConnection, timezone: ZoneInfo, *, after: int, upto: int, limit: int
) -> tuple[int, list[DecidedCase]]:
    """Load decisions after an entry of a timeline, and up to which entry that is."""
    span = {"after": after, "upto": upto, "limit": limit}
    rows = (await conn.execute(_DECIDED, span)).all()
    found = []
    for row in rows:
        sign = _SIGNS.get(row.kind)
        decision = row.detail.get("decision")
        if sign is None or decision is None:
            continue
        value = Value(row.detail.get("points", 0), row.detail.get("minor", 0))
        day = business_day(to_ms(row.at), timezone)
        found.append(DecidedCase(day, Verb(decision), tuple(row.rules), value, sign))
    return rows[-1].entry_id if len(rows) == limit else upto, found


_SIGNS: Final = {"decided": 1, "undone": -1}


async def load_figures(conn: AsyncConnection, *, since: date) -> Figures:
    """Load the figures of all days from one on."""
    d = t.fraud_days.c
    rows = await conn.execute(select(t.fraud_days).where(d.day >= since))
    counts = {Key(row.day, Figure(row.figure), row.name): row.n for row in rows}
    counted = await conn.execute(select(t.fraud_days_counted.c.counted_at))
    return Figures(counts, counted.scalar_one_or_none())


# An entry of the index has both: when a case is due, and its number, which tells when
# it was opened (core.ids).
_OPEN: Final = text(
    """
    SELECT width_bucket(due_at, CAST(:due AS timestamptz[])) AS due,
        width_bucket(case_id, CAST(:opened AS bigint[])) AS opened, count(*) AS n
    FROM (SELECT due_at, case_id FROM cases WHERE NOT is_over
        ORDER BY due_at, case_id LIMIT :most) AS c
    GROUP BY 1, 2
    """
)
_DUE: Final[Mapping[DueIn, timedelta]] = {
    DueIn.OVER: -timedelta(days=1),
    DueIn.HOURS_4: timedelta(),
    DueIn.HOURS_12: timedelta(hours=4),
    DueIn.DAY: timedelta(hours=12),
    DueIn.LATER: timedelta(days=1),
}


async def count_open(conn: AsyncConnection, *, now: datetime, most: int) -> OpenCases:
    """Count open cases by when they are due and how old they are, up to so many."""
    days = range(MOST_AGE_DAYS, 0, -1)
    opened = [first_id_at(to_ms(now - timedelta(days=day))) for day in days]
    asked = {"due": [now + far for far in _DUE.values()], "opened": opened}
    rows = (await conn.execute(_OPEN, asked | {"most": most})).all()
    kinds = tuple(DueIn)
    due = dict.fromkeys(kinds, 0)
    age = dict.fromkeys(range(MOST_AGE_DAYS + 1), 0)
    for row in rows:
        due[kinds[row.due]] += row.n
        age[MOST_AGE_DAYS - row.opened] += row.n
    return OpenCases(due, age, sum(due.values()) < most)
