"""Maps, links, bars and timelines of the analyst's pages."""

from datetime import UTC, datetime, timedelta

import h3.api.basic_int as h3
import pytest

from anti_fraud.domain.case_scans import ShownCondition, ShownReward, ShownScan
from anti_fraud.domain.cases import CaseEntryKind, Entry, Value
from anti_fraud.domain.divisions import find_division_at
from anti_fraud.domain.places import cell_of
from console.fraud.case_view import (
    ScansThen,
    measure,
    place_scans,
    sum_rewards,
    tell_all,
)
from console.fraud.due import tell_due
from console.fraud.link_view import MOST_NODES, lay_out_links
from console.fraud.maps import (
    CELLS_HEIGHT,
    CELLS_WIDTH,
    is_outside,
    lay_out_cells,
    lay_out_tiles,
)
from console.fraud.provinces import COLUMNS, PROVINCES, ROWS
from core.conditions import Fact
from core.messages import say

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def scan(number: int, **fields: object) -> ShownScan:
    """Make up a scan."""
    known: dict[str, object] = {
        "scan_id": str(number),
        "at": NOON + timedelta(minutes=number),
        "code_id": "c",
        "member_id": None,
        "outcome": "held",
        "score": 60,
        "hold": "waiting",
        "value": Value(points=5),
        "rewards": (),
        "network": None,
        "device": None,
        "cell": None,
        "rule_set": 1,
        "hits": (),
    }
    return ShownScan(**known | fields)  # type: ignore[arg-type]


def test_the_34_divisions_have_a_square_each() -> None:
    """With a code, letters and names of their own."""
    assert len(PROVINCES) == 34
    assert len({(each.column, each.row) for each in PROVINCES}) == 34
    assert all(
        0 <= each.column < COLUMNS and 0 <= each.row < ROWS for each in PROVINCES
    )
    for field in ("code", "letters", "zh", "en"):
        assert len({getattr(each, field) for each in PROVINCES}) == 34, field


def test_scans_are_counted_by_province_against_where_codes_are_sold() -> None:
    """Each scan once; what nobody knows the place of is neither in nor out."""
    east = ("CN-31", "CN-32")
    scans = [
        scan(1, region="CN-31", sale_regions=east),
        scan(1, region="CN-31", sale_regions=east),
        scan(2, region="CN-44", sale_regions=east),
        scan(3, region="CN-44"),
        scan(4, region="US", sale_regions=east),
        scan(5, sale_regions=east),
    ]
    places = place_scans(scans)
    assert places.sold_in == east
    tiles = places.tiles
    assert [(t.province.code, t.count, t.is_sold) for t in tiles.by_count] == [
        ("CN-44", 2, False),
        ("CN-31", 1, True),
    ]
    assert (tiles.abroad, tiles.unknown) == ((("US", 1),), 1)
    assert (tiles.inside, tiles.outside) == (2, 2)


SUZHOU, NANJING, GUANGZHOU = (
    cell_of(*place) for place in ((31.30, 120.62), (32.06, 118.80), (23.13, 113.26))
)


@pytest.mark.parametrize(
    ("region", "cell", "sold_in", "outside"),
    [
        ("CN-31", None, ("CN-31",), False),
        ("CN-31", None, ("CN",), False),
        ("CN", None, ("CN-31",), False),
        ("CN-31", None, ("CN-32",), True),
        ("US", None, ("CN",), True),
        ("US", None, (), False),
        (None, None, ("CN",), False),
        # Near a border a phone may be in either; far from it, it is not.
        ("CN-32", SUZHOU, ("CN-31",), False),
        ("CN-32", NANJING, ("CN-31",), True),
        ("CN-44", GUANGZHOU, ("CN-31", "CN-32", "CN-33"), True),
    ],
)
def test_a_place_is_outside_only_where_that_is_known(
    region: str | None, cell: int | None, sold_in: tuple[str, ...], *, outside: bool
) -> None:
    assert is_outside(region, cell, sold_in) is outside


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (SUZHOU, "CN-32"),
        (NANJING, "CN-32"),
        (GUANGZHOU, "CN-44"),
        (cell_of(31.23, 121.47), "CN-31"),
        (cell_of(30.66, 104.07), "CN-51"),
        (cell_of(29.56, 106.55), "CN-50"),
        (cell_of(39.9, 116.4), "CN-11"),
        (cell_of(48.85, 2.35), None),
    ],
)
def test_a_cell_is_in_the_division_that_it_is_deepest_in(
    cell: int, code: str | None
) -> None:
    division = find_division_at(cell)
    assert (division and division.code) == code


def test_a_country_stands_for_each_of_its_provinces() -> None:
    tiles = lay_out_tiles({"CN-31": 8, "CN-44": 1}, ("CN",)).tiles
    assert {tile.is_sold for tile in tiles} == {True}
    assert {t.shade for t in tiles if t.count} == {1, 4}
    assert {t.is_sold for t in lay_out_tiles({}).tiles} == {None}


@pytest.mark.parametrize(
    ("places", "resolution"),
    [
        ([(31.23, 121.47)], 8),
        ([(31.23, 121.47), (31.25, 121.50)], 8),
        ([(39.9, 116.4), (31.2, 121.5)], 4),
        ([(-17.0, 179.99), (-17.0, -179.99)], 8),
    ],
)
def test_cells_lie_in_the_picture_and_can_be_seen(
    places: list[tuple[float, float]], resolution: int
) -> None:
    """Far apart in larger cells; the date line parts nothing."""
    counts = {f"{cell_of(*place):x}": 2 for place in places}
    found = lay_out_cells(counts)
    assert found is not None
    assert found.resolution == resolution
    assert sum(each.count for each in found.cells) == 2 * len(places)
    for each in found.cells:
        points = [tuple(map(float, p.split(","))) for p in each.points.split()]
        xs, ys = zip(*points, strict=True)
        assert min(xs) >= 0
        assert max(xs) <= CELLS_WIDTH
        assert min(ys) >= 0
        assert max(ys) <= CELLS_HEIGHT
        assert max(xs) - min(xs) > 4
        assert h3.is_valid_cell(int(each.cell, 16))
    assert 20 < found.scale <= CELLS_WIDTH / 4 + 0.1


def test_north_is_up_and_east_is_right() -> None:
    beijing, shanghai = (f"{cell_of(*p):x}" for p in ((39.9, 116.4), (31.2, 121.5)))
    found = lay_out_cells({beijing: 1, shanghai: 9})
    assert found is not None
    first = {each.count: each.points.split()[0].split(",") for each in found.cells}
    assert float(first[1][0]) < float(first[9][0])
    assert float(first[1][1]) < float(first[9][1])
    assert lay_out_cells({}) is None


def test_a_device_stands_between_its_members_and_its_codes() -> None:
    """What many are linked to is a hub; who shares nothing is no picture."""
    assert lay_out_links([scan(1, member_id="m")]) is None
    scans = [scan(n, member_id=f"m{n}", device="d", code_id=f"c{n}") for n in range(4)]
    picture = lay_out_links(scans)
    assert picture is not None
    [hub] = picture.hubs
    assert (hub.name, hub.links, hub.scans) == ("d", 8, 4)
    assert len(picture.links) == 8
    assert {link.one.name for link in picture.links if link.other.name == "d"} == {
        f"m{n}" for n in range(4)
    }
    assert len({(node.x, node.y) for node in picture.nodes}) == len(picture.nodes)
    assert all(0 < node.y < picture.height for node in picture.nodes)


def test_a_picture_is_bounded_and_keeps_what_links_most() -> None:
    """Of what hangs on one device alone a few stand for all."""
    scans = [scan(n, member_id=f"m{n}", device="d", code_id=f"c{n}") for n in range(60)]
    picture = lay_out_links(scans)
    assert picture is not None
    assert len(picture.nodes) == 1 + 5 + 5
    assert picture.left_out == 121 - 11
    assert picture.hubs[0].links == 120
    ring = [
        scan(n, member_id=f"m{n % 40}", device=f"d{n % 39}", code_id=f"c{n}")
        for n in range(200)
    ]
    picture = lay_out_links(ring)
    assert picture is not None
    assert len(picture.nodes) == MOST_NODES
    kept = {node.name for node in picture.nodes}
    assert all({link.one.name, link.other.name} <= kept for link in picture.links)


@pytest.mark.parametrize(
    ("value", "threshold", "bar"),
    [
        (100, 50, (100.0, 50.0)),
        (25.0, 50, (50.0, 100.0)),
        (0, 50, (0.0, 100.0)),
        (1, 5_000, (1.5, 100.0)),
        (None, 50, None),
        (True, False, None),
        ("emulator", 5, None),
        (0, 0, None),
    ],
)
def test_amounts_are_bars_against_their_threshold(
    value: Fact, threshold: Fact, bar: tuple[float, float] | None
) -> None:
    seen = measure(
        ShownCondition(
            fact="f",
            op=">",
            threshold=threshold,
            value=value,
            holds=True,
            unit=None,
            sentence={},
        )
    )
    assert (None if seen is None else (seen.bar, seen.mark)) == bar


def test_scans_and_what_people_did_are_told_in_one_order() -> None:
    """Scans with nothing between them are told together."""
    taken = Entry(1, 1, NOON + timedelta(minutes=3), CaseEntryKind.ASSIGNED, "anne", {})
    told = tell_all([taken], [scan(n) for n in (1, 2, 4, 5, 6)])
    kinds = [each.scans if isinstance(each, ScansThen) else each for each in told]
    assert kinds == [3, taken, 2]
    newest = told[0]
    assert isinstance(newest, ScansThen)
    assert newest.at - newest.since == timedelta(minutes=2)
    assert newest.value == Value(points=15)


def test_rewards_are_added_up_by_what_became_of_them() -> None:
    points = ShownReward(kind="points", amount=5, name=None, status="pending")
    paid = ShownReward(kind="points", amount=7, name=None, status="posted")
    gift = ShownReward(kind="gift", amount=1, name="cup", status="voided")
    scans = [scan(1, rewards=(points, gift)), scan(2, rewards=(points, paid))]
    gifts, sums = sum_rewards(scans)
    assert (gifts.kind, gifts.name, dict(gifts.amounts)) == (
        "gift",
        "cup",
        {"voided": 1},
    )
    assert (sums.kind, sums.scans) == ("points", 3)
    assert dict(sums.amounts) == {"pending": 10, "posted": 7}


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "in 0 min"),
        (89, "in 89 min"),
        (90, "in 1 h"),
        (150, "in 2 h"),
        (-30, "30 min overdue"),
        (-180, "3 h overdue"),
        (5 * 1_440, "in 5 days"),
        (-2_880, "2 days overdue"),
    ],
)
def test_when_a_case_is_due_is_told_as_people_say_it(minutes: int, words: str) -> None:
    due = tell_due(NOON + timedelta(minutes=minutes), NOON)
    assert (say("en", due.words), due.is_over) == (words, minutes < 0)
