"""The edge: every exception becomes an RFC 9457 problem here, and nowhere else."""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.types import ASGIApp

from core.auth import Staff
from core.auth.refusals import REFUSED, Refusal
from core.doors import fault_behind
from core.errors import Fault, problem_of
from core.ids import current_request_id


def answer_fault(request: Request[Any, Any, Any], fault: Fault) -> Response[bytes]:
    """Answer a fault with its own status, code and sentence."""
    _note_refusal(request, fault)
    return Response(
        msgspec.json.encode(problem_of(fault)),
        status_code=fault.status,
        media_type="application/problem+json",
        headers=fault.headers,
    )


def _note_refusal(request: Request[Any, Any, Any], fault: Fault) -> None:
    """Write down that somebody of the staff was refused."""
    caller = getattr(request.state, "caller", None)
    if fault.status in REFUSED and isinstance(caller, Staff):
        place = f"{request.method} {request.scope['path_template']}"
        request.app.state.refusals.note(
            Refusal.of(caller, reason=fault.code, route=place)
        )


def answer_raised(
    request: Request[Any, Any, Any], raised: Exception
) -> Response[bytes]:
    """Answer whatever went wrong; the caller sees a sentence, and no trace."""
    return answer_fault(request, fault_behind(request, raised))


def with_headers(app: ASGIApp) -> ASGIApp:
    """Put on every answer its request's id, and what keeps browsers from guessing.

    What the API answers is kept nowhere on the way.
    """

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        told = [(b"x-content-type-options", b"nosniff")]
        if scope["type"] == "http":
            told.append((b"x-request-id", current_request_id().encode()))
            if scope["path"].startswith("/v1/"):
                told.append((b"cache-control", b"no-store"))

        async def send_told(message: Any) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                more = [each for each in told if each[0] not in there]
                message = message | {"headers": [*message["headers"], *more]}
            await send(message)

        await app(scope, receive, send_told)

    return answer
