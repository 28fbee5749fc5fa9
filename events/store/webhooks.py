"""The SQL of webhooks: endpoints, what waits for each, and how it went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from events import tables as t
from events.domain.webhooks import Delivery, DeliveryState, Endpoint

_E: Final = t.webhook_endpoints.c
_SHOWN: Final = (
    _E.endpoint_id,
    _E.url,
    _E.types,
    _E.created_by,
    _E.created_at,
    _E.ended_at,
)

# Endpoints ----------------------------------------------------------------------------


async def next_endpoint_id(conn: AsyncConnection) -> int:
    """Draw the id of an endpoint: its secret is closed for that id."""
    sequence = func.pg_get_serial_sequence("webhook_endpoints", "endpoint_id")
    return int((await conn.execute(select(func.nextval(sequence)))).scalar_one())


async def insert_endpoint(
    conn: AsyncConnection,
    endpoint_id: int,
    *,
    url: str,
    types: Sequence[str],
    secret: bytes,
    person: str,
) -> None:
    """Add an endpoint under the id that was drawn for it."""
    await conn.execute(
        text(
            "INSERT INTO webhook_endpoints"
            " (endpoint_id, url, types, secret, created_by) OVERRIDING SYSTEM VALUE"
            " VALUES (:endpoint_id, :url, CAST(:types AS text[]), :secret, :person)"
        ),
        {
            "endpoint_id": endpoint_id,
            "url": url,
            "types": list(types),
            "secret": secret,
            "person": person,
        },
    )


async def list_endpoints(conn: AsyncConnection) -> list[Endpoint]:
    """List all endpoints, newest first."""
    rows = await conn.execute(select(*_SHOWN).order_by(_E.endpoint_id.desc()))
    return [Endpoint(*row) for row in rows]


async def lock_endpoint(conn: AsyncConnection, endpoint_id: int) -> Endpoint | None:
    """Find an endpoint, and let nobody else change it."""
    found = await conn.execute(
        select(*_SHOWN).where(_E.endpoint_id == endpoint_id).with_for_update()
    )
    row = found.one_or_none()
    return None if row is None else Endpoint(*row)


async def load_secrets(
    conn: AsyncConnection, endpoint_id: int, *, now: datetime
) -> list[bytes]:
    """Load the closed secrets to sign with, the newest first."""
    row = (
        await conn.execute(
            select(_E.secret, _E.old_secret, _E.old_until).where(
                _E.endpoint_id == endpoint_id
            )
        )
    ).one()
    is_kept = row.old_until is not None and now < row.old_until
    return [row.secret, row.old_secret] if is_kept else [row.secret]


async def replace_secret(
    conn: AsyncConnection, endpoint_id: int, secret: bytes, *, old_until: datetime
) -> None:
    """Give an endpoint a new secret beside the one that it had."""
    await conn.execute(
        update(t.webhook_endpoints)
        .where(_E.endpoint_id == endpoint_id)
        .values(secret=secret, old_secret=_E.secret, old_until=old_until)
    )


async def end_endpoint(
    conn: AsyncConnection, endpoint_id: int, *, now: datetime
) -> None:
    """Tell an endpoint no more."""
    await conn.execute(
        update(t.webhook_endpoints)
        .where(_E.endpoint_id == endpoint_id)
        .values(ended_at=now)
    )


# Giving out ---------------------------------------------------------------------------


async def lock_cursor(conn: AsyncConnection) -> tuple[str | None] | None:
    """Take over giving out, and say after which event; None if somebody else does."""
    found = await conn.execute(
        select(t.webhook_cursor.c.after).with_for_update(skip_locked=True)
    )
    row = found.one_or_none()
    return None if row is None else (row.after,)


async def move_cursor(conn: AsyncConnection, after: str) -> None:
    """Remember the last event that was given out."""
    await conn.execute(update(t.webhook_cursor).values(after=after))


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """An event for an endpoint, as it will be sent."""

    endpoint_id: int
    event_id: str
    subject: str
    type: str
    body: str


_ADD: Final = text(
    """
    INSERT INTO deliveries
        (endpoint_id, event_id, subject, type, body, next_at, changed_at)
    SELECT endpoint, event, subject, type, body, :now, :now
    FROM unnest(CAST(:endpoints AS integer[]), CAST(:events AS text[]),
        CAST(:subjects AS text[]), CAST(:types AS text[]), CAST(:bodies AS text[]))
        AS u (endpoint, event, subject, type, body)
    ON CONFLICT (endpoint_id, event_id) DO NOTHING
    """
)


async def add_deliveries(
    conn: AsyncConnection, new: Sequence[NewDelivery], *, now: datetime
) -> None:
    """Let events wait for endpoints."""
    if new:
        values = {
            "endpoints": [each.endpoint_id for each in new],
            "events": [each.event_id for each in new],
            "subjects": [each.subject for each in new],
            "types": [each.type for each in new],
            "bodies": [each.body for each in new],
        }
        await conn.execute(_ADD, values | {"now": now})


# Sending ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that somebody has taken to send it now."""

    event_id: str
    body: str
    tries: int


# Read in the order of the index, and no further than needed: a plan that was made
# without statistics joined and sorted all that waits, for each 128 that are sent.
_IN_ORDER: Final = text(
    "SELECT set_config('enable_seqscan', 'off', true),"
    " set_config('enable_sort', 'off', true),"
    " set_config('enable_bitmapscan', 'off', true)"
)
# One that is being sent still waits, and so keeps the later ones of its subject back.
_TAKE: Final = text(
    """
    UPDATE deliveries AS d SET next_at = :until
    FROM (
        SELECT event_id FROM deliveries AS w
        WHERE w.endpoint_id = :endpoint_id AND w.state = 'waiting'
            AND w.next_at <= :now
            AND w.event_id = (SELECT e.event_id FROM deliveries AS e
                WHERE e.endpoint_id = :endpoint_id AND e.state = 'waiting'
                    AND e.subject = w.subject
                ORDER BY e.event_id LIMIT 1)
        ORDER BY w.next_at, w.event_id LIMIT :limit FOR UPDATE SKIP LOCKED) AS due
    WHERE d.endpoint_id = :endpoint_id AND d.event_id = due.event_id
    RETURNING d.event_id, d.body, d.tries
    """
)


async def take_due(
    conn: AsyncConnection,
    endpoint_id: int,
    *,
    now: datetime,
    until: datetime,
    limit: int,
) -> list[Due]:
    """Take what is due for an endpoint; who does not come back by `until` lost it.

    The first of each subject alone, so that a subject's events keep their order.
    """
    values = {"endpoint_id": endpoint_id, "now": now, "until": until, "limit": limit}
    await conn.execute(_IN_ORDER)
    return [Due(*row) for row in await conn.execute(_TAKE, values)]


@dataclass(frozen=True, slots=True)
class Try:
    """How one try to deliver an event went."""

    event_id: str
    state: DeliveryState
    tries: int
    next_at: datetime
    status: int | None
    fault: str | None


_NOTE: Final = text(
    """
    UPDATE deliveries AS d SET state = u.state, tries = u.tries, next_at = u.next_at,
        status = u.status, fault = u.fault, changed_at = :now
    FROM unnest(CAST(:events AS text[]), CAST(:states AS text[]),
        CAST(:tries AS smallint[]), CAST(:nexts AS timestamptz[]),
        CAST(:statuses AS smallint[]), CAST(:faults AS text[]))
        AS u (event_id, state, tries, next_at, status, fault)
    WHERE d.endpoint_id = :endpoint_id AND d.event_id = u.event_id
        AND d.state = 'waiting'
    """
)


async def note_tries(
    conn: AsyncConnection, endpoint_id: int, tried: Sequence[Try], *, now: datetime
) -> None:
    """Write down how tries went."""
    values = {
        "endpoint_id": endpoint_id,
        "now": now,
        "events": [each.event_id for each in tried],
        "states": [each.state.value for each in tried],
        "tries": [each.tries for each in tried],
        "nexts": [each.next_at for each in tried],
        "statuses": [each.status for each in tried],
        "faults": [each.fault for each in tried],
    }
    await conn.execute(_NOTE, values)


# Looking and mending ------------------------------------------------------------------


async def list_deliveries(
    conn: AsyncConnection,
    endpoint_id: int,
    *,
    state: DeliveryState | None,
    before: str | None,
    limit: int,
) -> list[Delivery]:
    """List deliveries to an endpoint, the newest events first."""
    d = t.deliveries.c
    shown = (
        *(d.endpoint_id, d.event_id, d.type, d.state, d.tries),
        *(d.next_at, d.changed_at, d.status, d.fault),
    )
    query = select(*shown).where(d.endpoint_id == endpoint_id)
    if state is not None:
        query = query.where(d.state == state.value)
    if before is not None:
        query = query.where(d.event_id < before)
    rows = await conn.execute(query.order_by(d.event_id.desc()).limit(limit))
    return [
        Delivery(**dict(row._mapping) | {"state": DeliveryState(row.state)})  # noqa: SLF001 - its public spelling
        for row in rows
    ]


async def try_again(
    conn: AsyncConnection, endpoint_id: int, event_id: str, *, now: datetime
) -> DeliveryState | None:
    """Let what waits or is dead be sent now; tells how it stood, None if unknown."""
    d = t.deliveries.c
    found = await conn.execute(
        select(d.state)
        .where(d.endpoint_id == endpoint_id, d.event_id == event_id)
        .with_for_update()
    )
    state = found.scalar_one_or_none()
    if state in {DeliveryState.WAITING.value, DeliveryState.DEAD.value}:
        await conn.execute(
            update(t.deliveries)
            .where(d.endpoint_id == endpoint_id, d.event_id == event_id)
            .values(
                state=DeliveryState.WAITING.value, tries=0, next_at=now, changed_at=now
            )
        )
    return None if state is None else DeliveryState(state)


_FORGET: Final = text(
    """
    DELETE FROM deliveries WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM deliveries
        WHERE state <> 'waiting' AND changed_at < :before
            AND (state = 'delivered' OR changed_at < :dead_before)
        LIMIT :rows FOR UPDATE SKIP LOCKED))
    """
)


async def forget_deliveries(
    conn: AsyncConnection, *, before: datetime, dead_before: datetime, rows: int
) -> int:
    """Remove some of what was delivered, and of what died, long ago; tells how many."""
    values = {"before": before, "dead_before": dead_before, "rows": rows}
    return (await conn.execute(_FORGET, values)).rowcount
