"""Connections to endpoints: only to addresses that were looked at, and to no other.

A name is looked up at each connection, every address that it has is judged, and the
connection is made to the very address that was judged: a name that changes its mind
between two look-ups changes nothing. Nothing is followed, no proxy is asked.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import httpcore
from httpcore import SOCKET_OPTION, AsyncNetworkStream

from events.domain.webhooks import Reach

# A try takes no longer, however slowly it is answered.
TRY_WITHIN_S: Final = 10.0
# The library looks at all of them for each request: 32 cost it 2.4 ms, 8 cost 0.7.
CONNECTIONS: Final = 8
_IDLE_S: Final = 20.0


class RefusedAddress(httpcore.ConnectError):
    """A name that leads where we must not go."""


async def look_up(host: str, port: int, reach: Reach, *, is_encrypted: bool) -> str:
    """Give an address of a host; raises RefusedAddress if one of them is forbidden.

    Raises httpcore.ConnectError when it has none.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as fault:
        raise httpcore.ConnectError(f"{host} is not known: {fault}") from None
    addresses = [str(address[0]) for *_, address in found]
    for address in addresses:
        if not reach.allows(address, is_encrypted=is_encrypted):
            raise RefusedAddress(f"{host} leads to {address}, a private network")
    return addresses[0]


@dataclass(slots=True)
class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to what may be connected to."""

    reach: Reach
    is_encrypted: bool
    _inner: httpcore.AsyncNetworkBackend = field(default_factory=httpcore.AnyIOBackend)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Look a host up, and connect to the address that was judged."""
        address = await look_up(host, port, self.reach, is_encrypted=self.is_encrypted)
        return await self._inner.connect_tcp(
            address, port, timeout, local_address, socket_options
        )


def open_connections(
    reach: Reach, *, is_encrypted: bool
) -> httpcore.AsyncConnectionPool:
    """Make connections for one endpoint: another's slowness is none of its own."""
    return httpcore.AsyncConnectionPool(
        ssl_context=ssl.create_default_context() if is_encrypted else None,
        max_connections=CONNECTIONS,
        keepalive_expiry=_IDLE_S,
        network_backend=GuardedNetwork(reach, is_encrypted),
    )


async def post(
    pool: httpcore.AsyncConnectionPool,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
) -> tuple[int | None, str | None]:
    """Send a body; gives what was answered, or what went wrong, in a few words.

    Of the answer only its status is read: what follows is not worth our memory.
    """
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    try:
        async with (
            asyncio.timeout(TRY_WITHIN_S),
            pool.stream("POST", url, headers=sent, content=body) as answer,
        ):
            await _read_a_little(answer)
            return answer.status, None
    except TimeoutError:
        return None, f"no answer within {TRY_WITHIN_S:g} s"
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.TimeoutException,
    ) as fault:
        return None, str(fault) or type(fault).__name__
    except (OSError, ssl.SSLError, ValueError) as fault:
        return None, str(fault) or type(fault).__name__


async def _read_a_little(answer: httpcore.Response) -> None:
    """Read a small answer to its end, so that its connection serves again."""
    left = 16 << 10
    async for part in answer.aiter_stream():
        left -= len(part)
        if left < 0:
            return
