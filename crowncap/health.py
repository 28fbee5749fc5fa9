"""GET /health/live and /health/ready: ahead of every bound, and on a way of their own.

Requests of others may fill a worker; whoever decides whether it lives asks here.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar.types import Receive, Scope, Send

from core.errors import Fault, MethodNotAllowed, NotFound, Unavailable, problem_of
from core.ids import request_id
from scan_api.readiness import Readiness, Status

_RETRY_AFTER_S: Final = 2

AskReadiness = Callable[[], Awaitable[Readiness]]


@dataclass(frozen=True, slots=True)
class HealthDoor:
    """Says what a worker can do, as a plain ASGI application."""

    ask: AskReadiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; its body, if it has one, is not waited for."""
        del receive
        about: Any = scope
        try:
            if about["method"] not in {"GET", "HEAD"}:
                raise MethodNotAllowed("Health is asked for with GET.")
            status, body = 200, await self._tell(about["path"])
            media = b"application/json"
        except Fault as fault:
            status, body = fault.status, msgspec.json.encode(problem_of(fault))
            media = b"application/problem+json"
        headers = [
            (b"content-type", media),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"x-request-id", request_id(about["headers"]).encode()),
        ]
        if status == Unavailable.status:
            headers.append((b"retry-after", b"%d" % _RETRY_AFTER_S))
        content = b"" if about["method"] == "HEAD" else body
        await send(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        await send({"type": "http.response.body", "body": content, "more_body": False})

    async def _tell(self, path: str) -> bytes:
        if path == "/health/live":
            return b'{"status":"ok"}'
        if path != "/health/ready":
            raise NotFound("There are /health/live and /health/ready.")
        found = await self.ask()
        if found.status is Status.UNAVAILABLE:
            raise Unavailable(found.detail, retry_after_s=_RETRY_AFTER_S)
        redis = "ok" if found.status is Status.OK else "away"
        return msgspec.json.encode(
            {"status": found.status.value, "postgres": "ok", "redis": redis}
            | ({"detail": found.detail} if found.detail else {})
        )
