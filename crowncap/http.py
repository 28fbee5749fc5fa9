"""The edge: every exception becomes an RFC 9457 problem here, and nowhere else."""

from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from sqlalchemy.exc import DataError

from core.auth import Staff
from core.auth.refusals import REFUSED, Refusal
from core.db import DATABASE_AWAY
from core.errors import (
    Conflict,
    Fault,
    Forbidden,
    InvalidInput,
    MethodNotAllowed,
    NotFound,
    Throttled,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unparsable,
    UnsupportedMedia,
    database_away,
    field_error,
    problem_of,
)

log = structlog.get_logger(room=__name__)

_BY_STATUS: dict[int, type[Fault]] = {
    400: Unparsable,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    409: Conflict,
    413: TooLarge,
    415: UnsupportedMedia,
    422: InvalidInput,
    429: Throttled,
    503: Unavailable,
}


def answer_fault(request: Request[Any, Any, Any], fault: Fault) -> Response[bytes]:
    """Answer a fault with its own status, code and sentence."""
    _note_refusal(request, fault)
    headers = {}
    if fault.retry_after_s is not None:
        headers["retry-after"] = str(fault.retry_after_s)
    if isinstance(fault, Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    return Response(
        msgspec.json.encode(problem_of(fault)),
        status_code=fault.status,
        media_type="application/problem+json",
        headers=headers,
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
    request: Request[Any, Any, Any], fault: HTTPException
) -> Response[bytes]:
    """Answer what the framework refused: unknown routes, wrong methods, bad bodies."""
    if isinstance(fault, ValidationException):
        return answer_fault(request, _invalid_fields(fault))
    if fault.status_code >= 500:  # noqa: PLR2004 - our own fault
        log.error("unexpected", exc_info=fault, path=request.url.path)
    kind = _BY_STATUS.get(fault.status_code, Fault)
    return answer_fault(request, kind(fault.detail or "The request was refused."))


def _invalid_fields(fault: ValidationException) -> Fault:
    extra = fault.extra if isinstance(fault.extra, list) else []
    errors = tuple(
        field_error(str(entry.get("message", "")), _path(entry))
        for entry in extra
        if isinstance(entry, dict)
    )
    if not errors:
        return Unparsable(fault.detail or "The request cannot be read.")
    return InvalidInput(f"{errors[0].pointer}: {errors[0].detail}", errors=errors)


def _path(entry: dict[str, Any]) -> str:
    """Tell where in the body an error is; the framework calls the whole body `data`."""
    key = str(entry.get("key", ""))
    return "" if key == "data" else key


def answer_database_away(
    request: Request[Any, Any, Any], fault: Exception
) -> Response[bytes]:
    """Answer 503 while PostgreSQL cannot be reached; nothing was promised."""
    log.warning("database_away", cause=fault)
    return answer_fault(request, database_away())


def answer_unstorable(
    request: Request[Any, Any, Any], fault: DataError
) -> Response[bytes]:
    """Answer 422 for a value that PostgreSQL cannot hold, such as a text with NUL."""
    log.warning("unstorable", cause=fault)
    detail = (
        "Something in the request cannot be stored: a number that is too large, or a "
        "NUL character."
    )
    return answer_fault(request, InvalidInput(detail, code="unstorable"))


def answer_unexpected(
    request: Request[Any, Any, Any], fault: Exception
) -> Response[bytes]:
    """Answer 500 and log the trace; the caller sees a sentence."""
    log.error("unexpected", exc_info=fault, path=request.url.path)
    return answer_fault(request, Fault("Something went wrong on our side."))


EXCEPTION_MAP: dict[Any, Any] = {
    Fault: answer_fault,
    HTTPException: answer_http_exception,
    **dict.fromkeys(DATABASE_AWAY, answer_database_away),
    DataError: answer_unstorable,
    Exception: answer_unexpected,
}
