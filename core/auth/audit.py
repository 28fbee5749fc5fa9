"""Every staff action leaves a row that nobody can change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.principal import Staff
from core.auth.tables import audit_log


async def record_action(
    conn: AsyncConnection,
    staff: Staff,
    *,
    action: str,
    subject: str,
    detail: dict[str, Any],
    now: datetime,
) -> None:
    """Write down what a person did, in the transaction that does it."""
    done = Action(staff, action, subject, detail, _request_id())
    await record_actions(conn, [done], now=now)


@dataclass(frozen=True, slots=True)
class Action:
    """What a person did, to what, and by which request."""

    staff: Staff
    action: str
    subject: str
    detail: dict[str, Any]
    request_id: str | None


def _request_id() -> str | None:
    known: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return known


async def record_actions(
    conn: AsyncConnection, done: Sequence[Action], *, now: datetime
) -> None:
    """Write down what several people did in one transaction."""
    rows = [
        {
            "at": now,
            "person": each.staff.person,
            "role": each.staff.role.value,
            "token_id": each.staff.token_id or None,
            "action": each.action,
            "subject": each.subject,
            "detail": each.detail,
            "request_id": each.request_id,
        }
        for each in done
    ]
    if rows:
        await conn.execute(insert(audit_log), rows)
