"""Payouts on a real database and a payer over real HTTP: sent, ended, given back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from core.auth.principal import Role, Staff
from core.errors import Conflict, NotFound
from rewards.domain.payouts import (
    LAPSES_AFTER,
    Answer,
    Bill,
    Heard,
    PayeeProvider,
    PayoutState,
    bill_no_of,
)
from rewards.pipeline.payouts.listing import list_for_person, list_own_by_id
from rewards.pipeline.payouts.notices import take_notice
from rewards.pipeline.payouts.provider import Notice
from tests.fixtures.payouts import (
    QUICK_PACE,
    RedPackets,
    RunningPayer,
    account_of,
    running_payer,
)

SUPPORT = Staff("s", "sara", Role.SUPPORT)


# However slow a machine is, nothing ends by itself before a test has asked.
NEVER_CLOSED = replace(QUICK_PACE, closes_s=3_600.0)


@dataclass(slots=True)
class Scripted:
    """A payer that answers as a test has written, and keeps what it was asked."""

    answers: list[Answer]
    asked: list[tuple[str, Bill]] = field(default_factory=list)
    name: PayeeProvider = PayeeProvider.WECHAT

    async def send(self, bill: Bill) -> Answer:
        """Note what is asked, and answer the next."""
        return self._say("send", bill)

    async def ask(self, bill: Bill) -> Answer:
        """Note what is asked, and answer the next."""
        return self._say("ask", bill)

    async def cancel(self, bill: Bill) -> Answer:
        """Note what is asked, and answer the next."""
        return self._say("cancel", bill)

    def _say(self, verb: str, bill: Bill) -> Answer:
        self.asked.append((verb, bill))
        return self.answers.pop(0)

    @property
    def verbs(self) -> list[str]:
        """Tell what was asked, in order."""
        return [verb for verb, _ in self.asked]


@pytest.fixture
async def payer(tmp_path: Path) -> AsyncIterator[RunningPayer]:
    """Give a payer with which nothing goes wrong."""
    with running_payer(tmp_path / "payer", pace=NEVER_CLOSED) as running:
        yield running
        for client in running.clients:
            await client.aclose()


async def look(packets: RedPackets, payer: Scripted, *, times: int = 1) -> None:
    """Look after what is due so often, each time once it is due."""
    sender = packets.sender(payer)
    for _ in range(times):
        await sender.look_after_due()
        packets.clock.at_ms += 10_000


async def cancel(packets: RedPackets, payout_id: int) -> PayoutState:
    """Let support cancel a payout."""
    async with packets.ground.engine.begin() as conn:
        return await packets.ends.cancel(
            conn, payout_id, reason="a test", staff=SUPPORT, now=packets.clock.now
        )


async def until_over(packets: RedPackets, payer: RunningPayer) -> None:
    """Let a payer be asked until each payout has ended."""
    sender = packets.sender(payer.client(packets.clock))
    for _ in range(400):
        await sender.look_after_due()
        packets.clock.at_ms += 100
        if {"waiting", "sent", "unknown", "confirmed"}.isdisjoint(
            (await packets.states()).values()
        ):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(await packets.states())


async def test_red_packets_are_paid_to_those_who_said_where(
    packets: RedPackets, payer: RunningPayer
) -> None:
    """One bill each, to the account that was named; the other waits for one."""
    first, second = await packets.award("ann", "bob")
    await packets.pay_to("ann")
    sender = packets.sender(payer.client(packets.clock))
    await sender.look_after_due()
    assert await packets.states() == {first: "sent", second: "waiting"}
    await packets.pay_to("bob")
    await until_over(packets, payer)
    assert await packets.states() == {first: "paid", second: "paid"}
    bills = {each["bill_no"]: each for each in payer.payer.figures()["bills"]}
    assert bills[bill_no_of(first)]["account"] == account_of("ann")
    assert bills[bill_no_of(second)]["account"] == account_of("bob")
    payer.check_exactly_once(await packets.states())
    await packets.check_books()
    told = await packets.told()
    for each in told.values():
        assert each[0] == "sent"
        assert each[-1] == "paid"


async def test_a_payee_that_is_named_while_one_looks_is_not_missed(
    packets: RedPackets,
) -> None:
    """Whoever looked holds the row, and whoever names a payee waits for that."""
    [payout] = await packets.award("ann")
    engine = packets.ground.engine
    async with engine.begin() as looking:
        await looking.execute(text("SELECT FROM payouts FOR UPDATE"))
        naming = asyncio.create_task(packets.pay_to("ann"))
        await asyncio.sleep(0.1)
        assert not naming.done()
        await looking.execute(text("UPDATE payouts SET next_at = NULL"))
    await naming
    payer = Scripted([Answer(Heard.PAID)])
    await look(packets, payer)
    assert (await packets.states())[payout] == "paid"


async def test_nothing_is_sent_again_before_it_was_asked_for(
    packets: RedPackets,
) -> None:
    """After silence comes a question, and the same number again once it is unknown."""
    [payout] = await packets.award("ann")
    await packets.pay_to("ann")
    silent, missing = Answer(Heard.SILENT, fault="x"), Answer(Heard.MISSING)
    payer = Scripted([silent, silent, missing, Answer(Heard.AWAITING_USER, "ref")])
    await look(packets, payer)
    assert (await packets.states())[payout] == "unknown"
    await look(packets, payer, times=2)
    assert payer.verbs == ["send", "ask", "ask", "send"]
    assert {bill for _, bill in payer.asked} == {
        Bill(bill_no_of(payout), account_of("ann"), 100, "CNY")
    }
    assert (await packets.states())[payout] == "sent"


async def test_where_it_was_sent_stays_though_another_payee_is_named(
    packets: RedPackets,
) -> None:
    await packets.award("ann")
    await packets.pay_to("ann")
    payer = Scripted([Answer(Heard.SILENT), Answer(Heard.MISSING), Answer(Heard.PAID)])
    await look(packets, payer)
    async with packets.ground.engine.begin() as conn:
        await conn.execute(text("UPDATE payees SET account = 'elsewhere'"))
    await look(packets, payer)
    assert len({bill.account for _, bill in payer.asked}) == 1


async def test_a_member_is_told_what_to_do(packets: RedPackets) -> None:
    """Say where, wait, confirm; a lost confirmation is asked for under the number."""
    [payout] = await packets.award("ann")

    async def own() -> tuple[str, bool, str | None]:
        async with packets.ground.engine.connect() as conn:
            [mine] = await list_own_by_id(conn, "ann", before=None, limit=9)
            assert await list_own_by_id(conn, "nobody", before=None, limit=9) == ()
        assert mine.payout_id == payout
        return mine.state.value, mine.needs_payee, mine.confirmation

    assert await own() == ("waiting", True, None)
    await packets.pay_to("ann")
    assert await own() == ("waiting", False, None)
    waits = Answer(Heard.AWAITING_USER, "ref")
    told = Answer(Heard.AWAITING_USER, "ref", confirmation="package")
    payer = Scripted([Answer(Heard.ACCEPTED, "ref"), waits, told, waits])
    await look(packets, payer, times=2)
    assert await own() == ("sent", False, "package")
    await look(packets, payer)
    assert payer.verbs == ["send", "ask", "send", "ask"]


@pytest.mark.parametrize(
    ("heard", "state"), [(Heard.FAILED, "failed"), (Heard.CANCELLED, "cancelled")]
)
async def test_what_ends_unpaid_is_given_back_once(
    packets: RedPackets, heard: Heard, state: str
) -> None:
    [payout, other] = await packets.award("ann", "bob")
    await packets.pay_to("ann")
    await look(packets, Scripted([Answer(heard, fault="OVERDUE_CLOSE")]))
    assert await packets.states() == {payout: state, other: "waiting"}
    await packets.check_books()
    await look(packets, Scripted([]), times=3)
    await packets.check_books()


async def test_what_nobody_wants_lapses(packets: RedPackets) -> None:
    """After thirty days, unless its member has said where to and waits himself."""
    lost, owed = await packets.award("ann", "bob")
    await packets.pay_to("bob")
    packets.clock.go_to(packets.clock.now + LAPSES_AFTER - timedelta(seconds=1))
    async with packets.ground.engine.begin() as conn:
        assert await packets.ends.lapse_some(conn, now=packets.clock.now) == 0
    packets.clock.go_to(packets.clock.now + timedelta(seconds=1))
    async with packets.ground.engine.begin() as conn:
        assert await packets.ends.lapse_some(conn, now=packets.clock.now) == 2
        assert await packets.ends.lapse_some(conn, now=packets.clock.now) == 0
    assert await packets.states() == {lost: "cancelled", owed: "waiting"}
    assert await packets.told() == {lost: ["cancelled"]}
    await packets.check_books()


async def test_what_waits_is_cancelled_at_once(packets: RedPackets) -> None:
    [payout] = await packets.award("ann")
    assert await cancel(packets, payout) is PayoutState.CANCELLED
    await packets.pay_to("ann")
    await look(packets, Scripted([]))
    await packets.check_books()
    with pytest.raises(Conflict):
        await cancel(packets, payout)
    with pytest.raises(NotFound):
        await cancel(packets, payout + 1)
    [(person, reason)] = await packets.ground.rows(
        "SELECT person, detail ->> 'reason' FROM audit_log"
        " WHERE action = 'payout.cancel'"
    )
    assert (person, reason) == ("sara", "a test")


async def test_what_was_sent_is_cancelled_by_its_payer_alone(
    packets: RedPackets, payer: RunningPayer
) -> None:
    """Who has not confirmed it gets nothing, and the money is given back."""
    payer.payer.dice = payer.payer.bank.dice = type(payer.payer.dice)(
        1, {"unconfirmed": 1.0}
    )
    [payout] = await packets.award("ann")
    await packets.pay_to("ann")
    await packets.sender(payer.client(packets.clock)).look_after_due()
    assert await cancel(packets, payout) is PayoutState.SENT
    with pytest.raises(Conflict):
        await cancel(packets, payout)
    await until_over(packets, payer)
    assert await packets.states() == {payout: "cancelled"}
    assert not payer.paid()
    await packets.check_books()


async def test_what_was_paid_meanwhile_is_not_cancelled(packets: RedPackets) -> None:
    [payout] = await packets.award("ann")
    await packets.pay_to("ann")
    payer = Scripted([Answer(Heard.SILENT), Answer(Heard.PAID, "ref")])
    await look(packets, payer)
    await cancel(packets, payout)
    await look(packets, payer)
    assert await packets.states() == {payout: "paid"}
    await packets.check_books()


async def test_what_its_payer_never_heard_of_is_cancelled_once_that_is_sure(
    packets: RedPackets,
) -> None:
    """While a request may still be on its way, nobody sends and nobody cancels."""
    [payout] = await packets.award("ann")
    await packets.pay_to("ann")
    payer = Scripted([Answer(Heard.SILENT)] + [Answer(Heard.MISSING)] * 2)
    sender = packets.sender(payer)
    await sender.look_after_due()
    await cancel(packets, payout)
    await sender.look_after_due()
    assert await packets.states() == {payout: "unknown"}
    packets.clock.at_ms += 11_000
    await sender.look_after_due()
    assert await packets.states() == {payout: "cancelled"}
    assert payer.verbs == ["send", "ask", "ask"]
    await packets.check_books()


async def test_who_was_stopped_for_long_asks_before_it_sends(
    packets: RedPackets,
) -> None:
    """What it took may have been ended by others meanwhile."""
    [payout] = await packets.award("ann")
    await packets.pay_to("ann")
    payer = Scripted([Answer(Heard.PAID)])
    sender = packets.sender(payer)
    sender.patience = type(sender.patience)(
        gives_up_sending_after=timedelta(seconds=-1)
    )
    await sender.look_after_due()
    assert payer.verbs == []
    packets.clock.at_ms += 600_000
    await sender.look_after_due()
    assert payer.verbs == ["ask"]
    assert (await packets.states())[payout] == "paid"


async def test_a_held_one_goes_only_once_its_hold_is_decided(
    packets: RedPackets,
) -> None:
    good, bad = await packets.award("ann", "bob", held=True)
    await packets.pay_to("ann", "bob")
    await look(packets, Scripted([]))
    with pytest.raises(Conflict):
        await cancel(packets, good)
    await packets.ground.rows(
        f"SELECT release_payouts(0::smallint, ARRAY[{good}, {bad}], ARRAY[true, false])"
    )
    await packets.ground.rows(
        f"SELECT release_payouts(0::smallint, ARRAY[{good}, {bad}], ARRAY[false, true])"
    )
    packets.clock.at_ms += 60_000
    await look(packets, Scripted([Answer(Heard.PAID)]))
    assert await packets.states() == {good: "paid", bad: "cancelled"}
    assert await packets.told() == {
        good: ["waiting", "sent", "paid"],
        bad: ["cancelled"],
    }


async def test_a_notice_lets_it_be_asked_for_at_once(packets: RedPackets) -> None:
    """Whatever it says, and however often: what counts is the answer."""
    [payout] = await packets.award("ann")
    await packets.pay_to("ann")
    payer = Scripted([Answer(Heard.AWAITING_USER, "r", confirmation="c")])
    sender = packets.sender(payer)
    await sender.look_after_due()
    payer.answers = [Answer(Heard.CONFIRMED, "r")]
    async with packets.ground.engine.begin() as conn:
        now_ms = packets.clock.now_ms()
        for number in (bill_no_of(payout), bill_no_of(payout + 1), "somebody's"):
            await take_notice(conn, Notice(number, Heard.PAID), now_ms=now_ms)
    await sender.look_after_due()
    await sender.look_after_due()
    assert await packets.states() == {payout: "confirmed"}


async def test_what_is_told_to_have_ended_otherwise_needs_a_person(
    packets: RedPackets,
) -> None:
    [payout] = await packets.award("ann")
    await packets.pay_to("ann")
    await look(packets, Scripted([Answer(Heard.FAILED, fault="ACCOUNT_FROZEN")]))
    for heard, found in ((Heard.FAILED, []), (Heard.PAID, [payout])):
        async with packets.ground.engine.begin() as conn:
            notice = Notice(bill_no_of(payout), heard)
            await take_notice(conn, notice, now_ms=packets.clock.now_ms())
            listed = await list_for_person(conn, SUPPORT, limit=9)
        assert [each.payout_id for each in listed] == found
    assert await packets.states() == {payout: "failed"}


async def test_what_stays_unknown_needs_a_person(packets: RedPackets) -> None:
    [payout] = await packets.award("ann")
    await packets.pay_to("ann")
    payer = Scripted([Answer(Heard.REFUSED, fault="NOT_ENOUGH")] * 9)
    await look(packets, payer, times=5)
    async with packets.ground.engine.connect() as conn:
        [listed] = await list_for_person(conn, SUPPORT, limit=9)
        other = Staff("s", "rita", Role.SUPPORT, brand="Rival")
        assert await list_for_person(conn, other, limit=9) == []
    assert (listed.payout_id, listed.fault) == (payout, "NOT_ENOUGH")
    assert listed.state is PayoutState.UNKNOWN


async def test_two_senders_take_no_payout_twice(packets: RedPackets) -> None:
    names = [f"m{n}" for n in range(50)]
    await packets.award(*names)
    await packets.pay_to(*names)
    payers = [Scripted([Answer(Heard.PAID)] * 50) for _ in range(4)]
    senders = [packets.sender(payer) for payer in payers]
    await asyncio.gather(*(sender.look_after_due() for sender in senders))
    bills = [bill.bill_no for payer in payers for _, bill in payer.asked]
    assert len(bills) == len(set(bills)) == 50
    await packets.check_books()
