"""Every staff action leaves a row that nobody can change."""

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
    await conn.execute(
        insert(audit_log).values(
            at=now,
            person=staff.person,
            role=staff.role.value,
            token_id=staff.token_id or None,
            action=action,
            subject=subject,
            detail=detail,
            request_id=structlog.contextvars.get_contextvars().get("request_id"),
        )
    )
