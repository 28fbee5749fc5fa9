"""Structured logs: one JSON object a line on standard error, with a request's id."""

import logging
import sys
import traceback
from typing import Any

import psycopg
import structlog
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy.exc import StatementError

from core.ids import current_request_id, request_id

# These never reach a log, whatever a caller binds by mistake.
_SECRET_KEYS = frozenset(
    {"authorization", "token", "password", "secret", "key", "code", "code_text"}
)


def _drop_secrets(
    _logger: Any, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    for name in _SECRET_KEYS & event.keys():
        event[name] = "(not logged)"
    return event


def tell_fault(fault: BaseException) -> str:
    """Say what went wrong without the values that it went wrong with.

    PostgreSQL quotes them: codes, members, tokens. Of its faults the kind, the SQLSTATE
    and the names of what is concerned are told; of a connection's, the sentence.
    """
    if isinstance(fault, StatementError) and fault.orig is not None:
        return tell_fault(fault.orig)
    if not isinstance(fault, psycopg.Error):
        return repr(fault)
    if fault.sqlstate is not None:
        about = fault.diag
        names = (about.table_name, about.column_name, about.constraint_name)
        told = [fault.sqlstate, *(name for name in names if name)]
        return f"{type(fault).__name__}({', '.join(told)})"
    if isinstance(fault, psycopg.OperationalError | psycopg.InterfaceError):
        return repr(fault)
    return type(fault).__name__


def _tell_faults(
    _logger: Any, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Tell faults and their traces, oldest first, without values."""
    for name, value in event.items():
        if name != "exc_info" and isinstance(value, BaseException):
            event[name] = tell_fault(value)
    given = event.pop("exc_info", None)
    fault = given if isinstance(given, BaseException) else None
    if fault is None and given:
        fault = sys.exc_info()[1]
    told: list[str] = []
    while fault is not None:
        told.append("".join(traceback.format_tb(fault.__traceback__)))
        told[-1] += tell_fault(fault)
        hidden = fault.__suppress_context__
        fault = fault.__cause__ or (None if hidden else fault.__context__)
    if told:
        event["exception"] = "\n\n".join(reversed(told))
    return event


def configure_logging(level: str = "INFO") -> None:
    """Send structlog's and the standard library's records to standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _drop_secrets,
            _tell_faults,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelName(level)
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> Any:
    """Get a logger whose records say which module they come from."""
    return structlog.get_logger(logger_name=name)


class RequestIds(ASGIMiddleware):
    """Puts a request's id, the caller's own if it is a sane one, into the logs."""

    async def handle(
        self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp
    ) -> None:
        """Bind the id to the logs."""
        identifier = current_request_id() or request_id(scope["headers"])
        structlog.contextvars.bind_contextvars(request_id=identifier)
        try:
            await next_app(scope, receive, send)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
