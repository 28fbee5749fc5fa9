"""Coupons against plain lists, whatever order things happen in and whenever."""

import asyncio
from collections import Counter as Tally
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
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

from core.auth.principal import Staff
from core.errors import Fault
from core.ids import random_token
from crowncap.coupon_codes import CouponSealing
from rewards.domain.coupons import TillOutcome
from tests.fixtures.coupons import (
    CASHIER,
    SUPPORT,
    Counter,
    SetClock,
    read_redeemed,
)
from tests.fixtures.ground import TIMEZONE, prepare_ground

MEMBERS = ("ann", "bob", "cid")
# Two days before one that comes every four years.
BEGIN = datetime(2028, 2, 27, 12, tzinfo=UTC)


@dataclass
class Kept:
    """A coupon as it should be."""

    code: str
    last_day: date | None
    state: str = "issued"
    redemption_id: int = 0
    redeemed_on: date = date.min


@dataclass
class Oracle:
    """What should be: small enough to be seen to be right."""

    stock: int
    daily: int | None
    each: int | None
    days: int | None
    today: date = date.min
    issued: int = 0
    by_day: Tally[date] = field(default_factory=Tally)
    by_member: Tally[str] = field(default_factory=Tally)
    coupons: list[Kept] = field(default_factory=list)

    def issue(self, member: str) -> str:
        """Tell whether a member gets a coupon, or why not."""
        if self.each is not None and self.by_member[member] >= self.each:
            return "limit_reached"
        if self.daily is not None and self.by_day[self.today] >= self.daily:
            return "out_of_stock"
        if self.issued >= self.stock:
            return "out_of_stock"
        self.issued += 1
        self.by_day[self.today] += 1
        self.by_member[member] += 1
        return "issued"

    def keep(self, code: str) -> None:
        """Remember a coupon that was issued today."""
        last = self.days and self.today + timedelta(days=self.days - 1)
        self.coupons.append(Kept(code, last or None))

    def redeem(self, coupon: Kept) -> str:
        """Tell what a till is told."""
        if coupon.state != "issued":
            return {"void": "coupon_void", "redeemed": "already_redeemed"}[coupon.state]
        if coupon.last_day is not None and self.today > coupon.last_day:
            return "coupon_expired"
        coupon.state, coupon.redeemed_on = "redeemed", self.today
        return "good"

    def reverse(self, coupon: Kept, staff: Staff) -> str:
        """Tell how taking a redemption back ends."""
        if staff is CASHIER and coupon.redeemed_on != self.today:
            return "not_same_day"
        if coupon.state != "redeemed":
            return "already_reversed"
        coupon.state = "issued"
        return ""

    def void(self, coupon: Kept) -> str:
        """Tell how making a coupon void ends."""
        if coupon.state != "issued":
            return {"void": "coupon_void", "redeemed": "already_redeemed"}[coupon.state]
        coupon.state = "void"
        return ""


LIMIT = st.one_of(st.none(), st.integers(0, 3))


class CouponMachine(RuleBasedStateMachine):
    """Issues, redemptions, reversals, voids, stock and time, of one pool."""

    counter: Counter
    runner: asyncio.Runner

    def run(self, work: Any) -> Any:
        """Run async work to its end; gives the code of a fault."""

        async def told() -> Any:
            try:
                return await work
            except Fault as fault:
                return fault.code

        return self.runner.run(told())

    @initialize(
        stock=st.integers(0, 6),
        daily=LIMIT,
        each=LIMIT,
        days=st.one_of(st.none(), st.integers(1, 3)),
    )
    def begin(
        self, stock: int, daily: int | None, each: int | None, days: int | None
    ) -> None:
        """Add a pool."""
        self.oracle = Oracle(stock, daily, each, days)
        self.counter.clock.go_to(BEGIN)
        self.oracle.today = self._today()
        self.pool = self.run(
            self.counter.pool(
                random_token(9),
                stock=stock,
                daily_stock=daily,
                per_member=each,
                valid_days=days,
            )
        )

    def _today(self) -> date:
        return self.counter.clock.now.astimezone(TIMEZONE).date()

    @rule(minutes=st.integers(1, 2_000))
    def wait(self, minutes: int) -> None:
        """Let time go by, over the end of February too."""
        self.counter.clock.at_ms += minutes * 60_000
        self.oracle.today = self._today()

    @rule(days=st.integers(1, 3), ms=st.sampled_from([-1, 0]))
    def wait_for_midnight(self, days: int, ms: int) -> None:
        """Go to the last moment of a day of the brand, or the first of the next."""
        day = self._today() + timedelta(days=days)
        midnight = datetime.combine(day, datetime.min.time(), TIMEZONE)
        self.counter.clock.go_to(midnight + timedelta(milliseconds=ms))
        self.oracle.today = self._today()

    @rule(members=st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=5))
    def issue(self, members: list[str]) -> None:
        """Ask for coupons in one batch, one member perhaps several times."""
        names = [f"{self.pool}-{each}" for each in members]
        told = self.run(self.counter.issue(self.pool, *names))
        for name, outcome in zip(names, told, strict=True):
            expected = self.oracle.issue(name)
            if expected == "issued":
                assert len(outcome) == 16
                self.oracle.keep(outcome)
            else:
                assert outcome == expected

    @precondition(lambda self: self.oracle.coupons)
    @rule(data=st.data())
    def redeem(self, data: st.DataObject) -> None:
        """Use some coupons in one batch."""
        coupons = data.draw(
            st.lists(st.sampled_from(self.oracle.coupons), min_size=1, max_size=4)
        )
        chosen = list({each.code: each for each in coupons}.values())
        told = self.run(self.counter.redeem(*(each.code for each in chosen)))
        for coupon, seen in zip(chosen, told, strict=True):
            assert seen.outcome == self.oracle.redeem(coupon)
            if seen.outcome is TillOutcome.GOOD:
                coupon.redemption_id = int(read_redeemed(seen).redemption_id)

    @precondition(lambda self: any(c.redemption_id for c in self.oracle.coupons))
    @rule(data=st.data(), staff=st.sampled_from([CASHIER, SUPPORT]))
    def reverse(self, data: st.DataObject, staff: Staff) -> None:
        """Take the latest redemption of a coupon back, perhaps once more."""
        used = [each for each in self.oracle.coupons if each.redemption_id]
        coupon = data.draw(st.sampled_from(used))
        told = self.run(self.counter.reverse(coupon.redemption_id, staff))
        assert (told or "") == self.oracle.reverse(coupon, staff)

    @precondition(lambda self: self.oracle.coupons)
    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        """Make a coupon void."""
        coupon = data.draw(st.sampled_from(self.oracle.coupons))
        told = self.run(self.counter.void(coupon.code))
        assert (told or "") == self.oracle.void(coupon)

    @rule(by=st.integers(-3, 3))
    def restock(self, by: int) -> None:
        """Change the stock, never below what was issued."""
        told = self.run(self.counter.restock(self.pool, by))
        if self.oracle.stock + by < self.oracle.issued:
            assert told == "stock_below_issued"
        else:
            self.oracle.stock += by
            assert (told.stock, told.issued) == (self.oracle.stock, self.oracle.issued)

    @invariant()
    def coupons_agree(self) -> None:
        """Issued, redeemed, void and remaining are the stock."""
        if not hasattr(self, "pool"):
            return
        rows = self.run(
            self.counter.ground.rows(
                "SELECT state, count(*) FROM coupons JOIN coupon_pools USING (pool_no)"
                f" WHERE pool_id = '{self.pool}' GROUP BY 1"
            )
        )
        assert dict(rows) == Tally(each.state for each in self.oracle.coupons)
        [(most, used)] = self.run(
            self.counter.ground.rows(
                "SELECT l.most, coalesce(u.used, 0) FROM limits AS l"
                " JOIN coupon_pools AS p ON p.pool_no = l.pool_no"
                " LEFT JOIN limit_uses AS u ON u.limit_no = l.limit_no"
                f" WHERE p.pool_id = '{self.pool}' AND l.per = 'total'"
            )
        )
        assert (most, used) == (self.oracle.stock, len(self.oracle.coupons))

    def teardown(self) -> None:
        """At the end the whole database is sound."""
        if hasattr(self, "pool"):
            assert self.run(self.counter.ground.audit()) == []


@pytest.fixture
def counted(
    database_url: str, tmp_path: Path
) -> Iterator[tuple[asyncio.Runner, Counter]]:
    """Give a database and the loop that its connections live in."""
    with asyncio.Runner() as runner:
        ground = runner.run(prepare_ground(database_url, tmp_path))
        codes = CouponSealing(ground.issuance).codes()

        async def make() -> Counter:
            return Counter(ground, SetClock(0), codes)

        yield runner, runner.run(make())
        runner.run(ground.close())


def test_coupons_agree_with_plain_lists(
    counted: tuple[asyncio.Runner, Counter],
) -> None:
    """Any order of issues, redemptions, reversals, voids, stock changes and days."""

    class Counted(CouponMachine):
        runner, counter = counted

    run_state_machine_as_test(
        Counted,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],  # what is found reads well; shrinking is slow
        ),
    )
