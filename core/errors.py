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

Expected results of a scan are values, not faults: see scan_api.domain.scans.Outcome.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from core.ids import current_request_id
from core.problem_codes import address_of
from core.sentences import message


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: where it is (JSON pointer), a stable code and a sentence.

    `did_you_mean` is what is right and most like what was given.
    """

    pointer: str
    code: str
    detail: str
    did_you_mean: str | None = None


class Fault(Exception):  # noqa: N818 - a fault is what style.md calls it
    """Something that the caller can be told about, in one sentence."""

    status = 500
    code = "internal"
    title = "A fault of ours"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after_s: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.errors = errors
        self.retry_after_s = retry_after_s
        self._headers = dict(headers or {})

    @property
    def headers(self) -> dict[str, str]:
        """Give the headers, by small letters, that its answer carries."""
        if self.retry_after_s is None:
            return self._headers
        return self._headers | {"retry-after": str(self.retry_after_s)}


class InvalidInput(Fault):
    """Some fields are wrong."""

    status = 422
    code = "invalid_input"
    title = "Some fields are wrong"

    @classmethod
    def field(cls, pointer: str, code: str, detail: str) -> "InvalidInput":
        """Complain about one field."""
        return cls(detail, errors=(FieldError(pointer, code, detail),))


class Unparsable(Fault):
    """The request is not readable at all."""

    status = 400
    code = "unparsable"
    title = "The request cannot be read"


class Unauthenticated(Fault):
    """Nobody we know."""

    status = 401
    code = "unauthenticated"
    title = "Nobody we know"

    @property
    def headers(self) -> dict[str, str]:
        """Say which scheme there is (RFC 9110, section 11.6.1)."""
        return super().headers | {"www-authenticate": "Bearer"}


class Forbidden(Fault):
    """Known, but not allowed."""

    status = 403
    code = "forbidden"
    title = "Not allowed"


class NotFound(Fault):
    """No such thing, or none that this caller may see."""

    status = 404
    code = "not_found"
    title = "Not found"


class MethodNotAllowed(Fault):
    """The route exists, but not with this method."""

    status = 405
    code = "method_not_allowed"
    title = "Not with this method"


class TooSlow(Fault):
    """The body did not come in time."""

    status = 408
    code = "too_slow"
    title = "The body did not come in time"


class Conflict(Fault):
    """The thing is not in a state that allows this."""

    status = 409
    code = "conflict"
    title = "Not possible as things are"


class TooLarge(Fault):
    """The body is larger than this route takes."""

    status = 413
    code = "too_large"
    title = "Too large"


class UnsupportedMedia(Fault):
    """The body is not of a type this route reads."""

    status = 415
    code = "unsupported_media_type"
    title = "Not a type of body that is read here"

    @classmethod
    def but(cls, detail: str, readable: Sequence[str]) -> "UnsupportedMedia":
        """Say which media types are read here (RFC 9110, section 15.5.16)."""
        return cls(detail, headers={"accept": ", ".join(readable)})


class Unsatisfiable(Fault):
    """None of the bytes asked for are there."""

    status = 416
    code = "range_not_satisfiable"
    title = "No such bytes"


class Throttled(Fault):
    """Too many tries; come back later."""

    status = 429
    code = "throttled"
    title = "Too many; come back later"


class Unavailable(Fault):
    """A part that this needs is away; nothing was done."""

    status = 503
    code = "unavailable"
    title = "Away for the moment"


def database_away() -> Unavailable:
    """Say that PostgreSQL cannot be reached; nothing was promised."""
    return Unavailable(message("database_away"), retry_after_s=2)


class MisconfiguredError(Exception):
    """The installation cannot start as it is; the message tells the operator why."""


class ProblemField(msgspec.Struct, frozen=True, omit_defaults=True):
    """One wrong field: where it is (JSON pointer), a stable code and a sentence."""

    pointer: str
    code: str
    detail: str
    did_you_mean: str | None = None


class Problem(msgspec.Struct, frozen=True):
    """What went wrong (RFC 9457); programs go by its `code`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: tuple[ProblemField, ...]
    request_id: str


def problem_of(fault: Fault) -> dict[str, object]:
    """Write a fault as an RFC 9457 problem with a stable `code`."""
    return {
        "type": address_of(fault.code),
        "title": fault.title,
        "status": fault.status,
        "code": fault.code,
        "detail": _as_sent(fault.detail),
        "errors": [
            {
                "pointer": _as_sent(e.pointer),
                "code": e.code,
                "detail": _as_sent(e.detail),
            }
            | ({"did_you_mean": _as_sent(e.did_you_mean)} if e.did_you_mean else {})
            for e in fault.errors
        ],
        "request_id": current_request_id(),
    }


def _as_sent(text: str) -> str:
    """Escape halves of surrogate pairs, which JSON may bring and no UTF-8 can hold.

    Sentences say again what somebody gave, and so may places in a body.
    """
    return text.encode("utf-8", "backslashreplace").decode()
