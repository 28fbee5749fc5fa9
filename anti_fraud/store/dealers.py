"""The SQL of what dealers' codes are claimed where, and of dealers who are watched."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import bindparam, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.dealers import (
    JOB,
    LEAST_OUTSIDE,
    MOST_KNOWN,
    DealerDay,
    DealerShare,
    DealerWatch,
)
from anti_fraud.domain.stretches import Stretches
from anti_fraud.store.background_marks import load_version
from core.db_arrays import fetch_int8_arrays, write_numbers

_ADD: Final = text(
    """
    INSERT INTO dealer_days AS d (day, dealer, codes, outside)
    SELECT * FROM unnest(CAST(:days AS date[]), CAST(:dealers AS text[]),
        CAST(:codes AS bigint[]), CAST(:outside AS bigint[]))
    ON CONFLICT (day, dealer) DO UPDATE SET codes = d.codes + excluded.codes,
        outside = d.outside + excluded.outside
    """
)
_WATCH: Final = text(
    """
    INSERT INTO watched_dealers (dealer, codes, outside, firsts, lasts, event_no)
    VALUES (:dealer, :codes, :outside,
        CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[]), :event_no)
    """
)
_REPLACE: Final = text(
    """
    UPDATE watched_dealers SET firsts = CAST(:firsts AS bigint[]),
        lasts = CAST(:lasts AS bigint[]) WHERE dealer = :dealer
    """
)
_STRETCHES: Final = "SELECT firsts, lasts FROM watched_dealers WHERE dealer = :dealer"
# Dealers are known whole or not at all, those of whom most is outside first.
_KNOWN: Final = """
    WITH ranked AS (
        SELECT firsts, lasts, row_number() OVER by_outside AS place,
            sum(cardinality(firsts)) OVER by_outside AS stretches
        FROM watched_dealers WINDOW by_outside AS (ORDER BY outside DESC, dealer)
    )
    SELECT array_agg(s.first ORDER BY s.first), array_agg(s.last ORDER BY s.first),
        array_agg(d.place - 1 ORDER BY s.first)
    FROM ranked AS d, unnest(d.firsts, d.lasts) AS s (first, last)
    WHERE d.stretches <= :most
"""


class Watched(NamedTuple):
    """A watched dealer, and as of which logistic event its goods are known."""

    share: DealerShare
    event_no: int


async def add_days(conn: AsyncConnection, days: Sequence[DealerDay]) -> None:
    """Add to what was counted of dealers by day."""
    await conn.execute(
        _ADD,
        {
            "days": [each.day for each in days],
            "dealers": [each.dealer for each in days],
            "codes": [each.codes for each in days],
            "outside": [each.outside for each in days],
        },
    )


async def find_newest_day(conn: AsyncConnection) -> date | None:
    """Tell the newest day of which anything was counted; None where nothing was."""
    found = await conn.execute(select(func.max(t.dealer_days.c.day)))
    newest: date | None = found.scalar_one()
    return newest


async def load_shares(
    conn: AsyncConnection, *, first: date, last: date
) -> list[DealerShare]:
    """Add up what was counted of dealers from one day to another.

    Of those who may be reported, and of whom most was outside first.
    """
    d = t.dealer_days.c
    outside = func.sum(d.outside)
    rows = await conn.execute(
        select(d.dealer, func.sum(d.codes), outside)
        .where(d.day.between(first, last))
        .group_by(d.dealer)
        .having(outside >= LEAST_OUTSIDE)
        .order_by(outside.desc(), d.dealer)
    )
    return [DealerShare(dealer, int(n), int(outside)) for dealer, n, outside in rows]


async def forget_days(conn: AsyncConnection, *, before: date) -> None:
    """Forget what was counted before a day."""
    await conn.execute(delete(t.dealer_days).where(t.dealer_days.c.day < before))


async def load_watched(conn: AsyncConnection) -> dict[str, Watched]:
    """Load who is watched."""
    w = t.watched_dealers.c
    rows = await conn.execute(select(w.dealer, w.codes, w.outside, w.event_no))
    return {row.dealer: Watched(DealerShare(*row[:3]), row.event_no) for row in rows}


async def load_stretches(conn: AsyncConnection, dealer: str) -> Stretches:
    """Load the codes of a watched dealer."""
    found = await fetch_int8_arrays(conn, _STRETCHES, {"dealer": dealer})
    return Stretches() if found is None else Stretches(*found)


async def watch_dealer(
    conn: AsyncConnection, share: DealerShare, stretches: Stretches, *, event_no: int
) -> None:
    """Watch the codes of a dealer who was not watched."""
    values = share._asdict() | _columns(stretches) | {"event_no": event_no}
    await conn.execute(_WATCH, values)


async def replace_stretches(
    conn: AsyncConnection, dealer: str, stretches: Stretches
) -> None:
    """Watch other codes of a watched dealer."""
    await conn.execute(_REPLACE, {"dealer": dealer} | _columns(stretches))


def _columns(stretches: Stretches) -> dict[str, str]:
    return {
        "firsts": write_numbers(stretches.firsts.tolist()),
        "lasts": write_numbers(stretches.lasts.tolist()),
    }


async def note_shares(conn: AsyncConnection, shares: Iterable[DealerShare]) -> None:
    """Note what is outside of watched dealers by now."""
    values = [
        {"of": each.dealer, "now_codes": each.codes, "now_outside": each.outside}
        for each in shares
    ]
    if values:
        await conn.execute(
            update(t.watched_dealers)
            .where(t.watched_dealers.c.dealer == bindparam("of"))
            .values(codes=bindparam("now_codes"), outside=bindparam("now_outside")),
            values,
        )


async def note_event(conn: AsyncConnection, event_no: int) -> None:
    """Note as of which event the goods of all watched dealers are known."""
    w = t.watched_dealers.c
    is_older = w.event_no != event_no
    await conn.execute(
        update(t.watched_dealers).where(is_older).values(event_no=event_no)
    )


async def watch_no_more(conn: AsyncConnection, dealers: Collection[str]) -> None:
    """Let dealers go."""
    w = t.watched_dealers.c
    await conn.execute(delete(t.watched_dealers).where(w.dealer.in_(dealers)))


async def load_dealer_watch(conn: AsyncConnection) -> DealerWatch:
    """Load whose goods are watched, as far as a worker knows them; of one moment."""
    version, _ = await load_version(conn, JOB)
    w = t.watched_dealers.c
    rows = await conn.execute(
        select(w.dealer, w.codes, w.outside).order_by(w.outside.desc(), w.dealer)
    )
    shares = tuple([DealerShare(*row) for row in rows])
    columns = await fetch_int8_arrays(conn, _KNOWN, {"most": MOST_KNOWN})
    return DealerWatch(version, shares, *columns or ())


async def count_stretches(conn: AsyncConnection) -> int:
    """Count the stretches of all watched dealers."""
    counted = func.sum(func.cardinality(t.watched_dealers.c.firsts))
    found = await conn.execute(select(func.coalesce(counted, 0)))
    return int(found.scalar_one())
