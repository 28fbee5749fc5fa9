"""Judge scans by 23 rules and count for them, beside the set that ships.

Judging is pure, and timed a scan at a time: facts of a scan that no rule hits, and of
one that nearly all hit. Counting is `SignalStore.gather` of batches of 20 scans with a
member, device, network and place each, against a Valkey of its own; its CPU is what
Valkey says of itself, that of the worker this process's. Both sets take turns, figures
are medians of `CROWNCAP_BENCH_ROUNDS`, 5 unless set.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final

from anti_fraud.default_rules import shipped_rules
from anti_fraud.domain.decision import judge
from anti_fraud.domain.entities import device_tag, member_tag, network_tag
from anti_fraud.domain.facts import Evidence
from anti_fraud.domain.recent import Recent
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_sets import RuleSet
from bench.filters import own_valkey
from bench.measure import rounded
from core.redis import RedisClient, connect
from scan_api.domain.scans import Scan
from scan_api.pipeline.signals import SignalStore

ROUNDS: Final = int(os.environ.get("CROWNCAP_BENCH_ROUNDS", "5"))
JUDGED: Final = 5_000
BATCHES: Final = 100
BATCH: Final = 20
MEMBERS: Final = 2_000
TODAY: Final = date(2027, 1, 10)
_DAY: Final = 86_400
_COUNTERS: Final[tuple[tuple[str, str, int, dict[str, Any]], ...]] = (
    ("member_10m", "member", 600, {}),
    ("member_1d", "member", _DAY, {}),
    ("device_10m", "device", 600, {}),
    ("device_1d", "device", _DAY, {}),
    ("network_10m", "network", 600, {}),
    ("device_members", "device", _DAY, {"distinct": "member", "up_to": 8}),
    ("member_devices", "member", _DAY, {"distinct": "device", "up_to": 8}),
    ("network_members", "network", _DAY, {"distinct": "member", "up_to": 24}),
    ("code_sessions", "code", _DAY, {"distinct": "session", "up_to": 4}),
    ("case_codes", "member", 600, {"distinct": "code", "near": 24}),
    ("cell_scans", "cell", 3_600, {}),
    ("cell_members", "cell", 3_600, {"distinct": "member", "up_to": 8}),
)
# What hits is at or above; the weightier step of two is a rule as well.
_STEPS: Final = (
    *(("member_10m", 21), ("member_1d", 51), ("device_10m", 31), ("device_1d", 101)),
    *(("network_10m", 301), ("device_members", 3), ("device_members", 6)),
    *(("member_devices", 3), ("member_devices", 6), ("network_members", 5)),
    *(("network_members", 20), ("code_sessions", 3), ("case_codes", 6)),
    *(("case_codes", 24), ("place_speed_kmh", 300), ("days_past_sell_by", 30)),
    *(("risk_rank", 3), ("risk_rank", 4), ("gps_ip_distance_km", 300)),
)


def run() -> dict[str, object]:
    """Return microseconds a scan of judging and of counting."""
    sets = {"shipped": parse_rule_set(shipped_rules()), "rules_23": rules_of_23()}
    judged: dict[str, dict[str, float]] = {}
    for name, rule_set in sets.items():
        quiet = {counter.fact: 1 for counter in rule_set.counters}
        loud = {counter.fact: 1_000 for counter in rule_set.counters}
        judged[name] = {
            "no_hit_us": _time_judging(rule_set, quiet, Recent(600.0, 1.5, 2, 1, _DAY)),
            "many_hits_us": _time_judging(rule_set, loud, Recent(1.0, 0.1, 9, 5, 60)),
        }
    with own_valkey() as client:
        path = client.connection_pool.connection_kwargs["path"]
        counted = asyncio.run(_count(f"unix://{path}", sets))
    shipped, whole = (sum(each.values()) for each in counted.values())
    return {
        "rules": len(sets["rules_23"].rules),
        "judging": judged,
        "counting": counted,
        "counting_more_us": rounded(whole - shipped),
    }


def rules_of_23() -> RuleSet:
    """Write 23 rules as the facts of anti-fraud have them."""
    asked: list[Any] = [_at_least(fact, value) for fact, value in _STEPS]
    asked += [
        {"fact": "signals_available", "op": "==", "value": False},
        {"all": [_at_least("cell_scans", 60), _at_most("cell_members", 5)]},
        {"all": [_at_most("rhythm_median_s", 3), _at_most("rhythm_variation", 0.2)]},
        {"all": [_at_least("recent_batches", 8), _at_least("recent_origins", 4)]},
    ]
    sentence = {"en": "Why.", "zh": "原因。"}
    rules = [
        {"id": f"rule-{n}", "score": 20, "sentence": sentence, "when": when}
        for n, when in enumerate(asked)
    ]
    counters = [
        {"fact": fact, "entity": entity, "window_s": window_s} | told
        for fact, entity, window_s, told in _COUNTERS
    ]
    return parse_rule_set(shipped_rules() | {"counters": counters, "rules": rules})


def _at_least(fact: str, value: float) -> dict[str, object]:
    return {"fact": fact, "op": ">=", "value": value}


def _at_most(fact: str, value: float) -> dict[str, object]:
    return {"fact": fact, "op": "<=", "value": value}


def _time_judging(rule_set: RuleSet, counts: dict[str, int], recent: Recent) -> float:
    evidence = Evidence(
        signals_available=True,
        counts=counts,
        travel=None,
        sell_by=TODAY,
        today=TODAY,
        recent=recent,
    )
    spent = []
    for _ in range(ROUNDS):
        began_s = time.process_time()
        for _ in range(JUDGED):
            judge(rule_set, evidence)
        spent.append((time.process_time() - began_s) / JUDGED)
    return rounded(1e6 * statistics.median(spent))


async def _count(url: str, sets: dict[str, RuleSet]) -> dict[str, dict[str, float]]:
    """Gather batches by each set in turn."""
    redis = connect(url, timeout_s=10)
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in sets}
    stores = {name: SignalStore(redis) for name in sets}
    serials = iter(range(1, 1 << 30))
    for _ in range(ROUNDS + 1):
        for name, rule_set in sets.items():
            before, began_s = await _cpu_s(redis), time.process_time()
            for _ in range(BATCHES):
                scans = list(_scans(serials.__next__))
                await stores[name].gather(scans, rule_set)
            ended_s = time.process_time()
            spent[name].append((await _cpu_s(redis) - before, ended_s - began_s))
    await redis.close()
    scale = 1e6 / (BATCHES * BATCH)
    return {
        name: {
            # The first round warms up.
            "valkey_us": rounded(scale * statistics.median(v for v, _ in rounds[1:])),
            "worker_us": rounded(scale * statistics.median(w for _, w in rounds[1:])),
        }
        for name, rounds in spent.items()
    }


def _scans(next_serial: Callable[[], int]) -> Iterator[Scan]:
    """Scan codes here and there, each member on a device and a network of two."""
    for _ in range(BATCH):
        serial = next_serial()
        member = serial * 7_919 % MEMBERS
        yield Scan(
            scan_id=serial,
            at_ms=0,
            code_id=serial * 1_009,
            code_hash=serial,
            gtin=None,
            member_id=str(member),
            device_id=None,
            address=None,
            cell=member % 100,
            language="en",
            tags=(
                member_tag(str(member)),
                device_tag(str(member)),
                network_tag((member // 2).to_bytes(4, "big")),
            ),
        )


async def _cpu_s(redis: RedisClient) -> float:
    told = await redis.redis.info("cpu")
    return float(told["used_cpu_user"] + told["used_cpu_sys"])
