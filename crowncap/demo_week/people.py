"""Who worked that week; nobody signs in as them, since no secret of theirs is kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth import Role, Staff
from core.auth.staff import create_staff_token


@dataclass(frozen=True, slots=True)
class People:
    """Two issuers, the two lines' managers, the print house, and an analyst."""

    orders: Staff
    approves: Staff
    line_1: Staff
    line_2: Staff
    printhouse: Staff
    analyst: Staff

    @classmethod
    async def hire(cls, conn: AsyncConnection, *, now: datetime) -> Self:
        """Give each a token, as `crowncap token staff` does."""
        return cls(
            await _hire(conn, "Li Na", Role.ISSUER, None, now),
            await _hire(conn, "Wang Lei", Role.ISSUER, None, now),
            await _hire(conn, "Chen Jie", Role.LINE, "L1", now),
            await _hire(conn, "Zhao Min", Role.LINE, "L2", now),
            await _hire(conn, "Jinhua Printing", Role.PRINTHOUSE, None, now),
            await _hire(conn, "Sun Yue", Role.ANALYST, None, now),
        )


async def _hire(
    conn: AsyncConnection, name: str, role: Role, line: str | None, now: datetime
) -> Staff:
    token_id, _ = await create_staff_token(
        conn,
        person=name,
        role=role,
        brand=None,
        line=line,
        store=None,
        now=now,
        expires_at=None,
    )
    return Staff(token_id, name, role, line=line)
