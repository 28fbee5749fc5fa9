"""One run a printer, whatever name the printer is called by.

The lock is a socket name of the kernel (unix(7), "abstract"): it holds for all users
of a machine, leaves no file, and goes with the process however that ends.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from errno import EADDRINUSE
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from core.errors import Conflict, InvalidInput

_HERE: Final = "this-machine"
_ANY_PORT: Final = 9


@contextmanager
def hold_printer(host: str, port: int) -> Iterator[None]:
    """Be the only feeder of a printer on this machine.

    Raises Conflict while another run feeds it, and InvalidInput for an unknown host.
    """
    with ExitStack() as stack:
        for address in sorted(resolve_printer(host, port)):
            lock = stack.enter_context(socket.socket(socket.AF_UNIX))
            try:
                lock.bind(f"\0crowncap-printer/{address}/{port}")
            except OSError as error:
                if error.errno != EADDRINUSE:
                    raise
                raise Conflict(
                    f"Another run feeds the printer {host}:{port} already, perhaps "
                    f"by another name of it; its address is {address}."
                ) from None
        yield


def resolve_printer(host: str, port: int) -> frozenset[str]:
    """List the addresses a name stands for, all of this machine's own as one."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise InvalidInput(
            f"There is no host {host} here: mend the printer's name, or write its "
            "address."
        ) from None
    return frozenset(_name_of(str(sockaddr[0])) for *_, sockaddr in found)


def _name_of(address: str) -> str:
    bare, _, zone = address.partition("%")
    found: IPv4Address | IPv6Address = ip_address(bare)
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.is_loopback or found.is_unspecified or _is_own(found):
        return _HERE
    return f"{found}%{zone}" if zone else str(found)


def _is_own(address: IPv4Address | IPv6Address) -> bool:
    """Whether packets to an address would leave from that same address."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - IP's versions
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), _ANY_PORT))
            source = str(probe.getsockname()[0])
    except OSError:
        return False
    return source == str(address)
