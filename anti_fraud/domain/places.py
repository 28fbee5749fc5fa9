"""Places: H3 cells, never coordinates, and how fast a code went from one to another."""

import struct
from dataclasses import dataclass
from typing import Final

import h3.api.basic_int as h3

# Edges of about half a kilometre: a street, not a house.
RESOLUTION: Final = 8
# A cell's own size: two positions inside one cell lie at most this far from its centre.
_CELL_RADIUS_KM: Final = 0.6
_MAX_LAT: Final = 90.0
_MAX_LON: Final = 180.0
# How long a place counts, by the scans' own times.
PLACE_S: Final = 86_400
_PLACE: Final = struct.Struct("<QI")


@dataclass(frozen=True, slots=True)
class Place:
    """Where (an H3 cell, uint64) and when (Unix seconds, uint32)."""

    cell: int
    at_s: int

    def pack(self) -> bytes:
        """Return 12 bytes."""
        return _PLACE.pack(self.cell, self.at_s)

    @classmethod
    def unpack(cls, packed: bytes) -> "Place | None":
        """Read what `pack` wrote; None for anything else, such as a lost key."""
        if len(packed) != _PLACE.size:
            return None
        cell, at_s = _PLACE.unpack(packed)
        return cls(cell, at_s) if h3.is_valid_cell(cell) else None

    def or_newer(self, other: "Place") -> "Place":
        """Give the newer of two places; of two at one time, the other one."""
        return self if self.at_s > other.at_s else other


@dataclass(frozen=True, slots=True)
class Travel:
    """How far, how long, how fast."""

    distance_km: float
    elapsed_s: int
    speed_kmh: float


def cell_of(lat: float, lon: float) -> int:
    """Return the cell of a position in degrees.

    Raises ValueError outside ±90 and ±180 and for NaN, which the library would wrap
    or pass on.
    """
    if not (-_MAX_LAT <= lat <= _MAX_LAT and -_MAX_LON <= lon <= _MAX_LON):
        raise ValueError(f"No such position: {lat}, {lon}.")
    cell: int = h3.latlng_to_cell(lat, lon, RESOLUTION)
    return cell


def travel(previous: Place, current: Place) -> Travel | None:
    """Return the least travel that explains two places; None if they are days apart.

    The distance is between the cells' nearest points, as near as their size tells, so
    neighbours are no distance apart. Scans that swapped their order on the way, as when
    one comes late, are as far apart in time as ever; two in one second count as one
    second.
    """
    elapsed_s = max(1, abs(current.at_s - previous.at_s))
    if elapsed_s > PLACE_S:
        return None
    if previous.cell == current.cell:
        return Travel(0.0, elapsed_s, 0.0)
    centres_km = h3.great_circle_distance(
        h3.cell_to_latlng(previous.cell), h3.cell_to_latlng(current.cell)
    )
    distance_km = max(0.0, centres_km - 2 * _CELL_RADIUS_KM)
    return Travel(distance_km, elapsed_s, distance_km * 3600 / elapsed_s)
