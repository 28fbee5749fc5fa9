"""Where a request came from, past the proxies that are believed."""

import socket
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from core.networks import Networks

_MAX_HOPS = 20
_ADDRESS: Final = "crowncap.address"
_IPV4_BYTES = 4
_MAPPED = bytes(10) + b"\xff\xff"


def pack_address(address: str | None) -> bytes | None:
    """Read an IP address as 4 or 16 bytes; None for what is none.

    An IPv4 address mapped into IPv6 is that IPv4 address. (The ipaddress module takes
    ten times as long, and every scan comes from somewhere.)
    """
    if address is None:
        return None
    try:
        if ":" not in address:
            return socket.inet_pton(socket.AF_INET, address)
        packed = socket.inet_pton(socket.AF_INET6, address)
    except (OSError, ValueError):
        return None
    return packed[12:] if packed.startswith(_MAPPED) else packed


def read_address(given: str | None) -> bytes | None:
    """Read an address as proxies and apps write it: also with a port, or a zone.

    `1.2.3.4:5678`, `[2001:db8::1]:443`, `[::1]` and `fe80::1%eth0` are all in use.
    """
    packed = pack_address(given)
    if packed is not None or given is None:
        return packed
    host = given.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    return pack_address(host.partition("%")[0])


def write_address(packed: bytes) -> str:
    """Write an address of 4 or 16 bytes in its one right way."""
    family = socket.AF_INET if len(packed) == _IPV4_BYTES else socket.AF_INET6
    return socket.inet_ntop(family, packed)


def forwarded_for(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Join all `X-Forwarded-For` of a request; some proxies add a line of their own."""
    lines = [value for name, value in headers if name == b"x-forwarded-for"]
    return b",".join(lines).decode("latin-1") if lines else None


def scope_address(scope: Mapping[str, Any], trusted: Networks) -> str | None:
    """Tell the caller's address of an ASGI request."""
    return _look(scope, trusted)[0]


def scope_packed(scope: Mapping[str, Any], trusted: Networks) -> bytes | None:
    """Tell the caller's address of an ASGI request as `read_address` reads it."""
    return _look(scope, trusted)[1]


def _look(
    scope: Mapping[str, Any], trusted: Networks
) -> tuple[str | None, bytes | None]:
    """Find both, once for each request; they are kept beside what the server says."""
    found: tuple[str | None, bytes | None] | None = scope.get(_ADDRESS)
    if found is None:
        peer = scope.get("client")
        forwarded = forwarded_for(scope["headers"]) if trusted else None
        found = _find_client(peer[0] if peer else None, forwarded, trusted)
        cast("dict[str, Any]", scope)[_ADDRESS] = found
    return found


def client_address(
    peer: str | None, forwarded_for: str | None, trusted: Networks
) -> str | None:
    """Tell the caller's address: the rightmost hop that is none of our proxies.

    `X-Forwarded-For` counts only as far as trusted proxies vouch for it. What they
    vouch for may still be unreadable (`unknown`), and is given as it stands.
    """
    return _find_client(peer, forwarded_for, trusted)[0]


def _find_client(
    peer: str | None, forwarded_for: str | None, trusted: Networks
) -> tuple[str | None, bytes | None]:
    address, packed = peer, read_address(peer)
    if forwarded_for is None or packed is None or not trusted.hold(packed):
        return address, packed
    for hop in reversed(forwarded_for.split(",")[-_MAX_HOPS:]):
        address = hop.strip()
        packed = read_address(address)
        if packed is None or not trusted.hold(packed):
            break
    return address, packed


def is_trusted(address: str | None, trusted: Networks) -> bool:
    """Tell whether an address is one of our proxies."""
    packed = read_address(address)
    return packed is not None and trusted.hold(packed)
