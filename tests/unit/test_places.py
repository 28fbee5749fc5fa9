"""Places, and how fast a code went from one to another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.domain.places import PLACE_S, Place, Travel, cell_of, travel

BEIJING = cell_of(39.9042, 116.4074)
SHANGHAI = cell_of(31.2304, 121.4737)


def way_of(previous: Place, current: Place) -> Travel:
    """Tell how a code came from one place to another on the same day."""
    way = travel(previous, current)
    assert way is not None
    return way


def test_a_place_survives_packing() -> None:
    place = Place(BEIJING, 1_700_000_000)
    assert Place.unpack(place.pack()) == place


@pytest.mark.parametrize("packed", [b"", b"short", bytes(12), b"\xff" * 12, bytes(13)])
def test_what_is_no_place_reads_as_none(packed: bytes) -> None:
    assert Place.unpack(packed) is None


def test_beijing_to_shanghai_in_an_hour_is_a_thousand_kilometres_an_hour() -> None:
    way = way_of(Place(BEIJING, 0), Place(SHANGHAI, 3600))
    assert way.distance_km == pytest.approx(1067, abs=5)
    assert way.elapsed_s == 3600
    assert way.speed_kmh == pytest.approx(1067, abs=5)


def test_scans_that_changed_their_order_are_as_far_apart_in_time() -> None:
    way = way_of(Place(BEIJING, 3600), Place(SHANGHAI, 0))
    assert way.elapsed_s == 3600


def test_places_that_are_days_apart_tell_no_travel() -> None:
    """A place counts for a day, however both scans arrived."""
    old, new = Place(BEIJING, 0), Place(SHANGHAI, PLACE_S)
    assert way_of(old, new) == way_of(new, old)
    assert travel(old, Place(SHANGHAI, PLACE_S + 1)) is None
    assert travel(Place(SHANGHAI, PLACE_S + 1), old) is None


def test_the_newer_place_stays() -> None:
    """A scan that comes late is older than what was there."""
    old, new = Place(BEIJING, 5), Place(SHANGHAI, 6)
    assert old.or_newer(new) is new
    assert new.or_newer(old) is new
    same = Place(SHANGHAI, 5)
    assert old.or_newer(same) is same


def test_two_places_in_one_second_are_fast_but_finite() -> None:
    way = way_of(Place(BEIJING, 5), Place(SHANGHAI, 5))
    assert way.elapsed_s == 1
    assert way.speed_kmh == pytest.approx(way.distance_km * 3600)


@given(st.floats(-89, 89), st.floats(-179, 179))
def test_neighbouring_cells_are_no_distance_apart(lat: float, lon: float) -> None:
    here = cell_of(lat, lon)
    north = cell_of(lat + 0.003, lon)
    assert way_of(Place(here, 0), Place(north, 1)).speed_kmh == 0


@pytest.mark.parametrize(
    ("lat", "lon"), [(91, 0), (-91, 0), (0, 181), (float("nan"), 0), (0, float("inf"))]
)
def test_a_position_off_the_globe_is_an_error(lat: float, lon: float) -> None:
    with pytest.raises(ValueError, match="No such position"):
        cell_of(lat, lon)
