"""Claims of two campaigns of many kinds against a plain model, from two workers."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.ids import random_token
from rewards.domain.holds import Resolution
from rewards.domain.rebuilding import Rebuilt
from tests.fixtures.campaigns import first_card
from tests.fixtures.claims import Claims, Json, chance, coupon, gift, points
from tests.fixtures.ground import Ground, prepare_ground
from tests.fixtures.taking import Taking

CODES, MEMBERS = 14, 3
# What the campaigns give, in order; bronze is for who would have won gold.
FIRST, SECOND, GOLD, SILVER = "points", "coupon", "gift", "bronze"


@dataclass
class Model:
    """What should be: limits by name, and what scans took of them."""

    mosts: dict[str, int]
    exclusive: bool
    used: Counter[tuple[str, int]] = field(default_factory=Counter)
    claimed: set[int] = field(default_factory=set)
    available: Counter[int] = field(default_factory=Counter)
    held: dict[int, tuple[int, int, Counter[tuple[str, int]]]] = field(
        default_factory=dict
    )

    def scan(self, code: int, member: int) -> tuple[str, list[str], Any]:
        """Tell what a scan earns; takes it."""
        if code in self.claimed:
            return "already_claimed", [], None
        took: Counter[tuple[str, int]] = Counter()
        earned: list[str] = []
        full: list[str] = []
        for wanted in ([FIRST], [SECOND], [GOLD, SILVER]):
            if self.exclusive and earned and wanted[0] == GOLD:
                continue
            for reward in wanted:
                lack = self._take(reward, member, took)
                if lack is None:
                    earned.append(reward)
                    break
                full.append(lack)
        if earned:
            self.claimed.add(code)
            self.used += took
            return "paid", earned, took
        if not set(full) <= {"budget", "stock"}:
            return "limit_reached", [], None
        self.claimed.add(code)
        return "no_reward", [], None

    def _take(
        self, reward: str, member: int, took: Counter[tuple[str, int]]
    ) -> str | None:
        needs = {
            FIRST: [("budget", 0, 5), ("claims", member, 1)],
            SECOND: [("claims", member, 1), ("pool", 0, 1)],
            GOLD: [("day", 0, 1), ("stock", 0, 1)],
            SILVER: [("day", 0, 1)],
        }[reward]
        full = None
        wanted: Counter[tuple[str, int]] = Counter()
        for name, holder, amount in needs:
            if name in {"claims", "day"} and took[name, holder]:
                continue  # several rewards of a scan count once
            if self.used[name, holder] + took[name, holder] + amount > self.mosts[name]:
                full = "stock" if name == "pool" else name
            wanted[name, holder] += amount
        if full is None:
            took.update(wanted)
        return full

    def end(self, scan_id: int, resolution: Resolution) -> None:
        """End the hold of a scan."""
        member, amount, took = self.held.pop(scan_id)
        if resolution is Resolution.POSTED:
            self.available[member] += amount
        else:
            self.used -= took


@dataclass
class Batch:
    """Scans of codes by members, which one worker takes at once."""

    codes: list[int]
    members: list[int]
    held: bool

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Pair each code with who scans it."""
        return list(zip(self.codes, self.members, strict=False))


BATCH = st.builds(
    Batch,
    st.lists(st.integers(0, CODES - 1), min_size=1, max_size=MEMBERS, unique=True),
    st.permutations(range(1, MEMBERS + 1)),
    st.booleans(),
)


class ClaimsMachine(RuleBasedStateMachine):
    """Scans in batches, one or two at once, holds and their ends."""

    claims: Claims
    runner: asyncio.Runner

    def run(self, work: Any) -> Any:
        """Run async work to its end."""
        return self.runner.run(work)

    @initialize(
        budget=st.integers(2, 30),
        each=st.integers(1, 4),
        pool=st.integers(0, 4),
        day=st.integers(1, 8),
        stock=st.integers(0, 3),
        exclusive=st.booleans(),
    )
    def begin(self, *, exclusive: bool, **most: int) -> None:
        """Let two campaigns pay the codes of a batch."""
        mosts = most | {"claims": most["each"]}
        self.model = Model(mosts, exclusive)
        self.run(self._begin())

    async def _begin(self) -> None:
        ground, most = self.claims.ground, self.model.mosts
        self.name = name = random_token(9)
        pool = await self.claims.counter.pool(f"{name}-pool", stock=most["pool"] + 1)
        await self.claims.counter.restock(pool, -1)
        await self.claims.campaign(
            f"{name}-a",
            points(5, FIRST),
            coupon(pool, SECOND),
            order=1,
            exclusive=self.model.exclusive,
            budget={"points": most["budget"]},
            caps=[{"per": "member", "of": "claims", "most": most["claims"]}],
            applies_to="bound",
        )
        tiers = (
            (GOLD, 1_000_000, gift(stock=most["stock"])),
            (SILVER, 0, gift("Pin")),
        )
        await self.claims.campaign(
            f"{name}-b",
            chance(*tiers),
            order=2,
            caps=[{"per": "day", "of": "claims", "most": most["day"]}],
            when={"fact": "lot", "op": "==", "value": name},
        )
        self.codes = await ground.live(CODES, campaign_id=f"{name}-a", lot=name)
        self.people = await ground.members(*(f"{name}-{n}" for n in range(MEMBERS)))
        self.taking = Taking(
            *(self.claims, name, self.codes, self.people),
            lambda cards, _: first_card(cards),
        )
        await self.taking.start()

    async def _take(self, worker: int, batch: Batch) -> list[Json]:
        return await self.taking.take(worker, batch.pairs, held=batch.held)

    @rule(batch=BATCH, worker=st.integers(0, 1))
    def scan(self, batch: Batch, worker: int) -> None:
        """One worker takes a batch."""
        told = self.run(self._take(worker, batch))
        assert [_came_to(each) for each in told] == self._expect(self.model, batch)
        self._note(batch, told)

    @rule(one=BATCH, other=BATCH)
    def scan_at_once(self, one: Batch, other: Batch) -> None:
        """Two workers at once: as if one had come after the other."""

        async def both() -> list[list[Json]]:
            return list(await asyncio.gather(self._take(0, one), self._take(1, other)))

        told = self.run(both())
        came = [[_came_to(each) for each in batch] for batch in told]
        for first, second in ((0, 1), (1, 0)):
            model = deepcopy(self.model)
            wanted = {
                place: self._expect(model, (one, other)[place])
                for place in (first, second)
            }
            if [wanted[0], wanted[1]] == came:
                self.model = model
                self._note(one, told[0])
                self._note(other, told[1])
                return
        raise AssertionError(came)

    def _expect(self, model: Model, batch: Batch) -> list[tuple[str, list[str]]]:
        paid = "held" if batch.held else "rewarded"
        expected = []
        self.took: dict[tuple[int, int], Any] = getattr(self, "took", {})
        for code, member in batch.pairs:
            outcome, earned, took = model.scan(code, member)
            if outcome == "paid":
                self.took[code, member] = took
                if not batch.held and FIRST in earned:
                    model.available[member] += 5
            expected.append((paid if outcome == "paid" else outcome, earned))
        return expected

    def _note(self, batch: Batch, told: list[Json]) -> None:
        for pair, answer in zip(batch.pairs, told, strict=True):
            if answer["outcome"] == "held":
                amount = 5 if "points" in _came_to(answer)[1] else 0
                held = pair[1], amount, self.took[pair]
                self.model.held[int(answer["scan_id"])] = held

    @precondition(lambda self: self.model.held)
    @rule(data=st.data(), resolution=st.sampled_from(Resolution))
    def end_a_hold(self, data: st.DataObject, resolution: Resolution) -> None:
        """Post or void all that a scan earned, once."""
        scan_id = data.draw(st.sampled_from(sorted(self.model.held)))
        assert self.run(self.claims.resolve(scan_id, by=resolution)) == 1
        assert self.run(self.claims.resolve(scan_id, by=resolution)) == 0
        self.model.end(scan_id, resolution)

    @invariant()
    def limits_and_balances_agree(self) -> None:
        """Everything that was taken is what the model says, and so is each balance."""
        if not hasattr(self, "taking"):
            return
        people = {0: 0, **dict(enumerate(self.people, 1))}
        names = {
            "budget": f"{self.name}-a total points",
            "claims": f"{self.name}-a member claims",
            "pool": f"{self.name}-pool total points",
            "day": f"{self.name}-b day claims",
            "stock": f"{self.name}-b luck{GOLD} total awards",
        }
        wanted = {
            (names[name], people[holder]): used
            for (name, holder), used in self.model.used.items()
            if used
        }
        found = self.run(self.claims.uses())
        mine = {key: used for key, used in found.items() if used}
        assert {k: v for k, v in mine.items() if k[0].startswith(self.name)} == wanted
        numbers = ",".join(map(str, self.people))
        rows = self.run(
            self.claims.ground.rows(
                "SELECT member_no, available FROM balances WHERE unit = 0"
                f" AND available > 0 AND member_no IN ({numbers})"
            )
        )
        available = self.model.available.items()
        assert dict(rows) == {people[m]: n for m, n in available if n}

    def teardown(self) -> None:
        """Let the connections go."""
        if hasattr(self, "taking"):
            self.run(self.taking.close())


_SHOWN = {"points": FIRST, "coupon": SECOND}


def _came_to(answer: Json) -> tuple[str, list[str]]:
    """Tell an answer as the model does; another's claim has earned its scan nothing."""
    if answer["outcome"] == "already_claimed":
        return answer["outcome"], []
    earned = []
    for each in answer["rewards"]:
        if each["kind"] == "prize":
            earned.append(each["tier_id"])
        elif each["kind"] != "gift":
            earned.append(_SHOWN[each["kind"]])
    return answer["outcome"], earned


@pytest.fixture
def grounded(
    database_url: str, tmp_path: Path
) -> Iterator[tuple[asyncio.Runner, Claims]]:
    """Give a database and the loop that its connections live in; ends sound."""
    with asyncio.Runner() as runner:
        ground: Ground = runner.run(prepare_ground(database_url, tmp_path))
        runner.run(ground.rules())
        yield runner, Claims(ground)
        assert runner.run(ground.audit()) == []
        assert runner.run(ground.rebuild()) == Rebuilt()
        runner.run(ground.close())


def test_claims_earn_what_a_model_says(
    grounded: tuple[asyncio.Runner, Claims],
) -> None:
    """Any order of batches, of one worker or two at once, of holds and their ends."""

    class Grounded(ClaimsMachine):
        runner, claims = grounded

    run_state_machine_as_test(
        Grounded,
        settings=settings(
            max_examples=8,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],  # fifteen steps read well; shrinking takes long
        ),
    )
