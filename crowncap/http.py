"""The edge: every exception becomes an RFC 9457 problem here, and nowhere else."""

from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp
from sqlalchemy.exc import DataError

from core.auth import Staff
from core.auth.refusals import REFUSED, Refusal
from core.db import DATABASE_AWAY
from core.doors import fault_of
from core.errors import Fault, InvalidInput, database_away, problem_of
from core.ids import current_request_id

log = structlog.get_logger(logger_name=__name__)


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


def answer_http_exception(
    request: Request[Any, Any, Any], raised: HTTPException
) -> Response[bytes]:
    """Answer what the framework refused: unknown routes, wrong methods, bad bodies."""
    if raised.status_code >= 500:  # noqa: PLR2004 - our own fault
        log.error("unexpected", exc_info=raised, path=request.url.path)
    return answer_fault(request, fault_of(request, raised))


def answer_database_away(
    request: Request[Any, Any, Any], fault: Exception
) -> Response[bytes]:
    """Answer 503 while PostgreSQL cannot be reached; nothing was promised."""
    log.warning("database_away", cause=fault)
    return answer_fault(request, database_away())


def answer_unstorable(
    request: Request[Any, Any, Any], fault: DataError
) -> Response[bytes]:
    """Answer 422 for a value that PostgreSQL cannot hold and no door looked at."""
    log.warning("unstorable", cause=fault)
    detail = "A value in the request is outside what can be stored."
    return answer_fault(request, InvalidInput(detail, code="unstorable"))


def answer_unexpected(
    request: Request[Any, Any, Any], fault: Exception
) -> Response[bytes]:
    """Answer 500 and log the trace; the caller sees a sentence."""
    log.error("unexpected", exc_info=fault, path=request.url.path)
    return answer_fault(request, Fault("Something went wrong on our side."))


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


EXCEPTION_MAP: dict[Any, Any] = {
    Fault: answer_fault,
    HTTPException: answer_http_exception,
    **dict.fromkeys(DATABASE_AWAY, answer_database_away),
    DataError: answer_unstorable,
    Exception: answer_unexpected,
}
