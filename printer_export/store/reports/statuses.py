"""The SQL of what became of each code of a batch, and of how many stand how."""

from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from printer_export.domain.reports.statuses import STATUSES, Octets
from printer_export.tables import code_statuses, line_counts

_COUNTED = [status.value for status in STATUSES if status != "unprinted"]


async def lock_counts(conn: AsyncConnection, batch_id: int, issued: int) -> None:
    """Let one report of a batch run at a time."""
    await conn.execute(
        pg_insert(line_counts)
        .values(batch_id=batch_id, issued=issued)
        .on_conflict_do_nothing()
    )
    await conn.execute(
        select(line_counts.c.batch_id)
        .where(line_counts.c.batch_id == batch_id)
        .with_for_update()
    )


async def load_counts(
    conn: AsyncConnection, batch_id: int, issued: int
) -> dict[str, int]:
    """Load how the codes of a batch stand; they add up to `issued`."""
    return (await load_counts_of(conn, {batch_id: issued}))[batch_id]


async def load_counts_of(
    conn: AsyncConnection, issued: Mapping[int, int]
) -> dict[int, dict[str, int]]:
    """Load how the codes of batches stand; each adds up to what `issued` says."""
    rows = await conn.execute(
        select(line_counts).where(line_counts.c.batch_id.in_(issued))
    )
    found = {row.batch_id: row for row in rows}
    loaded = {}
    for batch_id, quantity in issued.items():
        row = found.get(batch_id)
        counts = {name: getattr(row, name) if row else 0 for name in _COUNTED}
        counts["unprinted"] = quantity - sum(counts.values())
        loaded[batch_id] = {"issued": quantity} | counts
    return loaded


async def add_counts(
    conn: AsyncConnection, batch_id: int, deltas: dict[str, int]
) -> None:
    """Add to the counts; the constraint refuses what does not add up."""
    await conn.execute(
        update(line_counts)
        .where(line_counts.c.batch_id == batch_id)
        .values({name: line_counts.c[name] + deltas[name] for name in _COUNTED})
    )


async def load_chunks(
    conn: AsyncConnection, batch_id: int, chunk_nos: Sequence[int]
) -> dict[int, Octets]:
    """Load the statuses of chunks that have any."""
    rows = await conn.execute(
        select(code_statuses.c.chunk_no, code_statuses.c.statuses).where(
            code_statuses.c.batch_id == batch_id,
            code_statuses.c.chunk_no.in_(chunk_nos),
        )
    )
    return {r.chunk_no: np.frombuffer(r.statuses, dtype=np.uint8) for r in rows}


async def save_chunks(
    conn: AsyncConnection, batch_id: int, chunks: dict[int, Octets]
) -> None:
    """Store the statuses of chunks."""
    added = pg_insert(code_statuses)
    await conn.execute(
        added.on_conflict_do_update(
            index_elements=["batch_id", "chunk_no"],
            set_={"statuses": added.excluded.statuses},
        ),
        [
            {"batch_id": batch_id, "chunk_no": number, "statuses": statuses.tobytes()}
            for number, statuses in chunks.items()
        ],
    )
