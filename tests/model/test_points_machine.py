"""Lots, spends, returns, clawbacks, debt and expiry against a plain dictionary."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
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
from sqlalchemy.ext.asyncio import AsyncConnection

from core.ids import random_token
from rewards.domain.points.spending import (
    Return,
    ReturnOutcome,
    Spend,
    SpendOutcome,
    take_back,
)
from rewards.domain.programme import Clawback, ProgrammeTerms
from rewards.domain.rebuilding import Rebuilt
from rewards.domain.transfers import Transfer, TransferKind
from rewards.pipeline.points.expiring import expire_points, repay_debts
from rewards.pipeline.points.spending import return_spends, spend
from rewards.store.lots import lock_lots
from rewards.store.transfers import post_transfers
from tests.fixtures.ground import CLOCK, Ground, prepare_ground

MEMBERS = 3
MEMBER = st.integers(0, MEMBERS - 1)
AMOUNT = st.integers(1, 12)
# A leap day, ends of months and of years lie close ahead of each of these.
FIRST_DAYS = (date(2028, 2, 27), date(2027, 12, 30), date(2027, 4, 29))
PROGRAMMES = (
    ProgrammeTerms(),
    ProgrammeTerms(points_valid_months=1),
    ProgrammeTerms(points_valid_months=12),
    ProgrammeTerms(points_expire_on="12-31"),
    ProgrammeTerms(points_expire_on="02-29"),
)


@dataclass
class Person:
    """What one member should have: lots by their last day, and debt."""

    lots: dict[date | None, int] = field(default_factory=dict)
    debt: int = 0

    def good(self, day: date) -> list[date | None]:
        """List the lots that are good on a day, the earliest end first."""
        ends = [end for end in self.lots if end is None or end >= day]
        return sorted(ends, key=lambda end: end or date.max)

    def worth(self, day: date) -> int:
        """Tell what may be spent on a day."""
        return max(sum(self.lots[end] for end in self.good(day)) - self.debt, 0)

    def add(self, end: date | None, amount: int) -> None:
        """Put into a lot."""
        self.lots[end] = self.lots.get(end, 0) + amount

    def take(self, amount: int, ends: list[date | None]) -> dict[date | None, int]:
        """Take from lots in order; gives the parts."""
        parts = {}
        for end in ends:
            part = min(amount, self.lots[end])
            if part:
                parts[end] = part
                self.lots[end] -= part
                amount -= part
        return parts

    def repay(self) -> None:
        """Pay what is owed from the earliest lots, ended ones too."""
        every = sorted(self.lots, key=lambda end: end or date.max)
        self.debt -= sum(self.take(self.debt, every).values())


@dataclass
class Award:
    """Points that were granted and may be taken back once."""

    transfer: Transfer
    member: int


class PointsMachine(RuleBasedStateMachine):
    """A few members over years of days."""

    ground: Ground
    runner: asyncio.Runner

    def run(self, work: Any) -> Any:
        """Run async work to its end."""
        return self.runner.run(work)

    def next_id(self) -> int:
        """Give a number."""
        return self.ground.ids.next_id(CLOCK.now_ms())

    @initialize(day=st.sampled_from(FIRST_DAYS), terms=st.sampled_from(PROGRAMMES))
    def begin(self, day: date, terms: ProgrammeTerms) -> None:
        """Begin with fresh members who have nothing."""
        self.day, self.terms = day, terms
        self.people = [Person() for _ in range(MEMBERS)]
        self.awards: list[Award] = []
        self.spends: dict[int, tuple[Spend, dict[date | None, int], int]] = {}
        name = random_token(9)
        names = (f"{name}-{n}" for n in range(MEMBERS))
        self.numbers = self.run(self.ground.members(*names))
        self.campaign = self.run(self.ground.campaign(name))

    async def _within(self, work: Any) -> Any:
        async with self.ground.engine.begin() as conn:
            return await work(conn)

    @rule(member=MEMBER, amount=AMOUNT)
    def award(self, member: int, amount: int) -> None:
        """Grant points of today."""
        end = self.terms.expires_on(self.day)
        assert end is None or end >= self.day
        number = self.next_id()
        transfer = Transfer(
            *(number, number, TransferKind.GRANT, self.campaign.campaign_no),
            *(self.numbers[member], 0, amount, end),
        )
        self.run(self._within(lambda conn: post_transfers(conn, [transfer])))
        self.people[member].add(end, amount)
        self.awards.append(Award(transfer, member))

    def _expect(self, wish: Spend, member: int) -> SpendOutcome:
        person = self.people[member]
        if wish.spend_id in self.spends:
            same = self.spends[wish.spend_id][0] == wish
            return SpendOutcome.SPENT_BEFORE if same else SpendOutcome.OTHER
        if person.worth(self.day) < wish.amount:
            return SpendOutcome.TOO_LITTLE
        parts = person.take(wish.amount, person.good(self.day))
        self.spends[wish.spend_id] = wish, parts, member
        return SpendOutcome.SPENT

    @rule(
        wished=st.lists(
            st.tuples(MEMBER, AMOUNT, st.booleans()), min_size=1, max_size=5
        )
    )
    def spend_in_one_batch(self, wished: list[tuple[int, int, bool]]) -> None:
        """Spend several at once, some under a number that the one before had."""
        wishes: list[tuple[Spend, int]] = []
        for member, amount, again in wished:
            number = wishes[-1][0].spend_id if again and wishes else self.next_id()
            wish = Spend(number, self.numbers[member], amount, "order")
            wishes.append((wish, member))
        given = [wish for wish, _ in wishes]
        done = self.run(self._within(lambda conn: spend(conn, given, today=self.day)))
        assert done == [self._expect(*each) for each in wishes]

    @precondition(lambda self: self.spends)
    @rule(data=st.data())
    def spend_again(self, data: st.DataObject) -> None:
        """Retry as after a lost answer, which changes nothing."""
        wish, _, member = self.spends[data.draw(st.sampled_from(sorted(self.spends)))]
        done = self.run(self._within(lambda conn: spend(conn, [wish], today=self.day)))
        assert done == [self._expect(wish, member)] == [SpendOutcome.SPENT_BEFORE]

    @rule(member=MEMBER, amount=AMOUNT)
    def spend_twice_at_once(self, member: int, amount: int) -> None:
        """Two connections at once spend no more than there is."""
        wishes = [
            Spend(self.next_id(), self.numbers[member], amount, "race") for _ in "ab"
        ]

        async def race() -> list[SpendOutcome]:
            both = (
                self._within(lambda conn, w=w: spend(conn, [w], today=self.day))
                for w in wishes
            )
            return [outcome for [outcome] in await asyncio.gather(*both)]

        done = self.run(race())
        # Alike but for their numbers: whichever came first, the lots are the same.
        first = sorted(zip(done, wishes, strict=True), key=lambda each: each[0])
        assert [each for each, _ in first] == [
            self._expect(wish, member) for _, wish in first
        ]

    @precondition(lambda self: self.spends)
    @rule(data=st.data())
    def return_a_spend(self, data: st.DataObject) -> None:
        """Put the same lots back, once, however many ask at once."""
        number = data.draw(st.sampled_from(sorted(self.spends)))
        _, parts, member = self.spends[number]

        async def both() -> list[ReturnOutcome]:
            returns = [
                Return(number, self.next_id(), "support", "changed my mind")
                for _ in "ab"
            ]
            asked = (
                self._within(lambda conn, r=r: return_spends(conn, [r]))
                for r in returns
            )
            return [outcome for [outcome] in await asyncio.gather(*asked)]

        expected = {ReturnOutcome.RETURNED_BEFORE}
        if parts:
            expected.add(ReturnOutcome.RETURNED)
        assert set(self.run(both())) == expected
        for end, part in parts.items():
            self.people[member].add(end, part)
        parts.clear()

    @precondition(lambda self: self.awards)
    @rule(data=st.data(), policy=st.sampled_from(Clawback))
    def claw_back(self, data: st.DataObject, policy: Clawback) -> None:
        """Take an award back: its own lot first, and owe what is missing, if ever."""
        place = data.draw(st.integers(0, len(self.awards) - 1))
        award = self.awards.pop(place)
        given, person = award.transfer, self.people[award.member]

        async def work(conn: AsyncConnection) -> None:
            locked = await lock_lots(conn, [given.credit], unit=0)
            if given.credit not in locked:
                return
            number = self.next_id()
            held = locked[given.credit]
            back = take_back(given, held, policy, self.day, number)
            await post_transfers(conn, back)

        had_row = any(person.lots.values()) or person.debt
        self.run(self._within(work))
        if policy is Clawback.PENDING_ONLY or not had_row:
            return
        wanted = min(given.amount, person.worth(self.day))
        good = sorted(person.good(self.day), key=lambda end: end != given.expires_on)
        person.take(wanted, good)
        if policy is Clawback.DEBT:
            person.debt += given.amount - wanted

    @rule(days=st.sampled_from([1, 2, 30, 200]))
    def days_pass(self, days: int) -> None:
        """Let days pass, more than one where no job ran."""
        self.day += timedelta(days=days)

    @rule()
    def expire(self) -> None:
        """Let go what ended, after who owes has paid with it; twice is once."""

        async def work() -> None:
            for _ in "ab":
                while await self._within(
                    lambda conn: expire_points(
                        conn, day=self.day, next_id=self.next_id, at_once=2
                    )
                ):
                    pass

        self.run(work())
        for person in self.people:
            ended = [end for end in person.lots if end is not None and end < self.day]
            if ended:
                person.repay()
            for end in ended:
                del person.lots[end]

    @rule()
    def repay(self) -> None:
        """Pay what is owed with what was earned since."""
        self.run(self._within(lambda conn: repay_debts(conn, next_id=self.next_id)))
        for person in self.people:
            person.repay()

    @invariant()
    def lots_agree(self) -> None:
        """Every lot and debt is what the dictionary says."""
        if not hasattr(self, "numbers"):
            return
        numbers = ",".join(map(str, self.numbers))
        rows = self.run(
            self.ground.rows(
                "SELECT member_no, nullif(expires_on, 'infinity'), available, debt"
                f" FROM balances WHERE unit = 0 AND member_no IN ({numbers})"
            )
        )
        lots = {(number, end): left for number, end, left, _ in rows if left}
        assert lots == {
            (number, end): left
            for number, person in zip(self.numbers, self.people, strict=True)
            for end, left in person.lots.items()
            if left
        }
        debts = {number: debt for number, _, _, debt in rows if debt}
        assert debts == {
            number: person.debt
            for number, person in zip(self.numbers, self.people, strict=True)
            if person.debt
        }

    def teardown(self) -> None:
        """At the end the whole database is sound."""
        if hasattr(self, "numbers"):
            assert self.run(self.ground.audit()) == []
            assert self.run(self.ground.rebuild()) == Rebuilt()


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


def test_points_agree_with_a_dictionary(
    grounded: tuple[asyncio.Runner, Ground],
) -> None:
    """Any order of awards, spends, returns, clawbacks and days."""

    class Grounded(PointsMachine):
        runner, ground = grounded

    run_state_machine_as_test(
        Grounded,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],
        ),
    )
