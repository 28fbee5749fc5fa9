"""Card sets in PostgreSQL: duplicates, gaps, and completion that is paid once."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import ProgrammingError

from core.errors import Conflict, InvalidInput
from crowncap.coupon_codes import CouponSealing
from crowncap.tellers import TELLERS
from events.pipeline.events import read_events
from rewards.domain.terms import Given, OfferKind
from rewards.pipeline.cards import look_at_set
from rewards.store.cards import count_collected
from tests.fixtures.cards import Album
from tests.fixtures.coupons import MARKETER, Counter
from tests.fixtures.ground import Ground


async def test_a_wallet_shows_duplicates_and_gaps(album: Album) -> None:
    cards = await album.set()
    [anna, ben] = await album.ground.members("anna", "ben")
    assert await album.get(cards, (anna, "a"), (ben, "c")) == [False, False]
    assert await album.get(cards, (anna, "a")) == [False]
    [own] = await album.own("anna")
    assert [(each.card_id, each.count) for each in own.cards] == [
        ("a", 2),
        ("b", 0),
        ("c", 0),
    ]
    assert (own.missing, own.completed_at) == (2, None)
    assert await album.own("nobody") == []


async def test_who_looks_after_a_set_sees_who_collects_it(album: Album) -> None:
    """By card, whoever has two of it once; no more members than are counted."""
    cards, other = await album.set(), await album.set("other", cards=("x",))
    anna, ben, cy = await album.ground.members("anna", "ben", "cy")
    await album.get(cards, (anna, "a"), (anna, "b"), (anna, "c"), (ben, "a"))
    await album.get(cards, (ben, "a"), (cy, "c"))
    await album.get(other, (cy, "x"))
    async with album.ground.engine.connect() as conn:
        found, all_of_it = await look_at_set(conn, "zodiac", MARKETER)
        some = await count_collected(conn, cards, most=2)
    units = {each.unit: each.card_id for each in found.cards}
    counted = {units[unit]: members for unit, members in all_of_it.holders.items()}
    assert counted == {"a": 2, "b": 1, "c": 2}
    assert (all_of_it.collectors, all_of_it.completed) == (3, 1)
    assert all_of_it.is_all
    assert (some.collectors, some.is_all) == (2, False)


async def test_completing_a_set_is_paid_at_once_and_once(album: Album) -> None:
    cards = await album.set()
    [anna] = await album.ground.members("anna")
    await album.get(cards, (anna, "a"), (anna, "b"))
    assert await album.pay() == 0
    assert await album.get(cards, (anna, "c")) == [True]
    assert await album.get(cards, (anna, "c"), (anna, "a")) == [False, False]
    assert await album.pay() == 1
    assert await album.pay() == 0
    assert await album.points(anna) == 100
    [own] = await album.own("anna")
    assert own.missing == 0
    assert own.completed_at is not None
    async with album.ground.engine.connect() as conn:
        events = await read_events(conn, TELLERS, after=None, limit=100)
    [told] = [each for each in events if each.type == "cards.completed"]
    assert told.data["member_id"] == "anna"
    assert told.data["gives"] == {"kind": "points", "amount": 100}


async def test_a_card_that_is_held_completes_nothing_until_it_is_released(
    album: Album,
) -> None:
    cards = await album.set(cards=("a", "b"))
    [anna] = await album.ground.members("anna")
    await album.get(cards, (anna, "a"))
    assert await album.get(cards, (anna, "b"), held=True) == [False]
    assert await album.pay() == 0
    assert await album.get(cards, (anna, "b")) == [True]


async def test_two_last_cards_at_once_complete_a_set_once(album: Album) -> None:
    """Neither commit sees the other's card before it waits for the member."""
    cards = await album.set(cards=[f"c{n}" for n in range(8)])
    [anna] = await album.ground.members("anna")
    conns = [await album.ground.connect() for _ in cards.cards]
    try:
        for round_ in range(4):
            told = await asyncio.gather(
                *(
                    album.get(cards, (anna, card.card_id), conn=conn)
                    for card, conn in zip(cards.cards, conns, strict=True)
                )
            )
            assert sum(map(sum, told)) == (1 if round_ == 0 else 0)
    finally:
        for conn in conns:
            await conn.close()
    assert await album.pay() == 1
    assert await album.points(anna) == 100


async def test_several_processes_pay_each_set_once(album: Album) -> None:
    cards = await album.set(cards=["a"])
    members = await album.ground.members(*(f"m{n}" for n in range(12)))
    await album.get(cards, *((each, "a") for each in members))
    await asyncio.gather(*(album.pay() for _ in range(4)))
    [(paid,)] = await album.ground.rows(
        "SELECT count(*) FROM transfers WHERE amount = 100"
    )
    assert paid == 12
    assert {await album.points(each) for each in members} == {100}
    assert await album.audit() == []


async def test_who_pays_a_set_waits_for_its_members_scans_and_they_not_for_it(
    album: Album,
) -> None:
    """A scan locks balances, then sets; so does who pays, or both would wait."""
    cards = await album.set(cards=["a"])
    [anna] = await album.ground.members("anna")
    await album.get(cards, (anna, "a"))
    await album.pay()
    later = await album.set("later", cards=["b"])
    await album.get(later, (anna, "b"))
    async with await album.ground.connect() as scan, scan.transaction():
        await scan.execute(
            "UPDATE balances SET available = available + 0 WHERE member_no = %s", [anna]
        )
        paying = asyncio.create_task(album.pay())
        await waiting(album.ground, "balances")
        await album.get(later, (anna, "b"), held=False, conn=scan)
    assert await paying == 1
    assert await album.points(anna) == 200


async def waiting(ground: Ground, of: str) -> None:
    """Wait until somebody waits for a lock in a statement about something."""
    asked = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        f" AND datname = current_database() AND query LIKE '%{of}%'"
        " OR wait_event_type = 'Lock' AND query LIKE '%post_transfers%'"
    )
    while await ground.rows(asked) == [(0,)]:  # noqa: ASYNC110 - PostgreSQL tells nobody
        await asyncio.sleep(0.01)


async def test_a_set_that_is_open_again_is_not_paid(album: Album) -> None:
    """Its member lost a card while somebody was about to pay it."""
    cards = await album.set(cards=["a"])
    [anna] = await album.ground.members("anna")
    await album.get(cards, (anna, "a"))
    async with await album.ground.connect() as back, back.transaction():
        await back.execute(
            "UPDATE collected_sets SET completed_at = NULL, transfer_id = NULL"
        )
        paying = asyncio.create_task(album.pay())
        await waiting(album.ground, "collected_sets")
    await paying
    assert await album.points(anna) == 0
    assert await album.audit() == []


async def test_what_fails_in_the_midst_of_paying_has_paid_nothing(
    album: Album,
) -> None:
    """The award and the note of it are one transaction, whatever ends it."""
    cards = await album.set(cards=["a"])
    [anna] = await album.ground.members("anna")
    await album.get(cards, (anna, "a"))
    # The event comes last, and there is nowhere to write it.
    await album.ground.rows("ALTER TABLE outbox RENAME TO gone")
    with pytest.raises(ProgrammingError, match="outbox"):
        await album.pay()
    await album.ground.rows("ALTER TABLE gone RENAME TO outbox")
    assert await album.points(anna) == 0
    assert await album.pay() == 1
    assert await album.points(anna) == 100


async def test_a_set_may_give_a_gift_that_its_member_claims(album: Album) -> None:
    gift = Given(kind=OfferKind.GIFT, name="An album")
    cards = await album.set(cards=["a"], completes=gift)
    [anna] = await album.ground.members("anna")
    await album.get(cards, (anna, "a"))
    assert await album.pay() == 1
    [[name, state]] = await album.ground.rows(
        "SELECT name, state FROM member_gifts JOIN gifts USING (gift_no)"
    )
    assert (name, state) == ("An album", "won")
    assert await album.audit() == []


async def test_a_set_may_give_a_coupon_and_waits_while_there_is_none(
    album: Album,
) -> None:
    """Others are paid meanwhile; it is, too, once there are some again."""
    codes = CouponSealing(album.ground.issuance).codes()
    counter = Counter(album.ground, album.clock, codes)
    pool_id = await counter.pool(stock=1)
    coupon = Given(kind=OfferKind.COUPON, pool_id=pool_id)
    cards = await album.set(cards=["a"], completes=coupon)
    other = await album.set("other", ["b"])
    anna, ben, cid = await album.ground.members("anna", "ben", "cid")
    for each in (anna, ben):
        await album.get(cards, (each, "a"))
    await album.get(other, (cid, "b"))
    assert await album.pay() == 3
    owners = "SELECT member_no FROM coupons ORDER BY coupon_no"
    assert await album.ground.rows(owners) == [(anna,)]
    assert await album.points(cid) == 100
    assert await album.audit() == []
    await counter.restock(pool_id, 1)
    await album.ground.rows("UPDATE collected_sets SET due_at = now()")
    assert await album.pay() == 1
    assert await album.ground.rows(owners) == [(anna,), (ben,)]
    assert await album.pay() == 0
    assert await album.audit() == []


@pytest.mark.parametrize(
    ("waited", "minutes"), [(0, 10), (9, 10), (180, 180), (60 * 24 * 400, 60 * 24)]
)
async def test_a_set_that_cannot_be_paid_is_tried_ever_less(
    album: Album, waited: int, minutes: int
) -> None:
    """After as long as it has waited, ten minutes at least and a day at most."""
    counter = Counter(
        album.ground, album.clock, CouponSealing(album.ground.issuance).codes()
    )
    none_left = Given(kind=OfferKind.COUPON, pool_id=await counter.pool(stock=0))
    cards = await album.set(cards=["a"], completes=none_left)
    [anna] = await album.ground.members("anna")
    await album.get(cards, (anna, "a"))
    album.clock.go_to(album.clock.now + timedelta(minutes=waited))
    assert await album.pay() == 1
    [[again_s]] = await album.ground.rows(
        "SELECT extract(epoch FROM due_at - now()) FROM collected_sets"
    )
    assert abs(float(again_s) - 60 * minutes) < 60


async def test_a_set_gives_nothing_that_is_not_there(album: Album) -> None:
    coupon = Given(kind=OfferKind.COUPON, pool_id="nowhere")
    with pytest.raises(InvalidInput) as refused:
        await album.set(completes=coupon)
    [error] = refused.value.errors
    assert (error.pointer, error.code) == ("/completes/pool_id", "unknown_pool")


async def test_a_set_is_added_once(album: Album) -> None:
    await album.set()
    with pytest.raises(Conflict) as refused:
        await album.set()
    assert refused.value.code == "already_exists"
