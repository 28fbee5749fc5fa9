"""What one caller, and all of them, may hold of a worker: requests, bodies, time.

Before this a client could open connections, send half a body on each, and keep a worker
from everybody else for as long as it liked.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from core.auth.addresses import scope_packed
from core.clock import elapsed_s
from core.errors import Fault, Throttled, TooSlow, Unavailable, problem_of
from core.ids import current_request_id, request_id
from core.networks import Networks
from core.pages import choose_language
from crowncap.messages import message
from scan_api.page import asks_for_page
from scan_api.page.plain_notice import POLICY, busy_notice

_RETRY_AFTER_S: Final = 2
_IPV4_BYTES: Final = 4
# Who waits for a body is looked at so often before it is slow.
_LOOKS: Final = 4
# A subscriber of IPv6 has a /64 at least.
_IPV6_NETWORK_BYTES: Final = 8
_UPLOADS: Final = ("/v1/line-reports", "/report")


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one worker."""

    # A body has so long, and longer the more has come; a pause is as long at most.
    body_s: float = 10.0
    bytes_per_s: int = 16 * 1024
    # A body that took longer than this is slow, and only some may be.
    slow_after_s: float = 1.0
    slow_of_one: int = 32
    slow_of_all: int = 512
    # Nobody may leave a piece of an answer untaken for longer.
    taking_s: float = 60.0
    requests_of_one: int = 512
    requests_of_all: int = 4_096
    # Bodies in memory; uploads are spooled to the disk. What is small comes in whoever
    # fills the rest, since the requests of all are bounded.
    small_bytes: int = 16 * 1024
    body_bytes_of_one: int = 32 * 1024 * 1024
    body_bytes_of_all: int = 128 * 1024 * 1024


@dataclass(slots=True)
class Held:
    """What is held of a worker now; each key is an address, or a network of IPv6."""

    requests: dict[bytes, int] = field(default_factory=dict)
    slow: dict[bytes, int] = field(default_factory=dict)
    bodies: dict[bytes, int] = field(default_factory=dict)
    requests_of_all: int = 0
    slow_of_all: int = 0
    body_bytes: int = 0

    def take_request(self, key: bytes | None, limits: Limits) -> Fault | None:
        """Count a request, or say why not."""
        if self.requests_of_all >= limits.requests_of_all:
            return Unavailable(
                message("crowded"),
                code="crowded",
                retry_after_s=_RETRY_AFTER_S,
            )
        of_one = self.requests.get(key, 0) if key is not None else 0
        if of_one >= limits.requests_of_one:
            return Throttled(
                message("too_many_at_once", most=limits.requests_of_one),
                code="too_many_at_once",
                retry_after_s=_RETRY_AFTER_S,
            )
        self.requests_of_all += 1
        if key is not None:
            self.requests[key] = of_one + 1
        return None

    def give_back_request(self, key: bytes | None) -> None:
        """Forget a request that was counted."""
        self.requests_of_all -= 1
        if key is not None:
            _lower(self.requests, key)

    def take_slow(self, key: bytes | None, limits: Limits) -> bool:
        """Count a slow body if there may be one more."""
        if self.slow_of_all >= limits.slow_of_all:
            return False
        if key is not None and self.slow.get(key, 0) >= limits.slow_of_one:
            return False
        self.slow_of_all += 1
        if key is not None:
            self.slow[key] = self.slow.get(key, 0) + 1
        return True

    def take_bytes(self, key: bytes | None, size: int) -> None:
        """Count bytes of a body in memory."""
        self.body_bytes += size
        if key is not None and size:
            self.bodies[key] = self.bodies.get(key, 0) + size

    def give_back_bytes(self, key: bytes | None, size: int) -> None:
        """Forget the bytes of a body that were counted."""
        self.body_bytes -= size
        if key is not None and size:
            _lower(self.bodies, key, size)

    def give_back_slow(self, key: bytes | None) -> None:
        """Forget a slow body that was counted."""
        self.slow_of_all -= 1
        if key is not None:
            _lower(self.slow, key)


def _lower(counts: dict[bytes, int], key: bytes, by: int = 1) -> None:
    left = counts.pop(key) - by
    if left:
        counts[key] = left


@dataclass(slots=True)
class Admission:
    """Bounds what is held while an application answers."""

    app: ASGIApp
    trusted: Networks
    limits: Limits = Limits()
    held: Held = field(default_factory=Held)
    watch: "_Watch" = field(init=False)

    def __post_init__(self) -> None:
        self.watch = _Watch(self.limits.slow_after_s / _LOOKS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or turn it away before any of its body is read."""
        key = _key_of(scope, self.trusted)
        refused = self.held.take_request(key, self.limits)
        if refused is not None:
            await _refuse(scope, send, refused)
            return
        exchange = _Exchange(
            self.held,
            self.limits,
            self.watch,
            key,
            receive,
            send,
            unread=_has_body(scope["headers"]),
            stored=not _is_spooled(scope["path"]),
        )
        try:
            await self.app(scope, exchange.receive, exchange.send)
        finally:
            exchange.end()
            self.held.give_back_request(key)


@dataclass(slots=True)
class _Watch:
    """Looks at all who wait for a piece of a body, with one timer for them together.

    A timer for each costs a scan more than reading its body does.
    """

    every_s: float
    waiting: dict["_Exchange", None] = field(default_factory=dict)
    is_set: bool = False

    def begin(self, exchange: "_Exchange") -> None:
        """Look at it from now on."""
        self.waiting[exchange] = None
        if not self.is_set:
            self._set()

    def end(self, exchange: "_Exchange") -> None:
        """Look at it no longer."""
        self.waiting.pop(exchange, None)

    def _set(self) -> None:
        self.is_set = True
        asyncio.get_running_loop().call_later(self.every_s, self._look)

    def _look(self) -> None:
        self.is_set = False
        now_s = elapsed_s()
        for exchange in tuple(self.waiting):
            exchange.look(now_s)
        if self.waiting:
            self._set()


@dataclass(slots=True, eq=False)
class _Exchange:
    """One request and its answer, each piece of which has to come in time."""

    held: Held
    limits: Limits
    watch: _Watch
    key: bytes | None
    take: Receive
    give: Send
    unread: bool
    stored: bool
    began_s: float = field(default_factory=elapsed_s)
    arrived: int = 0
    waits_since_s: float = 0.0
    task: asyncio.Task[Any] | None = None
    why: Callable[[], Fault] | None = None
    slow: bool = False
    streams: bool = False

    async def receive(self) -> Any:
        """Give the next piece of the body; raises TooSlow, Throttled, Unavailable."""
        if not self.unread:
            return await self.take()
        task = asyncio.current_task()
        assert task is not None, "a request is answered by a task"
        self.task, cancelled_before = task, task.cancelling()
        self.waits_since_s = elapsed_s()
        self.watch.begin(self)
        try:
            piece = await self.take()
        except asyncio.CancelledError:
            why, self.why = self.why, None
            # Whoever else cancels us meanwhile is not overheard.
            if why is not None and task.uncancel() <= cancelled_before:
                raise why() from None
            raise
        finally:
            self.watch.end(self)
            self.task = None
        self._note(piece)
        return piece

    def look(self, now_s: float) -> None:
        """End a wait that has become too long, or find it slow."""
        limits = self.limits
        left_s = self.began_s + limits.body_s + self.arrived / limits.bytes_per_s
        if now_s >= min(left_s, self.waits_since_s + limits.body_s):
            self._give_up(self._too_slow)
        elif now_s >= self.waits_since_s + limits.slow_after_s and not self.slow:
            self.slow = self.held.take_slow(self.key, limits)
            if not self.slow:
                self._give_up(_crowded)

    def _give_up(self, why: Callable[[], Fault]) -> None:
        # Never the fault itself, and no longer than until it is raised: a ring would
        # keep the connection open until garbage is collected.
        self.why = why
        # Once: a task that is slow to end would take a second cancelling for somebody
        # else's, and never answer.
        self.watch.end(self)
        assert self.task is not None, "it waits"
        self.task.cancel()

    def _too_slow(self) -> Fault:
        return TooSlow(
            message(
                "body_too_slow",
                seconds=self.limits.body_s,
                size=self.limits.bytes_per_s,
            )
        )

    def _note(self, piece: Any) -> None:
        if piece["type"] != "http.request" or not piece.get("more_body"):
            self.unread = False
            if self.slow:
                self._end_slow()
        size = len(piece.get("body", b""))
        self.arrived += size
        if not self.stored:
            return
        self.held.take_bytes(self.key, size)
        if self.arrived <= self.limits.small_bytes:
            return
        of_one = 0 if self.key is None else self.held.bodies.get(self.key, 0)
        if of_one > self.limits.body_bytes_of_one:
            raise _crowded()
        if self.held.body_bytes > self.limits.body_bytes_of_all:
            raise Unavailable(
                message("too_many_large_bodies"),
                code="crowded",
                retry_after_s=_RETRY_AFTER_S,
            )

    def send(self, piece: Any) -> Awaitable[None]:
        """Send a piece of the answer; the connection ends with an unread body."""
        if self.unread and piece["type"] == "http.response.start":
            piece = piece | {"headers": [*piece["headers"], (b"connection", b"close")]}
        self.streams = self.streams or bool(piece.get("more_body"))
        # The server takes a whole answer without waiting for its reader.
        return self._stream(piece) if self.streams else self.give(piece)

    async def _stream(self, piece: Any) -> None:
        async with asyncio.timeout(self.limits.taking_s):
            await self.give(piece)

    def end(self) -> None:
        """Give back what this request held."""
        if self.slow:
            self._end_slow()
        if self.stored:
            self.held.give_back_bytes(self.key, self.arrived)

    def _end_slow(self) -> None:
        self.slow = False
        self.held.give_back_slow(self.key)


def _crowded() -> Fault:
    return Throttled(
        message("too_many_slow_bodies"),
        code="too_many_slow_bodies",
        retry_after_s=_RETRY_AFTER_S,
    )


def _is_spooled(path: str) -> bool:
    return path.startswith(_UPLOADS[0]) or path.endswith(_UPLOADS[1])


def _has_body(headers: Any) -> bool:
    for name, value in headers:
        if name == b"transfer-encoding":
            return True
        if name == b"content-length":
            return bool(value != b"0")
    return False


def _key_of(scope: Any, trusted: Networks) -> bytes | None:
    """Tell whose request this is; None for a proxy that says nothing of its callers."""
    packed = scope_packed(scope, trusted) or b""
    if trusted.hold(packed):
        return None
    return packed if len(packed) <= _IPV4_BYTES else packed[:_IPV6_NETWORK_BYTES]


async def _refuse(scope: Any, send: Any, fault: Fault) -> None:
    """Turn a request away: a program with a problem, a person with a notice."""
    asked = dict(scope["headers"])
    identifier = current_request_id() or request_id(scope["headers"])
    if asks_for_page(scope["path"], asked.get(b"accept", b"").decode("latin-1")):
        body = busy_notice(choose_language(asked.get(b"accept-language")))
        media = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-security-policy", POLICY.encode()),
        ]
    else:
        body = msgspec.json.encode(problem_of(fault))
        media = [(b"content-type", b"application/problem+json")]
    headers = [
        *media,
        (b"content-length", b"%d" % len(body)),
        (b"retry-after", b"%d" % _RETRY_AFTER_S),
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-request-id", identifier.encode()),
    ]
    await send(
        {"type": "http.response.start", "status": fault.status, "headers": headers}
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
