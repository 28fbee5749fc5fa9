"""A recent audit adds up what came late to what an earlier one has added up."""

import msgspec
import pytest

from core.clock import business_day
from core.ids import first_id_at
from crowncap.audit import Scope
from crowncap.audit.totals import LATE_KINDS
from rewards.domain.points.spending import (
    Return,
    ReturnOutcome,
    Spend,
    SpendOutcome,
)
from rewards.domain.programme import Clawback
from rewards.domain.transfers import TransferKind
from rewards.pipeline.points.spending import return_spends, spend
from scan_api.domain.scans import Outcome
from tests.fixtures.claims import Claims
from tests.fixtures.coupons import SetClock
from tests.fixtures.days import DAY_MS, Days, Later, four_days
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground


@pytest.fixture
async def days(ledger: Ground) -> Days:
    """Give four days of rewards, holds and ends."""
    return await four_days(ledger)


@pytest.mark.parametrize("kind", ["reversal", "debt", "spend_return"])
async def test_what_comes_late_to_what_is_old_is_added_up(
    days: Days, kind: str
) -> None:
    """To a scan or a spend of before the last audit, which was sound."""
    ground, later = days.ground, Later(3_600_000)
    [[scan_id, member, has]] = await ground.rows(
        "SELECT t.origin_id, b.member_no, b.available FROM transfers AS t"
        " JOIN balances AS b ON b.member_no = t.credit_account"
        " WHERE t.kind = 'posted' ORDER BY 1 LIMIT 1"
    )
    spend_id = first_id_at(CLOCK.now_ms() - DAY_MS)
    amount = has if kind == "debt" else 1
    async with ground.engine.begin() as conn:
        today = business_day(CLOCK.now_ms(), TIMEZONE)
        done = await spend(conn, [Spend(spend_id, member, amount, "")], today=today)
        assert done == [SpendOutcome.SPENT]
    assert (await days.audit()).findings == []
    if kind == "spend_return":
        back = Return(spend_id, ground.ids.next_id(later.now_ms()), "sue", "a test")
        async with ground.engine.begin() as conn:
            assert await return_spends(conn, [back]) == [ReturnOutcome.RETURNED]
    else:
        await Claims(ground).reverse(scan_id, Clawback.DEBT, clock=later)
    came = await ground.rows(f"SELECT 1 FROM transfers WHERE kind = '{kind}'")
    assert len(came) == 1
    for more_ms in (60_000, 600_000, 1_200_000):
        recent = await days.audit(Scope.RECENT, later_ms=later.ms + more_ms)
        assert (recent.findings, recent.since is None) == ([], False)
    assert await days.endings() == [True] * 4


async def test_a_reward_that_is_numbered_while_an_audit_begins_is_added_up(
    days: Days,
) -> None:
    """Its scan's number is of before what is added up by then, its own is not."""
    code, member = days.codes.pop(), days.people[0]
    wish = days.ground.wish(code, member, days.points)
    moment = CLOCK.now_ms() - 300_000
    wish = msgspec.structs.replace(
        wish,
        scan=msgspec.structs.replace(wish.scan, scan_id=first_id_at(moment) - 1),
        transfers=(first_id_at(moment) + 1,),
    )
    [done] = await days.ground.commit(wish)
    assert done.outcome is Outcome.REWARDED
    audit = days.ground.auditor(slice_rows=1)
    audit.clock = SetClock(moment + 300_000)
    assert (await audit.run()).findings == []
    for later_ms in (60_000, 600_000):
        recent = await days.audit(Scope.RECENT, later_ms=later_ms)
        assert (recent.findings, recent.since is None) == ([], False)
    assert await days.endings() == [True] * 3


def test_every_kind_that_comes_late_is_added_up_once() -> None:
    """All but what has its origin's number, or one from a moment later."""
    named = [kind.strip(" '()") for each in LATE_KINDS for kind in each.split(",")]
    with_their_origin = {
        TransferKind.POSTED,
        TransferKind.PENDING,
        TransferKind.REPAYMENT,
    }
    assert sorted(named) == sorted(set(TransferKind) - with_their_origin)
