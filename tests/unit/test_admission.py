"""What one caller may hold of a worker; the bounds here are small so that time is."""

import asyncio
import gc
import ipaddress
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from core.errors import Fault, TooSlow
from core.networks import Networks
from crowncap.admission import Admission, Limits

LIMITS = Limits(
    body_s=0.2,
    slow_after_s=0.05,
    slow_of_one=2,
    slow_of_all=3,
    requests_of_one=2,
    requests_of_all=3,
    small_bytes=0,
    body_bytes_of_one=10_000,
    body_bytes_of_all=1_000,
)
PROXY = Networks.of([ipaddress.ip_network("10.0.0.0/8")])

App = Callable[[Any, Any, Any], Awaitable[None]]


def scope(
    address: str,
    *,
    path: str = "/v1/batches",
    body: bool = True,
    forwarded: str = "",
    reads: str = "",
) -> dict[str, Any]:
    """Word a request as a server hands it on."""
    headers = [(b"content-length", b"900")] if body else []
    if forwarded:
        headers.append((b"x-forwarded-for", forwarded.encode()))
    if reads:
        headers += [(b"accept", b"text/html"), (b"accept-language", reads.encode())]
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "client": (address, 1),
        "headers": headers,
    }


class Caller:
    """Sends pieces of a body when told to, and keeps what comes back."""

    def __init__(self, admission: Admission, **about: Any) -> None:
        self.pieces: asyncio.Queue[Any] = asyncio.Queue()
        self.answer: list[Any] = []
        self.task = asyncio.create_task(
            admission(scope(**about), self.pieces.get, self._keep)  # type: ignore[arg-type]
        )

    async def _keep(self, message: Any) -> None:
        self.answer.append(message)

    def send(self, size: int, *, more: bool = True) -> None:
        """Send so many bytes."""
        self.pieces.put_nowait(
            {"type": "http.request", "body": b"x" * size, "more_body": more}
        )

    async def status(self) -> int:
        """Wait for the answer."""
        await self.task
        return int(self.answer[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        """Give the answer's headers."""
        return dict(self.answer[0]["headers"])


async def read_all(_scope: Any, receive: Any, send: Any) -> None:
    """Answer 200 when the whole body has come, or as a fault says."""
    status = 200
    try:
        while (await receive())["more_body"]:
            pass
    except Fault as fault:
        status = fault.status
    await send({"type": "http.response.start", "status": status, "headers": []})


def admit(app: App = read_all, **limits: Any) -> Admission:
    """Make one with these limits."""
    return Admission(app, PROXY, replace(LIMITS, **limits))


def is_empty(admission: Admission) -> bool:
    """Tell whether nothing is held any more."""
    held = admission.held
    counts = (held.requests_of_all, held.slow_of_all, held.body_bytes)
    return counts == (0, 0, 0) and not (held.requests or held.slow or held.bodies)


async def test_half_a_body_is_answered_408_and_its_connection_ends() -> None:
    """Whoever sends nothing more is not waited for."""
    admission = admit()
    caller = Caller(admission, address="1.1.1.1")
    caller.send(1)
    assert await caller.status() == 408
    assert caller.headers[b"connection"] == b"close"
    assert is_empty(admission)


async def test_a_body_that_was_given_up_leaves_nothing_to_the_garbage() -> None:
    """Its connection ends with what holds it, however long no garbage is collected."""
    gc.disable()
    try:
        caller = Caller(admit(), address="1.1.1.1")
        assert await caller.status() == 408
        pieces = weakref.ref(caller.pieces)
        del caller
        assert pieces() is None
    finally:
        gc.enable()


async def test_a_wait_that_ends_slowly_is_ended_once() -> None:
    """Whoever reads a body is answered, although many looks go by until it wakes."""

    async def slow_to_end() -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(10 * LIMITS.slow_after_s)

    admission, answer = admit(), list[Any]()

    async def keep(message: Any) -> None:
        answer.append(message)

    about: Any = scope("1.1.1.1")
    await admission(about, slow_to_end, keep)
    assert answer[0]["status"] == 408


async def test_bodies_of_one_address_leave_room_for_others() -> None:
    """Unfinished posts of one fill what is theirs; what is small always comes in."""
    admission = admit(
        body_s=60,
        slow_after_s=60,
        requests_of_one=9,
        requests_of_all=9,
        small_bytes=100,
        body_bytes_of_one=1_000,
        body_bytes_of_all=1_500,
    )
    first = Caller(admission, address="1.1.1.1")
    first.send(900)
    second = Caller(admission, address="1.1.1.1")
    second.send(150)
    assert await second.status() == 429
    other = Caller(admission, address="1.1.1.2")
    other.send(550)
    crowded = Caller(admission, address="1.1.1.3")
    crowded.send(101)
    assert await crowded.status() == 503
    for address in ("1.1.1.1", "1.1.1.3"):
        small = Caller(admission, address=address)
        small.send(100, more=False)
        assert await small.status() == 200
    for each in (first, other):
        each.send(0, more=False)
        assert await each.status() == 200
    assert is_empty(admission)


async def test_a_drop_at_a_time_ends_too() -> None:
    """Each byte in time does not keep the whole alive: there is a least speed."""
    admission = admit()
    caller = Caller(admission, address="1.1.1.1")
    while not caller.task.done():
        caller.send(1)
        await asyncio.sleep(0.02)
    assert await caller.status() == 408


async def test_a_large_body_has_time_while_it_keeps_coming() -> None:
    """As long as it takes, at the least speed, but no pause longer than the first."""
    admission = admit(bytes_per_s=1_000, body_s=1)
    caller = Caller(admission, address="1.1.1.1", path="/v1/line-reports")
    for _ in range(8):
        caller.send(100)
        await asyncio.sleep(0.2)
    caller.send(1, more=False)
    assert await caller.status() == 200
    assert b"connection" not in caller.headers


async def test_few_bodies_of_an_address_may_be_slow() -> None:
    """The third from one address is turned away soon; another address is not."""
    admission = admit(requests_of_one=9, requests_of_all=9, body_s=60)
    mine = [Caller(admission, address="1.1.1.1") for _ in range(3)]
    done, waiting = await asyncio.wait(
        [each.task for each in mine], return_when=asyncio.FIRST_COMPLETED
    )
    assert (len(done), len(waiting)) == (1, 2)
    other = Caller(admission, address="1.1.1.2")
    while admission.held.slow_of_all < LIMITS.slow_of_all:  # noqa: ASYNC110 - a count
        await asyncio.sleep(0.01)
    assert await Caller(admission, address="1.1.1.3").status() == 429
    for each in (*mine, other):
        each.send(1, more=False)
    assert sorted([await each.status() for each in mine]) == [200, 200, 429]
    assert await other.status() == 200
    assert is_empty(admission)


async def test_an_address_has_so_many_requests_and_all_have_so_many() -> None:
    """Past the first 429, past the second 503; both say when to come back."""
    admission = admit()
    mine = [Caller(admission, address="1.1.1.1") for _ in range(2)]
    await asyncio.sleep(0)
    refused = Caller(admission, address="1.1.1.1")
    assert await refused.status() == 429
    assert refused.headers[b"retry-after"] == b"2"
    assert refused.headers[b"connection"] == b"close"
    other = Caller(admission, address="1.1.1.2")
    await asyncio.sleep(0)
    assert await Caller(admission, address="1.1.1.3").status() == 503
    for each in (*mine, other):
        each.send(1, more=False)
        assert await each.status() == 200
    assert is_empty(admission)


@pytest.mark.parametrize(
    ("path", "reads", "media", "told"),
    [
        ("/C/0S7NNXNY6ZT4QM5Q", "zh-CN", b"text/html; charset=utf-8", "稍等片刻"),
        ("/C/0S7NNXNY6ZT4QM5Q", "en", b"text/html; charset=utf-8", "Back in a moment"),
        ("/C/0S7NNXNY6ZT4QM5Q", "", b"application/problem+json", "at once"),
        ("/v1/scans", "zh-CN", b"application/problem+json", "at once"),
    ],
)
async def test_who_opened_a_page_is_turned_away_in_words_that_they_read(
    path: str, reads: str, media: bytes, told: str
) -> None:
    """A program, and whoever asks where programs do, reads a problem."""
    admission = admit(requests_of_all=0)
    refused = Caller(admission, address="1.1.1.1", path=path, reads=reads)
    assert await refused.status() == 503
    assert refused.headers[b"content-type"] == media
    assert told in refused.answer[1]["body"].decode()


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:1.1.1.1", "1.1.1.1", True),
    ],
)
async def test_a_network_of_ipv6_is_one_caller(
    first: str, second: str, *, same: bool
) -> None:
    """A subscriber has 2^64 addresses at least."""
    admission = admit(requests_of_one=1)
    kept = Caller(admission, address=first)
    await asyncio.sleep(0)
    other = Caller(admission, address=second)
    other.send(1, more=False)
    assert await other.status() == (429 if same else 200)
    kept.send(1, more=False)
    await kept.task


async def test_behind_a_proxy_each_of_its_callers_is_bounded_and_it_is_not() -> None:
    """A proxy that says nothing of its callers is bounded in sum only."""
    admission = admit(requests_of_one=1)
    kept = Caller(admission, address="10.0.0.1", forwarded="1.1.1.1")
    await asyncio.sleep(0)
    again = Caller(admission, address="10.0.0.1", forwarded="1.1.1.1")
    assert await again.status() == 429
    silent = [Caller(admission, address="10.0.0.1") for _ in range(2)]
    await asyncio.sleep(0)
    for each in silent:
        each.send(1, more=False)
        assert await each.status() == 200
    kept.send(1, more=False)
    await kept.task


async def test_bodies_in_memory_are_bounded_in_sum() -> None:
    """What is spooled to the disk does not count."""
    admission = admit()
    first = Caller(admission, address="1.1.1.1")
    first.send(900)
    await asyncio.sleep(0.01)
    spooled = Caller(admission, address="1.1.1.2", path="/v1/line-reports")
    spooled.send(900, more=False)
    assert await spooled.status() == 200
    second = Caller(admission, address="1.1.1.2")
    second.send(900)
    assert await second.status() == 503
    first.send(1, more=False)
    assert await first.status() == 200
    assert is_empty(admission)


async def test_an_answer_that_nobody_takes_is_not_waited_for() -> None:
    """A reader who stops reading holds nothing for ever."""

    async def answer(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def never(_message: Any) -> None:
        await asyncio.Event().wait()

    admission = admit(answer, taking_s=0.05)
    about: Any = scope("1.1.1.1", body=False)
    with pytest.raises(TimeoutError):
        await admission(about, asyncio.Queue[Any]().get, never)
    assert is_empty(admission)


def test_what_comes_too_slowly_is_a_408() -> None:
    """The status that says: send it again, faster."""
    assert TooSlow.status == 408
