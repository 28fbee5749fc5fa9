"""Backtest a candidate of 23 rules over recorded scans, on one processor.

`CROWNCAP_BENCH_SCANS` scans (300,000 unless set) were judged by the rules that ship,
with facts as honest people and a few others leave them. What is measured: whole
backtests as a job does them, from PostgreSQL to the sums that it keeps; the part of it
that is judging; and beside both, the same scans judged one by one by closures, as a
replay does.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from random import Random  # noqa: TID251 - seeded here
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from anti_fraud.default_rules import shipped_rule_set
from anti_fraud.domain.decision import decide
from anti_fraud.domain.evaluation import translate
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.trials import Trial
from anti_fraud.pipeline.rule_sets import write_rule_set
from anti_fraud.store.rule_sets import load_rules
from bench.measure import rounded
from bench.serving import (
    CROWNCAP,
    StoreUrls,
    free_port,
    scratch_data,
    started,
    wait_until_ready,
)
from core.auth.principal import OPERATOR
from core.clock import SystemClock, business_day, utc_datetime
from core.conditions import Fact
from core.db import create_engine
from core.ids import TimeIds, time_of_id
from scan_api.pipeline.backtesting import AT_ONCE, Backtesting
from scan_api.pipeline.backtests import NewBacktest, load_backtest, start_backtest
from scan_api.pipeline.trials import RulesOnTrial
from scan_api.store.kept_facts import pack_facts, unpack_facts
from scan_api.store.trials import ScanRows

RULES: Final = 23
CONDITIONS: Final = 5
ROUNDS: Final = 3
# Scans that closures judge; the rate needs no more.
_ONE_BY_ONE: Final = 20_000
CLOCK: Final = SystemClock()
TIMEZONE: Final = ZoneInfo("Asia/Shanghai")
_HOUR_MS: Final = 3_600_000
_INSERT: Final = text(
    """
    INSERT INTO scans (scan_id, code_id, member_no, outcome, points, facts)
    SELECT u.id, u.id, 1, 'rewarded', 5, u.facts
    FROM unnest(CAST(:ids AS bigint[]), CAST(:facts AS bytea[])) AS u (id, facts)
    """
)


def candidate_document() -> dict[str, Any]:
    """Write a candidate that reads what the rules that ship counted."""
    shipped = shipped_rule_set()
    counters = [
        {"fact": f"c{n}", "entity": c.entity.value, "window_s": c.window_s}
        for n, c in enumerate(shipped.counters)
    ]
    counted = [counter["fact"] for counter in counters]
    dice = Random(23)
    rules = []
    for n in range(RULES):
        tests = [
            {"fact": dice.choice(counted), "op": ">", "value": dice.randrange(3, 60)}
            for _ in range(CONDITIONS - 2)
        ]
        tests.append({"fact": "place_speed_kmh", "op": ">", "value": 100 + n})
        tests.append({"fact": "days_past_sell_by", "op": ">", "value": 5 * n})
        sentence = {"en": "Why.", "zh": "原因。"}
        when = {"any": [{"all": tests[:2]}, *tests[2:]]}
        rules.append(
            {"id": f"r{n}", "score": 20 + n, "sentence": sentence, "when": when}
        )
    return {
        "thresholds": {"refuse": 85, "hold": 60},
        "counters": counters,
        "throttles": [],
        "rules": rules,
    }


def made_scans(rule_set: RuleSet, count: int) -> Iterator[tuple[int, bytes]]:
    """Make scans of the last hours with what was kept of each."""
    dice, ids = Random(14), TimeIds(7)
    first_ms = CLOCK.now_ms() - 2 * _HOUR_MS
    today = business_day(first_ms, TIMEZONE)
    for n in range(count):
        facts: dict[str, Fact] = {
            counter.fact: min(int(dice.paretovariate(1.2)), 500)
            for counter in rule_set.counters
        }
        facts["signals_available"] = True
        facts["days_past_sell_by"] = dice.randrange(-200, 5)
        if dice.random() < 0.05:
            facts["place_distance_km"] = round(dice.uniform(0, 900), 1)
            facts["place_elapsed_s"] = dice.randrange(1, 80_000)
            facts["place_speed_kmh"] = round(dice.uniform(0, 900), 1)
        decision = decide(rule_set, facts, today)
        yield ids.next_id(first_ms + n * 10), pack_facts(decision, None)


async def _fill(engine: AsyncEngine, scans: list[tuple[int, bytes]]) -> None:
    for at in range(0, len(scans), AT_ONCE):
        some = scans[at : at + AT_ONCE]
        values = {"ids": [n for n, _ in some], "facts": [f for _, f in some]}
        async with engine.begin() as conn:
            await conn.execute(_INSERT, values)


class Took(NamedTuple):
    """Seconds by the clock, and of this process's processor."""

    clock_s: float
    cpu_s: float


@contextmanager
def _timed(times: list[Took]) -> Iterator[None]:
    began, used = time.perf_counter(), time.process_time()
    yield
    times.append(Took(time.perf_counter() - began, time.process_time() - used))


def _rates(name: str, scans: int, times: Sequence[Took]) -> dict[str, float]:
    clock_s = statistics.median(each.clock_s for each in times)
    cpu_s = statistics.median(each.cpu_s for each in times)
    return {
        f"{name}_scans_per_s": rounded(scans / clock_s),
        f"{name}_scans_per_cpu_s": rounded(scans / cpu_s),
    }


async def _whole(engine: AsyncEngine, version: int, times: list[Took]) -> Trial:
    """Carry out one backtest; gives what it counted."""
    now = utc_datetime(CLOCK.now_ms())
    wish = NewBacktest(version, now - timedelta(days=1), now + timedelta(days=1))
    number = TimeIds(8).next_id(CLOCK.now_ms())
    async with engine.begin() as conn:
        await start_backtest(conn, wish, OPERATOR, backtest_id=number, now=now)
    backtesting = Backtesting(engine, CLOCK, TIMEZONE)
    with _timed(times):
        while await backtesting.go_on():
            pass
    async with engine.connect() as conn:
        return (await load_backtest(conn, number, OPERATOR)).trial


def _judge_at_once(rules: RulesOnTrial, rows: list[tuple[int, bytes]]) -> None:
    trial = Trial()
    for at in range(0, len(rows), AT_ONCE):
        rules.count(trial, ScanRows(rows[at : at + AT_ONCE]).unpack(), {})


def _judge_one_by_one(rules: RulesOnTrial, rows: list[tuple[int, bytes]]) -> None:
    """Read, translate and judge each scan under the candidate and what is live."""
    for scan_id, packed in rows:
        version, *values = unpack_facts(packed).judged
        old = rules.judged_by[version]  # type: ignore[index] # a version comes first
        facts, day = old.from_order(values), business_day(time_of_id(scan_id), TIMEZONE)
        for new in (rules.candidate, rules.live):
            decide(new, translate(facts, old, new), day)


async def _measure(url: str, count: int) -> dict[str, object]:
    engine = create_engine(url)
    now = utc_datetime(CLOCK.now_ms())
    document = candidate_document()
    async with engine.begin() as conn:
        live = await load_rules(conn)
        draft = await write_rule_set(
            conn, document, "", OPERATOR, now=now, today=now.date()
        )
    rows = list(made_scans(live, count))
    await _fill(engine, rows)
    trial = Trial()
    whole: list[Took] = []
    for _ in range(ROUNDS):
        trial = await _whole(engine, draft.version, whole)
    await engine.dispose()
    assert trial.scans >= count, "all of them are there"
    rules = RulesOnTrial(parse_rule_set(document), live, {live.version: live}, TIMEZONE)
    at_once: list[Took] = []
    one_by_one: list[Took] = []
    some = rows[:_ONE_BY_ONE]
    for _ in range(ROUNDS):
        with _timed(at_once):
            _judge_at_once(rules, rows)
        with _timed(one_by_one):
            _judge_one_by_one(rules, some)
    job = _rates("job", trial.scans, whole)
    closures = _rates("closures", len(some), one_by_one)
    return {
        "scans": trial.scans,
        "rules": RULES,
        "conditions": RULES * CONDITIONS,
        "outcomes": dict(trial.candidate.outcomes),
        **job,
        **_rates("judging", count, at_once),
        **closures,
        "job_of_closures": rounded(
            job["job_scans_per_cpu_s"] / closures["closures_scans_per_cpu_s"]
        ),
    }


def run() -> dict[str, object]:
    """Return scans a second of a backtest, and of closures on the same scans."""
    count = int(os.environ.get("CROWNCAP_BENCH_SCANS", "300000"))
    port = free_port()
    with scratch_data() as data:
        log = data.parent / "server.log"
        up = f"up --demo --no-week --workers 1 --port {port} --data-dir".split()
        with started([CROWNCAP, *up, data], log, {}) as process:
            wait_until_ready(process, f"http://127.0.0.1:{port}/health/ready", log)
            url = StoreUrls.of(data, "crowncap").database_url
            return asyncio.run(_measure(url, count))
