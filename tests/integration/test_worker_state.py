"""What one worker changes, the next batch of every other obeys; none looks it up."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.clusters import Clusters
from anti_fraud.domain.entities import member_tag
from anti_fraud.domain.guesses import GuessCounter
from anti_fraud.store.clusters import load_clusters
from codegen.domain.code_text import group
from core.errors import Throttled
from core.fence import take_fence
from core.ids import random_token
from scan_api.domain.scans import Outcome
from scan_api.pipeline import worker_state
from scan_api.pipeline.guess_throttle import VIEW, GuessThrottle
from tests.fixtures.ground import CLOCK, Ground
from tests.fixtures.worker import publish, worker_of

# It opens nothing, and looks like a code.
WRONG = group("0" * 16)


@dataclass(slots=True)
class OtherWorker:
    """A worker, its throttle, and codes that were activated before it loaded them."""

    ground: Ground
    throttle: GuessThrottle
    codes: list[int]
    scan: Callable[[int, str], Awaitable[Outcome]]


@pytest.fixture
async def other(ledger: Ground, redis_url: str) -> AsyncIterator[OtherWorker]:
    """Start a worker with connections of its own."""
    await ledger.rules()
    await ledger.campaign("points")
    codes = await ledger.live(3, campaign_id="points")
    async with worker_of(ledger, redis_url) as worker:
        throttle = GuessThrottle(
            GuessCounter(()), worker.redis, worker.engine, CLOCK, worker.states
        )
        yield OtherWorker(ledger, throttle, codes, worker.scan)


def rule(fact: str, op: str, value: object) -> list[dict[str, Any]]:
    """Refuse whatever this is true of."""
    sentence = {"en": "Not today.", "zh": "今天不发放。"}
    when = {"fact": fact, "op": op, "value": value}
    return [{"id": "strict", "score": 100, "sentence": sentence, "when": when}]


async def test_a_rule_set_judges_the_next_batch_of_another_worker(
    other: OtherWorker,
) -> None:
    assert await other.scan(other.codes[0], "rule-reader") == "rewarded"
    await publish(other.ground, rules=rule("signals_available", "==", value=True))
    assert await other.scan(other.codes[1], "rule-reader") == "refused"


async def test_rules_that_come_while_clusters_are_loaded_stay(
    other: OtherWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch hears of them on its own, beside whoever looks each second."""
    states = other.throttle.states
    published: list[int] = []

    async def load_slowly(conn: AsyncConnection) -> Clusters:
        published.append(await publish(other.ground))
        await states.of_codes(other.codes)
        return await load_clusters(conn)

    await other.ground.rows("UPDATE background_marks SET version = version + 1")
    monkeypatch.setattr(worker_state, "load_clusters", load_slowly)
    await states.refresh()
    assert [states.current.rule_set.version] == published


@pytest.mark.parametrize(
    ("windows_s", "refused_at"), [((7_200,), 2), ((600, 86_400), 3)]
)
async def test_a_scan_counts_once_for_rules_that_are_new_while_it_is_judged(
    other: OtherWorker, windows_s: tuple[int, ...], refused_at: int
) -> None:
    """The old ones counted it: not lost by the new in other windows, and not twice."""
    member = f"counted-{random_token(6)}"
    assert await other.scan(other.codes[0], member) == "rewarded"
    counters = [
        {"fact": f"counted_{window_s}", "entity": "member", "window_s": window_s}
        for window_s in windows_s
    ]
    strict = rule(f"counted_{windows_s[-1]}", ">=", refused_at)
    await publish(other.ground, counters=counters, rules=strict)
    assert await other.scan(other.codes[1], member) == "rewarded"
    assert await other.scan(other.codes[2], member) == "refused"


async def test_a_campaign_pays_the_next_batch_of_another_worker(
    other: OtherWorker,
) -> None:
    assert await other.scan(other.codes[0], "campaigner") == "rewarded"
    async with other.ground.engine.begin() as conn:
        await take_fence(conn)
        await conn.execute(
            text(
                "UPDATE campaign_versions"
                " SET terms = jsonb_set(terms, '{offers,0,amount}', '7')"
            )
        )
        await conn.execute(
            text("UPDATE campaigns SET points = 7, version = current_range_version()")
        )
    assert await other.scan(other.codes[1], "campaigner") == "rewarded"
    paid = "SELECT amount FROM transfers ORDER BY transfer_id"
    assert await other.ground.rows(paid) == [(5,), (7,)]


async def test_a_throttle_stops_who_guesses_after_the_next_batch_of_another_worker(
    other: OtherWorker,
) -> None:
    tags = (member_tag("guesser"),)
    now_ms = CLOCK.now_ms()
    for _ in range(3):
        assert other.throttle.open(WRONG, tags, now_ms, VIEW) is None
    throttle = {"entity": "member", "window_s": 60, "limit": 1, "block_s": 60}
    await publish(other.ground, throttles=[throttle])
    assert await other.scan(other.codes[0], "no-guesser") == "rewarded"
    other.throttle.open(WRONG, tags, now_ms, VIEW)
    with pytest.raises(Throttled):
        other.throttle.open(WRONG, tags, now_ms, VIEW)


async def test_rules_that_are_written_behind_the_code_are_obeyed_too(
    other: OtherWorker,
) -> None:
    """The table of slots itself takes the fence and raises the version."""
    version = "SELECT version FROM range_version"
    [(before,)] = await other.ground.rows(version)
    await publish(other.ground)
    assert await other.ground.rows(version) == [(before + 1,)]
    newest = "SELECT range_version FROM rule_set_slots WHERE slot = 'active'"
    assert await other.ground.rows(newest) == [(before + 1,)]


async def test_a_sign_of_a_leaked_key_waits_until_it_can_be_told(
    other: OtherWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while PostgreSQL is away; and is told once."""
    throttle = other.throttle
    throttle.states.note_never_issued(7)
    with monkeypatch.context() as patch:
        patch.setattr(throttle, "engine", None)
        await throttle.report()
    told = "SELECT subject, seen FROM incidents WHERE kind = 'key_leak'"
    assert await other.ground.rows(told) == []
    for _ in range(2):
        await throttle.report()
        assert await other.ground.rows(told) == [("code:7", 1)]
