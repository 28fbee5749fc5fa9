"""GET /health/live and /health/ready: ahead of every bound, and on a way of their own.

Requests of others may fill a worker's port. Whoever decides whether it lives can ask at
a port of the main process, which asks each worker at one that only it knows.
"""

import asyncio
import contextlib
import os
import shutil
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
from litestar.types import Receive, Scope, Send

from core.errors import Fault, MethodNotAllowed, NotFound, Unavailable, problem_of
from core.ids import request_id
from crowncap.messages import message
from scan_api.pipeline.readiness import LOOK_WITHIN_S, Readiness, Status

log = structlog.get_logger(logger_name=__name__)

_RETRY_AFTER_S: Final = 2
_LOOPBACK: Final = "127.0.0.1"
_MAX_HEAD: Final = 8_192
_HEAD_WITHIN_S: Final = 2.0
_WORKER_WITHIN_S: Final = LOOK_WITHIN_S + 0.5
# What a caller does that is not a request: leave, wait, or send something else.
_GONE_OR_GARBLED: Final = (
    *(OSError, EOFError, TimeoutError),
    *(ValueError, asyncio.LimitOverrunError),
)

AskReadiness = Callable[[], Awaitable[Readiness]]


class Told(msgspec.Struct, frozen=True):
    """What /health/ready says of one worker."""

    status: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HealthAnswer:
    """An answer in HTTP."""

    status: int
    body: bytes

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Give its headers."""
        ok = self.status == HTTPStatus.OK
        media = b"application/json" if ok else b"application/problem+json"
        headers = [
            (b"content-type", media),
            (b"content-length", b"%d" % len(self.body)),
            (b"cache-control", b"no-store"),
        ]
        if self.status == Unavailable.status:
            headers.append((b"retry-after", b"%d" % _RETRY_AFTER_S))
        return headers


async def tell_health(method: str, path: str, ask: AskReadiness) -> HealthAnswer:
    """Answer a request for health."""
    try:
        if method not in {"GET", "HEAD"}:
            raise MethodNotAllowed(message("ask_health_by_get"))
        if path == "/health/live":
            return HealthAnswer(200, b'{"status":"ok"}')
        if path != "/health/ready":
            raise NotFound(message("no_such_health"))
        found = await ask()
        if found.status is Status.UNAVAILABLE:
            raise Unavailable(found.detail)
    except Fault as fault:
        return HealthAnswer(fault.status, msgspec.json.encode(problem_of(fault)))
    redis = "ok" if found.status is Status.OK else "away"
    about = {"status": found.status.value, "postgres": "ok", "redis": redis}
    if found.detail:
        about["detail"] = str(found.detail)
    return HealthAnswer(200, msgspec.json.encode(about))


@dataclass(frozen=True, slots=True)
class HealthDoor:
    """Health on the port of everything else, as a plain ASGI application."""

    ask: AskReadiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; its body, if it has one, is not waited for."""
        del receive
        about: Any = scope
        answer = await tell_health(about["method"], about["path"], self.ask)
        own = (b"x-request-id", request_id(about["headers"]).encode())
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [*answer.headers, own],
            }
        )
        body = b"" if about["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body, "more_body": False})


async def _answer_one(
    ask: AskReadiness, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer one request of HTTP/1.1 and close."""
    with contextlib.suppress(*_GONE_OR_GARBLED):
        async with asyncio.timeout(_HEAD_WITHIN_S):
            head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        answer = await tell_health(method, target.partition("?")[0], ask)
        lines = [
            b"HTTP/1.1 %d %s"
            % (answer.status, HTTPStatus(answer.status).phrase.encode()),
            *(b"%s: %s" % header for header in answer.headers),
            b"connection: close",
        ]
        body = b"" if method == "HEAD" else answer.body
        writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        async with asyncio.timeout(_HEAD_WITHIN_S):
            await writer.drain()
    writer.close()


@asynccontextmanager
async def listening(
    ask: AskReadiness, host: str, port: int
) -> AsyncIterator[asyncio.Server]:
    """Answer for health on a port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _answer_one(ask, reader, writer)

    server = await asyncio.start_server(serve, host, port, limit=_MAX_HEAD)
    try:
        yield server
    finally:
        server.close()


@asynccontextmanager
async def telling_the_main_process(
    ask: AskReadiness, directory: Path
) -> AsyncIterator[None]:
    """Let the main process ask this worker, at a port that a file of its pid names."""
    async with listening(ask, _LOOPBACK, 0) as server:
        note = directory / str(os.getpid())
        note.write_text(str(server.sockets[0].getsockname()[1]))
        try:
            yield
        finally:
            note.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class WorkersHealth:
    """What all workers of the machine can do together."""

    directory: Path

    async def readiness(self) -> Readiness:
        """Say the worst that a worker says: any of them may get the next request."""
        ports = [port for port in map(_port_of, self.directory.iterdir()) if port]
        found = await asyncio.gather(*map(_ask_worker, ports))
        if not found:
            return Readiness(Status.UNAVAILABLE, message("no_worker_serves"))
        worst = [Status.UNAVAILABLE, Status.DEGRADED, Status.OK]
        return min(found, key=lambda one: worst.index(one.status))


def _port_of(note: Path) -> int | None:
    """Read a worker's port; None of one that has ended."""
    try:
        os.kill(int(note.name), 0)
        return int(note.read_text() or 0)
    except (ValueError, OSError):
        return None


async def _ask_worker(port: int) -> Readiness:
    away = Readiness(Status.UNAVAILABLE, message("worker_silent"))
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(_WORKER_WITHIN_S):
            reader, writer = await asyncio.open_connection(_LOOPBACK, port)
            writer.write(b"GET /health/ready HTTP/1.1\r\nhost: health\r\n\r\n")
            answer = await reader.read(-1)
        head, _, body = answer.partition(b"\r\n\r\n")
        if head.split(b" ", 2)[1] == b"200":
            told = msgspec.json.decode(body, type=Told)
            return Readiness(Status(told.status), told.detail)
        return Readiness(Status.UNAVAILABLE, msgspec.json.decode(body)["detail"])
    except (OSError, TimeoutError, ValueError, IndexError, KeyError):
        return away
    finally:
        if writer is not None:
            writer.close()


def notes_of(data_dir: Path) -> Path:
    """Name the directory in which workers say where they can be asked."""
    return data_dir / "run" / "health"


def tell_health_apart(data_dir: Path, host: str, port: int) -> None:
    """Answer for all workers on a port of its own, in a thread that ends with us."""
    directory = notes_of(data_dir)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)

    async def serve() -> None:
        async with listening(WorkersHealth(directory).readiness, host, port):
            await asyncio.Event().wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except OSError as fault:
            log.error("health_port_not_served", port=port, cause=fault)

    threading.Thread(target=run, name="health", daemon=True).start()
