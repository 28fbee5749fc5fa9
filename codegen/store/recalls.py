"""The SQL of recalls."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from core.errors import Conflict, NotFound


async def insert_recall(
    conn: AsyncConnection,
    *,
    scope: dict[str, Any],
    reason: str,
    instructions: str,
    person: str,
    now: datetime,
) -> int:
    """Record a wish to recall; it takes effect when a second person approves."""
    return int(
        (
            await conn.execute(
                insert(t.recalls)
                .values(
                    scope=scope,
                    reason=reason,
                    instructions=instructions,
                    requested_by=person,
                    requested_at=now,
                )
                .returning(t.recalls.c.recall_id)
            )
        ).scalar_one()
    )


async def approve_recall(
    conn: AsyncConnection, recall_id: int, *, person: str, now: datetime
) -> dict[str, Any]:
    """Approve a recall as a second person; raises NotFound or Conflict."""
    row = (
        await conn.execute(
            select(t.recalls)
            .where(t.recalls.c.recall_id == recall_id)
            .with_for_update()
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no recall {recall_id}.")
    if row.approved_by is not None:
        raise Conflict("This recall was approved already.", code="already_approved")
    if row.requested_by == person:
        raise Conflict(
            "A recall is approved by someone other than who asked for it.",
            code="second_person_needed",
        )
    await conn.execute(
        update(t.recalls)
        .where(t.recalls.c.recall_id == recall_id)
        .values(approved_by=person, approved_at=now)
    )
    return dict(row._mapping)  # noqa: SLF001 - its public spelling
