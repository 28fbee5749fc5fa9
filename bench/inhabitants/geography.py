"""Places of the simulated world: provinces, where people are, and their networks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

KM_A_DEGREE: Final = 111.2
# A city's people and shops lie so far from its middle (one standard deviation).
CITY_KM: Final = 9.0
# Addresses that the mobile customers of one carrier share in one province.
SHARED_ADDRESSES: Final = 6


@dataclass(frozen=True, slots=True)
class Province:
    """One of China's divisions: its digits of GB/T 2260, and its biggest city."""

    digits: str
    lat: float
    lon: float
    # What its addresses begin with: those at home, and those of its mobile carriers.
    fixed: str
    mobile: str

    @property
    def region(self) -> str:
        """Its code as the API reads it."""
        return f"CN-{self.digits}"


PROVINCES: Final = (
    Province("11", 39.90, 116.40, "123.112", "117.136"),
    Province("31", 31.23, 121.47, "116.224", "117.131"),
    Province("32", 32.06, 118.80, "114.222", "117.89"),
    Province("33", 30.27, 120.16, "115.192", "112.17"),
    Province("37", 36.65, 117.12, "119.176", "112.224"),
    Province("41", 34.75, 113.63, "123.52", "117.158"),
    Province("42", 30.59, 114.31, "116.208", "117.154"),
    Province("44", 23.13, 113.26, "113.64", "120.196"),
    Province("51", 30.57, 104.07, "118.112", "117.172"),
    Province("61", 34.34, 108.94, "113.200", "117.32"),
)
# What machines in data centres are seen at.
HOSTING: Final = ("47.96", "106.14", "120.24")


@dataclass(frozen=True, slots=True)
class Place:
    """A position in degrees."""

    lat: float
    lon: float

    def near(self, rng: np.random.Generator, km: float) -> "Place":
        """Give a place so far away (one standard deviation a direction)."""
        north, east = rng.normal(0, km, 2) / KM_A_DEGREE
        return Place(
            self.lat + float(north),
            self.lon + float(east) / float(np.cos(np.radians(self.lat))),
        )


# Gives the address that somebody is seen at, anew for each scan.
Network = Callable[[np.random.Generator], str]


def somewhere(rng: np.random.Generator, province: Province) -> Place:
    """Give a place where people live."""
    return Place(province.lat, province.lon).near(rng, CITY_KM)


def fixed_line(rng: np.random.Generator, province: Province) -> Network:
    """Give somebody a line at home."""
    address = _address(province.fixed, *rng.integers(0, 250, 2))
    return lambda _: address


def carrier(province: Province) -> Network:
    """Give somebody a mobile phone, which shares its address with thousands."""
    return lambda rng: _address(province.mobile, 7, int(rng.integers(SHARED_ADDRESSES)))


def hosting(rng: np.random.Generator, addresses: int) -> Network:
    """Give somebody machines in data centres, or a VPN that ends there."""
    own = [
        _address(HOSTING[rng.integers(len(HOSTING))], *rng.integers(1, 250, 2))
        for _ in range(addresses)
    ]
    return lambda rng: own[rng.integers(len(own))]


def mostly(first: Network, share: float, second: Network) -> Network:
    """Give somebody two networks, of which the first is used that often."""
    return lambda rng: (first if rng.random() < share else second)(rng)


def _address(prefix: str, third: int, fourth: int) -> str:
    return f"{prefix}.{int(third)}.{int(fourth) + 2}"
