"""HEAD of everything that GET answers (RFC 9110, section 9.3.2)."""

from typing import Any, Final

from litestar.types import ASGIApp, Receive, Send

_NOT_ALLOWED: Final = 405


def answer_head(app: ASGIApp) -> ASGIApp:
    """Answer HEAD as GET, without the body, where a route has no HEAD of its own.

    The router refuses the method before anything is done, so asking again is safe.
    """

    async def enter(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await app(scope, receive, send)
            return
        refused: list[Any] = []

        async def hold_refusal(message: Any) -> None:
            start = message["type"] == "http.response.start"
            if refused or (start and message["status"] == _NOT_ALLOWED):
                refused.append(message)
            else:
                await send(message)

        await app(_copy(scope, "HEAD"), receive, hold_refusal)
        if refused:
            await app(_copy(scope, "GET"), receive, _without_body(send))

    return enter


def _copy(scope: Any, method: str) -> Any:
    """Copy a request, with a state of its own: it is answered twice, perhaps."""
    return {**scope, "method": method, "state": dict(scope.get("state", {}))}


def _without_body(send: Send) -> Send:
    ended = False

    async def tell(message: Any) -> None:
        nonlocal ended
        if message["type"] == "http.response.start":
            await send(message)
        elif not ended:
            ended = True
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return tell
