"""A fault of one fails that one alone, and what may be paid is not paid again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from psycopg import errors as pg
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.batch_commits import commit_batch
from rewards.domain.coupons import TillOutcome
from rewards.pipeline.coupons.issuing import IssueRequest
from rewards.pipeline.coupons.redeeming import RedeemRequest
from tests.fixtures.coupons import (
    CASHIER,
    MARKETER,
    Counter,
    read_ended,
    read_issued,
)
from tests.fixtures.ground import Ground

WRONG = "wr\0ng"
MANY = [f"m{n}" for n in range(9)]


@dataclass(slots=True)
class Pay:
    """Writes who was paid; is disturbed as often as it is told, once it has written."""

    disturbed: list[str] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)

    async def __call__(self, conn: AsyncConnection, names: Sequence[str]) -> list[str]:
        """Pay each."""
        self.begun.append(len(names))
        for name in names:
            await conn.execute(text("INSERT INTO paid VALUES (:name)"), {"name": name})
        if self.disturbed:
            await conn.execute(text(self.disturbed.pop()))
        return [f"paid {name}" for name in names]


BROKEN = "SELECT pg_terminate_backend(pg_backend_pid())"
DEADLOCKED = "DO $$ BEGIN RAISE deadlock_detected; END $$"


@pytest.fixture
async def ground(ledger: Ground) -> Ground:
    """Have a table of who was paid, which says at COMMIT that twice is wrong."""
    await ledger.rows(
        "CREATE TABLE paid (name text, CONSTRAINT once UNIQUE (name)"
        " DEFERRABLE INITIALLY DEFERRED)"
    )
    return ledger


async def paid(ground: Ground) -> list[str]:
    """Tell who was paid."""
    return [name for (name,) in await ground.rows("SELECT name FROM paid ORDER BY 1")]


async def test_a_fault_of_one_fails_that_one_alone(ground: Ground) -> None:
    """The others are paid, once; PostgreSQL holds no NUL."""
    names = [*MANY[:4], WRONG, *MANY[4:]]
    told = await commit_batch(ground.engine, names, Pay())
    assert isinstance(told.pop(4), DataError)
    assert told == [f"paid {name}" for name in MANY]
    assert await paid(ground) == MANY


async def test_what_is_refused_at_commit_is_undone_and_halved(ground: Ground) -> None:
    """The deferred constraint speaks when all was written."""
    await ground.rows(f"INSERT INTO paid VALUES ('{MANY[3]}')")
    told = await commit_batch(ground.engine, MANY, Pay())
    assert [isinstance(each, Exception) for each in told] == [n == 3 for n in range(9)]
    assert await paid(ground) == MANY


@pytest.mark.parametrize("disturbance", [BROKEN, DEADLOCKED])
async def test_a_transient_fault_is_tried_once_more(
    ground: Ground, disturbance: str
) -> None:
    """As a whole, and not in halves."""
    pay = Pay([disturbance])
    told = await commit_batch(ground.engine, MANY, pay)
    assert told == [f"paid {name}" for name in MANY]
    assert pay.begun == [9, 9]
    assert await paid(ground) == MANY


async def test_a_fault_that_lasts_is_told_to_all(ground: Ground) -> None:
    """Nobody is paid, and nothing is tried a third time."""
    pay = Pay([DEADLOCKED] * 9)
    told = await commit_batch(ground.engine, MANY, pay)
    assert {type(each) for each in told} == {OperationalError}
    assert pay.begun == [9, 9]
    assert await paid(ground) == []


async def test_a_half_that_was_committed_keeps_its_answers(ground: Ground) -> None:
    """Whatever befalls the other half, which is told of it."""
    pay = Pay([DEADLOCKED, DEADLOCKED, "SELECT 1"])
    told = await commit_batch(ground.engine, [WRONG, *MANY[:3]], pay)
    assert isinstance(told[0], DataError)
    assert told[1] == f"paid {MANY[0]}"
    assert {type(each) for each in told[2:]} == {OperationalError}
    assert await paid(ground) == MANY[:1]


class Losing(AsyncConnection):
    """A connection that breaks when COMMIT was done and before that is heard."""

    async def commit(self) -> None:
        """Commit, and lose the answer."""
        await super().commit()
        raise OperationalError("COMMIT", {}, pg.AdminShutdown("gone"))


class LosingEngine(AsyncEngine):
    """Gives such connections."""

    def connect(self) -> AsyncConnection:
        """Give one."""
        return Losing(self)


async def test_a_commit_whose_answer_is_lost_is_not_done_again(
    ground: Ground,
) -> None:
    """It may have been done; here it was, and all are told that it is not known."""
    pay = Pay()
    told = await commit_batch(LosingEngine(ground.engine.sync_engine), MANY, pay)
    assert {type(each) for each in told} == {OperationalError}
    assert pay.begun == [9]
    assert await paid(ground) == MANY


async def test_coupons_of_others_are_issued_beside_a_wrong_request(
    counter: Counter,
) -> None:
    """Once each, and from the stock what was issued."""
    pool = await counter.pool(stock=9)
    members = [*MANY[:4], WRONG, *MANY[4:]]
    asked = [IssueRequest(pool, member, MARKETER) for member in members]
    told = list(await counter.issuing.issue(asked))
    assert isinstance(told.pop(4), DataError)
    codes = [read_issued(each) for each in told]
    assert {len(code) for code in codes} == {16}
    assert len(set(codes)) == 9
    assert await counter.ground.rows("SELECT count(*) FROM coupons") == [(9,)]
    assert await counter.issue(pool, "late") == ["out_of_stock"]


async def test_coupons_of_others_are_redeemed_beside_a_wrong_request(
    counter: Counter,
) -> None:
    """Once each; the coupon of the wrong one can still be used."""
    pool = await counter.pool()
    numbers = [counter.number(code) for code in await counter.issue(pool, *MANY)]
    asked = [
        RedeemRequest(number, CASHIER, WRONG if place == 4 else f"order {place}")
        for place, number in enumerate(numbers)
    ]
    told = list(await counter.redeeming.redeem(asked))
    assert isinstance(told.pop(4), DataError)
    assert {each.outcome for each in read_ended(told)} == {TillOutcome.GOOD}
    assert await counter.ground.rows("SELECT count(*) FROM redemptions") == [(8,)]
    again = await counter.redeeming.redeem([RedeemRequest(numbers[4], CASHIER)])
    assert read_ended(again)[0].outcome is TillOutcome.GOOD
