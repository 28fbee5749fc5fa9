"""A csv of codes to the disk, against the disk itself.

Each round writes the same number of bytes twice in the same minute: once as an
export, once as plain writes of one block of text and an fsync. Each export runs in
a process of its own, which reports its peak resident memory. Environment:
`CROWNCAP_BENCH_ROWS` (10^7 unless set; 10^8 shows the memory bound),
`CROWNCAP_BENCH_DIR` (where to write; the working directory unless set).
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from bench.measure import rounded, time_once
from codegen.domain import EpochKeys, seal
from printer_export.domain.packages.rows import Preset, format_rows
from printer_export.files.writing import write_export

PREFIX = b"HTTPS://CAP.EXAMPLE/C/"
BLOCK_ROWS = 65_536
ROUNDS = 3
MANY_ROWS = 50_000_000


def run() -> dict[str, object]:
    """Return rates in lines and bytes per second, and the ratio to the disk."""
    rows = int(os.environ.get("CROWNCAP_BENCH_ROWS", "10000000"))
    rounds = 1 if rows > MANY_ROWS else ROUNDS
    exports: list[dict[str, float]] = []
    disk_rates: list[float] = []
    with tempfile.TemporaryDirectory(
        dir=os.environ.get("CROWNCAP_BENCH_DIR", "."), prefix=".bench-export-"
    ) as name:
        directory = Path(name)
        for _ in range(rounds):
            exports.append(_export_in_a_process(directory / "codes.csv", rows))
            size_bytes = int(exports[-1]["size_bytes"])
            plainly = partial(_write_plainly, directory / "plain", size_bytes)
            seconds = time_once(plainly)
            disk_rates.append(size_bytes / seconds)
    seconds = statistics.median(export["seconds"] for export in exports)
    size_bytes = int(exports[0]["size_bytes"])
    ratios = [
        size_bytes / export["seconds"] / disk
        for export, disk in zip(exports, disk_rates, strict=True)
    ]
    return {
        "rows": rows,
        "rounds": rounds,
        "size_bytes": size_bytes,
        "csv_lines_per_s": rounded(rows / seconds),
        "csv_bytes_per_s": rounded(size_bytes / seconds),
        "disk_bytes_per_s": rounded(statistics.median(disk_rates)),
        "ratio_to_disk": rounded(statistics.median(ratios)),
        "peak_memory_mb": max(export["peak_memory_mb"] for export in exports),
    }


def _export_in_a_process(path: Path, rows: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.export", str(path), str(rows)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
    path.unlink()
    figures: dict[str, float] = json.loads(answer.stdout)
    return figures


def _export_here(path: Path, rows: int) -> None:
    """Write one export and print its figures: the other process."""
    keys = EpochKeys.from_masters({3: bytes(range(32))})
    start = time.perf_counter()
    written = write_export(
        path,
        preset=Preset.CSV,
        keys=keys,
        epoch=3,
        first_serial=0,
        count=rows,
        first_index=0,
        link_prefix=PREFIX,
        progress=lambda _rows: None,
    )
    seconds = time.perf_counter() - start
    # Linux counts the peak in kibibytes.
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures = {
        "seconds": seconds,
        "size_bytes": written.size_bytes,
        "peak_memory_mb": rounded(peak_kib * 1024 / 1e6),
    }
    print(json.dumps(figures))


def _write_plainly(path: Path, size_bytes: int) -> None:
    """Write as many bytes of the same kind of text, and make them durable."""
    keys = EpochKeys.from_masters({3: bytes(range(32))})
    codes = seal(keys, 3, np.arange(BLOCK_ROWS, dtype=np.uint64))
    block = format_rows(
        Preset.CSV, codes=codes, first_index=0, link_prefix=PREFIX
    ).tobytes()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        left = size_bytes
        while left:
            left -= os.write(descriptor, block[:left] if left < len(block) else block)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
        path.unlink()


if __name__ == "__main__":
    _export_here(Path(sys.argv[1]), int(sys.argv[2]))
