"""The servers of the scan bench, one under load at a time, and what a load found."""

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench import textbook
from bench.load import SEPARATOR
from bench.measure import read_cpu_ticks, steal_percent
from bench.serving import (
    CROWNCAP,
    ROOT,
    TICKS_PER_S,
    StoreUrls,
    cpu_seconds,
    free_port,
    scratch_data,
    started,
    wait_until_ready,
)
from bench.supply import Shot
from codegen.domain import MAX_EPOCH
from codegen.domain.ranges import code_ids_of

CONNECTIONS: Final = 64
MAX_STEAL_PERCENT: Final = 8.0
LOG_TAIL: Final = 2_000
_, LAST_CODE_ID = code_ids_of(MAX_EPOCH)
DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Target:
    """A server under load: its port, and the processes whose CPU time is its cost."""

    port: int
    roots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rig:
    """Everything that runs while the bench does."""

    data: Path
    crowncap: Target
    # The same with two workers, on data and servers of its own.
    pair_data: Path
    pair: Target
    empty: Target
    textbook: Target


@dataclass(frozen=True, slots=True)
class Run:
    """One run's figures."""

    rate: float
    figures: dict[str, float]
    steal_percent: float
    held: int

    @property
    def is_calm(self) -> bool:
        """Say whether it measures the server more than its host's troubles."""
        return self.steal_percent <= MAX_STEAL_PERCENT and not self.held


# Servers ------------------------------------------------------------------------------


@contextlib.contextmanager
def rig() -> Iterator[Rig]:
    """Start the real server, the empty one and the textbook's; stop all at the end."""
    with contextlib.ExitStack() as stack:
        data, pair_data = (stack.enter_context(scratch_data()) for _ in range(2))
        stack.push(partial(_show_logs, data.parent))

        def start(
            name: str, command: Sequence[str | Path], port: int, environ: dict[str, str]
        ) -> int:
            log = data.parent / f"{name}.log"
            process = stack.enter_context(started(command, log, environ))
            wait_until_ready(process, f"http://127.0.0.1:{port}/health/ready", log)
            return process.pid

        def start_real(name: str, where: Path, workers: int, port: int) -> int:
            up = f"up --demo --no-week --workers {workers} --port {port}".split()
            trusted = {"CROWNCAP_TRUSTED_PROXIES": "127.0.0.0/8"}
            return start(name, [CROWNCAP, *up, "--data-dir", where], port, trusted)

        ports = [free_port() for _ in range(4)]
        real = start_real("up", data, 1, ports[0])
        pair = start_real("pair", pair_data, 2, ports[3])
        serve = [sys.executable, "-m", "bench.empty"]
        command = [*serve, "bench.empty:create_app", str(ports[1])]
        empty = start("empty", command, ports[1], {})
        command = [*serve, "bench.textbook:create_app", str(ports[2])]
        book = start("textbook", command, ports[2], _prepare_textbook(data))
        yield Rig(
            data,
            Target(ports[0], (real,)),
            pair_data,
            Target(ports[3], (pair,)),
            Target(ports[1], (empty,)),
            # Its PostgreSQL and Valkey are those of the real server, idle meanwhile.
            Target(ports[2], (book, real)),
        )


def _show_logs(
    directory: Path, kind: type[BaseException] | None, *_: object
) -> bool | None:
    """Say what the servers said, if the bench fails; the logs go with the data."""
    if kind is not None and issubclass(kind, Exception):
        for log in sorted(directory.glob("*.log")):
            tail = log.read_text(errors="replace")[-LOG_TAIL:]
            print(f"--- the end of {log.name}\n{tail}", file=sys.stderr)
    return None


def _prepare_textbook(data: Path) -> dict[str, str]:
    admin = StoreUrls.of(data, "crowncap")
    own = StoreUrls.of(data, "textbook")
    textbook.prepare(
        admin.database_url, "textbook", own.database_url, last_code_id=LAST_CODE_ID
    )
    return {
        "BENCH_DATABASE_URL": own.database_url,
        "BENCH_REDIS_URL": own.redis_url,
        "BENCH_MASTER_KEYS": str(data / "keys" / "master-keys"),
        "BENCH_JWKS": str(data / "keys" / "member-jwks.json"),
    }


# Runs ---------------------------------------------------------------------------------


def fire(
    data: Path, target: Target, shots: list[Shot], seconds: float, order: str = "once"
) -> tuple[Run, int]:
    """Load a server from another process; returns the figures and how many were sent.

    Raises RuntimeError if any answer is not the right one.
    """
    file = data.parent / "shots"
    file.write_bytes(SEPARATOR.join(shot.request for shot in shots))
    command = [sys.executable, "-m", "bench.load", str(file), str(target.port)]
    ticks, cpu = read_cpu_ticks(), cpu_seconds(target.roots)
    done = subprocess.run(  # noqa: S603 - our own program
        [*command, str(CONNECTIONS), str(seconds), order],
        check=True,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        timeout=seconds + 30,
    )
    cpu_after, ticks_after = cpu_seconds(target.roots), read_cpu_ticks()
    found: dict[str, Any] = json.loads(done.stdout)
    held = _check(found, shots, order)
    answered = found["answered"]
    figures = {
        "p50_ms": found["p50_ms"],
        "p99_ms": found["p99_ms"],
        "load_cpu_us": 1e6 * (found["cpu_s"] - found["start_cpu_s"]) / answered,
    }
    spent = 0.0
    for name, before in cpu.items():
        figures[f"{name}_cpu_us"] = 1e6 * (cpu_after[name] - before) / answered
        spent += cpu_after[name] - before
    total = ticks_after.total - ticks.total
    idle = ticks_after.idle - ticks.idle + ticks_after.steal - ticks.steal
    others = max(0.0, total - idle - TICKS_PER_S * (spent + found["cpu_s"]))
    figures["others_percent"] = 100 * others / total
    steal = steal_percent(ticks, ticks_after)
    run = Run(answered / found["seconds"], figures, steal, held)
    return run, found["sent"]


def _check(found: dict[str, Any], shots: list[Shot], order: str) -> int:
    """Hold what came back against what is right; returns how many rewards were held.

    Raises RuntimeError.
    """
    if order == "cycle":
        expected = Counter({"empty": found["sent"]})
    else:
        expected = Counter(shot.outcome for shot in shots[: found["sent"]])
    outcomes = Counter(found["outcomes"])
    held = outcomes.pop("held", 0)
    outcomes["rewarded"] += held
    if +outcomes != expected or found["broken"]:
        found["expected"] = dict(expected)
        raise RuntimeError(f"The server answered wrongly: {json.dumps(found)}")
    return held


def batches_of(target: Target) -> tuple[float, float]:
    """Read how many scans went in how many batches so far."""
    with DIRECT.open(f"http://127.0.0.1:{target.port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return (
        float(values["crowncap_batch_scans_sum"]),
        float(values["crowncap_batch_scans_count"]),
    )
