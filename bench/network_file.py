"""What a data file would say of the simulated world's networks, for its service.

An installation names a file that it has bought (CROWNCAP_NETWORK_DATA); this one knows
the addresses of geography.py, and no others.
"""

from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet

from bench.inhabitants.geography import HOSTING, PROVINCES, Province


def write_networks(path: Path) -> Path:
    """Write a file in MaxMind's format."""
    writer = MMDBWriter(4, "bench")
    for province in PROVINCES:
        for prefix, user in (
            (province.fixed, "residential"),
            (province.mobile, "cellular"),
        ):
            _insert(writer, prefix, _record(province, user))
    for prefix in HOSTING:
        _insert(writer, prefix, _record(None, "hosting"))
    writer.to_db_file(str(path))
    return path


def _insert(writer: MMDBWriter, prefix: str, record: dict[str, Any]) -> None:
    writer.insert_network(IPSet([f"{prefix}.0.0/16"]), record)


def _record(province: Province | None, user: str) -> dict[str, Any]:
    parts = [{"iso_code": province.digits}] if province else []
    return {
        "country": {"iso_code": "CN"},
        "subdivisions": parts,
        "traits": {"user_type": user},
    }
