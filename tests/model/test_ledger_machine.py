"""Claims and points against a plain dictionary, whatever order things happen in."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import psycopg
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
from psycopg import errors as pg

from codegen.domain.batches import Batch, Selection
from codegen.domain.ranges import RangeState
from codegen.store import load_range_table
from core.clock import utc_datetime
from core.ids import random_token
from rewards.domain.active_campaigns import Campaign, plan_rewards
from rewards.domain.holds import Hold, HoldReason, Resolution
from rewards.domain.limits import Per
from rewards.domain.plans import Claim
from rewards.store.holds import resolve_holds
from scan_api.domain.scans import Outcome, look_up_code, plan_scan
from scan_api.pipeline.worker_state import load_worker_state
from scan_api.store.scans import Committed, Decided
from tests.fixtures.campaigns import first_card
from tests.fixtures.ground import CLOCK, Ground, outcomes, prepare_ground

CODES, MEMBERS, POINTS = 12, 4, 5
CODE = st.integers(0, CODES - 1)
MEMBER = st.integers(0, MEMBERS - 1)
GOOD = {RangeState.ACTIVATED}


@dataclass
class Oracle:
    """What should be: small enough to be seen to be right."""

    cap: int
    budget: int
    states: list[RangeState] = field(default_factory=list)
    claims: dict[int, int] = field(default_factory=dict)
    available: dict[int, int] = field(default_factory=dict)
    pending: dict[int, int] = field(default_factory=dict)
    earned: dict[int, int] = field(default_factory=dict)
    spent: int = 0

    def scan(self, code: int, member: int, held: bool) -> str:  # noqa: FBT001 - a dice
        """Tell how a scan ends, and remember it."""
        if self.states[code] is RangeState.RECALLED:
            return "recalled"
        if self.states[code] is not RangeState.ACTIVATED:
            return "not_active"
        if code in self.claims:
            return "already_claimed"
        if self.earned.get(member, 0) + POINTS > self.cap:
            return "limit_reached"
        self.claims[code] = member
        if self.spent + POINTS > self.budget:
            return "no_reward"
        self.spent += POINTS
        self.earned[member] = self.earned.get(member, 0) + POINTS
        side = self.pending if held else self.available
        side[member] = side.get(member, 0) + POINTS
        return "held" if held else "rewarded"

    def resolve(self, member: int, resolution: Resolution) -> None:
        """End a hold."""
        self.pending[member] -= POINTS
        if resolution is Resolution.POSTED:
            self.available[member] = self.available.get(member, 0) + POINTS
        else:
            self.earned[member] -= POINTS
            self.spent -= POINTS


class LedgerMachine(RuleBasedStateMachine):
    """Scans, repeats, holds, caps, budgets, voids and recalls on one batch."""

    ground: Ground
    runner: asyncio.Runner

    def run(self, work: Any) -> Any:
        """Run async work to its end."""
        return self.runner.run(work)

    @initialize(cap=st.integers(0, 4), budget=st.integers(1, 8))
    def begin(self, cap: int, budget: int) -> None:
        """Issue and activate a batch of a fresh campaign with fresh members."""
        self.oracle = Oracle(cap * POINTS + 2, budget * POINTS + 1)
        self.oracle.states = [RangeState.ACTIVATED] * CODES
        self.decided: list[tuple[Decided, Committed]] = []
        self.holds: dict[int, tuple[Hold, int]] = {}
        self.run(self._begin())

    async def _begin(self) -> None:
        name = random_token(9)
        self.campaign: Campaign = await self.ground.campaign(
            name, cap=self.oracle.cap, budget=self.oracle.budget
        )
        self.batch: Batch = await self.ground.issue(CODES, campaign_id=name)
        await self.ground.change(self.batch, RangeState.ACTIVATED)
        self.people = await self.ground.members(
            *(f"{name}-{n}" for n in range(MEMBERS))
        )

    async def _plan(self, code: int, member: int, *, held: bool) -> Decided:
        """Plan a scan as a worker does, from a fresh state."""
        async with self.ground.engine.connect() as conn:
            await conn.execution_options(isolation_level="REPEATABLE READ")
            worker_state = await load_worker_state(conn, await load_range_table(conn))
        wish = self.ground.wish(
            self.batch.first_code_id + code, self.people[member], self.campaign
        )
        now = utc_datetime(wish.scan.at_ms)
        terms = worker_state.table.find(wish.scan.code_id)
        plan = plan_scan(
            look_up_code(worker_state, terms, wish.scan.code_id, None, now),
            member_id="somebody",
            decision=None,
            signals_available=not held,
            offer=worker_state.offer_of(terms, now),
            earned=lambda: plan_rewards(
                worker_state.candidates(terms),
                Claim(wish.scan.code_id, dict, lambda *_: 0, first_card),
                now,
            ),
        )
        return msgspec.structs.replace(wish, plan=plan)

    def _note(self, done: list[tuple[Decided, Committed]], members: list[int]) -> None:
        # What repeats an earlier scan is not kept, so nothing knows it again.
        self.decided += [each for each in done if each[1].repeats is None]
        for (wish, committed), member in zip(done, members, strict=True):
            if committed.outcome is Outcome.HELD:
                scan = wish.scan
                hold = Hold(
                    scan.scan_id,
                    scan.code_id,
                    wish.member_no,
                    POINTS,
                    HoldReason.SIGNALS,
                )
                self.holds[scan.scan_id] = hold, member

    @rule(
        codes=st.lists(CODE, min_size=1, max_size=MEMBERS, unique=True),
        members=st.permutations(range(MEMBERS)),
        held=st.booleans(),
    )
    def scan_a_batch(self, codes: list[int], members: list[int], held: bool) -> None:  # noqa: FBT001 - a dice
        """Scan codes, each by another member, in one transaction."""
        members = members[: len(codes)]

        async def work() -> list[tuple[Decided, Committed]]:
            wishes = [
                await self._plan(code, member, held=held)
                for code, member in zip(codes, members, strict=True)
            ]
            return list(zip(wishes, await self.ground.commit(*wishes), strict=True))

        done = self.run(work())
        expected = [
            self.oracle.scan(code, member, held)
            for code, member in zip(codes, members, strict=True)
        ]
        assert outcomes([committed for _, committed in done]) == expected
        self._note(done, members)
        for (wish, committed), member in zip(done, members, strict=True):
            self._check_answer(wish, committed, member)

    def _check_answer(self, wish: Decided, committed: Committed, member: int) -> None:
        assert committed.available in {None, self.oracle.available.get(member, 0)}
        if committed.outcome is Outcome.ALREADY_CLAIMED:
            code = wish.scan.code_id - self.batch.first_code_id
            owner = self.people[self.oracle.claims[code]]
            assert committed.claim_member_no == owner

    @precondition(lambda self: self.decided)
    @rule(data=st.data())
    def send_a_committed_scan_again(self, data: st.DataObject) -> None:
        """Retry as after a lost answer, which changes nothing."""
        wish, _ = data.draw(st.sampled_from(self.decided))
        with pytest.raises(pg.UniqueViolation):
            self.run(self.ground.commit(wish))

    @rule(code=CODE, member=MEMBER)
    def scan_with_a_stale_table(self, code: int, member: int) -> None:
        """Nothing is permitted on an old version."""

        async def work() -> None:
            wish = await self._plan(code, member, held=False)
            with pytest.raises(psycopg.DatabaseError, match="range table"):
                await self.ground.commit(wish, version=0)

        self.run(work())

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), resolution=st.sampled_from(Resolution))
    def resolve(self, data: st.DataObject, resolution: Resolution) -> None:
        """End a hold; a second end changes nothing."""
        scan_id = data.draw(st.sampled_from(sorted(self.holds)))
        hold, member = self.holds.pop(scan_id)

        async def work(kind: Resolution) -> int:
            async with self.ground.engine.begin() as conn:
                now_ms = CLOCK.now_ms()
                return await resolve_holds(
                    conn,
                    [hold],
                    next_id=lambda: self.ground.ids.next_id(now_ms),
                    resolution=kind,
                    now=utc_datetime(now_ms),
                )

        assert self.run(work(resolution)) == 1
        for kind in Resolution:
            assert self.run(work(kind)) == 0
        self.oracle.resolve(member, resolution)

    @rule(
        first=CODE,
        size=st.integers(1, 3),
        state=st.sampled_from([RangeState.VOID, RangeState.RECALLED]),
    )
    def end_codes(self, first: int, size: int, state: RangeState) -> None:
        """Void or recall a few codes; what is final stays as it is."""
        last = min(first + size, CODES) - 1
        here = Selection(from_index=first, to_index=last)
        self.run(self.ground.change(self.batch, state, here))
        for code in range(first, last + 1):
            if self.oracle.states[code] in GOOD:
                self.oracle.states[code] = state

    @invariant()
    def balances_agree(self) -> None:
        """Every balance, cap and budget is what the oracle says."""
        if not hasattr(self, "people"):
            return
        numbers = ",".join(map(str, self.people))
        rows = self.run(
            self.ground.rows(
                "SELECT member_no, available, pending FROM balances"
                f" WHERE unit = 0 AND member_no IN ({numbers})"
            )
        )
        found = {number: (available, pending) for number, available, pending in rows}
        for member, number in enumerate(self.people):
            expected = (
                self.oracle.available.get(member, 0),
                self.oracle.pending.get(member, 0),
            )
            assert found.get(number, (0, 0)) == expected
        uses = self.run(
            self.ground.rows(
                "SELECT l.per, u.holder, u.used FROM limit_uses AS u"
                " JOIN limits AS l USING (limit_no) WHERE l.campaign_no ="
                f" {self.campaign.campaign_no} AND u.used > 0"
            )
        )
        spent = sum(used for per, _, used in uses if per == Per.TOTAL)
        assert spent == self.oracle.spent
        earned = {holder: used for per, holder, used in uses if per == Per.MEMBER_DAY}
        assert earned == {
            self.people[m]: points for m, points in self.oracle.earned.items() if points
        }

    def teardown(self) -> None:
        """At the end the whole database is sound."""
        if hasattr(self, "people"):
            assert self.run(self.ground.audit()) == []


@pytest.fixture
def grounded(
    database_url: str, tmp_path: Path
) -> Iterator[tuple[asyncio.Runner, Ground]]:
    """Give a database and the loop that its connections live in."""
    with asyncio.Runner() as runner:
        ground = runner.run(prepare_ground(database_url, tmp_path))
        runner.run(ground.rules())
        yield runner, ground
        runner.run(ground.close())


def test_the_ledger_agrees_with_a_dictionary(
    grounded: tuple[asyncio.Runner, Ground],
) -> None:
    """Any order of scans, retries, holds, ends, voids and recalls."""

    class Grounded(LedgerMachine):
        runner, ground = grounded

    run_state_machine_as_test(
        Grounded,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],  # twenty steps read well; shrinking takes minutes
        ),
    )
