"""A million ranges: what one change costs a worker, in time, throughput and memory.

The real server runs with one worker. Its database gets a batch of a million ranges of
ten codes each, half of them active, of a thousand lots. Then, side by side:

* the longest stop of an event loop while one range changes and the change is taken
  over, as workers do it, beside loading all ranges into objects again;
* scans of new codes while ten ranges a second change through the API, and while none
  does, in rounds of both; the ratio compares runs of one round;
* the worker's resident memory with and without the ranges.

Environment: `CROWNCAP_BENCH_RANGES` (1,000,000), `CROWNCAP_BENCH_SECONDS` (6: of a
run), `CROWNCAP_BENCH_ROUNDS` (5).
"""

import asyncio
import json
import os
import statistics
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.measure import rounded
from bench.rig import Target, fire
from bench.serving import (
    CROWNCAP,
    StoreUrls,
    free_port,
    scratch_data,
    started,
    wait_until_ready,
)
from bench.supply import Supply, issue_codes, mint_tokens, run_crowncap
from codegen import tables as t
from codegen.keyring import HighWaterMark, MasterKeyFile
from codegen.store import load_range_table
from codegen.store.ranges import code_range_of
from core.db import create_engine
from scan_api.pipeline.worker_state import WorkerStateKeeper

CODES_A_RANGE: Final = 10
CHANGES_PER_S: Final = 10
MEMBERS: Final = 30_000
NEW_CODES_PER_S: Final = 8_000
TICK_S: Final = 0.0005
FIRST_SERIAL: Final = 1 << 32

_FILL: Final = """
    UPDATE range_version SET version = version + 1;
    INSERT INTO batches (epoch, first_serial, quantity, gtin, campaign_id, placement,
        sale_regions, link_base, link_form, issued_by, issued_at)
    VALUES (0, {first}, {quantity}, '06901234567892', 'demo-points', 'inside', '{{}}',
        'HTTPS://CAP.CN', 'short', 'bench', now());
    INSERT INTO range_changes (batch_id, kind, person, reason, detail, changed, at)
    SELECT max(batch_id), 'issue', 'bench', '', '{{}}', {quantity}, now() FROM batches;
    INSERT INTO audit_log (at, person, role, action, subject, detail)
    SELECT now(), 'bench', 'admin', 'batch.issue', 'batch:' || max(batch_id), '{{}}'
    FROM batches;
    INSERT INTO ranges (first_code_id, last_code_id, batch_id, state, gtin, lot,
        sale_regions, campaign_id, change_id)
    SELECT {first} + n * {size}, {first} + (n + 1) * {size} - 1, b.batch_id,
        CASE n % 2 WHEN 0 THEN 'issued' ELSE 'activated' END, '06901234567892',
        'LOT-' || n / {lot}, '{{}}', 'demo-points', c.change_id
    FROM generate_series(0, {ranges} - 1) AS n,
        (SELECT max(batch_id) AS batch_id FROM batches) AS b,
        (SELECT max(change_id) AS change_id FROM range_changes) AS c;
    UPDATE epochs SET next_serial = {first} + {quantity} WHERE epoch = 0;
    ANALYZE ranges;
"""


def fill(data: Path, database_url: str, ranges: int) -> int:
    """Add a batch of so many ranges; returns its number."""
    mark_spent(data, FIRST_SERIAL + ranges * CODES_A_RANGE)
    statement = _FILL.format(
        first=FIRST_SERIAL,
        quantity=ranges * CODES_A_RANGE,
        size=CODES_A_RANGE,
        ranges=ranges,
        lot=max(1, ranges // 1_000),
    )
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(statement)
        row = conn.execute("SELECT max(batch_id) FROM batches").fetchone()
    assert row is not None
    return int(row[0])


def mark_spent(data: Path, serial: int) -> None:
    """Raise the mark outside PostgreSQL, as an issue does."""
    with HighWaterMark(data / "keys" / "high-water.json").raising(0) as mark:
        mark.raise_to(serial)


# What a change costs the loop ---------------------------------------------------------


async def longest_stop_ms(work: Callable[[], Awaitable[object]]) -> float:
    """Do work while a task ticks; returns the longest time between two ticks."""
    longest = 0.0
    running = True

    async def tick() -> None:
        nonlocal longest
        last = time.perf_counter()
        while running:
            await asyncio.sleep(TICK_S)
            now = time.perf_counter()
            longest = max(longest, now - last - TICK_S)
            last = now

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.05)
    longest = 0.0
    await work()
    await asyncio.sleep(0.01)
    running = False
    await ticking
    return 1e3 * longest


async def _load_objects(conn: AsyncConnection) -> list[Any]:
    """Load all ranges as objects, as every change once made every worker do."""
    rows = await conn.execute(select(t.ranges))
    ranges = [code_range_of(row) for row in rows]
    return sorted(ranges, key=lambda r: r.first_code_id)


async def measure_stops(data: Path, urls: StoreUrls, rounds: int) -> dict[str, float]:
    """Measure what taking a change over stops the loop for, and the first loading."""
    engine = create_engine(urls.database_url)
    keeper = WorkerStateKeeper(engine, MasterKeyFile(data / "keys" / "master-keys"))
    await keeper.start()
    began = time.perf_counter()
    loading = await longest_stop_ms(keeper.refresh)
    loaded_s = time.perf_counter() - began
    stops, took = [], []
    for number in range(rounds):
        async with await psycopg.AsyncConnection.connect(urls.database_url) as conn:
            await conn.execute("UPDATE range_version SET version = version + 1")
            await conn.execute(
                "UPDATE ranges SET plant = %s, version = current_range_version()"
                " WHERE first_code_id = %s",
                (f"P{number}", FIRST_SERIAL + 10_000 * number * CODES_A_RANGE),
            )
        began = time.perf_counter()
        stops.append(await longest_stop_ms(keeper.refresh))
        took.append(1e3 * (time.perf_counter() - began - 0.06))
    async with engine.connect() as conn:
        objects = [await longest_stop_ms(lambda: _load_objects(conn)) for _ in range(2)]
        table = await load_range_table(conn)
    found = keeper.current.table.find(FIRST_SERIAL)
    assert found is not None
    assert found.binding.plant == "P0"
    assert len(table) == len(keeper.current.table.merged())
    await engine.dispose()
    return {
        "one_change_stops_ms": rounded(statistics.median(stops)),
        "one_change_stops_worst_ms": rounded(max(stops)),
        "one_change_known_after_ms": rounded(statistics.median(took)),
        "first_loading_stops_ms": rounded(loading),
        "first_loading_s": rounded(loaded_s),
        "all_as_objects_stops_ms": rounded(statistics.median(objects)),
    }


# Scans beside changes -----------------------------------------------------------------


class Changer(threading.Thread):
    """Activates ranges of a batch over the API, so many a second, until it is told."""

    def __init__(self, port: int, token: str, batch: int, first_range: int) -> None:
        super().__init__(daemon=True)
        self._url = f"http://127.0.0.1:{port}/v1/batches/{batch}/activations"
        self._token = token
        self._at = first_range
        self._told = threading.Event()
        self.changed = 0

    def run(self) -> None:
        """Send one activation after the other at an even pace."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        due = time.perf_counter()
        while not self._told.wait(max(0.0, due - time.perf_counter())):
            due += 1 / CHANGES_PER_S
            first = self._at * CODES_A_RANGE
            body = {"from_index": first, "to_index": first + CODES_A_RANGE - 1}
            request = urllib.request.Request(  # noqa: S310 - our own http
                self._url,
                json.dumps(body).encode(),
                {
                    "Content-Type": "application/json",
                    "Authorization": f"Bearer {self._token}",
                },
            )
            with opener.open(request) as answer:
                self.changed += json.load(answer)["changed"] // CODES_A_RANGE
            self._at += 2

    def stop(self) -> int:
        """Stop; returns how many ranges changed and where to go on."""
        self._told.set()
        self.join()
        return self._at


def measure_scans(
    data: Path, target: Target, batch: int, rounds: int, seconds: float
) -> dict[str, object]:
    """Scan beside ten changes a second and beside none, in rounds of both."""
    quantity = round(2 * rounds * seconds * NEW_CODES_PER_S) + MEMBERS
    supply = Supply(issue_codes(data, quantity), mint_tokens(data, MEMBERS))
    shots = supply.first_timers("/v1/scans", MEMBERS)
    _, sent = fire(data, target, shots, 30)
    supply.use_up(shots[:sent])
    token = run_crowncap(data, "token", "staff", "--role", "issuer").strip()
    quiet, changing, ratios, changed, at = [], [], [], 0, 2_000
    for number in range(rounds):
        rates: dict[str, float] = {}
        # Whoever goes second meets more rows; they take turns.
        for name in ("quiet", "changing") if number % 2 else ("changing", "quiet"):
            shots = supply.new("/v1/scans", round(seconds * NEW_CODES_PER_S))
            changer = Changer(target.port, token, batch, at)
            if name == "changing":
                changer.start()
            run, sent = fire(data, target, shots, seconds)
            if name == "changing":
                at = changer.stop()
                changed += changer.changed
            supply.use_up(shots[:sent])
            rates[name] = run.rate
        quiet.append(rates["quiet"])
        changing.append(rates["changing"])
        ratios.append(rates["changing"] / rates["quiet"])
    return {
        "scans_per_s_quiet": rounded(statistics.median(quiet)),
        "scans_per_s_changing": rounded(statistics.median(changing)),
        "ratio": rounded(statistics.median(ratios)),
        "ratios": " ".join(f"{ratio:.3g}" for ratio in ratios),
        "changes_per_s": rounded(changed / (rounds * seconds)),
    }


def _worker_mb(port: int, roots: tuple[int, ...]) -> float:
    """Read the resident memory of the worker, the process that serves the port."""
    del port
    sizes = []
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(
                line.split(":", 1)
                for line in path.read_text().splitlines()
                if ":" in line
            )
            if int(fields["PPid"]) in roots and "python" in fields["Name"] + "python":
                sizes.append(int(fields["VmRSS"].split()[0]) / 1024)
        except (OSError, KeyError):
            continue
    return max(sizes)


def run() -> dict[str, object]:
    """Return the figures; raises RuntimeError if an answer or the audit is wrong."""
    ranges = int(os.environ.get("CROWNCAP_BENCH_RANGES", "1000000"))
    seconds = float(os.environ.get("CROWNCAP_BENCH_SECONDS", "6"))
    rounds = int(os.environ.get("CROWNCAP_BENCH_ROUNDS", "5"))
    with scratch_data() as data, ExitStack() as stack:
        port, log = free_port(), data.parent / "up.log"
        flags = ("--demo", "--no-week", "--workers", "1")
        up = (CROWNCAP, "up", *flags, "--port", str(port))
        trusted = {"CROWNCAP_TRUSTED_PROXIES": "127.0.0.0/8"}
        process = stack.enter_context(started((*up, "--data-dir", data), log, trusted))
        wait_until_ready(process, f"http://127.0.0.1:{port}/health/ready", log)
        target = Target(port, (process.pid,))
        urls = StoreUrls.of(data, "crowncap")
        empty_mb = _worker_mb(port, target.roots)
        batch = fill(data, urls.database_url, ranges)
        time.sleep(10)
        full_mb = _worker_mb(port, target.roots)
        figures: dict[str, object] = {
            "ranges": ranges,
            "worker_mb_without": rounded(empty_mb),
            "worker_mb_with": rounded(full_mb),
        }
        figures |= asyncio.run(measure_stops(data, urls, rounds))
        figures |= measure_scans(data, target, batch, rounds, seconds)
        figures["worker_mb_after"] = rounded(_worker_mb(port, target.roots))
        figures["audit"] = run_crowncap(data, "audit").strip()
    return figures
