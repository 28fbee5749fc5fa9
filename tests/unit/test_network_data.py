"""What files say of networks, read offline, and how far a phone is from its network."""

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.domain.divisions import all_divisions, find_division
from anti_fraud.domain.networks import (
    UNKNOWN_NETWORK,
    KnownNetwork,
    NetworkKind,
    know_network,
)
from anti_fraud.domain.places import cell_of
from anti_fraud.network_data import NetworkData, Source, Told
from core.clock import utc_datetime
from core.errors import MisconfiguredError
from tests.fixtures.network_data import BUILT_AT_S, write_mmdb, write_xdb

# A Tor exit of the list that is shipped; documented addresses are of nobody.
NOBODYS = "192.0.2.7"
KASHGAR, GUANGZHOU, HARBIN = (39.47, 75.99), (23.13, 113.26), (45.80, 126.53)


def find(data: NetworkData, address: str) -> KnownNetwork:
    return data.find(ip_address(address).packed)


def test_a_source_that_fails_at_an_address_knows_nothing_of_it() -> None:
    """The others are asked all the same, and no scan fails of it."""

    def fail(_: bytes) -> Told | None:
        raise ValueError("a record of another shape")

    built_at = utc_datetime(0)
    told = Told(NetworkKind.VPN)
    broken = Source("broken", built_at, fail)
    good = Source("good", built_at, lambda _: told)
    assert find(NetworkData([broken, good]), NOBODYS).kind is NetworkKind.VPN
    assert find(NetworkData([broken]), NOBODYS) == UNKNOWN_NETWORK


@pytest.mark.parametrize(
    ("region", "known"),
    [
        (
            "中国|广东省|深圳市|移动|CN",
            KnownNetwork(NetworkKind.CARRIER, "CN", "CN-44"),
        ),
        ("中国|0|云南省|昆明市|电信", KnownNetwork(NetworkKind.CARRIER, "CN", "CN-53")),
        ("中国|华东|上海|上海市|0", KnownNetwork(None, "CN", "CN-31")),
        (
            "中国|浙江省|杭州市|阿里云|CN",
            KnownNetwork(NetworkKind.HOSTING, "CN", "CN-33"),
        ),
        ("中国|新疆维吾尔自治区|0|0|CN", KnownNetwork(None, "CN", "CN-65")),
        ("United States|Virginia|Ashburn|0|US", KnownNetwork(None, "US", None)),
        ("中国|香港特别行政区|0|0|HK", KnownNetwork(None, "HK", "CN-81")),
        ("0|0|Reserved|Reserved|0", UNKNOWN_NETWORK),
        ("0|0|0|0|0", UNKNOWN_NETWORK),
    ],
)
def test_regions_of_an_xdb_file_become_what_is_known(
    tmp_path: Path, region: str, known: KnownNetwork
) -> None:
    """As they are written today, and as they were before 2025."""
    path = write_xdb(tmp_path / "a.xdb", [("192.0.2.0", "192.0.2.255", region)])
    assert find(NetworkData.open([path]), NOBODYS) == known


def test_an_xdb_file_is_asked_within_its_ranges_only(tmp_path: Path) -> None:
    """Also of a file of IPv6, which knows no IPv4."""
    four = write_xdb(
        tmp_path / "4.xdb",
        [
            ("198.51.100.0", "198.51.100.63", "中国|福建省|0|0|CN"),
            ("198.51.100.64", "198.51.100.127", "中国|江西省|0|0|CN"),
            ("198.51.100.200", "198.51.100.200", "中国|湖南省|0|0|CN"),
        ],
    )
    six = write_xdb(
        tmp_path / "6.xdb", [("2001:db8::", "2001:db8:ffff::", "中国|海南省|0|0|CN")]
    )
    data = NetworkData.open([six, four])
    provinces = {
        last: find(data, f"198.51.100.{last}").province
        for last in (0, 63, 64, 127, 128, 199, 200, 201)
    }
    assert provinces == {
        0: "CN-35",
        63: "CN-35",
        64: "CN-36",
        127: "CN-36",
        128: None,
        199: None,
        200: "CN-43",
        201: None,
    }
    assert find(data, "2001:db8::1").province == "CN-46"
    assert find(data, "203.0.113.1") == UNKNOWN_NETWORK
    assert [s.built_at for s in data.sources[:2]] == [
        utc_datetime(BUILT_AT_S * 1_000)
    ] * 2


CITY = {
    "country": {"iso_code": "CN"},
    "subdivisions": [{"iso_code": "GD", "names": {"en": "Guangdong"}}],
}
NAMED = {
    "country": {"iso_code": "CN"},
    "subdivisions": [{"names": {"en": "Inner Mongolia"}}],
}


@pytest.mark.parametrize(
    ("record", "known"),
    [
        (CITY, KnownNetwork(None, "CN", "CN-44")),
        (NAMED, KnownNetwork(None, "CN", "CN-15")),
        (
            {"country_code": "CN", "state1": "Sichuan"},
            KnownNetwork(None, "CN", "CN-51"),
        ),
        ({"country": "US", "region": "Texas"}, KnownNetwork(None, "US", None)),
        (
            {"country": {"iso_code": "TW"}},
            KnownNetwork(None, "TW", "CN-71"),
        ),
        ({"is_anonymous_vpn": True}, KnownNetwork(NetworkKind.VPN)),
        (
            {"is_hosting_provider": True, "is_tor_exit_node": True},
            KnownNetwork(NetworkKind.TOR),
        ),
        ({"connection_type": "Cellular"}, KnownNetwork(NetworkKind.CARRIER)),
        ({"traits": {"user_type": "residential"}}, KnownNetwork(NetworkKind.BROADBAND)),
        (
            {"autonomous_system_organization": "China Mobile Group"},
            KnownNetwork(NetworkKind.CARRIER),
        ),
        ({"subdivisions": "nonsense", "country": 7}, UNKNOWN_NETWORK),
    ],
)
def test_records_of_an_mmdb_file_become_what_is_known(
    tmp_path: Path, record: dict[str, Any], known: KnownNetwork
) -> None:
    """Whichever of the databases in use wrote them; strange ones tell nothing."""
    path = write_mmdb(tmp_path / "a.mmdb", {"192.0.2.0/24": record})
    data = NetworkData.open([path])
    assert find(data, NOBODYS) == known
    assert find(data, "192.0.3.1") == UNKNOWN_NETWORK


def test_what_is_shipped_knows_data_centres_and_no_homes() -> None:
    data = NetworkData.open([])
    assert find(data, "47.96.0.1").kind is NetworkKind.HOSTING
    assert find(data, "2001:41d0::1").kind is NetworkKind.HOSTING
    for address in ("114.114.114.114", "10.0.0.1", "127.0.0.1", "::1", "240e::1"):
        assert find(data, address) == UNKNOWN_NETWORK
    assert data.find(None) == UNKNOWN_NETWORK


def test_the_worst_that_any_source_says_of_a_kind_is_believed() -> None:
    """And of a place what the first source says that says anything."""

    def source(told: Told | None) -> Source:
        return Source("test", utc_datetime(0), lambda _: told)

    data = NetworkData(
        [
            source(None),
            source(Told(NetworkKind.CARRIER, None, "广东省")),
            source(Told(NetworkKind.TOR, "CN", "Fujian")),
            source(Told(NetworkKind.HOSTING)),
        ]
    )
    assert data.find(b"\1\2\3\4") == KnownNetwork(NetworkKind.TOR, "CN", "CN-44")


def test_an_address_is_asked_for_once_while_it_is_remembered() -> None:
    asked: list[bytes] = []

    def ask(address: bytes) -> Told | None:
        asked.append(address)
        return None

    data = NetworkData([Source("test", utc_datetime(0), ask)])
    for address in (b"\1\2\3\4", b"\1\2\3\5", b"\1\2\3\4"):
        data.find(address)
    assert asked == [b"\1\2\3\4", b"\1\2\3\5"]


@pytest.mark.parametrize("name", ["a.mmdb", "a.xdb"])
@pytest.mark.parametrize("content", [None, b"", b"nonsense" * 100])
def test_a_file_that_cannot_be_read_is_told_by_its_name(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MisconfiguredError) as fault:
        NetworkData.open([path])
    assert str(path) in str(fault.value)


# Divisions ----------------------------------------------------------------------------


def test_each_division_is_found_by_code_and_name() -> None:
    found = all_divisions()
    assert len({division.code for division in found}) == 34
    for division in found:
        for name in division.names:
            assert find_division(name) == division
            assert find_division(f"CN-{name}".lower()) == division
    assert find_division("内蒙古自治区") == find_division("CN-NM")
    assert find_division("深圳市") is None


@pytest.mark.parametrize(
    ("code", "place", "least", "most"),
    [
        ("CN-44", GUANGZHOU, 0, 0),
        # A thousand kilometres from Urumqi, and at home all the same.
        ("CN-65", KASHGAR, 0, 0),
        ("CN-44", HARBIN, 2_300, 2_600),
        ("CN-23", GUANGZHOU, 2_100, 2_600),
        ("CN-45", GUANGZHOU, 20, 200),
    ],
)
def test_a_place_is_as_far_from_a_division_as_it_is_outside(
    code: str, place: tuple[float, float], least: int, most: int
) -> None:
    division = find_division(code)
    assert division is not None
    assert least <= division.distance_km(cell_of(*place)) <= most


def test_each_division_is_where_its_capital_is() -> None:
    """So that no row has somebody else's numbers."""
    capitals = {
        11: (39.9, 116.4),
        12: (39.1, 117.2),
        13: (38.0, 114.5),
        14: (37.9, 112.5),
        15: (40.8, 111.7),
        21: (41.8, 123.4),
        22: (43.9, 125.3),
        23: HARBIN,
        31: (31.2, 121.5),
        32: (32.0, 118.8),
        33: (30.3, 120.2),
        34: (31.8, 117.2),
        35: (26.1, 119.3),
        36: (28.7, 115.9),
        37: (36.7, 117.0),
        41: (34.7, 113.6),
        42: (30.6, 114.3),
        43: (28.2, 113.0),
        44: GUANGZHOU,
        45: (22.8, 108.3),
        46: (20.0, 110.3),
        50: (29.6, 106.5),
        51: (30.6, 104.1),
        52: (26.6, 106.7),
        53: (25.0, 102.7),
        54: (29.65, 91.1),
        61: (34.3, 108.9),
        62: (36.1, 103.8),
        63: (36.6, 101.8),
        64: (38.5, 106.3),
        65: (43.8, 87.6),
        71: (25.0, 121.5),
        81: (22.3, 114.2),
        82: (22.2, 113.5),
    }
    for digits, place in capitals.items():
        division = find_division(f"CN-{digits}")
        assert division is not None
        assert division.distance_km(cell_of(*place)) == 0, division.names


@given(
    st.lists(st.none() | st.sampled_from(NetworkKind)),
    st.none() | st.text(max_size=3),
    st.none() | st.text(max_size=9),
)
def test_nothing_that_a_source_says_breaks_what_is_known(
    kinds: list[NetworkKind | None], country: str | None, province: str | None
) -> None:
    known = know_network(kinds, country, province)
    assert (known.kind is None) == (not any(kinds))
    assert known.country is None or len(known.country) == 2
