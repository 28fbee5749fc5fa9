"""The partitions of growing tables: made ahead, mended, dropped, and never waited for.

A step takes its locks for a moment or not at all (core.db.try_briefly), so that a dump
or an analyst's open transaction makes upkeep wait and never a scan. What has no
partition yet lies in the table's default, and moves when its partition is made.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.clock import to_ms, utc_datetime
from core.db import LOCKED, PAUSES_S, SESSIONS, try_briefly
from core.ids import first_id_at, time_of_id

TRACE_DAYS = 90
# So many serials of an epoch share a partition of claims.
CHUNK_BITS = 30
SLICE = 10_000
# A partition that is still missing so long before it is needed is somebody's work.
URGENT = timedelta(days=2)

# Transactions that keep locks on tables or their partitions for more than a moment.
_HOLDERS = text(
    SESSIONS  # noqa: S608 - constants
    + """
    JOIN pg_locks AS l ON l.pid = a.pid AND l.granted AND l.relation IN (
        SELECT t::regclass FROM unnest(CAST(:tables AS text[])) AS t
        UNION SELECT inhrelid FROM pg_inherits, unnest(CAST(:tables AS text[])) AS t
            WHERE inhparent = t::regclass)
    WHERE coalesce(a.xact_start < clock_timestamp() - interval '200 ms', true)
    """
)

log = structlog.get_logger(logger_name=__name__)


@dataclass(frozen=True, slots=True)
class Periodic:
    """A table that is partitioned by time-ordered ids, and how far ahead it is kept."""

    table: str
    name_format: str
    ahead: int
    begin: Callable[[date], date]
    step: timedelta
    # Who makes them: for tables that the serving role does not own, on its behalf.
    function: str = "ensure_time_partitions"

    def periods(self, first: date, last: date) -> Iterator["Period"]:
        """List the periods from that of `first` to that of `last`."""
        begins = self.begin(first)
        while begins <= last:
            ends = self.begin(begins + self.step)
            yield Period(
                self.table,
                self.function,
                begins.strftime(self.name_format),
                _first_id(begins),
                _first_id(ends),
                begins,
            )
            begins = ends


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of ids that has partitions of its own."""

    table: str
    function: str
    name: str
    first_id: int
    end_id: int
    begins: date


def _monthly(table: str, function: str) -> Periodic:
    first, month = (lambda day: day.replace(day=1)), timedelta(days=32)
    return Periodic(table, "%Y_%m", 92, first, month, function)


PERIODIC = (
    _monthly("scans", "ensure_time_partitions"),
    Periodic("scan_traces", "%Y_%m_%d", 8, lambda day: day, timedelta(days=1)),
    *(
        _monthly(t, "ensure_ledger_partitions")
        for t in ("members", "transfers", "holds")
    ),
)


def _first_id(day: date) -> int:
    return first_id_at(to_ms(datetime.combine(day, time.min, UTC)))


# By code ------------------------------------------------------------------------------

# Chunks of 2^30 serials that are issued, and the next of each epoch, but for those that
# have their partitions; and whether codes of them exist.
_MISSING_CHUNKS = text(
    """
    SELECT chunk, needed
    FROM (
        SELECT (CAST(epoch AS bigint) << 6) + n AS chunk,
            n << 30 < next_serial AS needed
        FROM epochs, generate_series(0, least((next_serial - 1 >> 30) + 1, 63)) AS n
    ) AS wanted,
    (SELECT coalesce(range_agg(keys), '{}') AS c FROM partitions_of('claims')) AS a,
    (SELECT coalesce(range_agg(keys), '{}') AS s FROM partitions_of('sightings')) AS b
    WHERE NOT c * s @> int8range(chunk << 30, (chunk + 1) << 30)
    ORDER BY chunk
    """
)


async def keep_code_partitions(
    engine: AsyncEngine, *, pauses_s: Sequence[float] = PAUSES_S
) -> bool:
    """Make the partitions of claims and sightings; tells whether none is missing.

    Each epoch has one more than its codes need, so that a new one is never urgent.
    """
    async with engine.connect() as conn:
        missing = (await conn.execute(_MISSING_CHUNKS)).all()
    left = len(missing)
    for chunk, needed in missing:
        try:
            await try_briefly(
                engine, partial(_ensure_chunk, chunk=chunk), pauses_s=pauses_s
            )
        except DBAPIError as fault:
            tables = ("claims", "sightings")
            await _explain(engine, fault, tables, urgent=needed, chunk=chunk)
        else:
            left -= 1
    return not left


async def _ensure_chunk(conn: AsyncConnection, chunk: int) -> None:
    await conn.execute(
        text("SELECT ensure_code_partitions(:first, :first)"), {"first": chunk << 30}
    )


# By time ------------------------------------------------------------------------------


async def ensure_current_partitions(engine: AsyncEngine, now: datetime) -> None:
    """Try once, for a moment, to have a partition for what is scanned now.

    For a start, which must not hang on it: without one, rows go into the default.
    """
    today = now.astimezone(UTC).date()
    for table in PERIODIC:
        for period in table.periods(today, today):
            try:
                await try_briefly(
                    engine,
                    partial(_ensure_period, period=period),
                    pauses_s=(),
                    limit_s=1,
                )
            except DBAPIError as fault:
                await _explain(engine, fault, (period.table,), period=period.name)


async def keep_time_partitions(
    engine: AsyncEngine, now: datetime, *, pauses_s: Sequence[float] = PAUSES_S
) -> bool:
    """Make partitions ahead, and those of rows in defaults; tells whether all are made.

    Leaves a table alone when one of its locks is kept; any other fault is a period's.
    """
    kept = [await _keep(engine, table, now, pauses_s) for table in PERIODIC]
    return all(kept)


async def _keep(
    engine: AsyncEngine, table: Periodic, now: datetime, pauses_s: Sequence[float]
) -> bool:
    today = now.astimezone(UTC).date()
    last = today + timedelta(days=table.ahead)
    strays = [period async for period in _stray_periods(engine, table, last)]
    wanted = sorted({*strays, *table.periods(today, last)}, key=lambda p: p.begins)
    for period in wanted:
        ensure = partial(_ensure_period, period=period)
        try:
            while await try_briefly(engine, ensure, pauses_s=pauses_s):
                pass
        except DBAPIError as fault:
            urgent = period.begins <= (now + URGENT).astimezone(UTC).date()
            await _explain(
                engine, fault, (table.table,), urgent=urgent, period=period.name
            )
            if isinstance(fault.orig, LOCKED):
                return False
    # What is being written into the default right now moves at the next try.
    return not [period async for period in _stray_periods(engine, table, last)]


async def _stray_periods(
    engine: AsyncEngine, table: Periodic, last: date
) -> AsyncIterator[Period]:
    """Name the periods of rows that lie in the default, up to that of `last`."""
    from_id = 0
    while True:
        async with engine.connect() as conn:
            found = await conn.execute(
                text("SELECT lowest_in_default(CAST(:table AS regclass), :from_id)"),
                {"table": table.table, "from_id": from_id},
            )
            lowest = found.scalar_one()
        if lowest is None or lowest >= _first_id(last + timedelta(days=1)):
            return
        day = utc_datetime(time_of_id(lowest)).date()
        period = next(table.periods(day, day))
        yield period
        from_id = period.end_id


async def _ensure_period(conn: AsyncConnection, period: Period) -> int:
    made = await conn.execute(
        # The function's name is one of ours.
        text(f"SELECT {period.function}(:table, :names, :firsts, :ends)"),
        {
            "table": period.table,
            "names": [period.name],
            "firsts": [period.first_id],
            "ends": [period.end_id],
        },
    )
    return int(made.scalar_one())


# What is past its keeping -------------------------------------------------------------


async def drop_old_traces(
    engine: AsyncEngine, now: datetime, *, pauses_s: Sequence[float] = PAUSES_S
) -> int:
    """Drop the days of addresses, devices and places that are past their keeping."""
    oldest = (now.astimezone(UTC) - timedelta(days=TRACE_DAYS)).date()
    async with engine.connect() as conn:
        rows = await conn.execute(
            text(
                "SELECT CAST(child AS text) FROM partitions_of('scan_traces')"
                " WHERE upper(keys) <= :end ORDER BY keys"
            ),
            {"end": _first_id(oldest)},
        )
        names = list(rows.scalars())
    for name in names:
        # The name comes from the catalogue, quoted.
        drop = partial(_run, text(f"DROP TABLE {name}"), {})
        await try_briefly(engine, drop, pauses_s=pauses_s)
    forget = partial(
        _run,
        text(
            "DELETE FROM scan_traces_default WHERE ctid = ANY (ARRAY("
            "SELECT ctid FROM scan_traces_default WHERE scan_id < :first LIMIT :n))"
        ),
        {"first": _first_id(oldest), "n": SLICE},
    )
    while await try_briefly(engine, forget, pauses_s=pauses_s):
        pass
    return len(names)


async def _run(
    statement: TextClause, values: dict[str, Any], conn: AsyncConnection
) -> int:
    return (await conn.execute(statement, values)).rowcount


# Who keeps a lock ---------------------------------------------------------------------


async def _explain(
    engine: AsyncEngine,
    fault: DBAPIError,
    tables: tuple[str, ...],
    *,
    urgent: bool = False,
    **what: str | int,
) -> None:
    """Log why a partition waits: for whom, or what is wrong."""
    if not isinstance(fault.orig, LOCKED):
        log.error("partition_failed", tables=tables, cause=fault, **what)
        return
    async with engine.connect() as conn:
        rows = await conn.execute(_HOLDERS, {"tables": list(tables)})
        holders = list(rows.scalars())
    tell = log.error if urgent else log.info
    tell(
        "partition_waits",
        tables=tables,
        held_by=holders,
        meaning="A partition could not be made, since transactions keep its table's "
        "locks; it is tried again. Scans go on meanwhile. If this lasts, end them.",
        **what,
    )
