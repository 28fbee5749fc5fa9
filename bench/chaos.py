"""Every fault that was found once, and random ones, while scans are compared.

Two workers serve a database with many ranges and claims. Clients scan without pause;
meanwhile one fault after the other is done to the service, in an order that a seed
decides. In the end every acknowledged answer is held against the database, `crowncap
audit` must be clean, and `/health/ready` must say `ok` without anybody's help.

Environment: `CROWNCAP_BENCH_SECONDS` (300), `CROWNCAP_BENCH_SEED` (1),
`CROWNCAP_BENCH_RANGES` (1,000,000), `CROWNCAP_BENCH_CLAIMS` (10,000,000).
"""

import asyncio
import contextlib
import json
import os
import random  # noqa: TID251 - a bench seeds its own dice
import signal
import socket
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
import redis

from bench.ranges import CODES_A_RANGE, fill, mark_spent
from bench.serving import (
    CROWNCAP,
    StoreUrls,
    children_of,
    free_port,
    scratch_data,
    started,
    wait_until_ready,
)
from bench.supply import issue_codes, mint_tokens, name_of, run_crowncap
from bench.witness import Witness, compare, outcomes_of
from core.ids import first_id_at

MEMBERS: Final = 4_000
CODES: Final = 600_000
CLAIMED_SERIAL: Final = 1 << 33
BETWEEN_S: Final = 4.0
DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))

_FILL_CLAIMS: Final = """
    SELECT ensure_code_partitions({first}, {first} + {count});
    UPDATE range_version SET version = version + 1;
    INSERT INTO batches (epoch, first_serial, quantity, gtin, campaign_id, placement,
        sale_regions, link_base, link_form, issued_by, issued_at)
    VALUES (0, {first}, {count}, '06901234567892', 'demo-points', 'inside', '{{}}',
        'HTTPS://CAP.CN', 'short', 'bench', now());
    INSERT INTO range_changes (batch_id, kind, person, reason, detail, changed, at)
    SELECT max(batch_id), 'issue', 'bench', '', '{{}}', {count}, now() FROM batches;
    INSERT INTO audit_log (at, person, role, action, subject, detail)
    SELECT now(), 'bench', 'admin', 'batch.issue', 'batch:' || max(batch_id), '{{}}'
    FROM batches;
    INSERT INTO ranges (first_code_id, last_code_id, batch_id, state, gtin,
        sale_regions, campaign_id, change_id)
    SELECT {first}, {first} + {count} - 1, max(b.batch_id), 'activated',
        '06901234567892', '{{}}', 'demo-points',
        (SELECT max(change_id) FROM range_changes) FROM batches AS b;
    UPDATE epochs SET next_serial = {first} + {count} WHERE epoch = 0;
    INSERT INTO claims (code_id, scan_id, member_no)
    SELECT {first} + n, {scan} + n, 1 FROM generate_series(0, {count} - 1) AS n;
    INSERT INTO scans (scan_id, code_id, member_no, outcome, points, facts)
    SELECT {scan} + n, {first} + n, 1, 'no_reward', 0, ''
    FROM generate_series(0, {count} - 1) AS n;
    ANALYZE claims;
"""


@dataclass(slots=True)
class Trouble:
    """What faults are done to, and how often each was done."""

    data: Path
    port: int
    pid: int
    urls: StoreUrls
    dice: random.Random
    wide_batch: int
    issuer: str
    done: Counter[str] = field(default_factory=Counter)
    _range: int = 2_000

    def workers(self) -> list[int]:
        """Give the processes that serve."""
        return [
            worker
            for pid in children_of(self.pid)
            if b"forkserver" in Path(f"/proc/{pid}/cmdline").read_bytes()
            for worker in children_of(pid)
            if Path(f"/proc/{worker}/comm").read_text() == "crowncap worker\n"
        ]

    def postgres(self) -> int:
        """Give PostgreSQL's main process."""
        with psycopg.connect(self.urls.database_url) as conn:
            row = conn.execute("SHOW data_directory").fetchone()
        assert row is not None
        return int((Path(row[0]) / "postmaster.pid").read_text().split()[0])

    def valkey(self) -> redis.Redis:
        """Give a client of Valkey."""
        return redis.Redis.from_url(self.urls.redis_url)

    def sql(self, statement: str) -> None:
        """Do something to the database behind everybody's back."""
        with psycopg.connect(self.urls.database_url, autocommit=True) as conn:
            conn.execute(statement)

    def post(self, path: str, body: dict[str, Any]) -> None:
        """Ask the service for something; whether it does is its own affair."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            json.dumps(body).encode(),
            {
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.issuer}",
            },
        )
        with contextlib.suppress(OSError), DIRECT.open(request, timeout=10) as answer:
            answer.read()

    # Faults ---------------------------------------------------------------------------

    def kill_a_worker(self) -> None:
        """End one worker at once."""
        if workers := self.workers():
            os.kill(self.dice.choice(workers), signal.SIGKILL)

    def kill_all_workers(self) -> None:
        """End both, and the first again as soon as it is back."""
        for pid in self.workers():
            os.kill(pid, signal.SIGKILL)
        time.sleep(1)
        self.kill_a_worker()

    def stop_a_worker(self) -> None:
        """Stop one for some seconds, in which it misses everything."""
        if workers := self.workers():
            _pause(self.dice.choice(workers), 3)

    def kill_postgres(self) -> None:
        """Crash it: recovery from its log."""
        os.kill(self.postgres(), signal.SIGQUIT)

    def stop_postgres(self) -> None:
        """Stop its main process and all of its backends."""
        main = self.postgres()
        _pause_all([main, *children_of(main)], 4)

    def refuse_connections(self) -> None:
        """Let nobody connect for some seconds, while a worker starts."""
        self.sql("ALTER DATABASE crowncap CONNECTION LIMIT 0")
        self.kill_a_worker()
        with contextlib.suppress(psycopg.Error):
            self.cut_connections()
        time.sleep(4)
        admin = self.urls.database_url.replace("/crowncap?", "/postgres?")
        with psycopg.connect(admin, autocommit=True) as conn:
            conn.execute("ALTER DATABASE crowncap CONNECTION LIMIT -1")

    def cut_connections(self) -> None:
        """End every connection to the database, leases among them."""
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    def kill_valkey(self) -> None:
        """Crash it: it comes back empty."""
        with self.valkey() as client:
            os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)

    def stop_valkey(self) -> None:
        """Stop it for some seconds."""
        with self.valkey() as client:
            pid = int(client.info("server")["process_id"])
        _pause(pid, 3)

    def empty_valkey(self) -> None:
        """Lose all filters and counters."""
        with self.valkey() as client:
            client.flushall()

    def both_gone(self) -> None:
        """Reboot: PostgreSQL and Valkey at once."""
        self.kill_valkey()
        self.kill_postgres()

    def wrong_bits(self) -> None:
        """Call codes claimed that are not."""
        with self.valkey() as client:
            for key in client.scan_iter(b"claimed:*", count=1_000):
                for _ in range(50):
                    client.setbit(key, self.dice.randrange(1 << 20), 1)

    def read_everything(self) -> None:
        """Hold ACCESS SHARE on every table for some seconds, as a dump does."""
        with psycopg.connect(self.urls.database_url) as conn:
            for table in ("claims", "scans", "scan_traces", "sightings", "ranges"):
                conn.execute(f"LOCK TABLE {table} IN ACCESS SHARE MODE")
            time.sleep(5)

    def change_ranges(self) -> None:
        """Ten changes a second for three seconds."""
        for _ in range(30):
            first = self._range * CODES_A_RANGE
            self._range += 2
            body = {"from_index": first, "to_index": first + CODES_A_RANGE - 1}
            self.post(f"/v1/batches/{self.wide_batch}/activations", body)
            time.sleep(0.08)

    def change_a_product(self) -> None:
        """Something that makes every batch stale."""
        gtin = f"069012345{self.dice.randrange(10_000):04d}0"
        body = {"gtin": gtin, "name": "Tea", "brand": "Demo Dairy"}
        self.post("/v1/products", body)
        self.sql("UPDATE range_version SET version = version + 1")
        self.sql("UPDATE products SET version = current_range_version()")

    def begin_since_ever(self) -> None:
        """Send what some programs write for "no date"."""
        body = {"effective_at": "0001-01-01T00:00:00+08:00", "from_index": 0}
        self.post(f"/v1/batches/{self.wide_batch}/activations", body)

    def hold_connections(self) -> None:
        """Half-sent requests from one address for some seconds."""
        with ExitStack() as stack:
            for _ in range(1_000):
                with contextlib.suppress(OSError):
                    link = socket.create_connection(("127.0.0.1", self.port), 2)
                    stack.callback(link.close)
                    link.sendall(
                        b"POST /v1/scans HTTP/1.1\r\nHost: x\r\nContent-Type:"
                        b" application/json\r\nContent-Length: 90\r\n\r\n{"
                    )
            time.sleep(4)

    def rebuild_filters(self) -> None:
        """As an operator does."""
        with contextlib.suppress(RuntimeError):
            run_crowncap(self.data, "filters", "rebuild")

    def faults(self) -> list[Callable[[], None]]:
        """List all faults."""
        return [
            self.kill_a_worker,
            self.kill_all_workers,
            self.stop_a_worker,
            self.kill_postgres,
            self.stop_postgres,
            self.refuse_connections,
            self.cut_connections,
            self.kill_valkey,
            self.stop_valkey,
            self.empty_valkey,
            self.both_gone,
            self.wrong_bits,
            self.read_everything,
            self.change_ranges,
            self.change_a_product,
            self.begin_since_ever,
            self.hold_connections,
            self.rebuild_filters,
        ]

    def run(self, seconds: float) -> None:
        """Do every fault once in any order, then random ones while there is time."""
        deadline = time.monotonic() + seconds
        first = self.faults()
        self.dice.shuffle(first)
        while first or time.monotonic() < deadline:
            fault = first.pop() if first else self.dice.choice(self.faults())
            for _ in range(20):
                with contextlib.suppress(OSError, psycopg.Error, redis.RedisError):
                    fault()
                    self.done[fault.__name__] += 1
                    break
                time.sleep(0.5)
            time.sleep(BETWEEN_S * self.dice.random())


def _pause(pid: int, seconds: float) -> None:
    _pause_all([pid], seconds)


def _pause_all(pids: list[int], seconds: float) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def fill_claims(data: Path, database_url: str, count: int) -> None:
    """Add a batch whose codes are all claimed."""
    mark_spent(data, CLAIMED_SERIAL + count)
    statement = _FILL_CLAIMS.format(
        first=CLAIMED_SERIAL,
        count=count,
        scan=first_id_at(round(time.time() * 1000) - 86_400_000),  # noqa: TID251 - now
    )
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(statement)


async def _scan_beside(witness: Witness, trouble: Trouble, seconds: float) -> None:
    scanning = asyncio.create_task(witness.run())
    await asyncio.sleep(3)
    await asyncio.to_thread(trouble.run, seconds)
    await asyncio.sleep(5)
    witness.running = False
    await scanning


def _once(codes: list[str]) -> Iterator[str]:
    yield from codes
    raise RuntimeError("The bench has used up its codes; issue more.")


def _becomes_ready(port: int) -> tuple[str, float]:
    """Wait for /health/ready to say ok; returns what it said and after how long."""
    began = time.monotonic()
    said = "nothing"
    while time.monotonic() - began < 60:
        with (
            contextlib.suppress(OSError),
            DIRECT.open(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer,
        ):
            said = json.load(answer)["status"]
            if said == "ok":
                break
        time.sleep(0.2)
    return said, time.monotonic() - began


def run() -> dict[str, object]:
    """Return what was done and what came of it; raises RuntimeError if all is lost."""
    seconds = float(os.environ.get("CROWNCAP_BENCH_SECONDS", "300"))
    seed = int(os.environ.get("CROWNCAP_BENCH_SEED", "1"))
    ranges = int(os.environ.get("CROWNCAP_BENCH_RANGES", "1000000"))
    claims = int(os.environ.get("CROWNCAP_BENCH_CLAIMS", "10000000"))
    with scratch_data() as data, ExitStack() as stack:
        port, log = free_port(), data.parent / "up.log"
        flags = ("--demo", "--no-week", "--workers", "2")
        up = (CROWNCAP, "up", *flags, "--port", str(port))
        trusted = {"CROWNCAP_TRUSTED_PROXIES": "127.0.0.0/8"}
        process = stack.enter_context(started((*up, "--data-dir", data), log, trusted))
        wait_until_ready(process, f"http://127.0.0.1:{port}/health/ready", log)
        urls = StoreUrls.of(data, "crowncap")
        codes = issue_codes(data, CODES)
        tokens = dict(
            zip(map(name_of, range(MEMBERS)), mint_tokens(data, MEMBERS), strict=True)
        )
        issuer = run_crowncap(data, "token", "staff", "--role", "issuer").strip()
        wide = fill(data, urls.database_url, ranges)
        fill_claims(data, urls.database_url, claims)
        first_scan_id = first_id_at(round(time.time() * 1000))  # noqa: TID251 - now
        dice = random.Random(seed)
        trouble = Trouble(data, port, process.pid, urls, dice, wide, issuer)
        base = f"http://127.0.0.1:{port}"
        witness = Witness(base, _once(codes), tokens, seed)
        asyncio.run(_scan_beside(witness, trouble, seconds))
        said, after_s = _becomes_ready(port)
        figures: dict[str, object] = {
            "seconds": seconds,
            "seed": seed,
            "ranges": ranges,
            "claims_before": claims,
            "faults": dict(trouble.done),
            "faults_in_all": trouble.done.total(),
            "requests": len(witness.sent),
            "outcomes": outcomes_of(witness.sent),
            "longest_silence_s": round(
                max((s for _, s in witness.silences()), default=0), 1
            ),
            "silences_over_2_s": len(witness.silences()),
            "ready_says": said,
            "ready_after_s": round(after_s, 1),
        }
        figures |= compare(witness.sent, urls.database_url, first_scan_id)
        try:
            figures["audit"] = run_crowncap(data, "audit").strip()
        except RuntimeError as broken:
            figures["audit"] = str(broken)
        keep = os.environ.get("CROWNCAP_BENCH_LOG")
        if keep:
            Path(keep).write_bytes(log.read_bytes())
    return figures
