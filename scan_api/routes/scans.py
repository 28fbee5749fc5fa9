"""POST /v1/scans as a plain ASGI route.

The framework's request handling would cost more than the scan itself; see
docs/decisions/0001-the-hot-route.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import structlog
from litestar.types import Receive, Scope, Send

from core.auth import Member, Principal, Role, Staff
from core.auth.addresses import scope_address
from core.auth.idempotency import check_key, hash_body, hash_key
from core.auth.requests import Authenticator
from core.clock import elapsed_s
from core.db import DATABASE_AWAY
from core.doors import JSON, check_coding
from core.errors import (
    Fault,
    MethodNotAllowed,
    TooLarge,
    Unavailable,
    UnsupportedMedia,
    database_away,
)
from core.ids import current_request_id
from core.networks import Networks
from core.pages import choose_language
from scan_api.domain.messages import message
from scan_api.pipeline.answered import Answered
from scan_api.pipeline.metrics import LATENCY
from scan_api.pipeline.opening import Caller, ScanOpening
from scan_api.pipeline.requests import (
    MAX_BODY,
    ScanBody,
    decode_scan,
)
from scan_api.routes.problems import problem_body

log = structlog.get_logger(logger_name=__name__)

Headers = dict[bytes, bytes]
# Each measurement writes to a file that the workers share: a few microseconds.
MEASURED_ONE_IN = 8


@dataclass(frozen=True, slots=True)
class ScanRoute:
    """Reads a scan from HTTP, lets it be opened and answered, and writes the answer."""

    opening: ScanOpening
    authenticator: Authenticator
    trusted_proxies: Networks
    _answered: Iterator[int] = field(default_factory=count)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer POST /v1/scans."""
        started = elapsed_s()
        headers: Headers = dict(scope["headers"])
        try:
            body = await _read_body(scope, receive, headers)
            answer = await self._scan(scope, headers, body)
            status, content = 200, answer.body()
            more = [(b"idempotency-replayed", b"true")] if answer.replayed else []
        except Fault as fault:
            status, content, more = problem_body(fault)
        except DATABASE_AWAY as fault:
            log.warning("database_away", cause=fault)
            status, content, more = problem_body(database_away())
        except Exception as fault:
            log.exception("scan_failed", cause=fault)
            status, content, more = problem_body(Fault(message("scan_failed")))
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (
                        b"content-type",
                        b"application/json"
                        if status == 200  # noqa: PLR2004 - OK
                        else b"application/problem+json",
                    ),
                    (b"content-length", b"%d" % len(content)),
                    (b"cache-control", b"no-store"),
                    (b"x-content-type-options", b"nosniff"),
                    (b"x-request-id", current_request_id().encode()),
                    *more,
                ],
            }
        )
        await send({"type": "http.response.body", "body": content, "more_body": False})
        if next(self._answered) % MEASURED_ONE_IN == 0:
            LATENCY.observe(elapsed_s() - started)

    async def _scan(self, scope: Scope, headers: Headers, body: bytes) -> Answered:
        request = decode_scan(body)
        authorization = headers.get(b"authorization")
        principal = await self._principal(authorization)
        is_app = isinstance(principal, Staff) and principal.role is Role.APP
        member_id = _member_id(principal, request, is_app=is_app)
        address = _address(scope, request, self.trusted_proxies, is_app=is_app)
        caller = Caller(
            member_id,
            address,
            choose_language(headers.get(b"accept-language")),
            "app" if is_app else "api",
            request.context if is_app else None,
            principal.token_id if isinstance(principal, Staff) and is_app else None,
            principal.brand if isinstance(principal, Staff) else None,
            principal.store if isinstance(principal, Staff) else None,
        )
        return await self.opening.open_scan(
            request, caller, _once(principal, headers, body)
        )

    async def _principal(self, authorization: bytes | None) -> Principal:
        return await self.authenticator.authenticate(
            None if authorization is None else authorization.decode("latin-1")
        )


def _once(principal: Principal, headers: Headers, body: bytes) -> tuple[bytes, bytes]:
    """Hash an idempotency key within its caller, and the body; raises InvalidInput."""
    key = headers.get(b"idempotency-key")
    owner = _owner(principal)
    if key is None or owner is None:
        return b"", b""
    text = check_key(key.decode("latin-1"))
    return hash_key(owner, "POST", "/v1/scans", text), hash_body(body)


def _owner(principal: Principal) -> str | None:
    return principal.caller if isinstance(principal, (Member, Staff)) else None


def _member_id(principal: Principal, request: ScanBody, *, is_app: bool) -> str | None:
    if isinstance(principal, Member):
        return principal.member_id
    return request.member_id if is_app else None


def _address(
    scope: Scope,
    request: ScanBody,
    trusted: Networks,
    *,
    is_app: bool,
) -> str | None:
    if is_app:
        # The backend's own address says nothing of the consumer behind it.
        return request.context.ip if request.context is not None else None
    return scope_address(scope, trusted)


async def _read_body(scope: Any, receive: Receive, headers: Headers) -> bytes:
    """Read the JSON body of a POST, of at most MAX_BODY bytes."""
    if scope["method"] != "POST":
        raise MethodNotAllowed(message("post_a_scan"), headers={"allow": "POST"})
    media = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media != b"application/json":
        raise UnsupportedMedia.but(message("send_scan_json"), (JSON,))
    coding = headers.get(b"content-encoding")
    if coding is not None:
        check_coding(coding.decode("latin-1"))
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > MAX_BODY:
        raise TooLarge(message("scan_too_large", most=MAX_BODY))
    body: bytes = b""
    while True:
        received: Any = await receive()
        if received["type"] == "http.disconnect":
            raise Unavailable(message("caller_left"))
        chunk: bytes = received.get("body", b"")
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLarge(message("scan_too_large", most=MAX_BODY))
        if not received.get("more_body"):
            return body
