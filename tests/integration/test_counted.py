"""What rules count of scans, on a real server: by entity, late, by two workers."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from anti_fraud.default_rules import shipped_rules
from anti_fraud.domain.entities import code_tag, device_tag, member_tag, tally_key
from anti_fraud.domain.places import cell_of
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_sets import RuleSet
from codegen.domain.batches import Placement
from codegen.domain.ranges import Binding, RangeState
from codegen.domain.terms import RangeTerms
from core.ids import first_id_at, random_token
from core.redis import RedisClient, connect
from scan_api.domain.scans import NO_SIGNALS, Scan, Signals
from scan_api.pipeline.signals import SignalStore

DAY_S = 86_400
NOW_MS = 1_800_000_000_000
COUNTERS = [
    {"fact": "member_scans", "entity": "member", "window_s": DAY_S},
    *(
        {"fact": fact, "entity": entity, "window_s": DAY_S, "distinct": distinct}
        for fact, entity, distinct in (
            ("device_members", "device", "member"),
            ("member_devices", "member", "device"),
            ("code_sessions", "code", "session"),
            ("cell_codes", "cell", "code"),
            ("cell_members", "cell", "member"),
        )
    ),
    {"fact": "case_codes", "entity": "member", "window_s": 600}
    | {"distinct": "code", "near": 24},
]
RHYTHM = {"fact": "rhythm_median_s", "op": "<", "value": 3}
PLACE = cell_of(39.9, 116.4)


def rules_of(counters: list[dict[str, Any]], when: Any = RHYTHM) -> RuleSet:
    """Count this, and have one rule."""
    sentence = {"en": "Why.", "zh": "原因。"}
    rule = {"id": "rule", "score": 100, "sentence": sentence, "when": when}
    return parse_rule_set(shipped_rules() | {"counters": counters, "rules": [rule]})


RULES = rules_of(COUNTERS)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[RedisClient]:
    # A busy test machine may stall for longer than a scan would wait.
    client = connect(redis_url, timeout_s=5.0)
    yield client
    await client.close()


@pytest.fixture
def run() -> str:
    """Name what no other test counts."""
    return random_token(8)


def scan(
    run: str,
    code: int,
    member: str | None,
    device: str | None = None,
    late_s: float = 0,
) -> Scan:
    """Scan a code now, or so long ago while offline."""
    tags = [] if member is None else [member_tag(run + member)]
    if device is not None:
        tags.append(device_tag(run + device))
    return Scan(
        scan_id=first_id_at(NOW_MS),
        at_ms=NOW_MS,
        code_id=(hash(run) % (1 << 30)) * 1000 + code,
        code_hash=code,
        gtin=None,
        member_id=member,
        device_id=device,
        address=None,
        cell=PLACE,
        language="en",
        tags=tuple(tags),
        scanned_at_ms=NOW_MS - round(late_s * 1000) if late_s else None,
    )


async def gather(
    redis: RedisClient, scans: list[Scan], rules: RuleSet = RULES
) -> list[Signals]:
    signals = await SignalStore(redis).gather(scans, rules)
    assert signals is not None
    return signals


async def test_what_is_sent_again_with_its_key_counts_once(
    redis: RedisClient, run: str
) -> None:
    """Whichever worker hears it, late or in one batch; another code counts anew."""
    await redis.redis.flushdb()

    async def come(*keys: bytes, code: int = 1, late_s: float = 0) -> int:
        plain = scan(run, code, "ann", "phone", late_s)
        scans = [msgspec.structs.replace(plain, key_hash=key) for key in keys]
        return (await gather(redis, scans))[-1].counts["member_scans"]

    first, second = sha256(b"1").digest(), sha256(b"2").digest()
    assert [await come(first) for _ in range(2)] == [1, 1]
    assert await come(first, first, late_s=90) == 1
    assert await come(second, second, code=2) == 2
    assert await come(first, second) == 3
    # A page has no key, and nobody sends again what it sends.
    assert await come(b"", b"") == 5
    assert await come(second) == 5


async def test_what_is_different_is_counted_by_each_entity(
    redis: RedisClient, run: str
) -> None:
    await redis.redis.flushdb()
    await gather(redis, [scan(run, 1, "ann", "phone"), scan(run, 500, "bob", "phone")])
    [told] = await gather(redis, [scan(run, 2, "ann", "other")])
    assert told.counts == {
        "member_scans": 2,
        "device_members": 1,
        "member_devices": 2,
        "code_sessions": 1,
        "cell_codes": 3,
        "cell_members": 2,
        "case_codes": 2,
    }
    [told] = await gather(redis, [scan(run, 2, "cid", "phone")])
    assert told.counts["device_members"] == 3
    assert told.counts["code_sessions"] == 2


async def test_a_session_is_a_device_else_a_member(
    redis: RedisClient, run: str
) -> None:
    """Whoever looks first and then signs in on one phone is one."""
    for member, device in ((None, "phone"), ("ann", "phone"), ("ann", None)):
        [told] = await gather(redis, [scan(run, 1, member, device)])
    assert told.counts["code_sessions"] == 2


async def test_who_has_no_position_has_no_facts_of_a_cell(
    redis: RedisClient, run: str
) -> None:
    nowhere = scan(run, 1, "ann")
    nowhere.cell = None
    [told] = await gather(redis, [nowhere])
    assert set(told.counts) == {
        *("member_scans", "member_devices", "code_sessions", "case_codes"),
    }


async def test_a_day_of_scans_that_comes_at_once_is_judged_as_in_time(
    redis: RedisClient, run: str
) -> None:
    """Each at its own time: an offline phone is no machine, and no burst."""
    # A window of a day is sure of its last 21.6 hours.
    hours = [scan(run, n * 100, "ann", "phone", (22 - n) * 3600) for n in range(1, 22)]
    told = [(await gather(redis, [each]))[0] for each in hours]
    assert [each.counts["case_codes"] for each in told] == [1] * 21
    assert [each.counts["member_scans"] for each in told] == [*range(1, 22)]
    last = told[-1].recent
    assert last is not None
    assert last.rhythm_median_s == pytest.approx(3600, abs=60)
    assert last.recent_span_s == pytest.approx(19 * 3600, abs=60)


async def test_last_scans_tell_of_batches_and_origins(
    redis: RedisClient, run: str
) -> None:
    store = SignalStore(redis)
    for n in range(20):
        binding = Binding(plant=f"plant {n % 4}", sale_regions=("CN-11",))
        terms = RangeTerms(n % 8, RangeState.ACTIVATED, binding, Placement.INSIDE)
        signals = await store.gather([scan(run, n, "ann")], RULES, [terms])
    assert signals is not None
    recent = signals[0].recent
    assert recent is not None
    # Batch 0 is none.
    assert (recent.recent_batches, recent.recent_origins) == (7, 4)


async def test_counting_by_changed_rules_counts_nobody_twice(
    redis: RedisClient, run: str
) -> None:
    """What both rule sets count goes on; what is new begins with this scan."""
    for n in range(9):
        await gather(redis, [scan(run, n, "ann", "phone")])
    hour = {"fact": "hour", "entity": "member", "window_s": 3600}
    new = rules_of([*COUNTERS, hour, {**COUNTERS[1], "fact": "again"}])
    store = SignalStore(redis)
    scans = [scan(run, 9, "ann", "phone"), scan(run, 10, "bob", "phone")]
    before = await store.gather(scans, RULES)
    assert before is not None
    told = await store.recount(scans, before, RULES, new)
    expected = {**before[0].counts, "hour": 1, "again": 2}
    assert told[0].counts == expected
    # Rhythm is told as it was, and its scan is kept once.
    assert told[0].recent == before[0].recent
    assert (await store.recount(scans, told, new, RULES))[0].counts == before[0].counts
    [last] = await gather(redis, [scan(run, 11, "ann", "phone")], new)
    assert (last.counts["member_scans"], last.counts["hour"]) == (11, 2)


async def test_rules_that_ask_for_last_scans_now_begin_with_this_one(
    redis: RedisClient, run: str
) -> None:
    old = rules_of(COUNTERS, {"fact": "member_scans", "op": ">", "value": 9})
    scans = [scan(run, 1, "ann")]
    store = SignalStore(redis)
    before = await store.gather(scans, old)
    assert before is not None
    assert before[0].recent is None
    told = await store.recount(scans, before, old, RULES)
    assert told[0].recent is not None
    assert told[0].counts == before[0].counts


async def test_who_had_no_signals_has_none_by_changed_rules(
    redis: RedisClient, run: str
) -> None:
    new = rules_of(COUNTERS[:1])
    told = await SignalStore(redis).recount(
        [scan(run, 1, "ann")], [NO_SIGNALS], RULES, new
    )
    assert told == [NO_SIGNALS]
    assert not await redis.redis.exists(tally_key(member_tag(run + "ann")))


async def test_two_workers_count_each_scan_once(redis: RedisClient, run: str) -> None:
    workers = [SignalStore(redis), SignalStore(redis)]
    await asyncio.gather(
        *[
            workers[n % 2].gather([scan(run, n, f"m{n % 7}", "phone")], RULES)
            for n in range(40)
        ]
    )
    [told] = await gather(redis, [scan(run, 39, "m4", "phone")])
    assert told.counts["device_members"] == 7
    assert told.counts["member_scans"] == sum(n % 7 == 4 for n in range(40)) + 1


async def test_each_key_has_its_entitys_slot_and_ends(
    redis: RedisClient, run: str
) -> None:
    one = scan(run, 1, "ann", "phone")
    await gather(redis, [one])
    longest = 7 * DAY_S
    for tag in (*one.tags, code_tag(one.code_id)):
        key = tally_key(tag)
        assert key.endswith(tag)
        assert 0 < await redis.redis.ttl(key) <= longest
        assert await redis.redis.strlen(key) < 500


def test_a_rule_set_of_the_same_counters_is_counted_alike() -> None:
    assert replace(RULES, version=RULES.version + 1).counted == RULES.counted
