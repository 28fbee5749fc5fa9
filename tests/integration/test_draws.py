"""Draws in PostgreSQL: numbers, times, held tickets, drawing once, claims."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from core.errors import Conflict, InvalidInput, NotFound
from crowncap.coupon_codes import CouponSealing
from crowncap.tellers import TELLERS
from events.domain.events import Event
from events.pipeline.events import read_events
from rewards.domain.draws.terms import Entry, Prize
from rewards.domain.terms import Given, OfferKind
from rewards.pipeline.draws.drawing import DrawingOutcome
from rewards.pipeline.draws.figures import look_at_draw
from rewards.pipeline.draws.own import list_own_prizes, list_own_tickets
from rewards.pipeline.draws.prizes import WonPrize
from rewards.pipeline.draws.taking import TakeRequest
from rewards.store.draws.tickets import load_given
from tests.fixtures.coupons import Counter
from tests.fixtures.draws import MARKETER, Raffle, read_taken

CHANCE = Given(kind=OfferKind.CHANCE)
NO_POOL = Given(kind=OfferKind.COUPON, pool_id="nowhere")


async def test_a_member_takes_part_once(raffle: Raffle) -> None:
    draw = await raffle.make()
    assert await raffle.enter(draw, "a", "b") == [1, 2]
    assert await raffle.enter(draw, "a", "c") == ["already_taken", 3]


async def test_two_hundred_at_once_get_numbers_of_their_own(raffle: Raffle) -> None:
    """Each member twice, on two workers' connections: one ticket each."""
    draw = await raffle.make()
    other = Raffle(raffle.ground, raffle.clock)
    asked = [TakeRequest(draw.draw_id, f"m{n}") for n in range(100)]
    ended = await asyncio.gather(
        *(
            each.taking.batcher.submit(request)
            for request in asked
            for each in (raffle, other)
        )
    )
    told = [read_taken(each) for each in ended]
    assert told.count("already_taken") == 100
    assert sorted(n for n in told if isinstance(n, int)) == list(range(1, 101))
    assert (await raffle.shown(draw)).tickets == 100


async def test_who_looks_after_a_draw_sees_by_when_how_many_tickets_were_given(
    raffle: Raffle,
) -> None:
    """A few looks, however many tickets; another draw's are not among them."""
    draw, other = await raffle.make(), await raffle.make("other")
    members = await raffle.ground.members("a", "b")
    start = raffle.clock.now
    for minute in range(50):
        at = start + timedelta(minutes=minute)
        await raffle.add(draw, members, amount=10, at=at)
        await raffle.add(other, members, at=at)
    async with raffle.ground.engine.connect() as conn:
        found = await look_at_draw(conn, draw.draw_id, MARKETER, now=start)
        few = await load_given(conn, draw.draw_no, looks=3)
    assert found.given[0] == (start, 10)
    assert found.given[-1] == (start + timedelta(minutes=49), 1_000)
    assert 20 <= len(found.given) <= 25
    assert all(
        number in {20 * minute + 10, 20 * minute + 20}
        for at, number in found.given
        for minute in [round((at - start) / timedelta(minutes=1))]
    )
    assert len(few) == 4
    assert [each.unwon for each in found.by_prize] == [1, 3]


async def test_a_draw_is_open_between_its_moments(raffle: Raffle) -> None:
    """The first counts, the last does not; PostgreSQL says it once more."""
    draw = await raffle.make()
    told = []
    for at, who in (
        (draw.opens_at - timedelta(milliseconds=1), "a"),
        (draw.opens_at, "b"),
        (draw.closes_at - timedelta(milliseconds=1), "c"),
        (draw.closes_at, "d"),
    ):
        raffle.clock.go_to(at)
        told += await raffle.enter(draw, who)
        assert (await raffle.add(draw, [7], at=at)) == [int(who in "bc")]
    assert [type(each) for each in told] == [str, int, int, str]
    assert (told[0], told[3]) == ("not_begun", "closed")


async def test_members_have_no_more_tickets_than_the_draw_lets(
    raffle: Raffle,
) -> None:
    draw = await raffle.make(most_tickets=1)
    [member] = await raffle.ground.members("a")
    assert draw.limit is not None
    await raffle.ground.rows(
        "INSERT INTO limit_uses (shard, limit_no, holder, period, used, most)"
        f" VALUES (0, {draw.limit.limit_no}, {member}, date 'epoch', 1, 1)"
    )
    assert await raffle.enter(draw, "a", "b") == ["limit_reached", 1]


async def test_one_that_is_not_open_for_all_gives_tickets_for_what_one_does(
    raffle: Raffle,
) -> None:
    draw = await raffle.make(entry=Entry.AWARDED)
    assert await raffle.enter(draw, "a") == ["not_open"]
    assert await raffle.add(draw, [7, 8], amount=3) == [3, 3]
    assert (await raffle.shown(draw)).tickets == 6


async def test_tickets_of_several_draws_are_added_in_one_call(raffle: Raffle) -> None:
    """In whatever order they are named; one that is closed adds none."""
    one, two = await raffle.make("one"), await raffle.make("two")
    over = await raffle.make("over")
    await raffle.fall_due(over)
    added = await raffle.ground.rows(
        "SELECT unnest(add_tickets(0::smallint, now(), ARRAY[1, 2, 3, 4, 5]::bigint[],"
        " ARRAY[7, 7, 8, 8, 9]::bigint[], ARRAY[1, 2, 3, 4, 5]::bigint[],"
        f" ARRAY[{two.draw_no}, {one.draw_no}, {two.draw_no}, {over.draw_no}, -1],"
        " ARRAY[2, 1, 4, 5, 1], ARRAY[false, false, true, false, false]))"
    )
    assert [amount for (amount,) in added] == [2, 1, 4, 0, 0]
    rows = await raffle.ground.rows(
        "SELECT draw_no, first_no, amount, state FROM draw_tickets ORDER BY 1, 2"
    )
    assert rows == [
        (one.draw_no, 1, 1, "valid"),
        (two.draw_no, 1, 2, "valid"),
        (two.draw_no, 3, 4, "held"),
    ]


async def test_held_tickets_take_part_once_they_are_released(raffle: Raffle) -> None:
    """And not if they are voided, or released too late, or released again."""
    draw = await raffle.make()
    for transfer in (11, 12, 13):
        await raffle.add(draw, [7], held=True, transfers=[transfer])
    await raffle.release([11], posted=True)
    await raffle.release([11], posted=False)
    await raffle.release([12], posted=False)
    assert (await raffle.shown(draw)).tickets == 1
    assert await raffle.draw(draw) is DrawingOutcome.DRAWN
    await raffle.release([13], posted=True)
    rows = await raffle.ground.rows("SELECT state FROM draw_tickets ORDER BY first_no")
    assert rows == [("valid",), ("void",), ("late",)]
    assert await raffle.winners(draw) == [(1, 7)]
    assert (await raffle.verified(draw)).verified


async def test_a_draw_is_drawn_once_and_by_its_rule(raffle: Raffle) -> None:
    raffle.drawing.part_tickets = 7
    draw = await raffle.make()
    await raffle.add(draw, range(1, 41), amount=3)
    assert await raffle.drawing.draw(draw.draw_no) is DrawingOutcome.NOT_DUE
    assert await raffle.draw(draw) is DrawingOutcome.DRAWN
    first = await raffle.winners(draw)
    assert len({number for number, _ in first}) == 4
    assert all((number + 2) // 3 == member for number, member in first)
    assert await raffle.draw(draw) is DrawingOutcome.BEFORE
    assert await raffle.winners(draw) == first
    seen = await raffle.verified(draw)
    assert seen.differences == ()
    assert seen.header is not None
    assert seen.header.tickets == 120
    told = [
        event.data
        for event in await _events(raffle)
        if event.type.value == "draw.drawn"
    ]
    assert [each["draw_id"] for each in told] == [draw.draw_id]


async def _events(raffle: Raffle) -> list[Event]:
    async with raffle.ground.engine.connect() as conn:
        return list(await read_events(conn, TELLERS, after=None, limit=100))


async def test_more_prizes_than_tickets_and_no_ticket_at_all(raffle: Raffle) -> None:
    few, none = await raffle.make("few"), await raffle.make("none")
    await raffle.add(few, [7, 8])
    for draw, winners in ((few, 2), (none, 0)):
        assert await raffle.draw(draw) is DrawingOutcome.DRAWN
        assert len(await raffle.winners(draw)) == winners
        assert (await raffle.verified(draw)).verified


async def test_a_ticket_that_comes_while_the_draw_is_frozen_is_in_or_refused(
    raffle: Raffle,
) -> None:
    """The draw waits for who adds one, and whoever comes later adds none."""
    draw = await raffle.make()
    await raffle.fall_due(draw)
    at = draw.opens_at
    adding = await raffle.ground.connect()
    call = (
        f"SELECT add_tickets(0::smallint, '{at.isoformat()}', '{{1}}', '{{7}}',"
        f" '{{1}}', '{{{draw.draw_no}}}', '{{1}}', '{{f}}')"
    )
    async with adding.transaction():
        # Its scan is of before the close.
        await adding.execute(call)
        drawn = asyncio.create_task(raffle.drawing.draw(draw.draw_no))
        waiting = "SELECT FROM pg_locks WHERE NOT granted"
        while not await raffle.ground.rows(waiting):  # noqa: ASYNC110 - PostgreSQL tells nobody
            await asyncio.sleep(0.01)
    assert await drawn is DrawingOutcome.DRAWN
    late = await (await adding.execute(call)).fetchone()
    await adding.close()
    assert late == ([0],)
    assert await raffle.winners(draw) == [(1, 7)]


async def test_two_processes_that_draw_at_once_draw_once(raffle: Raffle) -> None:
    draw = await raffle.make()
    await raffle.add(draw, range(1, 200))
    await raffle.fall_due(draw)
    others = [Raffle(raffle.ground, raffle.clock) for _ in range(4)]
    told = await asyncio.gather(*(o.drawing.draw(draw.draw_no) for o in others))
    assert told.count(DrawingOutcome.DRAWN) == 1
    assert (await raffle.verified(draw)).verified


async def test_what_was_committed_to_cannot_be_drawn_by_another_seed(
    raffle: Raffle,
) -> None:
    """Nor does one ticket win twice, whoever writes it."""
    draw = await raffle.make()
    result = "tickets = 0, tickets_digest = '', drawn_at = now(), claims_until = now()"
    winners = ", ".join(f"({draw.draw_no}, {place}, 1, 7)" for place in range(2))
    for statement, name in (
        (
            f"UPDATE draws SET seed = repeat('x', 32)::bytea, {result}",
            "seed_is_the_one_committed_to",
        ),
        ("UPDATE draws SET drawn_at = now()", "draw_is_drawn_whole"),
        (f"INSERT INTO draw_winners VALUES {winners}", "a_ticket_wins_once"),
    ):
        with pytest.raises(psycopg.errors.IntegrityError, match=name):
            await raffle.ground.conn.execute(statement)


async def test_a_prize_is_claimed_once_by_who_won_it(raffle: Raffle) -> None:
    draw = await raffle.make()
    await raffle.enter(draw, "a")
    await raffle.draw(draw)
    async with raffle.ground.engine.connect() as conn:
        tickets = await list_own_tickets(
            conn, raffle.secrets, "a", before=None, limit=9
        )
        own = await list_own_prizes(
            conn, "a", before=None, limit=9, now=raffle.clock.now
        )
    assert [len(tickets.items), len(tickets.items[0].ticket_codes[0])] == [1, 12]
    [prize] = own.items
    assert (prize.prize_id, prize.state) == ("car", "open")
    for other in ("b", "nobody"):
        await raffle.ground.members("b")
        with pytest.raises(NotFound):
            await raffle.claim(prize.won_id, other)
    told = await asyncio.gather(
        *(raffle.claim(prize.won_id, "a") for _ in range(9)), return_exceptions=True
    )
    assert len([each for each in told if isinstance(each, WonPrize)]) == 1
    faults = [each for each in told if isinstance(each, Conflict)]
    assert {each.code for each in faults} == {"already_claimed"}
    assert len(faults) == 8
    claimed = [e for e in await _events(raffle) if e.type.value == "prize.claimed"]
    assert len(claimed) == 1
    assert "1 Road" not in str(claimed)


async def test_what_a_prize_gives_is_there_with_its_claim_and_once(
    raffle: Raffle,
) -> None:
    """Points of the draw's own account; of nine at once one is given them."""
    gives = Given(kind=OfferKind.POINTS, amount=40)
    draw = await raffle.make(prizes=(Prize("forty", "Forty points", 1, gives),))
    await raffle.enter(draw, "a")
    await raffle.draw(draw)
    assert (await raffle.shown(draw)).prizes[0].gives == gives
    won_id = f"{draw.draw_no}-0"
    told = await asyncio.gather(
        *(raffle.claim(won_id, "a") for _ in range(9)), return_exceptions=True
    )
    assert len([each for each in told if isinstance(each, WonPrize)]) == 1
    paid = await raffle.ground.rows(
        "SELECT kind, debit_account, amount FROM transfers WHERE unit = 0"
    )
    assert paid == [("grant", draw.draw_no, 40)]
    [claimed] = [e for e in await _events(raffle) if e.type.value == "prize.claimed"]
    assert claimed.data["gives"] == {"kind": "points", "amount": 40}
    assert await raffle.audit() == []


async def test_a_prize_whose_pool_has_no_coupon_can_be_claimed_later(
    raffle: Raffle,
) -> None:
    """A refused claim has written nothing; once there are coupons it is good."""
    codes = CouponSealing(raffle.ground.issuance).codes()
    counter = Counter(raffle.ground, raffle.clock, codes)
    pool_id = await counter.pool(stock=1)
    await counter.restock(pool_id, -1)
    gives = Given(kind=OfferKind.COUPON, pool_id=pool_id)
    draw = await raffle.make(prizes=(Prize("five", "Five off", 1, gives),))
    await raffle.enter(draw, "a")
    await raffle.draw(draw)
    won_id = f"{draw.draw_no}-0"
    with pytest.raises(Conflict) as refused:
        await raffle.claim(won_id, "a")
    assert refused.value.code == "out_of_stock"
    await counter.restock(pool_id, 1)
    await raffle.claim(won_id, "a")
    [(number,)] = await raffle.ground.rows("SELECT coupon_no FROM coupons")
    assert await raffle.ground.rows("SELECT award_id FROM draw_claims") == [(number,)]
    assert await raffle.audit() == []


async def test_a_prize_lapses_after_its_last_whole_day(raffle: Raffle) -> None:
    """Days are the brand's; a leap day is one of them."""
    raffle.clock.go_to(datetime(2028, 2, 27, 15, 59, tzinfo=UTC))
    draw = await raffle.make(claim_days=2)
    await raffle.enter(draw, "a")
    await raffle.draw(draw)
    result = (await raffle.shown(draw)).result
    assert result is not None
    assert result.claims_until == datetime(2028, 2, 29, 16, tzinfo=UTC)
    won_id = f"{draw.draw_no}-0"
    raffle.clock.go_to(result.claims_until)
    with pytest.raises(Conflict) as raised:
        await raffle.claim(won_id, "a")
    assert raised.value.code == "lapsed"
    # A clock that was set back finds it open again: nothing was written of its end.
    raffle.clock.go_to(result.claims_until - timedelta(milliseconds=1))
    assert (await raffle.claim(won_id, "a")).won.won_id == won_id


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"closes_at": datetime(2001, 1, 1, tzinfo=UTC)}, "/closes_at"),
        ({"draws_at": datetime(2001, 1, 1, tzinfo=UTC)}, "/draws_at"),
        ({"prizes": ()}, "/prizes"),
        ({"prizes": (Prize("a", "a", 1, CHANCE),)}, "/prizes/0/gives/kind"),
        ({"prizes": (Prize("a", "a", 1, NO_POOL),)}, "/prizes/0/gives/pool_id"),
        ({"prizes": (Prize("a", "a", 1), Prize("a", "b", 1))}, "/prizes/1/prize_id"),
        ({"prizes": (Prize("a", "a", 9_999), Prize("b", "b", 2))}, "/prizes"),
    ],
)
async def test_a_draw_that_makes_no_sense_is_not_made(
    raffle: Raffle, given: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        await raffle.make(**given)
    assert [error.pointer for error in raised.value.errors] == [pointer]
