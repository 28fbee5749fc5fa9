"""Webhooks: where they may lead, when they are tried again, and how they stand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from core.networks import Networks

LONGEST_URL: Final = 2_000
# What was sent is signed with both secrets for so long after a rotation.
BOTH_SECRETS: Final = timedelta(hours=24)
# After each failed try; past the last one a delivery is dead.
RETRY_AFTER_S: Final = (
    *(5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600),
    *(10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600),
)
# So much more at most, so that what failed together is not tried together.
JITTER: Final = 0.2
_NAT64: Final = IPv6Network("64:ff9b::/96")
_DELIVERY: Final = re.compile(r"(\d{1,9})-([0-9a-f]{32})", re.ASCII)


class DeliveryState(StrEnum):
    """How the delivery of an event to an endpoint stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Somebody who is told of events of some types."""

    endpoint_id: int
    url: str
    types: Sequence[str]
    created_by: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to an endpoint; `status` is what was last answered."""

    endpoint_id: int
    event_id: str
    type: str
    state: DeliveryState
    tries: int
    next_at: datetime
    changed_at: datetime
    status: int | None
    fault: str | None

    @property
    def delivery_id(self) -> str:
        """Name it."""
        return f"{self.endpoint_id}-{self.event_id}"


def parse_delivery_id(text: str) -> tuple[int, str] | None:
    """Read (endpoint_id, event_id) from the name of a delivery."""
    found = _DELIVERY.fullmatch(text)
    return None if found is None else (int(found[1]), found[2])


def retry_after(failed: int, dice: float) -> timedelta | None:
    """Tell how long to wait after so many failed tries; None when it is given up.

    `dice` is a random number from 0 to 1.
    """
    if failed > len(RETRY_AFTER_S):
        return None
    return timedelta(seconds=RETRY_AFTER_S[failed - 1] * (1 + JITTER * dice))


@dataclass(frozen=True, slots=True)
class Target:
    """Where a url leads: a host, to be looked up at each connection, and a port."""

    host: str
    port: int
    is_encrypted: bool


def read_target(url: str) -> Target | None:
    """Read the url of an endpoint; None for what cannot be one."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable():
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"https", "http"} or not parts.hostname or " " in url:
        return None
    if parts.username is not None or parts.password is not None or parts.fragment:
        return None
    is_encrypted = parts.scheme == "https"
    return Target(parts.hostname, port or (443 if is_encrypted else 80), is_encrypted)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which addresses may be connected to: public ones, and `networks`.

    Without encryption only what the networks name: what is sent tells of members.
    """

    networks: Networks

    def allows(self, address: str, *, is_encrypted: bool) -> bool:
        """Tell whether what a name was looked up to may be connected to."""
        ip = _innermost(ip_address(address.partition("%")[0]))
        if self.networks.hold(ip.packed):
            return True
        return is_encrypted and ip.is_global and not ip.is_multicast


def _innermost(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Give the IPv4 address that an IPv6 address only stands for."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    teredo = None if ip.teredo is None else ip.teredo[1]
    return ip.ipv4_mapped or ip.sixtofour or teredo or ip
