"""The SQL of captured EPCIS events: which were told before, and what came of calls."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from printer_export.domain.epcis.capture import CaptureJob
from printer_export.tables import captured_events, epcis_captures


async def claim_events(
    conn: AsyncConnection, capture_id: str, brand: str, events: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Note events (key to content hash); returns those that were noted before.

    Keys are those of one brand, or of nobody's in particular (""). Waits for a
    concurrent capture of the same event.
    """
    keys = sorted(events)
    taken = await conn.execute(
        text(
            "INSERT INTO captured_events (brand, event_key, content_hash, capture_id)"
            " SELECT :brand, key, hash, :capture_id"
            " FROM unnest(CAST(:keys AS text[]), CAST(:hashes AS bytea[]))"
            " AS e (key, hash) ORDER BY key"
            " ON CONFLICT DO NOTHING RETURNING event_key"
        ),
        {
            "capture_id": capture_id,
            "brand": brand,
            "keys": keys,
            "hashes": [events[key] for key in keys],
        },
    )
    others = set(keys) - set(taken.scalars())
    c = captured_events.c
    rows = await conn.execute(
        select(c.event_key, c.content_hash).where(
            c.brand == brand, c.event_key.in_(others)
        )
    )
    return {row.event_key: row.content_hash for row in rows}


async def find_events(
    conn: AsyncConnection, brand: str, keys: Iterable[str]
) -> frozenset[str]:
    """Tell which keys were noted before."""
    c = captured_events.c
    rows = await conn.execute(
        select(c.event_key).where(c.brand == brand, c.event_key.in_(list(keys)))
    )
    return frozenset(rows.scalars())


async def forget_events(conn: AsyncConnection, brand: str, keys: Iterable[str]) -> None:
    """Take back notes of events that came to nothing, so that they may come again."""
    await conn.execute(
        delete(captured_events).where(
            captured_events.c.brand == brand,
            captured_events.c.event_key.in_(list(keys)),
        )
    )


async def insert_capture(
    conn: AsyncConnection,
    capture_id: str,
    *,
    person: str,
    error_behaviour: str,
    now: datetime,
    job: CaptureJob,
) -> None:
    """Write down what came of a call, for good."""
    await conn.execute(
        insert(epcis_captures).values(
            capture_id=capture_id,
            person=person,
            error_behaviour=error_behaviour,
            created_at=now,
            answer=msgspec.to_builtins(job),
        )
    )


class Capture(NamedTuple):
    """Who asked for a capture, and the capture job that came of it."""

    person: str
    job: CaptureJob


async def find_capture(conn: AsyncConnection, capture_id: str) -> Capture | None:
    """Find what came of a call."""
    c = epcis_captures.c
    rows = await conn.execute(
        select(c.person, c.answer).where(c.capture_id == capture_id)
    )
    row = rows.one_or_none()
    if row is None:
        return None
    return Capture(row.person, msgspec.convert(row.answer, CaptureJob))
