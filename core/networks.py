"""Networks of addresses, ready to be asked for every request."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

_BITS = 8


@dataclass(frozen=True, slots=True)
class Networks:
    """Some networks; each as bytes of an address, bits to drop, and what remains.

    (The ipaddress module takes fifty times as long, and every scan comes from
    somewhere.)
    """

    ranges: tuple[tuple[int, int, int], ...] = ()

    @classmethod
    def of(cls, networks: Iterable[IPv4Network | IPv6Network]) -> "Networks":
        """Prepare networks."""
        return cls(tuple(map(_range_of, networks)))

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.ranges)

    def hold(self, packed: bytes) -> bool:
        """Tell whether an address of 4 or 16 bytes is in one of them."""
        length, number = len(packed), int.from_bytes(packed, "big")
        for wanted, shift, prefix in self.ranges:
            if length == wanted and number >> shift == prefix:
                return True
        return False


def _range_of(network: IPv4Network | IPv6Network) -> tuple[int, int, int]:
    shift = network.max_prefixlen - network.prefixlen
    first = int(network.network_address)
    return network.max_prefixlen // _BITS, shift, first >> shift
