"""Every staff action leaves a row that nobody can change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.principal import Staff
from core.messages import encode_plainly

# All rows come as one value: written one by one they cost more than what they tell of.
_WRITE: Final = text(
    """
    INSERT INTO audit_log (at, person, role, token_id, action, subject, detail,
        request_id)
    SELECT :at, person, role, token_id, action, subject, detail, request_id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (person text, role text,
        token_id text, action text, subject text, detail jsonb, request_id text)
    """
)


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
    """Write down what several people did in one transaction, in one statement."""
    if done:
        rows = msgspec.json.encode([_row(e) for e in done], enc_hook=encode_plainly)
        await conn.execute(_WRITE, {"at": now, "rows": rows.decode()})


def _row(done: Action) -> dict[str, Any]:
    return {
        "person": done.staff.person,
        "role": done.staff.role,
        "token_id": done.staff.token_id or None,
        "action": done.action,
        "subject": done.subject,
        "detail": done.detail,
        "request_id": done.request_id,
    }
