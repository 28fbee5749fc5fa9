"""Scans over HTTP: the real server, an empty route on the same server, a textbook.

All servers run at once, each with one worker; only one is under load at a time, from
64 connections of a process of its own. A round runs everything once and the empty
routes twice; a ratio compares runs of one round, and each figure is the median over
the rounds. Every answer must have the right outcome and `crowncap audit` must end
clean, so that a fast wrong server fails. Rewards that came out `held`, because the
worker stood still for longer than it waits for Redis, are right but count in `held`.
Runs in which the host took more than 8 % of the CPU time away, or rewards were held,
count only if no others are left; `runs_dropped` says how many did not.

Environment: `CROWNCAP_BENCH_SECONDS` (4: of a run; the empty routes get half of it),
`CROWNCAP_BENCH_ROUNDS` (3), `CROWNCAP_BENCH_MEMBERS` (100,000).
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench import textbook
from bench.load import SEPARATOR
from bench.measure import read_cpu_ticks, rounded, steal_percent
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
from bench.supply import Shot, Supply, issue_codes, mint_tokens, run_crowncap
from codegen.domain import MAX_EPOCH, SERIAL_BITS

CONNECTIONS: Final = 64
MAX_STEAL_PERCENT: Final = 8.0
# No faster than this, so that a run never lacks requests.
SHOTS_PER_S: Final = 16_000
NEW_CODES_PER_S: Final = 8_000
FIRST_TIME_S: Final = 60.0
LOG_TAIL: Final = 2_000
TEXTBOOK_MEMBERS: Final = 500
TEXTBOOK_CODES_PER_S: Final = 2_000
LAST_CODE_ID: Final = (MAX_EPOCH + 1 << SERIAL_BITS) - 1
DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
EMPTY: Final = ("empty_typed", "empty_asgi")


@dataclass(frozen=True, slots=True)
class Knobs:
    """How long, how often, for how many."""

    seconds: float
    rounds: int
    members: int

    @classmethod
    def from_env(cls) -> "Knobs":
        """Read CROWNCAP_BENCH_*."""
        environ = os.environ
        return cls(
            float(environ.get("CROWNCAP_BENCH_SECONDS", "4")),
            int(environ.get("CROWNCAP_BENCH_ROUNDS", "3")),
            int(environ.get("CROWNCAP_BENCH_MEMBERS", "100000")),
        )


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
    with scratch_data() as data, contextlib.ExitStack() as stack:
        stack.push(partial(_show_logs, data.parent))

        def start(
            name: str, command: Sequence[str | Path], port: int, environ: dict[str, str]
        ) -> int:
            log = data.parent / f"{name}.log"
            process = stack.enter_context(started(command, log, environ))
            wait_until_ready(process, f"http://127.0.0.1:{port}/health/ready", log)
            return process.pid

        ports = [free_port() for _ in range(3)]
        up = f"up --demo --no-week --workers 1 --port {ports[0]}".split()
        trusted = {"CROWNCAP_TRUSTED_PROXIES": "127.0.0.0/8"}
        real = start("up", [CROWNCAP, *up, "--data-dir", data], ports[0], trusted)
        serve = [sys.executable, "-m", "bench.empty"]
        command = [*serve, "bench.empty:create_app", str(ports[1])]
        empty = start("empty", command, ports[1], {})
        command = [*serve, "bench.textbook:create_app", str(ports[2])]
        book = start("textbook", command, ports[2], _prepare_textbook(data))
        yield Rig(
            data,
            Target(ports[0], (real,)),
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


def _batches(target: Target) -> tuple[float, float]:
    """Read how many scans went in how many batches so far."""
    with DIRECT.open(f"http://127.0.0.1:{target.port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return (
        float(values["crowncap_batch_scans_sum"]),
        float(values["crowncap_batch_scans_count"]),
    )


@dataclass(slots=True)
class Bench:
    """The rounds, and what they gave: runs by scenario, one list a round."""

    rig: Rig
    knobs: Knobs
    supply: Supply
    textbook: Supply
    rounds: list[dict[str, list[Run]]]

    def warm_up(self) -> None:
        """Let members scan once on the textbook, and each server warm up."""
        shots = self.textbook.new("/scans", len(self.textbook.tokens))
        _, sent = fire(self.rig.data, self.rig.textbook, shots, FIRST_TIME_S)
        self.textbook.use_up(shots[:sent])
        for path in ("/typed", "/plain"):
            shots = self.textbook.new(path, 100)
            fire(self.rig.data, self.rig.empty, shots, 0.5, "cycle")

    def run_round(self) -> None:
        """Run everything once, the empty routes before and in the middle."""
        self.rounds.append(defaultdict(list))
        members = -(-self.knobs.members // self.knobs.rounds)
        self._run_real("new_first_time", self.supply.first_timers, members)
        for pair in (("new", "repeat"), ("forged", "mix")):
            self._run_empty()
            for name in pair:
                count = round(self.knobs.seconds * SHOTS_PER_S)
                if name in {"new", "mix"}:
                    count //= 2
                shots: dict[str, Callable[[str, int], list[Shot]]] = {
                    "new": self.supply.new,
                    "repeat": self.supply.repeats,
                    "forged": self.supply.forged,
                    "mix": self.supply.mixed,
                }
                self._run_real(name, shots[name], count)
        count = round(self.knobs.seconds * TEXTBOOK_CODES_PER_S)
        shots_ = self.textbook.new("/scans", count)
        run, sent = fire(self.rig.data, self.rig.textbook, shots_, self.knobs.seconds)
        self.textbook.use_up(shots_[:sent])
        self.rounds[-1]["textbook_new"].append(run)

    def _run_empty(self) -> None:
        for name, path in zip(EMPTY, ("/typed", "/plain"), strict=True):
            shots = self.supply.new(path, 1_000)
            run, _ = fire(
                self.rig.data, self.rig.empty, shots, self.knobs.seconds / 2, "cycle"
            )
            self.rounds[-1][name].append(run)

    def _run_real(
        self, name: str, make: Callable[[str, int], list[Shot]], count: int
    ) -> None:
        shots = make("/v1/scans", count)
        seconds = FIRST_TIME_S if name == "new_first_time" else self.knobs.seconds
        scans, batches = _batches(self.rig.crowncap)
        run, sent = fire(self.rig.data, self.rig.crowncap, shots, seconds)
        more_scans, more_batches = _batches(self.rig.crowncap)
        self.supply.use_up(shots[:sent])
        if more_batches > batches:
            run.figures["scans_a_batch"] = (more_scans - scans) / (
                more_batches - batches
            )
        self.rounds[-1][name].append(run)


# Figures ------------------------------------------------------------------------------


def _calm(runs: list[Run]) -> list[Run]:
    """Leave out runs that were disturbed, unless that leaves none."""
    return [run for run in runs if run.is_calm] or runs


def _summary(name: str, rounds: list[dict[str, list[Run]]]) -> dict[str, object]:
    """Sum a scenario up: medians over its calm runs, ratios within rounds."""
    runs = [run for round_ in rounds for run in round_[name]]
    if all(run.held for run in runs):
        raise RuntimeError(f"Rewards were held in every run of {name}.")
    calm = _calm(runs)
    rate = rounded(statistics.median(run.rate for run in calm))
    summary: dict[str, object] = {"scans_per_s": rate}
    for other in (*EMPTY, "textbook_new"):
        if (
            name in EMPTY
            or name == other
            or (other, name) == ("textbook_new", "forged")
        ):
            continue
        ratios = [
            statistics.mean(run.rate for run in _calm(round_[name]))
            / statistics.mean(run.rate for run in _calm(round_[other]))
            for round_ in rounds
        ]
        summary[f"ratio_to_{other}"] = rounded(statistics.median(ratios))
        summary[f"ratios_to_{other}"] = " ".join(f"{ratio:.3g}" for ratio in ratios)
    for key in calm[0].figures:
        values = [run.figures[key] for run in calm if key in run.figures]
        summary[key] = rounded(statistics.median(values))
    summary["worst_steal_percent"] = max(run.steal_percent for run in calm)
    summary["held"] = sum(run.held for run in runs)
    summary["runs_dropped"] = len(runs) - len(calm)
    return summary


def run() -> dict[str, object]:
    """Return rates, latencies, CPU times and ratios of each scenario.

    Raises RuntimeError if an answer was wrong or the audit is not clean.
    """
    knobs = Knobs.from_env()
    with rig() as running:
        quantity = knobs.members + round(
            knobs.rounds * knobs.seconds * NEW_CODES_PER_S * 2
        )
        aside = TEXTBOOK_MEMBERS + round(
            (knobs.rounds + 1) * knobs.seconds * TEXTBOOK_CODES_PER_S
        )
        codes = issue_codes(running.data, quantity + aside)
        tokens = mint_tokens(running.data, max(knobs.members, TEXTBOOK_MEMBERS))
        bench = Bench(
            running,
            knobs,
            Supply(codes[aside:], tokens),
            Supply(codes[:aside], tokens[:TEXTBOOK_MEMBERS], known=TEXTBOOK_MEMBERS),
            [],
        )
        bench.warm_up()
        for _ in range(knobs.rounds):
            bench.run_round()
        # Exits with 1, which raises here, if an invariant is broken.
        audit = run_crowncap(running.data, "audit").strip()
    figures: dict[str, object] = {
        "connections": CONNECTIONS,
        "members": knobs.members,
        "rounds": knobs.rounds,
        "seconds_a_run": knobs.seconds,
        "audit": audit,
    }
    for name in bench.rounds[0]:
        figures[name] = _summary(name, bench.rounds)
    return figures
