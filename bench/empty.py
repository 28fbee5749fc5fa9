"""What the server itself costs: handlers that do nothing, on the same set-up.

`python -m bench.empty FACTORY PORT` serves an application as `crowncap up` does: one
Granian worker on uvloop. The routes stand in an application built like the real one,
behind a middleware that does what its RequestIds does.
"""

import sys
from typing import Any

import structlog
from granian.constants import Interfaces, Loops
from granian.server.mp import MPServer
from litestar import Litestar, asgi, post
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from msgspec import Struct

from core.ids import random_token
from scan_api.requests import ScanBody

BACKLOG = 2048


class Nothing(Struct, frozen=True):
    """The answer of a route that does nothing."""

    outcome: str


NOTHING = Nothing("empty")
NOTHING_BYTES = b'{"outcome":"empty"}'


class RequestIds(ASGIMiddleware):
    """The twin of the real application's middleware, which bench may not import."""

    async def handle(
        self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp
    ) -> None:
        """Bind an id to the logs and put it on the answer."""
        request_id = random_token(9)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        header = (b"x-request-id", request_id.encode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], header]
            await send(message)

        try:
            await next_app(scope, receive, send_with_id)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")


@post("/typed", status_code=200)
async def do_nothing(data: ScanBody) -> Nothing:  # noqa: ARG001 - it is only parsed
    """Parse the body of a scan as the framework does, and answer."""
    return NOTHING


@asgi("/plain", copy_scope=False)
async def do_nothing_plainly(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI
    """Read the body and answer."""
    while True:
        message: Any = await receive()
        if not message.get("more_body"):
            break
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(NOTHING_BYTES)),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send(
        {"type": "http.response.body", "body": NOTHING_BYTES, "more_body": False}
    )


def create_app() -> Litestar:
    """Build the application of a worker."""
    return Litestar(
        route_handlers=[do_nothing, do_nothing_plainly],
        middleware=[RequestIds()],
        openapi_config=None,
        debug=False,
    )


def serve(factory: str, port: int) -> None:
    """Serve until SIGTERM, with the settings of `crowncap up --workers 1`."""
    MPServer(
        factory,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        loop=Loops.uvloop,
        factory=True,
        backlog=BACKLOG,
        websockets=False,
        log_access=False,
        log_enabled=False,
    ).serve()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
