"""What a data file would say of the simulated world's networks, for its service.

An installation names a file that it has bought (CROWNCAP_NETWORK_DATA); this one knows
the addresses of geography.py, and no others. As any such file it is wrong now and then:
it takes some lines for those of another province.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from bench.inhabitants.geography import HOSTING, PROVINCES, Province

# Of 1,000 networks of 256 lines so many are told to be elsewhere.
WRONG: Final = 5


def write_networks(path: Path) -> Path:
    """Write a file in MaxMind's format."""
    writer = MMDBWriter(4, "bench")
    rng = np.random.default_rng(0)
    for province in PROVINCES:
        for prefix, user in (
            (province.fixed, "residential"),
            (province.mobile, "cellular"),
        ):
            _insert(writer, prefix, _record(province, user))
        for third in np.flatnonzero(rng.random(256) < WRONG / 1_000):
            elsewhere = PROVINCES[rng.integers(len(PROVINCES))]
            lines = IPSet([f"{province.fixed}.{third}.0/24"])
            writer.insert_network(lines, _record(elsewhere, "residential"))
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
