"""What files of data say of networks, read offline; never asked over a network.

Which files, the settings say. Without any, a list of data centres, VPNs and Tor that
comes with a package (iporigin) tells what is no home.
"""

import mmap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

import iporigin
import maxminddb
import structlog
from ip2region import searcher as xdb
from ip2region import util as xdb_format

from anti_fraud.domain.divisions import find_division
from anti_fraud.domain.messages import message
from anti_fraud.domain.networks import (
    UNKNOWN_NETWORK,
    KnownNetwork,
    NetworkKind,
    is_country,
    kind_of_owner,
    know_network,
)
from core.auth.addresses import write_address
from core.clock import utc_datetime
from core.errors import MisconfiguredError

# Some 150 bytes each. Most come again from one operator's addresses.
REMEMBERED: Final = 16_384
_XDB: Final = ".xdb"
# What iporigin calls networks that people's phones are not in.
_ORIGINS: Final[Mapping[str, NetworkKind]] = {
    iporigin.TOR: NetworkKind.TOR,
    iporigin.VPN: NetworkKind.VPN,
    iporigin.HOSTING: NetworkKind.HOSTING,
    iporigin.CDN: NetworkKind.HOSTING,
    iporigin.BOT: NetworkKind.HOSTING,
}
# `user_type` and `connection_type` of GeoIP2's databases; others have the same names.
_USERS: Final[Mapping[str, NetworkKind]] = {
    "cellular": NetworkKind.CARRIER,
    "residential": NetworkKind.BROADBAND,
    "cable/dsl": NetworkKind.BROADBAND,
    "hosting": NetworkKind.HOSTING,
    "content_delivery_network": NetworkKind.HOSTING,
    "business": NetworkKind.BUSINESS,
    "corporate": NetworkKind.BUSINESS,
    "government": NetworkKind.BUSINESS,
}
_FLAGS: Final[Mapping[str, NetworkKind]] = {
    "is_tor_exit_node": NetworkKind.TOR,
    "is_anonymous_vpn": NetworkKind.VPN,
    "is_residential_proxy": NetworkKind.VPN,
    "is_public_proxy": NetworkKind.VPN,
    "is_hosting_provider": NetworkKind.HOSTING,
}
_OWNERS: Final = ("isp", "organization", "autonomous_system_organization", "as_name")

log = structlog.get_logger(logger_name=__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What one source says of an address, in its own words."""

    kind: NetworkKind | None = None
    country: str | None = None
    province: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A source of what is known: its name, of when it is, and how it is asked.

    It is asked by an address of 4 or 16 bytes; one of a kind that it lacks is unknown.
    """

    name: str
    built_at: datetime
    ask: Callable[[bytes], Told | None]


class NetworkData:
    """All sources; each address is remembered for a while."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = tuple(sources)
        self._remembered = lru_cache(REMEMBERED)(self._ask)

    @classmethod
    def open(cls, paths: Sequence[Path]) -> "NetworkData":
        """Open files, and the list that is shipped; raises MisconfiguredError."""
        return cls([*map(open_source, paths), shipped_source()])

    def find(self, address: bytes | None) -> KnownNetwork:
        """Tell what is known of an address of 4 or 16 bytes."""
        return UNKNOWN_NETWORK if address is None else self._remembered(address)

    def _ask(self, address: bytes) -> KnownNetwork:
        told = [said for source in self.sources if (said := _ask(source, address))]
        countries = [said.country for said in told if said.country]
        provinces = [said.province for said in told if said.province]
        return know_network(
            [said.kind for said in told],
            countries[0] if countries else None,
            provinces[0] if provinces else None,
        )


def _ask(source: Source, address: bytes) -> Told | None:
    """Ask a source; one that fails at an address knows nothing of it.

    A file's mistake must keep nobody's scan from its answer.
    """
    try:
        return source.ask(address)
    except Exception as fault:  # noqa: BLE001 - whatever a library makes of bytes
        log.error("network_data_failed", source=source.name, cause=fault)
        return None


def open_source(path: Path) -> Source:
    """Open a file in MaxMind's format or in ip2region's, which ends in .xdb.

    Both are mapped, so workers share one copy. Raises MisconfiguredError.
    """
    try:
        return _open_xdb(path) if path.suffix == _XDB else _open_mmdb(path)
    except OSError as fault:
        why = fault.strerror or str(fault)
        raise MisconfiguredError(
            message("network_data_unreadable", path=str(path), why=why)
        ) from None
    except Exception as fault:  # noqa: BLE001 - whatever a library makes of bytes
        raise MisconfiguredError(
            message("network_data_wrong", path=str(path), why=str(fault))
        ) from None


def shipped_source() -> Source:
    """Open the list of data centres, VPNs and Tor; 30 ms and 4 MB, once."""
    # It says of itself that it is typed, and is not.
    origins: Any = iporigin
    built_at = utc_datetime(origins.dataset_info()["built_at"] * 1_000)

    def ask(address: bytes) -> Told | None:
        kind = _ORIGINS.get(origins.classify(write_address(address)).kind)
        return None if kind is None else Told(kind)

    return Source(f"iporigin {origins.__version__}", built_at, ask)


# MaxMind's format ---------------------------------------------------------------------


def _open_mmdb(path: Path) -> Source:
    reader = maxminddb.open_database(path)
    built_at = utc_datetime(reader.metadata().build_epoch * 1_000)
    holds_v6 = reader.metadata().ip_version == 6  # noqa: PLR2004 - as the format says

    def ask(address: bytes) -> Told | None:
        if len(address) > 4 and not holds_v6:  # noqa: PLR2004 - bytes of IPv4
            return None
        record = reader.get(write_address(address))
        return _read_record(record) if isinstance(record, dict) else None

    return Source(path.name, built_at, ask)


def _read_record(record: Mapping[str, Any]) -> Told:
    """Read a record of any of the databases in use, nested or flat."""
    country, parts = record.get("country"), record.get("subdivisions")
    if isinstance(country, dict):
        country = country.get("iso_code")
    province = parts[0] if isinstance(parts, list) and parts else None
    if isinstance(province, dict):
        names = province.get("names") or {}
        province = province.get("iso_code") or names.get("en") or names.get("zh-CN")
    return Told(
        _kind_of({**record, **(record.get("traits") or {})}),
        _text(country) or _text(record.get("country_code")),
        _text(province) or _text(record.get("state1")) or _text(record.get("region")),
    )


def _kind_of(said: Mapping[str, Any]) -> NetworkKind | None:
    for flag, kind in _FLAGS.items():
        if said.get(flag) is True:
            return kind
    for name in ("user_type", "connection_type"):
        kind_of_user = _USERS.get(str(said.get(name)).lower())
        if kind_of_user is not None:
            return kind_of_user
    for name in _OWNERS:
        owner = _text(said.get(name))
        kind_by_name = kind_of_owner(owner) if owner else None
        if kind_by_name is not None:
            return kind_by_name
    return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


# ip2region's format -------------------------------------------------------------------


def _open_xdb(path: Path) -> Source:
    with path.open("rb") as file:
        xdb_format.verify(file)
        header = xdb_format.load_header(file)
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    version = xdb_format.version_from_header(header)
    if version is None:
        raise ValueError(f"no IP version {header.ipVersion}")
    # What is mapped is sliced like bytes; it is read from where the file lies.
    reader = xdb.new_with_buffer(version, cast("bytes", content))

    def ask(address: bytes) -> Told | None:
        if len(address) != version.byte_num:
            return None
        region = reader.search(address)
        return _read_region(region) if region else None

    return Source(path.name, utc_datetime(header.createdAt * 1_000), ask)


def _read_region(region: str) -> Told:
    """Read `country|province|city|owner|CN`, or as it was before that of 2025.

    Then a part of the country stood second, and no code last; 0 is what is unknown.
    """
    fields = [field for field in region.split("|") if field not in {"", "0"}]
    code = fields.pop() if fields and is_country(fields[-1]) else None
    if not fields:
        return Told(country=code)
    country, *others = fields
    owner = others[-1] if others else None
    return Told(
        kind_of_owner(owner) if owner else None,
        code or country,
        next((each for each in others if find_division(each)), None),
    )
