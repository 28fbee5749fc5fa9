"""The same key and body get the same answer; the same key and another body an error.

A key belongs to an authenticated caller, method and route. Its row is written in the
transaction of the effect it stands for, so neither exists without the other.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.tables import idempotency_keys
from core.db import SHARD
from core.errors import Fault, InvalidInput
from core.sentences import message

KEPT = timedelta(hours=48)
MAX_KEY_LENGTH = 64
PRUNED_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Replay:
    """The answer that was recorded for a key: of what was done, hence 201."""

    response: bytes


@dataclass(frozen=True, slots=True)
class SentKey:
    """The key that came with a request, within its scope, and its body (16 bytes)."""

    key_hash: bytes
    body_hash: bytes


def check_key(key: str) -> str:
    """Return the key; raises InvalidInput unless it is 1 to 64 printable ASCII."""
    if (
        not 1 <= len(key) <= MAX_KEY_LENGTH
        or not key.isascii()
        or not key.isprintable()
    ):
        raise InvalidInput(message("key_form"), code="invalid_idempotency_key")
    return key


def hash_key(caller: str, method: str, route: str, key: str) -> bytes:
    """Name a key within everything it is scoped to (16 bytes)."""
    text = f"{caller}\n{method}\n{route}\n{key}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def hash_body(body: bytes) -> bytes:
    """Fingerprint a body (16 bytes)."""
    return hashlib.blake2b(body, digest_size=16).digest()


def reused_key() -> InvalidInput:
    """Say that a key came back with another body."""
    return InvalidInput(
        message("key_reused"),
        code="idempotency_key_reused",
    )


async def begin_once(
    conn: AsyncConnection, *, key_hash: bytes, body_hash: bytes, now: datetime
) -> Replay | None:
    """Take the key, or return its recorded answer; waits for a concurrent owner.

    Raises InvalidInput when the key was used with another body.
    """
    taken = await conn.execute(
        insert(idempotency_keys)
        .values(
            shard=SHARD,
            key_hash=key_hash,
            body_hash=body_hash,
            owner=0,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(idempotency_keys.c.owner)
    )
    if taken.one_or_none() is not None:
        return None
    row = (await conn.execute(select(idempotency_keys).where(*_is(key_hash)))).one()
    if row.body_hash != body_hash:
        raise reused_key()
    return Replay(row.response)


async def is_answered(conn: AsyncConnection, key_hash: bytes) -> bool:
    """Tell whether an answer is recorded for a key."""
    k = idempotency_keys.c
    found = await conn.execute(select(k.status.is_not(None)).where(*_is(key_hash)))
    return bool(found.scalar_one_or_none())


async def finish_once(
    conn: AsyncConnection, *, key_hash: bytes, status: int, response: bytes
) -> None:
    """Record the answer beside the key, in the same transaction."""
    await conn.execute(
        update(idempotency_keys)
        .where(*_is(key_hash))
        .values(status=status, response=response)
    )


_TAKE_KEYS = text(
    """
    SELECT live, replays, replay_bodies FROM take_keys(0::smallint,
        CAST(:owners AS bigint[]), CAST(:keys AS bytea[]), CAST(:bodies AS bytea[]))
    """
)
_FINISH = text(
    """
    UPDATE idempotency_keys AS k SET status = 201, response = u.response
    FROM unnest(CAST(:keys AS bytea[]), CAST(:responses AS bytea[]))
        AS u (key_hash, response)
    WHERE k.shard = 0 AND k.key_hash = u.key_hash
    """
)


async def begin_many(
    conn: AsyncConnection, sent: Sequence[SentKey | None], owners: Sequence[int]
) -> list[Replay | Fault | None]:
    """Take many keys at once; gives for each what `begin_once` gives or raises.

    A call names each key once, and for each request an owner that no other ever has.
    """
    if not any(sent):
        return [None] * len(sent)
    taken = await conn.execute(
        _TAKE_KEYS,
        {
            "owners": list(owners),
            "keys": [key.key_hash if key else b"" for key in sent],
            "bodies": [key.body_hash if key else b"" for key in sent],
        },
    )
    row = taken.one()
    return [
        None if live else _recorded(key, response, body)
        for key, live, response, body in zip(
            sent, row.live, row.replays, row.replay_bodies, strict=True
        )
    ]


def _recorded(key: SentKey | None, response: bytes, body: bytes) -> Replay | Fault:
    assert key is not None, "only a key can have been taken before"
    return Replay(response) if body == key.body_hash else reused_key()


async def finish_many(
    conn: AsyncConnection, done: Iterable[tuple[SentKey | None, bytes | None]]
) -> None:
    """Record the answers of keys; a key without an answer is free to be sent again."""
    ended = [(key.key_hash, body) for key, body in done if key is not None]
    kept = [(key, body) for key, body in ended if body is not None]
    if kept:
        keys, responses = zip(*kept, strict=True)
        await conn.execute(_FINISH, {"keys": list(keys), "responses": list(responses)})
    refused = [key for key, body in ended if body is None]
    if refused:
        k = idempotency_keys.c
        await conn.execute(
            delete(idempotency_keys).where(k.shard == SHARD, k.key_hash.in_(refused))
        )


def _is(key_hash: bytes) -> tuple[ColumnElement[bool], ...]:
    return idempotency_keys.c.shard == SHARD, idempotency_keys.c.key_hash == key_hash


async def prune_keys(conn: AsyncConnection, *, now: datetime) -> int:
    """Forget some keys that are past their age; returns how many, 0 when none is left.

    A slice at a time, and not those that another worker is at: nobody waits for it.
    """
    k = idempotency_keys.c
    old = (
        select(k.key_hash)
        .where(k.shard == SHARD, k.created_at < now - KEPT)
        .limit(PRUNED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    done = await conn.execute(
        delete(idempotency_keys).where(k.shard == SHARD, k.key_hash.in_(old))
    )
    return done.rowcount
