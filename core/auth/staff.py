"""Staff tokens: made once, shown once, stored hashed."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.principal import Role, Staff, check_scopes
from core.auth.refusals import Refusal
from core.auth.tables import staff_tokens
from core.errors import NotFound
from core.ids import random_bytes, random_token
from core.names import spelled_as
from core.sentences import message

# What a token begins with, so that secret scanners can find one that leaked.
PREFIX = "crowncap_staff_"


@dataclass(frozen=True, slots=True)
class StaffTokenRow:
    """What is known of a token; never the token itself."""

    token_id: str
    person: str
    role: str
    brand: str | None
    line: str | None
    store: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


def _hash_secret(secret: str) -> bytes:
    # The secret has 192 random bits, so a plain hash cannot be searched.
    return hashlib.sha256(secret.encode()).digest()


async def create_staff_token(
    conn: AsyncConnection,
    *,
    person: str,
    role: Role,
    brand: str | None,
    line: str | None,
    store: str | None,
    now: datetime,
    expires_at: datetime | None,
) -> tuple[str, str]:
    """Store a new token's hash; returns (token_id, the token, shown this once).

    Raises InvalidInput for a scope that narrows nothing for this role.
    """
    check_scopes(role, {"brand": brand, "line": line, "store": store})
    person = await spell_person(conn, person)
    # Hexadecimal, so that it is never taken for an option of `token revoke`.
    token_id = random_bytes(8).hex()
    secret = random_token(24)
    await conn.execute(
        insert(staff_tokens).values(
            token_id=token_id,
            secret_hash=_hash_secret(secret),
            person=person,
            role=role.value,
            brand=brand,
            line=line,
            store=store,
            created_at=now,
            expires_at=expires_at,
        )
    )
    return token_id, f"{PREFIX}{token_id}_{secret}"


async def spell_person(conn: AsyncConnection, name: str) -> str:
    """Spell a person as their first token does: two names that look alike are one.

    Holds until the transaction ends, so that two tokens made at once agree.
    """
    await conn.execute(text("LOCK TABLE staff_tokens IN SHARE ROW EXCLUSIVE MODE"))
    known = await conn.scalars(
        select(staff_tokens.c.person).order_by(staff_tokens.c.created_at)
    )
    return spelled_as(known, name)


async def find_staff(
    conn: AsyncConnection, token: str, *, now: datetime
) -> Staff | Refusal:
    """Look a token up; a refusal if it is unknown, wrong, expired or revoked.

    Whose it was is told only for a token that was good once.
    """
    if not (token.isascii() and token.isprintable()):
        return Refusal("token_unknown")
    token_id, _, secret = token.removeprefix(PREFIX).partition("_")
    row = (
        await conn.execute(
            select(staff_tokens).where(staff_tokens.c.token_id == token_id)
        )
    ).one_or_none()
    stored = row.secret_hash if row else bytes(32)
    if not hmac.compare_digest(stored, _hash_secret(secret)) or row is None:
        return Refusal("token_unknown")
    staff = Staff(
        token_id=row.token_id,
        person=row.person,
        role=Role(row.role),
        brand=row.brand,
        line=row.line,
        store=row.store,
    )
    if row.revoked_at is not None:
        return Refusal.of(staff, reason="token_revoked", route="")
    if row.expires_at is not None and row.expires_at <= now:
        return Refusal.of(staff, reason="token_expired", route="")
    return staff


async def list_staff_tokens(conn: AsyncConnection) -> list[StaffTokenRow]:
    """List all tokens, newest first."""
    columns = [c for c in staff_tokens.c if c.name != "secret_hash"]
    rows = await conn.execute(
        select(*columns).order_by(staff_tokens.c.created_at.desc())
    )
    return [StaffTokenRow(**row._mapping) for row in rows]  # noqa: SLF001 - its public spelling


async def revoke_staff_token(
    conn: AsyncConnection, token_id: str, *, now: datetime
) -> None:
    """Make a token worthless; raises NotFound."""
    done = await conn.execute(
        update(staff_tokens)
        .where(staff_tokens.c.token_id == token_id)
        .values(revoked_at=now)
    )
    if not done.rowcount:
        raise NotFound(message("no_staff_token", token_id=token_id))
