"""Structured logs: one JSON object a line on standard error, with a request's id."""

import logging
import sys
from typing import Any

import structlog
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from core.ids import request_id

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


def configure_logging(level: str = "INFO") -> None:
    """Send structlog's and the standard library's records to standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _drop_secrets,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelName(level)
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> Any:
    """Get a logger whose records say which room they come from."""
    return structlog.get_logger(room=name)


class RequestIds(ASGIMiddleware):
    """Gives each request an id, taken over from the caller if it sends a sane one."""

    async def handle(
        self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp
    ) -> None:
        """Bind the id to the logs and put it on the answer."""
        identifier = request_id(scope["headers"])
        structlog.contextvars.bind_contextvars(request_id=identifier)
        header = (b"x-request-id", identifier.encode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], header]
            await send(message)

        try:
            await next_app(scope, receive, send_with_id)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
