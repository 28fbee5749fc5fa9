"""The outbox: what happened, written in the transaction in which it happens.

One row stands for all that one change did: as it is told to others, or as the numbers
of rows from which whoever owns them tells it when somebody reads. Rows are read in the
order of (era, xid, place), up to the oldest transaction that still runs
(events.store.events), which the function write_outbox makes sound: the xid that it
notes is never below its transaction's own, so that nobody who has read on has passed it
over, and never below one that had ended by then. What happened later to something that
both held a lock of is therefore later in the outbox, whichever transaction was older.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    MetaData,
    SmallInteger,
    Table,
    Text,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from core.event_types import Happening

# A row of this kind holds its events as they are told; any other, numbers of rows.
TOLD: Final = "told"

metadata = MetaData()

outbox = Table(
    "outbox",
    metadata,
    Column("shard", SmallInteger, primary_key=True, autoincrement=False),
    Column("era", SmallInteger, primary_key=True, autoincrement=False),
    Column("xid", BigInteger, primary_key=True, autoincrement=False),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("ids", ARRAY(BigInteger)),
    Column("events", JSONB),
)

# One row: the era that is written in, and the last event that was forgotten.
outbox_state = Table(
    "outbox_state",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default="true"),
    Column("era", SmallInteger, nullable=False, server_default="0"),
    Column("forgotten", Text),
)

_WRITE: Final = text(
    "SELECT write_outbox(CAST(:shard AS smallint), :kind,"
    " CAST(:ids AS bigint[]), CAST(:events AS jsonb))"
)


async def write_events(conn: AsyncConnection, happened: Sequence[Happening]) -> None:
    """Write down what this transaction did, while it holds the locks of it."""
    if happened:
        told = msgspec.json.encode([(each.type, each.data) for each in happened])
        await _write(conn, TOLD, None, told.decode())


async def write_happened(conn: AsyncConnection, kind: str, ids: Sequence[int]) -> None:
    """Write down the numbers of rows which tell, when asked, what happened to them."""
    assert kind != TOLD
    if ids:
        await _write(conn, kind, list(ids), None)


async def _write(
    conn: AsyncConnection, kind: str, ids: list[int] | None, events: str | None
) -> None:
    values = {"shard": SHARD, "kind": kind, "ids": ids, "events": events}
    await conn.execute(_WRITE, values)


async def is_of_older_server(conn: AsyncConnection) -> bool:
    """Tell whether the outbox knows transactions that this server has not come to.

    So it is where a dump was restored into a new server.
    """
    newest = (
        select(outbox.c.xid)
        .join(outbox_state, outbox_state.c.era == outbox.c.era)
        .where(outbox.c.shard == SHARD)
        .order_by(outbox.c.xid.desc())
        .limit(1)
        .scalar_subquery()
    )
    own = text("CAST(CAST(pg_current_xact_id() AS text) AS bigint)")
    return bool((await conn.execute(select(newest > own))).scalar_one())


async def begin_era(conn: AsyncConnection) -> None:
    """Let what is written from now on come after all that anybody was ever told.

    A database that was put back would give the numbers of what it has forgotten again.
    The caller shuts out who writes.
    """
    await conn.execute(update(outbox_state).values(era=outbox_state.c.era + 1))
