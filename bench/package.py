"""A package of codes on the disk: zipped, hashed, signed and flushed.

Beside Python's own zipfile with its usual compression, writing the same rows. The
memory is that of a process of its own. Environment: `CROWNCAP_BENCH_ROWS` (10^6
unless set; 10^8 shows the memory bound), `CROWNCAP_BENCH_DIR` (where to write).
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from bench.measure import rounded, time_once
from codegen.domain import EpochKeys
from codegen.domain.batches import Batch, Placement
from codegen.domain.code_text import LinkForm
from core.clock import utc_datetime
from printer_export.domain.packages.orders import Package, PackageOrder, plan_files
from printer_export.domain.packages.rows import Preset
from printer_export.files.building import RowSource, stream_package
from printer_export.files.signing import SigningKeyFile

ROUNDS = 5
MANY_ROWS = 50_000_000
KEYS = EpochKeys.from_masters({0: bytes(32)})


def run() -> dict[str, object]:
    """Return seconds for a package, its peak memory, and the ratio to zipfile."""
    rows = int(os.environ.get("CROWNCAP_BENCH_ROWS", "1000000"))
    rounds = 1 if rows > MANY_ROWS else ROUNDS
    built: list[dict[str, float]] = []
    plain: list[float] = []
    with tempfile.TemporaryDirectory(
        dir=os.environ.get("CROWNCAP_BENCH_DIR", "."), prefix=".bench-package-"
    ) as name:
        directory = Path(name)
        for _ in range(rounds):
            built.append(_build_in_a_process(directory, rows))
            if rows <= MANY_ROWS:
                plain.append(time_once(lambda: _zip_plainly(directory, rows)))
    seconds = statistics.median(each["seconds"] for each in built)
    figures: dict[str, object] = {
        "codes": rows,
        "rounds": rounds,
        "seconds": rounded(seconds),
        "codes_per_s": rounded(rows / seconds),
        "size_bytes": int(built[0]["size_bytes"]),
        "peak_rss_mb": rounded(max(each["rss_mb"] for each in built)),
    }
    if plain:
        zipped = statistics.median(plain)
        figures |= {
            "zipfile_deflate_seconds": rounded(zipped),
            "ratio_to_zipfile": rounded(zipped / seconds),
        }
    return figures


def _package(rows: int) -> Package:
    now = utc_datetime(1_800_000_000_000)
    batch = Batch(
        *(1, 0, 5_000, rows, "06901234567892", None, None, Placement.INSIDE),
        *(None, None, (), None, "HTTPS://CAPS.CN", LinkForm.SHORT, "ada", now),
    )
    order = PackageOrder(Preset.CSV, 0, rows - 1, codes_per_roll=100_000)
    return Package(7, batch, order, 900, "ada", now)


def _build_in_a_process(directory: Path, rows: int) -> dict[str, float]:
    done = subprocess.run(  # noqa: S603 - this program
        [sys.executable, "-m", "bench.package", str(directory), str(rows)],
        stdout=subprocess.PIPE,
        check=True,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _build(directory: Path, rows: int) -> None:
    """Write a package, and tell how long it took and what memory."""
    key_file = SigningKeyFile(directory / "signing.pem")
    key_file.create()
    key, path = key_file.load(), directory / "package.zip"

    def write() -> None:
        with path.open("wb") as file:
            for chunk in stream_package(_package(rows), KEYS, key):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())

    seconds = time_once(write)
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size_bytes = path.stat().st_size
    path.unlink()
    figures = {"seconds": seconds, "rss_mb": peak_kb / 1024, "size_bytes": size_bytes}
    print(json.dumps(figures))


def _zip_plainly(directory: Path, rows: int) -> None:
    package = _package(rows)
    source = RowSource.of(package, KEYS)
    path = directory / "plain.zip"
    with (
        path.open("wb") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for data in plan_files(package.order, "csv"):
            archive.writestr(data.path, b"".join(source.chunks(data)))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


if __name__ == "__main__":
    _build(Path(sys.argv[1]), int(sys.argv[2]))
