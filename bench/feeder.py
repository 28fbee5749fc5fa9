"""Four lines fed by one process, each with its package, journal and printer.

The printers are simulated by a process of their own, over TCP, and print as fast as
they receive; a label takes them 2 ms all the same when nothing else waits. Beside it
the textbook's feeder, on the same drivers and the same kind of journal: a commit that
the code will be sent, the code, the wait until the printer has none left, a commit
that it is printed; a thread a line. Paper, journal and package are compared after
each run. Environment: `CROWNCAP_BENCH_ROWS` (codes a line, 5,000 unless set),
`CROWNCAP_BENCH_DIR` (where journals stand: a disk, not memory).
"""

import asyncio
import json
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.measure import rounded
from codegen.domain import EpochKeys
from codegen.domain.batches import Batch, Placement
from codegen.domain.code_text import LinkForm
from core.clock import utc_datetime
from feeder.codes import Code
from feeder.drivers import Printer, printer_at
from feeder.journal import Binding
from feeder.leases import start_journal
from feeder.package import PackageRows, manifest_digest
from feeder.printer_replies import Printed, Status
from feeder.run import Feeder
from feeder.simulators.paper import MemoryRoll
from feeder.simulators.printer import DIALECTS, Make, SimulatedPrinter
from printer_export.domain.packages.orders import Package, PackageOrder
from printer_export.domain.packages.rows import Preset
from printer_export.files.building import stream_package
from printer_export.files.reading import open_package
from printer_export.files.signing import SigningKeyFile

LINES: Final = 4
ROUNDS: Final = 5
# The textbook's feeder is slow, and as slow after these as after more.
FEW: Final = 300
AT_ONCE: Final = Make(speed=1e6, buffer=200)
KEYS: Final = EpochKeys.from_masters({0: bytes(32)})


@dataclass(slots=True)
class _Run:
    """One run of four lines: codes a second of each, and what it cost."""

    rates: list[float] = field(default_factory=list)
    counted: int = 0
    texts: list[str] = field(default_factory=list)
    feeder_cpu_s: float = 0.0
    simulator_cpu_s: float = 0.0
    seconds: float = 0.0


@dataclass(slots=True)
class _Paper:
    """What the simulated printers printed; known when they have ended."""

    ports: list[int]
    texts: list[list[str]] = field(default_factory=list)
    cpu_s: float = 0.0


def run() -> dict[str, object]:
    """Return codes a second a line and in all, and the ratio to the textbook."""
    codes = int(os.environ.get("CROWNCAP_BENCH_ROWS", "5000"))
    figures: dict[str, object] = {"lines": LINES, "codes": codes, "rounds": ROUNDS}
    with tempfile.TemporaryDirectory(
        dir=os.environ.get("CROWNCAP_BENCH_DIR", "."), prefix=".bench-feeder-"
    ) as name:
        packages = [_write_package(Path(name), line, codes) for line in range(LINES)]
        for scheme in DIALECTS:
            fed, plain = [], []
            for number in range(ROUNDS):
                room = Path(name) / f"{scheme}-{number}"
                room.mkdir()
                fed.append(_feed_lines(room, scheme, packages))
                plain.append(_feed_plainly(room, scheme, packages))
            figures[scheme] = _figures(codes, fed, plain)
    return figures


def _figures(codes: int, fed: list[_Run], plain: list[_Run]) -> dict[str, float]:
    """Take medians over the rounds."""

    def middle(values: Iterator[float]) -> float:
        return rounded(statistics.median(values))

    slowest = middle(min(each.rates) for each in fed)
    naive = middle(min(each.rates) for each in plain)
    return {
        "counted_by_journals": sum(each.counted for each in fed),
        "on_paper": sum(len(each.texts) for each in fed),
        "on_paper_twice": sum(len(each.texts) - len(set(each.texts)) for each in fed),
        "slowest_line_per_s": slowest,
        "median_line_per_s": middle(statistics.median(each.rates) for each in fed),
        "all_lines_per_s": middle(LINES * codes / each.seconds for each in fed),
        "cpu_us_a_code": middle(
            1e6 * each.feeder_cpu_s / (LINES * codes) for each in fed
        ),
        "simulators_busy_percent": middle(
            100 * each.simulator_cpu_s / each.seconds for each in fed
        ),
        "textbook_slowest_line_per_s": naive,
        "textbook_median_line_per_s": middle(
            statistics.median(each.rates) for each in plain
        ),
        "ratio_to_textbook": rounded(slowest / naive),
    }


def _write_package(directory: Path, line: int, codes: int) -> Path:
    """Write a line's package of short links."""
    key_file = SigningKeyFile(directory / "signing.pem")
    key_file.create()
    now = utc_datetime(1_800_000_000_000)
    batch = Batch(
        *(line + 1, 0, 5_000 + line * codes, codes, None, None, None),
        *(Placement.INSIDE, None, None, (), None, "HTTPS://CAPS.CN"),
        *(LinkForm.SHORT, "ada", now),
    )
    order = PackageOrder(Preset.LINES, 0, codes - 1)
    package = Package(line + 1, batch, order, 900, "ada", now)
    path = directory / f"line-{line}.zip"
    with path.open("wb") as file:
        file.writelines(stream_package(package, KEYS, key_file.load()))
    return path


# Crowncap's feeder --------------------------------------------------------------------


def _feed_lines(room: Path, scheme: str, packages: list[Path]) -> _Run:
    """Feed all lines on one loop, and compare journals and paper with the packages."""
    done = _Run()
    with ExitStack() as stack:
        opened = [stack.enter_context(open_package(path)) for path in packages]
        rows = [PackageRows(each) for each in opened]
        with _printers(scheme) as paper:
            urls = [f"{scheme}://127.0.0.1:{port}" for port in paper.ports]
            feeders = []
            for path, package, each, url in zip(
                packages, opened, rows, urls, strict=True
            ):
                binding = _binding(path, package.manifest, url)
                journal = start_journal(
                    room / f"{path.stem}.journal", binding, each.plan, room / "leases"
                )
                stack.callback(journal.close)
                feeders.append((Feeder(each, printer_at(url), journal), journal))
            cpu_s, start_s = time.process_time(), time.perf_counter()
            asyncio.run(_run_all([feeder for feeder, _ in feeders], done))
            done.seconds = time.perf_counter() - start_s
            done.feeder_cpu_s = time.process_time() - cpu_s
        done.simulator_cpu_s = paper.cpu_s
        for each, (_, journal), texts in zip(rows, feeders, paper.texts, strict=True):
            done.counted += journal.counts().printed
            done.texts += texts
            assert texts == _links(each, each.plan.rows), "each once, in order"
    # The next run prints the same codes on other paper.
    shutil.rmtree(room / "leases")
    for path in packages[0].parent.glob("*.leases"):
        path.unlink()
    return done


async def _run_all(feeders: list[Feeder], done: _Run) -> None:
    async def timed(feeder: Feeder) -> float:
        start_s = time.perf_counter()
        outcome = await feeder.run()
        return outcome.counts.printed / (time.perf_counter() - start_s)

    done.rates = await asyncio.gather(*map(timed, feeders))


def _binding(path: Path, manifest: Any, url: str) -> Binding:
    return Binding(
        journal_id=path.stem,
        manifest_sha256=manifest_digest(manifest),
        package_id=str(manifest["package_id"]),
        batch_id=str(manifest["batch_id"]),
        package_path=str(path),
        printer=url,
        from_index=int(manifest["from_index"]),
        to_index=int(manifest["to_index"]),
    )


def _links(rows: PackageRows, count: int) -> list[str]:
    links: list[str] = []
    while len(links) < count:
        links += [code.link for code in rows.read(len(links), count - len(links))]
    return links


# The textbook's -----------------------------------------------------------------------


def _feed_plainly(room: Path, scheme: str, packages: list[Path]) -> _Run:
    """Feed all lines with a thread each, one code after the other."""
    done = _Run()
    with ExitStack() as stack, _printers(scheme) as paper:
        codes: list[list[Code]] = []
        for path in packages:
            rows = PackageRows(stack.enter_context(open_package(path)))
            codes.append(list(rows.read(0, min(FEW, rows.plan.rows))))

        def feed(line: int, port: int) -> None:
            start_s = time.perf_counter()
            printer = printer_at(f"{scheme}://127.0.0.1:{port}")
            _one_by_one(printer, codes[line], room / f"plain-{line}.db")
            done.rates.append(len(codes[line]) / (time.perf_counter() - start_s))

        threads = [
            threading.Thread(target=feed, args=place)
            for place in enumerate(paper.ports)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for mine, texts in zip(codes, paper.texts, strict=True):
        assert texts == [code.link for code in mine], "each once, in order"
    return done


def _one_by_one(printer: Printer, codes: list[Code], journal: Path) -> None:
    conn = sqlite3.connect(journal, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("CREATE TABLE codes (position INTEGER PRIMARY KEY, state TEXT)")
    with socket.create_connection((printer.host, printer.port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(printer.driver.begin())
        for code in codes:
            conn.execute("INSERT INTO codes VALUES (?, 'sent')", (code.position,))
            line.sendall(printer.driver.frame(code))
            _wait_until_printed(printer, line)
            conn.execute(
                "UPDATE codes SET state = 'printed' WHERE position = ?",
                (code.position,),
            )
    conn.close()


def _wait_until_printed(printer: Printer, line: socket.socket) -> None:
    """Listen for the code's acknowledgement, or ask until nothing waits."""
    asks = printer.driver.infers_from_waiting
    while True:
        if asks:
            line.sendall(printer.driver.query())
        answers = printer.driver.read(line.recv(4096))
        while asks and not answers:
            answers = printer.driver.read(line.recv(4096))
        for answer in answers:
            if isinstance(answer, Printed):
                return
            if isinstance(answer, Status) and answer.waiting == 0:
                return


# The printers -------------------------------------------------------------------------


@contextmanager
def _printers(scheme: str) -> Iterator[_Paper]:
    """Run four printers in a process of their own; afterwards there is the paper."""
    with subprocess.Popen(  # noqa: S603 - this program
        [sys.executable, "-m", "bench.feeder", scheme],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        paper = _Paper(json.loads(process.stdout.readline()))
        yield paper
        told, _ = process.communicate()  # the end of its input ends it
        found = json.loads(told)
        paper.texts, paper.cpu_s = found["texts"], found["cpu_s"]


async def _set_up(scheme: str) -> None:
    """Be four printers until the input ends."""
    rolls = [MemoryRoll() for _ in range(LINES)]
    async with AsyncExitStack() as stack:
        printers = [SimulatedPrinter(DIALECTS[scheme](), r, AT_ONCE) for r in rolls]
        ports = [await stack.enter_async_context(p.listening()) for p in printers]
        print(json.dumps(ports), flush=True)
        cpu_s = time.process_time()
        await asyncio.to_thread(sys.stdin.read)
    told = {
        "texts": [[sheet.text for sheet in roll.sheets] for roll in rolls],
        "cpu_s": time.process_time() - cpu_s,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(_set_up(sys.argv[1]))
