"""Sessions of staff in a browser: opened with a token, dead as soon as it is."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Role, Staff
from core.auth.refusals import Refusal
from core.auth.staff import find_staff
from core.auth.tables import staff_sessions, staff_tokens
from core.ids import random_token

# A shift and its handover; whoever comes next signs in with a token of their own.
LIFETIME: Final = timedelta(hours=12)
_SECRET_BYTES: Final = 24


def _hash_secret(secret: str) -> bytes:
    # The secret has 192 random bits, so a plain hash cannot be searched.
    return hashlib.sha256(secret.encode()).digest()


async def open_session(
    conn: AsyncConnection, token: str, *, address: str | None, now: datetime
) -> tuple[str, Staff] | Refusal:
    """Trade a staff token for a session's secret; a refusal if it is not good."""
    staff = await find_staff(conn, token, now=now)
    if isinstance(staff, Refusal):
        return staff
    secret = random_token(_SECRET_BYTES)
    await conn.execute(
        delete(staff_sessions).where(
            staff_sessions.c.token_id == staff.token_id,
            staff_sessions.c.expires_at <= now,
        )
    )
    await conn.execute(
        insert(staff_sessions).values(
            session_hash=_hash_secret(secret),
            token_id=staff.token_id,
            opened_at=now,
            expires_at=now + LIFETIME,
        )
    )
    await record_action(
        conn,
        staff,
        action="session.open",
        subject=f"staff:{staff.person}",
        detail={"address": address},
        now=now,
    )
    return secret, staff


async def find_session(
    conn: AsyncConnection, secret: str, *, now: datetime
) -> Staff | None:
    """Tell whose session this is; None once it, or its token, has ended."""
    row = (
        await conn.execute(
            select(staff_tokens, staff_sessions.c.expires_at.label("until"))
            .join_from(staff_sessions, staff_tokens)
            .where(
                staff_sessions.c.session_hash == _hash_secret(secret),
                staff_sessions.c.ended_at.is_(None),
            )
        )
    ).one_or_none()
    if row is None or row.until <= now or row.revoked_at is not None:
        return None
    if row.expires_at is not None and row.expires_at <= now:
        return None
    return Staff(
        token_id=row.token_id,
        person=row.person,
        role=Role(row.role),
        brand=row.brand,
        line=row.line,
        store=row.store,
    )


async def end_all_sessions(conn: AsyncConnection, *, now: datetime) -> None:
    """End every session: after a restore nobody knows which were ended already."""
    await conn.execute(
        update(staff_sessions)
        .where(staff_sessions.c.ended_at.is_(None))
        .values(ended_at=now)
    )


async def end_session(
    conn: AsyncConnection, secret: str, staff: Staff, *, now: datetime
) -> None:
    """End a session for good."""
    await conn.execute(
        update(staff_sessions)
        .where(staff_sessions.c.session_hash == _hash_secret(secret))
        .values(ended_at=now)
    )
    await record_action(
        conn,
        staff,
        action="session.end",
        subject=f"staff:{staff.person}",
        detail={},
        now=now,
    )
