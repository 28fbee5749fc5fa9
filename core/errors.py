"""Faults that a caller can be told about.

    Fault
    ├── InvalidInput      422  some fields are wrong; says which
    ├── Unparsable        400  the request is not even readable
    ├── Unauthenticated   401
    ├── Forbidden         403
    ├── NotFound          404
    ├── MethodNotAllowed  405
    ├── TooSlow           408  the body did not come in time
    ├── Conflict          409  illegal state, stale version, overlap
    ├── TooLarge          413
    ├── UnsupportedMedia  415
    ├── Unsatisfiable     416  none of the bytes asked for are there
    ├── Throttled         429  with a time to come back
    ├── Unavailable       503  with a time to come back
    └── MisconfiguredError     the installation cannot start; for operators

Expected results of a scan are values, not faults: see scan_api.domain.Outcome.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: where it is (JSON pointer), a stable code and a sentence."""

    pointer: str
    code: str
    detail: str


_MISSING_FIELD = re.compile(r"missing required field `(\w+)`")


def field_error(message: str, path: str) -> FieldError:
    """Point at the field that a body lacks or has wrong (RFC 6901).

    `path` is dotted, as in `units.0.name`, and empty for the whole body; a missing
    field is named only by the message.
    """
    parts = [
        part for part in path.replace("[", ".").replace("]", "").split(".") if part
    ]
    missing = _MISSING_FIELD.search(message)
    if missing:
        parts.append(missing[1])
    return FieldError(
        "".join(f"/{part}" for part in parts),
        "required" if missing else "invalid",
        message.rstrip(".") + ".",
    )


class Fault(Exception):  # noqa: N818 - a fault is what style.md calls it
    """Something that the caller can be told about, in one sentence."""

    status = 500
    code = "internal"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.errors = errors
        self.retry_after_s = retry_after_s


class InvalidInput(Fault):
    """Some fields are wrong."""

    status = 422
    code = "invalid_input"

    @classmethod
    def field(cls, pointer: str, code: str, detail: str) -> "InvalidInput":
        """Complain about one field."""
        return cls(detail, errors=(FieldError(pointer, code, detail),))


class Unparsable(Fault):
    """The request is not readable at all."""

    status = 400
    code = "unparsable"


class Unauthenticated(Fault):
    """Nobody we know."""

    status = 401
    code = "unauthenticated"


class Forbidden(Fault):
    """Known, but not allowed."""

    status = 403
    code = "forbidden"


class NotFound(Fault):
    """No such thing, or none that this caller may see."""

    status = 404
    code = "not_found"


class MethodNotAllowed(Fault):
    """The route exists, but not with this method."""

    status = 405
    code = "method_not_allowed"


class TooSlow(Fault):
    """The body did not come in time."""

    status = 408
    code = "too_slow"


class Conflict(Fault):
    """The thing is not in a state that allows this."""

    status = 409
    code = "conflict"


class TooLarge(Fault):
    """The body is larger than this route takes."""

    status = 413
    code = "too_large"


class UnsupportedMedia(Fault):
    """The body is not of a type this route reads."""

    status = 415
    code = "unsupported_media_type"


class Unsatisfiable(Fault):
    """None of the bytes asked for are there."""

    status = 416
    code = "range_not_satisfiable"


class Throttled(Fault):
    """Too many tries; come back later."""

    status = 429
    code = "throttled"


class Unavailable(Fault):
    """A part that this needs is away; nothing was done."""

    status = 503
    code = "unavailable"


def database_away() -> Unavailable:
    """Say that PostgreSQL cannot be reached; nothing was promised."""
    return Unavailable(
        "The database cannot be reached; nothing was done. Try again.", retry_after_s=2
    )


class MisconfiguredError(Exception):
    """The installation cannot start as it is; the message tells the operator why."""


def problem_of(fault: Fault) -> dict[str, object]:
    """Write a fault as an RFC 9457 problem with a stable `code`."""
    return {
        "type": "about:blank",
        "title": type(fault).__name__,
        "status": fault.status,
        "code": fault.code,
        "detail": fault.detail,
        "errors": [
            {"pointer": e.pointer, "code": e.code, "detail": e.detail}
            for e in fault.errors
        ],
    }
