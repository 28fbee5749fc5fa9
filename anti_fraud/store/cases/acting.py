"""The SQL of actions beyond a case: written once, and taken back once."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.case_actions import ActionKind, CaseAction


async def insert_action(conn: AsyncConnection, action: CaseAction) -> None:
    """Write down an action that was taken."""
    values = asdict(action) | {"kind": action.kind.value}
    await conn.execute(insert(t.case_actions).values(values))


async def lock_action(conn: AsyncConnection, action_id: int) -> CaseAction | None:
    """Lock an action and read it; None where there is none."""
    c = t.case_actions.c
    found = await conn.execute(
        select(t.case_actions).where(c.action_id == action_id).with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        return None
    values: dict[str, Any] = dict(row._mapping)  # noqa: SLF001 - its public spelling
    return CaseAction(**values | {"kind": ActionKind(row.kind)})


async def note_undone(
    conn: AsyncConnection, action_id: int, *, person: str, now: datetime
) -> None:
    """Write down who took a locked action back."""
    await conn.execute(
        update(t.case_actions)
        .where(t.case_actions.c.action_id == action_id)
        .values(undone_by=person, undone_at=now)
    )
