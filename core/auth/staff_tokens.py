"""Staff tokens given out and taken back: by whose leave, until when, written down."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth import staff as store
from core.auth.audit import record_action
from core.auth.principal import Role, Staff
from core.errors import InvalidInput
from core.sentences import message


@dataclass(frozen=True, slots=True)
class NewStaffToken:
    """Who a token is for, what it opens, and until when it is good."""

    person: str
    role: Role
    brand: str | None = None
    line: str | None = None
    store: str | None = None
    expires_at: datetime | None = None


async def give_staff_token(
    conn: AsyncConnection, new: NewStaffToken, giver: Staff, *, now: datetime
) -> str:
    """Make a token, which is shown this once; its person is spelled as ever before.

    Raises InvalidInput for an end that has passed, or a scope that narrows nothing.
    """
    if new.expires_at is not None and new.expires_at <= now:
        raise InvalidInput(message("token_is_over"))
    person = await store.spell_person(conn, new.person)
    token_id, token = await store.create_staff_token(
        conn,
        person=person,
        role=new.role,
        brand=new.brand,
        line=new.line,
        store=new.store,
        now=now,
        expires_at=new.expires_at,
    )
    await record_action(
        conn,
        giver,
        action="token.create",
        subject=f"token:{token_id}",
        detail={"person": person, "role": new.role.value},
        now=now,
    )
    return token


async def take_staff_token_back(
    conn: AsyncConnection, token_id: str, taker: Staff, *, now: datetime
) -> None:
    """Make a token worthless, for good; raises NotFound."""
    await store.revoke_staff_token(conn, token_id, now=now)
    await record_action(
        conn,
        taker,
        action="token.revoke",
        subject=f"token:{token_id}",
        detail={},
        now=now,
    )
