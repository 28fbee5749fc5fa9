"""The SQL of card sets, of what members have of them, and of sets that are complete."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from core.db_arrays import write_numbers
from rewards import tables as t
from rewards.domain.cards import (
    Card,
    CardSet,
    CompletedSet,
    NewCardSet,
    OwnCard,
    OwnSet,
    SetFigures,
)
from rewards.domain.terms import Given
from rewards.store.members import is_member
from rewards.tables import cards as own

# The kind of the account units that are cards.
_KIND: Final = "card"


async def insert_set(conn: AsyncConnection, new: NewCardSet, *, now: datetime) -> None:
    """Add a set, each card with a unit of its own; raises IntegrityError."""
    set_no = (
        await conn.execute(
            insert(own.card_sets)
            .values(
                set_id=new.set_id,
                name=new.name,
                brand=new.brand,
                completes=msgspec.to_builtins(new.completes),
                created_at=now,
            )
            .returning(own.card_sets.c.set_no)
        )
    ).scalar_one()
    names = [f"{set_no}/{card.card_id}" for card in new.cards]
    made = await conn.execute(
        insert(t.units).returning(t.units.c.name, t.units.c.unit),
        [{"kind": _KIND, "name": name, "has_balance": True} for name in names],
    )
    units: dict[str, int] = {row.name: row.unit for row in made}
    await conn.execute(
        insert(own.cards),
        [
            {
                "unit": units[name],
                "set_no": set_no,
                "place": place,
                "card_id": card.card_id,
                "name": card.name,
                "per_million": card.per_million,
            }
            for place, (name, card) in enumerate(zip(names, new.cards, strict=True))
        ],
    )


async def load_sets(
    conn: AsyncConnection, set_ids: Iterable[str]
) -> dict[str, CardSet]:
    """Load sets with their cards by id; what there is none of is left out."""
    found = await _load_sets(conn, own.card_sets.c.set_id.in_(list(set_ids)))
    return {each.set_id: each for each in found}


async def list_sets(
    conn: AsyncConnection, *, brand: str | None, before: int | None, limit: int
) -> list[CardSet]:
    """List the sets of a brand with their cards, newest first."""
    s = own.card_sets.c
    which: list[ColumnElement[bool]] = []
    if brand is not None:
        which.append(s.brand == brand)
    if before is not None:
        which.append(s.set_no < before)
    return await _load_sets(conn, *which, limit=limit)


async def _load_sets(
    conn: AsyncConnection, *which: ColumnElement[bool], limit: int | None = None
) -> list[CardSet]:
    s, c = own.card_sets.c, own.cards.c
    found = await conn.execute(
        select(own.card_sets).where(*which).order_by(s.set_no.desc()).limit(limit)
    )
    rows = found.all()
    cards: dict[int, list[Card]] = {row.set_no: [] for row in rows}
    for each in await conn.execute(
        select(c.set_no, c.unit, c.card_id, c.name, c.per_million)
        .where(c.set_no.in_(cards))
        .order_by(c.set_no, c.place)
    ):
        card = Card(each.unit, each.card_id, each.name, each.per_million)
        cards[each.set_no].append(card)
    return [
        CardSet(
            row.set_no,
            row.set_id,
            row.name,
            row.brand,
            msgspec.convert(row.completes, Given),
            tuple(cards[row.set_no]),
            row.created_at,
        )
        for row in rows
    ]


# Members are read by the key of each, so that a set of millions costs no more.
_COUNT: Final = text(
    """
    WITH chosen AS MATERIALIZED (
        SELECT member_no, completed_at FROM collected_sets
        WHERE shard = 0 AND set_no = :set_no ORDER BY member_no LIMIT :most
    )
    SELECT NULL AS unit, count(*) AS members, count(completed_at) AS completed
    FROM chosen
    UNION ALL
    SELECT b.unit, count(*), 0 FROM chosen AS s
    CROSS JOIN LATERAL (SELECT DISTINCT unit FROM balances
        WHERE shard = 0 AND member_no = s.member_no
            AND unit = ANY (CAST(:units AS smallint[])) AND available > 0) AS b
    GROUP BY b.unit
    """
)


async def count_collected(
    conn: AsyncConnection, found: CardSet, *, most: int
) -> SetFigures:
    """Count who collects a set, of the first so many at most."""
    values = {
        "set_no": found.set_no,
        "units": write_numbers(card.unit for card in found.cards),
        "most": most,
    }
    first, *cards = (await conn.execute(_COUNT, values)).all()
    return SetFigures(
        first.members,
        first.completed,
        {row.unit: row.members for row in cards},
        is_all=first.members < most,
    )


async def list_own(conn: AsyncConnection, member_no: int) -> list[OwnSet]:
    """List the sets that a member has a card of, newest first, with what is missing."""
    b, c, d = t.balances.c, own.cards.c, own.collected_sets.c
    had = await conn.execute(
        select(c.unit, b.available)
        .join_from(t.balances, own.cards, c.unit == b.unit)
        .where(b.shard == SHARD, b.member_no == member_no, b.available > 0)
    )
    counts: Counter[int] = Counter()
    for row in had:
        counts[row.unit] += row.available
    collected = await conn.execute(
        select(d.set_no, d.completed_at).where(
            d.shard == SHARD, d.member_no == member_no
        )
    )
    when = {row.set_no: row.completed_at for row in collected}
    wanted = sorted(when)
    return [
        OwnSet(
            each.set_id,
            each.name,
            tuple(
                OwnCard(card.card_id, card.name, counts[card.unit])
                for card in each.cards
            ),
            each.completes,
            when[each.set_no],
        )
        for each in await _load_sets(conn, own.card_sets.c.set_no.in_(wanted))
    ]


_COMPLETE: Final = text(
    """
    SELECT complete_sets(0::smallint, :now, CAST(:transfers AS bigint[]),
        CAST(:members AS bigint[]), CAST(:units AS integer[]),
        array_fill(false, ARRAY[cardinality(CAST(:transfers AS bigint[]))]))
    """
)


async def complete_sets(
    conn: AsyncConnection,
    cards: Sequence[tuple[int, int, int]],
    *,
    now: datetime,
) -> list[bool]:
    """Note which cards completed a set: each a transfer, its member and its unit.

    Balances have them already, and everybody's limits are taken.
    """
    if not cards:
        return []
    transfers, members, units = zip(*cards, strict=True)
    values = {
        "now": now,
        "transfers": write_numbers(transfers),
        "members": write_numbers(members),
        "units": write_numbers(units),
    }
    completed: list[bool] = (await conn.execute(_COMPLETE, values)).scalar_one()
    return completed


_DUE: Final = func.coalesce(
    own.collected_sets.c.due_at, own.collected_sets.c.completed_at
)


async def find_unawarded(conn: AsyncConnection) -> CompletedSet | None:
    """Find the oldest complete set that is to be paid."""
    d, s, m = own.collected_sets.c, own.card_sets.c, t.members.c
    found = await conn.execute(
        select(
            own.collected_sets,
            *(s.set_id, s.completes, s.brand, m.member_id),
        )
        .join_from(own.collected_sets, own.card_sets, s.set_no == d.set_no)
        .join(t.members, is_member(d.member_no))
        .where(
            *(d.shard == SHARD, d.completed_at.is_not(None), d.awarded_at.is_(None)),
            func.now() >= _DUE,
        )
        .order_by(_DUE)
        .limit(1)
    )
    row: Any = found.one_or_none()
    if row is None:
        return None
    return CompletedSet(
        row.set_no,
        row.set_id,
        row.member_no,
        row.member_id,
        row.transfer_id,
        row.completed_at,
        msgspec.convert(row.completes, Given),
        row.brand,
    )


async def put_off(conn: AsyncConnection, done: CompletedSet, by: timedelta) -> None:
    """Let a set that cannot be paid now be looked at again later."""
    d = own.collected_sets.c
    await conn.execute(
        update(own.collected_sets)
        .where(d.shard == SHARD, d.member_no == done.member_no, d.set_no == done.set_no)
        .values(due_at=func.now() + by)
    )


# Of those who pay sets of one member, one after the other.
_BEGIN: Final = text("SELECT pg_advisory_xact_lock(4347, hashint8(:member_no))")
_WAITS: Final = """FROM collected_sets WHERE shard = 0 AND member_no = :member_no
    AND set_no = :set_no AND transfer_id = :transfer_id AND awarded_at IS NULL"""
_STILL_WAITS: Final = text(f"SELECT EXISTS (SELECT {_WAITS})")
_AWARDED: Final = text(
    f"""
    UPDATE collected_sets SET award_id = :award_id, awarded_at = :now
    {_WAITS.removeprefix("FROM collected_sets ")}
    """  # noqa: S608 - a constant
)


def _name_of(done: CompletedSet) -> dict[str, int]:
    return {
        "member_no": done.member_no,
        "set_no": done.set_no,
        "transfer_id": done.transfer_id,
    }


async def begin_paying(conn: AsyncConnection, done: CompletedSet) -> bool:
    """Let nobody else pay its member's sets; tells whether it still waits."""
    await conn.execute(_BEGIN, {"member_no": done.member_no})
    return bool((await conn.execute(_STILL_WAITS, _name_of(done))).scalar_one())


async def note_awarded(
    conn: AsyncConnection, done: CompletedSet, *, award_id: int, now: datetime
) -> bool:
    """Note under which number a set was paid; False where it waits no more."""
    values = {"award_id": award_id, "now": now} | _name_of(done)
    return (await conn.execute(_AWARDED, values)).rowcount == 1


_LOCK_SETS: Final = text(
    """
    SELECT d.set_no, d.completed_at IS NOT NULL AS complete,
        d.awarded_at IS NOT NULL AS paid, ARRAY(SELECT unit FROM cards
            WHERE set_no = d.set_no) AS units
    FROM collected_sets AS d
    WHERE d.shard = 0 AND d.member_no = :member_no AND d.set_no IN (
        SELECT set_no FROM cards WHERE unit = ANY (CAST(:units AS integer[])))
    ORDER BY d.set_no FOR UPDATE OF d
    """
)
_REOPEN: Final = text(
    """
    UPDATE collected_sets AS d SET completed_at = NULL, transfer_id = NULL,
        due_at = NULL
    WHERE d.shard = 0 AND d.member_no = :member_no
        AND d.set_no = ANY (CAST(:sets AS bigint[])) AND EXISTS (
            SELECT FROM cards AS c WHERE c.set_no = d.set_no AND NOT EXISTS (
                SELECT FROM balances AS b WHERE b.shard = 0 AND b.unit = c.unit
                    AND b.member_no = d.member_no AND b.available > 0))
    RETURNING d.set_no
    """
)


async def reopen_sets(
    conn: AsyncConnection, member_no: int, units: Collection[int]
) -> tuple[frozenset[int], frozenset[int]]:
    """Let sets be incomplete again that a member lost cards of, unless they were paid.

    Gives the units of the cards of those that are, and of those that stay paid. Locks
    what the member collects, after balances and limits.
    """
    if not units:
        return frozenset(), frozenset()
    whose = {"member_no": member_no}
    rows = (
        await conn.execute(_LOCK_SETS, whose | {"units": write_numbers(units)})
    ).all()
    unpaid = [row.set_no for row in rows if row.complete and not row.paid]
    found = await conn.execute(_REOPEN, whose | {"sets": write_numbers(unpaid)})
    again = frozenset(found.scalars())
    return (
        frozenset(unit for row in rows if row.set_no in again for unit in row.units),
        frozenset(unit for row in rows if row.paid for unit in row.units),
    )
