"""The SQL of recalls, and of voids that are asked for as recalls are."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.recalls import (
    Recall,
    RecallKind,
    RecallOrder,
    RecallScope,
    RecallState,
)


async def insert_recall(
    conn: AsyncConnection,
    order: RecallOrder,
    *,
    person: str,
    shown: str,
    now: datetime,
) -> int:
    """Record a wish; it takes effect when a second person approves."""
    return int(
        (
            await conn.execute(
                insert(t.recalls)
                .values(
                    kind=order.kind.value,
                    scope=asdict(order.scope),
                    reason=order.reason,
                    instructions=order.instructions,
                    requested_by=person,
                    requested_at=now,
                    shown=shown,
                )
                .returning(t.recalls.c.recall_id)
            )
        ).scalar_one()
    )


async def find_recall(
    conn: AsyncConnection, recall_id: int, kind: RecallKind
) -> Recall | None:
    """Find a wish of a kind."""
    c = t.recalls.c
    found = await conn.execute(
        select(t.recalls).where(c.recall_id == recall_id, c.kind == kind.value)
    )
    row = found.one_or_none()
    return _recall_of(row) if row else None


async def list_recalls(
    conn: AsyncConnection,
    kind: RecallKind,
    *,
    state: RecallState | None,
    before_id: int | None,
    limit: int,
) -> list[Recall]:
    """List wishes of a kind, newest first."""
    c = t.recalls.c
    wanted = select(t.recalls).where(c.kind == kind.value)
    if state is not None:
        waits = c.approved_by.is_(None)
        wanted = wanted.where(waits if state is RecallState.REQUESTED else ~waits)
    if before_id is not None:
        wanted = wanted.where(c.recall_id < before_id)
    rows = await conn.execute(wanted.order_by(c.recall_id.desc()).limit(limit))
    return [_recall_of(row) for row in rows]


async def approve_recall(
    conn: AsyncConnection, recall_id: int, *, person: str, changed: int, now: datetime
) -> None:
    """Write down who approved a wish, and how many codes it took."""
    await conn.execute(
        update(t.recalls)
        .where(t.recalls.c.recall_id == recall_id)
        .values(approved_by=person, approved_at=now, changed=changed)
    )


def _recall_of(row: Row[Any]) -> Recall:
    fields = dict(row._mapping)  # noqa: SLF001 - its public spelling
    return Recall(
        **fields | {"kind": RecallKind(row.kind), "scope": RecallScope.read(row.scope)}
    )
