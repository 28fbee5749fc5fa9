"""What is checked at every door of the API before any of a body is read."""

from dataclasses import replace
from typing import Any, Final, cast

import structlog
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import HttpMethod
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    ValidationException,
)
from litestar.handlers import BaseRouteHandler
from sqlalchemy.exc import DataError

from core.auth.principal import Principal
from core.auth.requests import Authenticator
from core.bodies import check_names, read_body, tell_wrong
from core.bounds import check_path
from core.db import DATABASE_AWAY
from core.errors import (
    Conflict,
    Fault,
    FieldError,
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
)
from core.messages import Message
from core.sentences import message

log = structlog.get_logger(logger_name=__name__)

Connection = ASGIConnection[Any, Any, Any, Any]
JSON: Final = "application/json"
_BY_STATUS: Final[dict[int, type[Fault]]] = {
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


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON is read at once as what its handler takes."""

    async def json(self) -> Any:
        """Read the body; raises Unparsable, and InvalidInput naming each field."""
        data = self.route_handler.parsed_data_field
        return read_body(await self.body(), Any if data is None else data.annotation)


async def recognise_caller(connection: Connection, _handler: BaseRouteHandler) -> None:
    """Find out who asks; raises Unauthenticated for nobody and for a bad token."""
    if connection.scope.get("method") == HttpMethod.OPTIONS:
        return
    authorization = connection.headers.get("authorization")
    if authorization is None:
        raise Unauthenticated(message("token_needed"))
    authenticator = cast("Authenticator", connection.app.state.authenticator)
    # Where a refusal is answered, it is noted whose it was.
    connection.state.caller = await authenticator.authenticate(authorization)


async def find_principal(request: Request[Any, Any, Any]) -> Principal:
    """Give whom the door recognised; asks anew where it looks at nobody."""
    known = request.state.get("caller")
    if known is None:
        authenticator = cast("Authenticator", request.app.state.authenticator)
        authorization = request.headers.get("authorization")
        known = request.state.caller = await authenticator.authenticate(authorization)
    return cast("Principal", known)


async def refuse_absurd_head(connection: Connection, handler: BaseRouteHandler) -> None:
    """Refuse numbers that no database has, and what no handler here can read."""
    if connection.scope.get("method") == HttpMethod.OPTIONS:
        return
    check_path(connection.path_params.values())
    check_names(connection.query_params.multi_items(), queries_of(handler))
    _require_queries(connection, handler)
    if connection.scope.get("method") in {HttpMethod.GET, HttpMethod.HEAD}:
        return
    check_coding(connection.headers.get("content-encoding"))
    if handler.parsed_data_field is not None and _has_body(connection):
        media, charset = read_media(connection.headers.get("content-type", ""))
        if media != JSON or charset not in {"", "utf-8", "utf8"}:
            raise UnsupportedMedia.but(message("send_json"), (JSON,))


GUARDS: Final = [recognise_caller, refuse_absurd_head]


def _has_body(connection: Connection) -> bool:
    headers = connection.headers
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _require_queries(connection: Connection, handler: BaseRouteHandler) -> None:
    signature = handler.parsed_fn_signature.parameters
    errors = tuple(
        FieldError(f"/{told}", "required", message("query_missing", name=told))
        for told, name in queries_of(handler).items()
        if not signature[name].has_default and told not in connection.query_params
    )
    if errors:
        raise InvalidInput(errors[0].detail, errors=errors)


def check_coding(coding: str | None) -> None:
    """Refuse a compressed body (RFC 9110, section 15.5.16)."""
    if coding is not None and coding.strip().lower() not in {"", "identity"}:
        raise UnsupportedMedia(
            message("coded_body", coding=coding[:40]),
            headers={"accept-encoding": "identity"},
        )


def read_media(content_type: str) -> tuple[str, str]:
    """Read a Content-Type: media type and charset, both in small letters."""
    media, _, parameters = content_type.partition(";")
    charset = ""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    return media.strip().lower(), charset


def queries_of(handler: BaseRouteHandler) -> dict[str, str]:
    """List the query parameters of a handler: as callers name them, and as it does."""
    others = handler.resolve_dependencies().keys() | _RESERVED | _path_names(handler)
    return {
        getattr(field.kwarg_definition, "name", None) or name: name
        for name, field in handler.parsed_fn_signature.parameters.items()
        if name not in others
    }


_RESERVED: Final = frozenset({"request", "data", "headers", "cookies", "state"})


def _path_names(handler: BaseRouteHandler) -> set[str]:
    parts = [part for path in handler.paths for part in path.split("/")]
    return {p.strip("{}").partition(":")[0] for p in parts if p.startswith("{")}


def fault_behind(request: Request[Any, Any, Any], raised: Exception) -> Fault:
    """Give what went wrong as a fault to answer; logs what no caller could mend."""
    if isinstance(raised, Fault):
        return raised
    if isinstance(raised, HTTPException):
        if raised.status_code >= Fault.status:
            log.error("unexpected", exc_info=raised, path=request.url.path)
        return fault_of(request, raised)
    if isinstance(raised, DATABASE_AWAY):
        log.warning("database_away", cause=raised)
        return database_away()
    if isinstance(raised, DataError):
        # What PostgreSQL cannot hold, and no door looked at.
        log.warning("unstorable", cause=raised)
        return InvalidInput(message("value_unstorable"), code="unstorable")
    log.error("unexpected", exc_info=raised, path=request.url.path)
    return Fault(message("went_wrong"))


def fault_of(request: Request[Any, Any, Any], raised: HTTPException) -> Fault:
    """Give what the framework refused as a fault: wrong methods, unknown routes."""
    if isinstance(raised, ValidationException):
        return _invalid_parameters(request, raised)
    if isinstance(raised, MethodNotAllowedException):
        allowed = methods_of(request)
        if not allowed:
            # A number in the address is none: with no method is there anything.
            return NotFound(_SENTENCES[NotFound])
        return MethodNotAllowed(
            message("wrong_method", method=request.method, allowed=", ".join(allowed)),
            headers={"allow": ", ".join(allowed)},
        )
    kind = _BY_STATUS.get(raised.status_code, Fault)
    return kind(_SENTENCES.get(kind, message("request_refused")))


_SENTENCES: Final[dict[type[Fault], Message]] = {
    NotFound: message("no_such_address"),
    TooLarge: message("body_too_large"),
    Unparsable: message("request_unreadable"),
}
# HEAD is answered wherever GET is.
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def methods_of(request: Request[Any, Any, Any]) -> list[str]:
    """List the methods that an address knows, by asking the router for each."""
    router = request.app.asgi_router
    found = []
    for method in _METHODS:
        try:
            router.handle_routing(path=request.scope["path"], method=method)
        except HTTPException:
            continue
        found.append(method)
        if method == "GET":
            found.append("HEAD")
    return found


def _invalid_parameters(
    request: Request[Any, Any, Any], raised: ValidationException
) -> Fault:
    """Point at wrong parameters by the names that callers use."""
    handler = request.route_handler
    told = {ours: theirs for theirs, ours in queries_of(handler).items()}
    signature = handler.parsed_fn_signature.parameters
    extra = raised.extra if isinstance(raised.extra, list) else []
    errors = []
    for entry in extra:
        name = str(entry.get("key", "")).partition(".")[0]
        said = str(entry.get("message", ""))
        if name == "data":
            errors.append(FieldError("", "required", message("body_missing")))
        elif name in signature:
            kind = signature[name].annotation
            name = told.get(name, name)
            wrong = tell_wrong(said, "", kind, name=name)
            errors.append(replace(wrong, pointer=f"/{name}"))
    detail = errors[0].detail if errors else message("request_refused")
    return InvalidInput(detail, errors=tuple(errors))
