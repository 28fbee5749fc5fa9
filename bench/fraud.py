"""How much of what attackers take the default rules stop, and whom else they stop.

Each seed makes a world (bench/world.py): two weeks of honest people and attackers. Its
scans go to a real service over HTTP, in the order in which they arrive, with
`scanned_at`; the service starts empty and knows neither seed nor truth. `value` are the
points that an attack's claims would pay; `stopped_share` is the part of them that was
not paid, each code counted once, whoever claimed it in the end. `first_alarm_s` counts
from an attack's first scan to the first one of it that is held, refused or turned away,
in seconds of the world. The set of rules before this one is judged on the same worlds
(`before`), so that the figures can be compared.

`--seeds 11,12,13`; `--size 0.3` makes smaller worlds, `--fast` a tenth, for work on it;
`--rules FILE` judges by another set; `--before FILE` compares with another, and
`--before none` with none.

On a machine with other work the worker may wait longer for Valkey than it does in
earnest, and holds a scan for that; these are released by themselves within seconds,
by what PostgreSQL knows, and count as what they then became.
"""

import argparse
import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from bench.background import job_runs
from bench.measure import rounded
from bench.network_file import write_networks
from bench.sending import Deed, Reply, send_all
from bench.serving import (
    CROWNCAP,
    ROOT,
    StoreUrls,
    free_port,
    scratch_data,
    started,
    wait_until_ready,
)
from bench.staff import Staff
from bench.staging import Stage
from bench.world import World, make_world
from core.clock import SystemClock, utc_datetime
from core.db import create_engine

# Rules were chosen on seeds 1 to 3, and are judged on these.
SEEDS: Final = "11,12,13"
FAST: Final = 0.1
# A world begins so long ago; late scans have to be allowed for longer.
AGO: Final = timedelta(days=15)
ENVIRON: Final = {"CROWNCAP_LATE_SCAN_HOURS": "400"}
BEFORE: Final = ROOT / "tests" / "vectors" / "rule-sets" / "2.json"
PATIENCE_S: Final = 60
_WAITED_FOR_SIGNALS: Final = text(
    "SELECT code_id, resolution FROM holds WHERE reason = 'signals'"
)
STOPPED: Final = frozenset({"held", "refused", "throttled"})
Json = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the bench may be told."""
    parser.add_argument("--seeds", default=SEEDS)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--size", type=float, default=1.0)
    parser.add_argument("--rules", type=Path)
    parser.add_argument("--before", default=str(BEFORE))


def run(arguments: argparse.Namespace) -> dict[str, object]:
    """Return what was stopped, over all seeds."""
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    size = FAST if arguments.fast else arguments.size
    figures = judge_seeds(seeds, size, _read(arguments.rules))
    if arguments.before != "none":
        before = _read(Path(arguments.before))
        figures["before"] = judge_seeds(seeds, size, before)
    return figures


def _read(path: Path | None) -> Json | None:
    if path is None:
        return None
    document: Json = json.loads(path.read_text("utf-8"))
    return document


def judge_seeds(seeds: Sequence[int], size: float, rules: Json | None) -> Json:
    """Send the worlds of all seeds; gives the figures of all together."""
    tally = Tally()
    for seed in seeds:
        world = make_world(seed, size)
        tally.add(world, send_world(world, rules))
    return tally.figures() | {"seeds": list(seeds)}


def send_world(world: World, rules: Json | None) -> list[str]:
    """Send a world to a fresh service; gives the outcomes of its scans in order."""
    port = free_port()
    with scratch_data() as data:
        log = data.parent / "server.log"
        up = f"up --demo --no-week --workers 1 --port {port} --data-dir".split()
        networks = write_networks(data.parent / "networks.mmdb")
        environ = ENVIRON | {"CROWNCAP_NETWORK_DATA": str(networks)}
        with started([CROWNCAP, *up, data], log, environ) as process:
            wait_until_ready(process, f"http://127.0.0.1:{port}/health/ready", log)
            stage = Stage(data, Staff.hire(data, port), _world_begins(), world)
            stage.prepare(rules)
            replies = send_stage(stage, job_runs(data))
            released = asyncio.run(_released(data))
            return [
                "rewarded"
                if outcome == "held" and stage.code_id(scan.code) in released
                else outcome
                for scan, outcome in zip(
                    world.scans, map(outcome_of, replies), strict=True
                )
            ]


async def _released(data: Path) -> set[int]:
    """Wait for what waits for signals only; gives the codes that were then paid."""
    engine = create_engine(StoreUrls.of(data, "crowncap").database_url)
    try:
        for _ in range(PATIENCE_S):
            async with engine.connect() as conn:
                found = await conn.execute(_WAITED_FOR_SIGNALS)
                rows = found.all()
            if all(resolution is not None for _, resolution in rows):
                break
            await asyncio.sleep(1)
        return {code for code, resolution in rows if resolution == "posted"}
    finally:
        await engine.dispose()


def send_stage(stage: Stage, beside: Iterable[tuple[float, Deed]] = ()) -> list[Reply]:
    """Send all scans of a world that is prepared, and do what its brand does.

    `beside` is what else is done, each with its time of the world in seconds.
    """
    timed: list[tuple[float, Any]] = [*stage.deeds(), *beside, *stage.letters()]
    timed.sort(key=lambda each: each[0])
    replies = send_all(stage.staff.port, [action for _, action in timed])
    return [replies[number] for number in range(len(replies))]


def _world_begins() -> datetime:
    """Give the midnight in China with which a world begins that ends before now."""
    china = utc_datetime(SystemClock().now_ms()) + timedelta(hours=8) - AGO
    midnight = china.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(UTC) - timedelta(hours=8)


def outcome_of(reply: Reply) -> str:
    """Name what came of a scan; raises RuntimeError where nothing should have."""
    if reply.status == 429:
        return "throttled"
    if reply.status != 200:
        raise RuntimeError(f"A scan was answered {reply.status}: {reply.body}")
    return str(reply.body["outcome"])


class Tally:
    """What became of the scans of some worlds."""

    def __init__(self) -> None:
        """Count nothing yet."""
        self.value: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.alarms: dict[str, list[float]] = defaultdict(list)
        self.kinds: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, world: World, outcomes: Sequence[str]) -> None:
        """Count the scans of one world."""
        worth = {s.code: s for s in world.scans if s.value and s.person.attack}
        first: dict[str, float] = {}
        alarm: dict[str, float] = {}
        for scan in worth.values():
            self.value[scan.person.kind] += scan.value
        for scan, outcome in zip(world.scans, outcomes, strict=True):
            if not scan.person.attack:
                self.kinds[scan.person.kind][outcome] += 1
                continue
            self.value[scan.person.kind] += 0
            first.setdefault(scan.person.kind, scan.sent_s)
            if outcome in STOPPED:
                alarm.setdefault(scan.person.kind, scan.sent_s)
            if outcome == "rewarded" and scan.code in worth:
                self.lost[scan.person.kind] += worth[scan.code].value
        for kind, began_s in first.items():
            if kind in alarm:
                self.alarms[kind].append(alarm[kind] - began_s)

    def figures(self) -> Json:
        """Give the figures: of each attack, of all, and of the honest."""
        shares = {
            kind: 1 - self.lost[kind] / value if value else 1.0
            for kind, value in sorted(self.value.items())
        }
        attacks = {
            kind: {
                "value": self.value[kind],
                "stopped_share": rounded(share),
                "first_alarm_s": max(map(rounded, self.alarms[kind]), default=None),
            }
            for kind, share in shares.items()
        }
        total = sum(self.value.values())
        honest = sum(self.kinds.values(), Counter())
        by_kind = {
            kind: _shares(counted) for kind, counted in sorted(self.kinds.items())
        }
        return {
            "attacks": attacks,
            "stopped_share": rounded(1 - sum(self.lost.values()) / total),
            "least_stopped_share": rounded(min(shares.values())),
            "honest": _shares(honest),
            "honest_kinds": by_kind,
        }


def _shares(counted: Counter[str]) -> Json:
    scans = sum(counted.values())
    refused = counted["refused"] + counted["throttled"]
    return {
        "scans": scans,
        "held_share": rounded(counted["held"] / scans),
        "refused_share": rounded(refused / scans),
    }
