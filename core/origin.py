"""Scheme, host and port of a site, and nothing else; pure.

What is printed cannot be changed. So an origin is kept as it will be printed: its host
is one that the web knows, and one in letters of the world is written in punycode
(IDNA 2008 by the table of UTS 46), as browsers look it up.
"""

import ipaddress
import re
from typing import Final

import idna

from core.messages import WrongValueError
from core.sentences import message

MAX_ORIGIN: Final = 64
_PORTS: Final = {"https": 443, "http": 80}
_LAST_PORT: Final = 65_535
_SHAPE: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[^\s/?#@:\\\[\]%]+)"
    r"(?::(?P<port>[0-9]{1,5}))?/?",
    re.IGNORECASE | re.ASCII,
)
# A host that ends in a number is read as an IPv4 address (WHATWG URL, 3.5).
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE | re.ASCII)
_NAME: Final = re.compile(r"[a-z0-9.-]+", re.IGNORECASE | re.ASCII)


class OriginError(WrongValueError):
    """A text that is not scheme and host."""


def read_origin(text: str) -> str:
    """Give an origin as it is printed: `HTTPS://HOST` or `HTTPS://HOST:PORT`.

    Letters keep their case; a host in letters of the world takes that of the scheme.
    The usual port is left out, and a slash at the end. Raises OriginError.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise OriginError(message("not_an_origin", text=text))
    scheme, host = shape["scheme"], _read_host(shape["host"], shape["scheme"])
    port = int(shape["port"] or _PORTS[scheme.lower()])
    if not 0 < port <= _LAST_PORT:
        raise OriginError(message("not_a_port", port=str(port), last=str(_LAST_PORT)))
    origin = f"{scheme}://{host}"
    if port != _PORTS[scheme.lower()]:
        origin += f":{port}"
    if len(origin) > MAX_ORIGIN:
        length = len(origin)
        raise OriginError(
            message("too_long", name=origin, length=length, most=MAX_ORIGIN)
        )
    return origin


def authority_of(origin: str) -> str:
    """Give host and port of an origin, to compare: in small letters."""
    return origin.lower().partition("://")[2]


def read_authority(text: str) -> str:
    """Read `HOST` or `HOST:PORT`, or a whole origin; raises OriginError."""
    return authority_of(read_origin(text if "://" in text else f"https://{text}"))


def _read_host(host: str, scheme: str) -> str:
    if host.startswith("["):
        return _read_address(host)
    try:
        name = idna.encode(host, uts46=True, std3_rules=True).decode()
    except idna.IDNAError as fault:
        raise OriginError(
            message("not_a_host_because", host=host, why=str(fault))
        ) from None
    if not _NAME.fullmatch(name) or name.endswith("."):
        raise OriginError(message("not_a_host", host=host))
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return _read_address(name)
    if host.isascii():
        return host
    return name.upper() if scheme.isupper() else name


def _read_address(host: str) -> str:
    try:
        if host.startswith("["):
            ipaddress.IPv6Address(host[1:-1])
        else:
            ipaddress.IPv4Address(host)
    except ValueError:
        raise OriginError(message("not_an_address", host=host)) from None
    return host
