"""Where scans were made: provinces as squares, finer places as H3 cells; pure.

Nothing is loaded from anywhere, and there is no base map: a cell stands where it lies
among the others, north up.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import h3.api.basic_int as h3

from anti_fraud.domain.divisions import find_division
from console.fraud.provinces import COLUMNS, COUNTRY, NAMED, PROVINCES, ROWS, Province

# A square and the room around it, in units of the picture.
SIDE: Final = 60
_GAP: Final = 4
# How dark a square is, from few to most.
SHADES: Final = 4
WIDTH: Final = COLUMNS * SIDE
HEIGHT: Final = ROWS * SIDE
_KM_A_DEGREE: Final = 111.2
# A map shows no more cells side by side than so many: there they can still be seen.
_MOST_ACROSS: Final = 24
_MARGIN: Final = 1.5
CELLS_WIDTH: Final = 480.0
CELLS_HEIGHT: Final = 400.0
_HALF_TURN: Final = 180.0
_STEPS: Final = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Tile:
    """A province's square: how many were there, how dark, and whether it is sold there.

    `is_sold` is None where nobody says where it is sold.
    """

    province: Province
    count: int
    shade: int
    is_sold: bool | None
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class TileMap:
    """All squares, and how many were abroad (by code) or nobody knows where."""

    tiles: tuple[Tile, ...]
    abroad: tuple[tuple[str, int], ...]
    unknown: int
    inside: int
    outside: int

    @property
    def by_count(self) -> list[Tile]:
        """List the squares that have some, most first."""
        some = [tile for tile in self.tiles if tile.count]
        return sorted(some, key=lambda tile: (-tile.count, tile.province.code))


def lay_out_tiles(
    counts: Mapping[str | None, int],
    sold_in: Iterable[str] = (),
    *,
    outside: int = 0,
) -> TileMap:
    """Lay counts by region out as squares; None counts what nobody knows the place of.

    `sold_in` are the regions where something is sold; the whole country stands for each
    of its provinces. `outside` of the counted are where theirs is not sold.
    """
    sold = set(sold_in)
    most = max([n for code, n in counts.items() if code in NAMED], default=0)
    tiles = tuple(
        Tile(
            province,
            count := counts.get(province.code, 0),
            math.ceil(SHADES * count / most) if count else 0,
            (province.code in sold or COUNTRY in sold) if sold else None,
            province.column * SIDE + _GAP // 2,
            province.row * SIDE + _GAP // 2,
        )
        for province in PROVINCES
    )
    abroad = sorted(
        ((code, n) for code, n in counts.items() if code and code not in NAMED),
        key=lambda each: (-each[1], each[0]),
    )
    unknown = counts.get(None, 0)
    known = sum(counts.values()) - unknown
    return TileMap(tiles, tuple(abroad), unknown, known - outside, outside)


def is_outside(region: str | None, cell: int | None, sold_in: Sequence[str]) -> bool:
    """Tell whether a place is known, and is none of those where something is sold.

    A phone that may be in one of them is not outside, whatever else is known.
    """
    if region is None or not sold_in:
        return False
    country = region.partition("-")[0]
    within = {region, country}
    # Somewhere in a country may be in any of its parts.
    if "-" not in region:
        within |= {each for each in sold_in if each.startswith(f"{region}-")}
    if within & set(sold_in):
        return False
    divisions = [] if cell is None else list(map(find_division, sold_in))
    return all(
        division is None or cell is None or division.distance_km(cell) > 0
        for division in divisions
    )


@dataclass(frozen=True, slots=True)
class Hexagon:
    """A cell with its corners as points of the picture, and how many were there."""

    cell: str
    count: int
    shade: int
    points: str


@dataclass(frozen=True, slots=True)
class HexMap:
    """Cells where they lie among each other, and a scale: how long some km are."""

    cells: tuple[Hexagon, ...]
    scale_km: float
    scale: float
    resolution: int


def lay_out_cells(counts: Mapping[str, int]) -> HexMap | None:
    """Lay out cells (hexadecimal) with how many were there; None where there are none.

    What lies far apart is drawn in larger cells, so that each can be seen.
    """
    known = {int(cell, 16): n for cell, n in counts.items()}
    known = {cell: n for cell, n in known.items() if h3.is_valid_cell(cell)}
    if not known:
        return None
    flat = _Flat.around([h3.cell_to_latlng(cell) for cell in known])
    resolution = _resolution(flat.span_km, max(map(h3.get_resolution, known)))
    merged = Counter[int]()
    for cell, n in known.items():
        # A cell that is coarser than what is drawn is drawn as it is.
        fine = h3.get_resolution(cell) > resolution
        merged[h3.cell_to_parent(cell, resolution) if fine else cell] += n
    corners = {
        cell: [flat.place(*corner) for corner in h3.cell_to_boundary(cell)]
        for cell in sorted(merged)
    }
    return _draw(corners, merged, resolution)


@dataclass(frozen=True, slots=True)
class _Flat:
    """The earth around a place laid flat, in km east and south of it."""

    latitude: float
    longitude: float
    span_km: float

    @classmethod
    def around(cls, places: Sequence[tuple[float, float]]) -> "_Flat":
        latitude = sum(lat for lat, _ in places) / len(places)
        flat = cls(latitude, places[0][1], 0.0)
        flats = [flat.place(*place) for place in places]
        span = max(
            max(each[axis] for each in flats) - min(each[axis] for each in flats)
            for axis in (0, 1)
        )
        return cls(flat.latitude, flat.longitude, span)

    def place(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Lay a place flat; the date line is no edge."""
        east = longitude - self.longitude
        if abs(east) > _HALF_TURN:
            east -= math.copysign(2 * _HALF_TURN, east)
        narrow = math.cos(math.radians(self.latitude))
        return (
            east * _KM_A_DEGREE * narrow,
            (self.latitude - latitude) * _KM_A_DEGREE,
        )


def _resolution(span_km: float, finest: int) -> int:
    """Find the finest resolution whose cells are not too many side by side."""
    for resolution in range(finest, 0, -1):
        across = 2 * h3.average_hexagon_edge_length(resolution, unit="km")
        if span_km <= across * _MOST_ACROSS:
            return resolution
    return 0


def _draw(
    corners: Mapping[int, Sequence[tuple[float, float]]],
    counts: Mapping[int, int],
    resolution: int,
) -> HexMap:
    """Scale cells into the middle of the picture, with a scale of round km."""
    across = _MARGIN * h3.average_hexagon_edge_length(resolution, unit="km")
    xs = [x for each in corners.values() for x, _ in each]
    ys = [y for each in corners.values() for _, y in each]
    wide, high = max(xs) - min(xs) + 2 * across, max(ys) - min(ys) + 2 * across
    factor = min(CELLS_WIDTH / wide, CELLS_HEIGHT / high)
    left = (min(xs) + max(xs)) / 2 - CELLS_WIDTH / factor / 2
    top = (min(ys) + max(ys)) / 2 - CELLS_HEIGHT / factor / 2
    most = max(counts.values())
    cells = tuple(
        Hexagon(
            f"{cell:x}",
            counts[cell],
            math.ceil(SHADES * counts[cell] / most),
            " ".join(
                f"{(x - left) * factor:.1f},{(y - top) * factor:.1f}" for x, y in each
            ),
        )
        for cell, each in corners.items()
    )
    scale_km = _round_down(CELLS_WIDTH / factor / 4)
    return HexMap(cells, scale_km, round(scale_km * factor, 1), resolution)


def _round_down(km: float) -> float:
    """Give the largest 1, 2 or 5 times a power of ten that is no longer."""
    power: float = 10.0 ** math.floor(math.log10(km))
    return max(step * power for step in _STEPS if step * power <= km)
