"""What the server itself costs: handlers that do nothing, on the same set-up.

`python -m bench.empty FACTORY PORT` serves an application as `crowncap up` does: one
Granian worker on uvloop. `/typed` is a route of the framework, behind the middleware of
the real application; `/plain` answers ahead of the framework, as POST /v1/scans does.
"""

import sys
from typing import Any

from granian.constants import Interfaces, Loops
from granian.server.mp import MPServer
from litestar import Litestar, post
from litestar.types import ASGIApp, Receive, Send
from msgspec import Struct

from core.log import RequestIds
from scan_api.pipeline.requests import ScanBody

BACKLOG = 2048


class Nothing(Struct, frozen=True):
    """The answer of a route that does nothing."""

    outcome: str


NOTHING = Nothing("empty")
NOTHING_BYTES = b'{"outcome":"empty"}'


@post("/typed", status_code=200)
async def do_nothing(data: ScanBody) -> Nothing:  # noqa: ARG001 - it is only parsed
    """Parse the body of a scan as the framework does, and answer."""
    return NOTHING


async def do_nothing_plainly(receive: Receive, send: Send) -> None:
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


def create_app() -> ASGIApp:
    """Build the application of a worker, with a door for scans like the real one."""
    app = Litestar(
        route_handlers=[do_nothing],
        middleware=[RequestIds()],
        openapi_config=None,
        debug=False,
    )

    async def enter(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/plain":
            await do_nothing_plainly(receive, send)
        else:
            await app(scope, receive, send)

    return enter


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
