"""Authentication and replays at the edge of HTTP, shared by every feature's routes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import msgspec
from litestar import Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth import idempotency, staff
from core.auth.guesses import GuessLimit
from core.auth.idempotency import SentKey
from core.auth.members import MemberVerifier
from core.auth.principal import Anonymous, Member, Principal, Staff
from core.auth.refusals import Refusal, RefusalLog
from core.clock import Clock, utc_datetime
from core.errors import Unauthenticated
from core.messages import encode_plainly
from core.sentences import message

T = TypeVar("T")

# How long a worker believes a staff token that it has looked up.
STAFF_CACHE_MS = 5_000
_STAFF_CACHE_SIZE = 10_000
_MAX_TOKEN_LENGTH = 4_096


@dataclass(slots=True)
class Authenticator:
    """Turns an Authorization header into a caller.

    A revoked staff token stops working within STAFF_CACHE_MS on every worker.
    """

    engine: AsyncEngine
    members: MemberVerifier
    clock: Clock
    refusals: RefusalLog
    _staff: dict[str, tuple[Staff, int]] = field(default_factory=dict, repr=False)

    async def authenticate(self, authorization: str | None) -> Principal:
        """Return who is asking; raises Unauthenticated on a bad token."""
        if authorization is None:
            return Anonymous()
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token) <= _MAX_TOKEN_LENGTH:
            raise Unauthenticated(message("write_bearer"))
        now_ms = self.clock.now_ms()
        if not token.startswith(staff.PREFIX):
            return self.members.verify(token, now_ms=now_ms)
        hit = self._staff.get(token)
        if hit is not None and now_ms < hit[1]:
            return hit[0]
        async with self.engine.connect() as conn:
            found = await staff.find_staff(conn, token, now=utc_datetime(now_ms))
        if isinstance(found, Refusal):
            self._staff.pop(token, None)
            self.refusals.note(found)
            raise Unauthenticated(message("staff_token_unknown"))
        if len(self._staff) >= _STAFF_CACHE_SIZE:
            self._staff.clear()
        self._staff[token] = (found, now_ms + STAFF_CACHE_MS)
        return found


@dataclass(frozen=True, slots=True)
class Once:
    """Runs a caller's effect in one transaction, once for each key sent."""

    engine: AsyncEngine
    clock: Clock
    guesses: GuessLimit

    async def perform(
        self,
        request: Request[Any, Any, Any],
        caller: Staff,
        effect: Callable[[AsyncConnection], Awaitable[T]],
        *,
        body_hash: bytes | None = None,
    ) -> Response[T]:
        """Answer 201 with the effect's result, or as was recorded for the key.

        `body_hash` (16 bytes) stands for a body that was streamed already. What names
        too many wrong codes is 429, and does nothing.
        """
        async with self.guesses.counting(caller):
            return await self._perform(request, caller, effect, body_hash)

    async def perform_own(
        self,
        request: Request[Any, Any, Any],
        caller: Member,
        effect: Callable[[AsyncConnection], Awaitable[T]],
    ) -> Response[T]:
        """Do the same for a member."""
        return await self._perform(request, caller, effect, None)

    async def _perform(
        self,
        request: Request[Any, Any, Any],
        caller: Staff | Member,
        effect: Callable[[AsyncConnection], Awaitable[T]],
        body_hash: bytes | None,
    ) -> Response[T]:
        key = await read_key(request, caller, body_hash=body_hash)
        async with self.engine.begin() as conn:
            if key is not None:
                replay = await idempotency.begin_once(
                    conn,
                    key_hash=key.key_hash,
                    body_hash=key.body_hash,
                    now=utc_datetime(self.clock.now_ms()),
                )
                if replay is not None:
                    return written_before(replay.response)
            body = msgspec.json.encode(await effect(conn), enc_hook=encode_plainly)
            if key is not None:
                await idempotency.finish_once(
                    conn, key_hash=key.key_hash, status=201, response=body
                )
            if isinstance(caller, Staff):
                await self.guesses.charge(conn, caller)
        return written(body)


async def read_key(
    request: Request[Any, Any, Any],
    caller: Staff | Member,
    *,
    body_hash: bytes | None = None,
) -> SentKey | None:
    """Give the idempotency key that came with a request; raises InvalidInput.

    `body_hash` (16 bytes) stands for a body that was streamed already.
    """
    given = request.headers.get("idempotency-key")
    if given is None:
        return None
    key_hash = idempotency.hash_key(
        caller.caller, request.method, request.url.path, idempotency.check_key(given)
    )
    body = body_hash or idempotency.hash_body(await request.body())
    return SentKey(key_hash, body)


def written(body: bytes, **headers: str) -> Response[T]:
    """Answer 201 with what was written as JSON; its type says what it is in JSON."""
    told = {"content-type": "application/json"} | headers
    return cast("Response[T]", Response(body, status_code=201, headers=told))


def written_before(body: bytes) -> Response[T]:
    """Answer what was recorded for a key that came again."""
    return written(body, **{"idempotency-replayed": "true"})
