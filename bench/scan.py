"""Scans over HTTP: the real server, an empty route on the same server, a textbook.

All servers run at once, each with one worker but for one of the real ones, which has
two; only one is under load at a time, from
64 connections of a process of its own. A round runs everything once and the empty
routes twice; a ratio compares runs of one round, and each figure is the median over
the rounds. Every answer must have the right outcome and `crowncap audit` must end
clean, so that a fast wrong server fails. Rewards that came out `held`, because the
worker stood still for longer than it waits for Redis, are right but count in `held`.
Runs in which the host took more than 8 % of the CPU time away, or rewards were held,
count only if no others are left; `runs_dropped` says how many did not.

Environment: `CROWNCAP_BENCH_SECONDS` (4: of a run; the empty routes get half of it),
`CROWNCAP_BENCH_ROUNDS` (3), `CROWNCAP_BENCH_MEMBERS` (100,000); with
`CROWNCAP_BENCH_SHORT` set one short round, for work on it: two minutes in all.
"""

import json
import os
import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.measure import rounded
from bench.rig import CONNECTIONS, Rig, Run, batches_of, fire, rig
from bench.serving import ROOT
from bench.staff import Staff
from bench.supply import (
    Shot,
    Supply,
    issue_codes,
    mint_app_token,
    mint_tokens,
    run_crowncap,
)

# No faster than this, so that a run never lacks requests.
SHOTS_PER_S: Final = 16_000
NEW_CODES_PER_S: Final = 8_000
# Runs of a round that use up new codes.
NEW_RUNS: Final = 7
PAIR_MEMBERS: Final = 5_000
FIRST_TIME_S: Final = 60.0
TEXTBOOK_MEMBERS: Final = 500
TEXTBOOK_CODES_PER_S: Final = 2_000
USUAL: Final = ("4", "3", "100000")
# So many that nobody scans as often in a minute as the rules that ship hold.
SHORT: Final = ("1.5", "1", "60000")
# Seven rules over five counters.
FEW_RULES: Final = ROOT / "tests" / "vectors" / "rule-sets" / "2.json"
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
        usual = SHORT if environ.get("CROWNCAP_BENCH_SHORT") else USUAL
        return cls(
            float(environ.get("CROWNCAP_BENCH_SECONDS", usual[0])),
            int(environ.get("CROWNCAP_BENCH_ROUNDS", usual[1])),
            int(environ.get("CROWNCAP_BENCH_MEMBERS", usual[2])),
        )


@dataclass(slots=True)
class Bench:
    """The rounds, and what they gave: runs by scenario, one list a round."""

    rig: Rig
    knobs: Knobs
    supply: Supply
    pair: Supply
    textbook: Supply
    staff: Staff
    # The version of the rules that shipped before those of today.
    few_rules: int
    rounds: list[dict[str, list[Run]]]

    def warm_up(self) -> None:
        """Let members scan once on the textbook, and each server warm up."""
        shots = self.textbook.new("/scans", len(self.textbook.tokens))
        _, sent = fire(self.rig.data, self.rig.textbook, shots, FIRST_TIME_S)
        self.textbook.use_up(shots[:sent])
        shots = self.pair.first_timers("/v1/scans", len(self.pair.tokens))
        _, sent = fire(self.rig.pair_data, self.rig.pair, shots, FIRST_TIME_S)
        self.pair.use_up(shots[:sent])
        for path in ("/typed", "/plain"):
            shots = self.textbook.new(path, 100)
            fire(self.rig.data, self.rig.empty, shots, 0.5, "cycle")

    def run_round(self) -> None:
        """Run everything once, the empty routes before and in the middle."""
        self.rounds.append(defaultdict(list))
        members = -(-self.knobs.members // self.knobs.rounds)
        self._run_real("new_first_time", self.supply.first_timers, members)
        many = round(self.knobs.seconds * SHOTS_PER_S)
        few = many // 2
        self._run_empty()
        self._run_real("new", self.supply.new, few)
        seen = self._run_real("repeat", self.supply.repeats, many)
        # The same again within ten minutes, of which nothing is written.
        self._run_real("repeat_equal", lambda *_: (2 * seen)[:many], many)
        self._run_empty()
        self._run_real("forged", self.supply.forged, many)
        self._run_real("mix", self.supply.mixed, few)
        # What is compared with `new` has it before and after.
        self._run_real("new_two_workers", self.pair.new, few)
        self._run_real("new_keyed", self.supply.keyed, few)
        self._run_real("new", self.supply.new, few)
        self._run_real("new_by_app", self.supply.by_app, few)
        self._run_real("new_placed", self.supply.placed, few)
        shipped = self.staff.activate_rules(self.few_rules)
        self._run_real("new_few_rules", self.supply.new, few)
        self.staff.activate_rules(shipped)
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
    ) -> list[Shot]:
        shots = make("/v1/scans", count)
        seconds = FIRST_TIME_S if name == "new_first_time" else self.knobs.seconds
        target, supply = self.rig.crowncap, self.supply
        if name == "new_two_workers":
            target, supply = self.rig.pair, self.pair
        scans, batches = batches_of(target)
        run, sent = fire(self.rig.data, target, shots, seconds)
        more_scans, more_batches = batches_of(target)
        supply.use_up(shots[:sent])
        if more_batches > batches:
            run.figures["scans_a_batch"] = (more_scans - scans) / (
                more_batches - batches
            )
        self.rounds[-1][name].append(run)
        return shots[:sent]


# Figures ------------------------------------------------------------------------------


def _calm(runs: list[Run]) -> list[Run]:
    """Leave out runs that were disturbed, unless that leaves none."""
    return [run for run in runs if run.is_calm] or runs


def _beside(name: str) -> tuple[str, ...]:
    """Name what a scenario is compared with."""
    if name in EMPTY:
        return ()
    if name == "textbook_new":
        return EMPTY
    if name == "forged":
        return ("empty_typed", "empty_asgi")
    if name.startswith("new_"):
        return (*EMPTY, "textbook_new", "new")
    return (*EMPTY, "textbook_new")


def _summary(name: str, rounds: list[dict[str, list[Run]]]) -> dict[str, object]:
    """Sum a scenario up: medians over its calm runs, ratios within rounds."""
    runs = [run for round_ in rounds for run in round_[name]]
    if all(run.held for run in runs):
        raise RuntimeError(f"Rewards were held in every run of {name}.")
    calm = _calm(runs)
    rate = rounded(statistics.median(run.rate for run in calm))
    summary: dict[str, object] = {"scans_per_s": rate}
    for other in _beside(name):
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
        new = round(knobs.rounds * knobs.seconds * NEW_CODES_PER_S)
        quantity = knobs.members + NEW_RUNS * new
        aside = TEXTBOOK_MEMBERS + round(
            (knobs.rounds + 1) * knobs.seconds * TEXTBOOK_CODES_PER_S
        )
        codes = issue_codes(running.data, quantity + aside)
        tokens = mint_tokens(running.data, max(knobs.members, TEXTBOOK_MEMBERS))
        staff = Staff.hire(running.data, running.crowncap.port)
        bench = Bench(
            running,
            knobs,
            Supply(codes[aside:], tokens, mint_app_token(running.data)),
            Supply(
                issue_codes(running.pair_data, PAIR_MEMBERS + new),
                mint_tokens(running.pair_data, PAIR_MEMBERS),
            ),
            Supply(codes[:aside], tokens[:TEXTBOOK_MEMBERS], known=TEXTBOOK_MEMBERS),
            staff,
            staff.commit_rules(json.loads(FEW_RULES.read_text("utf-8"))),
            [],
        )
        bench.warm_up()
        for _ in range(knobs.rounds):
            bench.run_round()
        # Exits with 1, which raises here, if an invariant is broken.
        audit = run_crowncap(running.data, "audit").strip()
        run_crowncap(running.pair_data, "audit")
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
