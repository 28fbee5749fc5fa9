"""Gifts in PostgreSQL: stock, one each, where they are sent, and every legal step."""

import asyncio
from datetime import timedelta

import pytest

from core.auth.principal import Role, Staff
from core.errors import Conflict, InvalidInput, NotFound
from crowncap.tellers import TELLERS
from events.pipeline.events import read_events
from rewards.domain.gifts import GIFT_STEPS, GiftState, GiftStep, MemberGift, Parcel
from rewards.pipeline.gifts.catalogue import list_claimable
from rewards.pipeline.gifts.claims import list_gifts_in, ship_gift, take_gift_back
from rewards.store.gifts.catalogue import ensure_offer_gifts
from rewards.store.gifts.claims import forget_addresses
from tests.fixtures.coupons import SUPPORT
from tests.fixtures.gifts import GiftShelf
from tests.fixtures.ground import TIMEZONE

PARCEL = Parcel("SF Express", "SF1")


async def claimed(shelf: GiftShelf, gift_id: str, member_id: str) -> str:
    """Claim a gift; gives its state, or why there is none."""
    try:
        return (await shelf.claim(gift_id, member_id)).state.value
    except Conflict as refused:
        return refused.code


async def test_a_gift_is_there_as_often_as_its_stock_and_once_for_each(
    shelf: GiftShelf,
) -> None:
    """Whoever has one is told so even when there are none left."""
    mug = await shelf.gift(stock=2)
    told = [await claimed(shelf, mug, each) for each in ("a", "a", "b", "c", "a")]
    assert told == [
        "to_collect",
        "already_claimed",
        "to_collect",
        "out_of_stock",
        "already_claimed",
    ]
    cup = await shelf.gift("cup")
    assert await claimed(shelf, cup, "a") == "to_collect"
    assert [each.gift_id for each in await shelf.own("a")] == ["cup", "mug"]
    assert await shelf.ground.audit() == []


async def test_a_gift_with_a_condition_is_for_whom_it_holds(shelf: GiftShelf) -> None:
    """By how long they are members; who may not takes nothing of its stock."""
    new, old = (
        {"fact": "account_age_days", "op": op, "value": 7} for op in ("<", ">=")
    )
    await shelf.gift("pack", when=new)
    await shelf.gift("cup", when={"all": [old]}, stock=1)
    assert await offered(shelf, "a") == ["pack"]
    assert await claimed(shelf, "pack", "a") == "to_collect"
    assert await claimed(shelf, "cup", "a") == "not_entitled"
    shelf.clock.go_to(shelf.clock.now + timedelta(days=7))
    assert await claimed(shelf, "pack", "b") == "to_collect"
    assert await claimed(shelf, "cup", "b") == "not_entitled"
    assert await offered(shelf, "a") == ["cup"]
    assert await claimed(shelf, "cup", "a") == "to_collect"


async def offered(shelf: GiftShelf, member_id: str) -> list[str]:
    """Name the gifts that a member is shown to claim."""
    async with shelf.ground.engine.connect() as conn:
        found = await list_claimable(
            conn, member_id, limit=9, now=shelf.clock.now, zone=TIMEZONE
        )
    return [each.gift_id for each in found]


@pytest.mark.parametrize("fact", ["lot", "claim_no", "tier", "colour"])
async def test_a_gift_asks_for_nothing_that_is_not_known_of_members(
    shelf: GiftShelf, fact: str
) -> None:
    """Its member has scanned nothing; the place of the mistake is told."""
    asked = {"any": [{"fact": fact, "op": "==", "value": 1}]}
    with pytest.raises(InvalidInput) as refused:
        await shelf.gift(when=asked)
    [error] = refused.value.errors
    assert error.pointer == "/when/any/0/fact"
    assert error.code == ("invalid" if fact == "colour" else "not_supported")
    assert fact in str(error.detail)


async def test_two_hundred_at_once_on_the_last_gift(shelf: GiftShelf) -> None:
    """On as many connections as there are: one gets it."""
    mug = await shelf.gift(stock=1)
    told = await asyncio.gather(*(claimed(shelf, mug, f"m{n}") for n in range(200)))
    assert told.count("to_collect") == 1
    assert told.count("out_of_stock") == 199


async def test_one_member_asks_many_times_at_once(shelf: GiftShelf) -> None:
    mug = await shelf.gift()
    told = await asyncio.gather(*(claimed(shelf, mug, "a") for _ in range(20)))
    assert told.count("to_collect") == 1
    assert told.count("already_claimed") == 19
    [[used]] = await shelf.ground.rows("SELECT used FROM limit_uses WHERE holder = 0")
    assert used == 1


async def test_where_a_gift_is_sent_only_its_senders_read(shelf: GiftShelf) -> None:
    mug = await shelf.gift()
    gift = await shelf.claim(mug, "a", "Nanjing Road 1, Shanghai")
    assert gift.state is GiftState.TO_SEND
    [[kept]] = await shelf.ground.rows("SELECT address FROM member_gifts")
    assert b"Nanjing" not in bytes(kept)
    addresses = shelf.claiming.addresses
    opened = addresses.open(gift.address, gift.transfer_id)
    assert opened == "Nanjing Road 1, Shanghai"
    async with shelf.ground.engine.connect() as conn:
        events = await read_events(conn, TELLERS, after=None, limit=100)
        told = str(events)
        [waiting] = await list_gifts_in(
            conn, GiftState.TO_SEND, SUPPORT, before=None, limit=9
        )
    assert "gift.changed" in told
    assert "Nanjing" not in told
    assert waiting == gift


async def test_a_forgotten_persons_gift_is_sent_nowhere(shelf: GiftShelf) -> None:
    """What was sent stays sent; what was not is to be collected."""
    mug, cup = await shelf.gift(), await shelf.gift("cup")
    sent = await shelf.claim(mug, "a", "here")
    async with shelf.ground.engine.begin() as conn:
        await ship_gift(conn, sent.transfer_id, PARCEL, SUPPORT, now=shelf.clock.now)
    await shelf.claim(cup, "a", "here")
    other = await shelf.claim(mug, "b", "there")
    async with shelf.ground.engine.begin() as conn:
        await forget_addresses(conn, sent.member_no)
    states = [(each.state, each.address) for each in await shelf.own("a")]
    assert states == [(GiftState.TO_COLLECT, None), (GiftState.SHIPPED, None)]
    assert [each.address for each in await shelf.own("b")] == [other.address]


async def test_what_a_scan_won_is_claimed_by_its_number_and_by_who_won_it(
    shelf: GiftShelf,
) -> None:
    number = await shelf.win("a")
    with pytest.raises(NotFound):
        await shelf.claim(str(number), "b")
    gift = await shelf.claim(str(number), "a", "here")
    assert (gift.name, gift.gift_id, gift.state) == (
        "A scarf",
        None,
        GiftState.TO_SEND,
    )
    assert await claimed(shelf, str(number), "a") == "already_claimed"
    with pytest.raises(NotFound):
        await shelf.claim("none", "a")


@pytest.mark.parametrize(("posted", "state"), [(True, "won"), (False, "void")])
async def test_a_held_gift_waits_and_is_then_won_or_void(
    shelf: GiftShelf, *, posted: bool, state: str
) -> None:
    number = await shelf.win("a", state=GiftState.HELD)
    assert await claimed(shelf, str(number), "a") == "illegal_state"
    with pytest.raises(Conflict):
        await shelf.hand_over(number)
    await shelf.release(number, posted=posted)
    # Once, whatever comes after it.
    await shelf.release(number, posted=not posted)
    [[kept]] = await shelf.ground.rows("SELECT state FROM member_gifts")
    assert kept == state
    assert len(await shelf.own("a")) == (1 if posted else 0)


@pytest.mark.parametrize("state", GiftState)
async def test_what_nobody_has_in_hand_is_taken_back(
    shelf: GiftShelf, state: GiftState
) -> None:
    """Its address goes with it; what is on its way or held stays as it is."""
    number = await shelf.win("a")
    parcel = ", carrier = 'c', tracking_no = 't'" if state is GiftState.SHIPPED else ""
    await shelf.ground.rows(
        f"UPDATE member_gifts SET address = '\\x00', state = '{state}'{parcel}"
    )
    async with shelf.ground.engine.begin() as conn:
        assert await take_gift_back(conn, number, now=shelf.clock.now) is state
    rows = await shelf.ground.rows("SELECT state, address FROM member_gifts")
    before, after = GIFT_STEPS[GiftStep.TAKE_BACK]
    assert rows == [(after, None) if state in before else (state, b"\x00")]


@pytest.mark.parametrize("state", GiftState)
@pytest.mark.parametrize("step", [s for s in GiftStep if s is not GiftStep.TAKE_BACK])
async def test_only_legal_steps_are_taken(
    shelf: GiftShelf, state: GiftState, step: GiftStep
) -> None:
    number = await shelf.win("a")
    parcel = ", carrier = 'c', tracking_no = 't'" if state is GiftState.SHIPPED else ""
    await shelf.ground.rows(
        f"UPDATE member_gifts SET address = '\\x00', state = '{state}'{parcel}"
    )

    async def take() -> MemberGift:
        if step is GiftStep.HAND_OVER:
            return await shelf.hand_over(number)
        if step is GiftStep.SHIP:
            async with shelf.ground.engine.begin() as conn:
                now = shelf.clock.now
                return await ship_gift(conn, number, PARCEL, SUPPORT, now=now)
        address = "here" if step is GiftStep.CLAIM_TO_SEND else None
        return await shelf.claim(str(number), "a", address)

    if state in GIFT_STEPS[step][0]:
        assert (await take()).state is GIFT_STEPS[step][1]
    else:
        with pytest.raises(Conflict):
            await take()
        [[kept]] = await shelf.ground.rows("SELECT state FROM member_gifts")
        assert kept == state.value


async def test_another_brands_staff_finds_no_gift_of_ours(shelf: GiftShelf) -> None:
    number = await shelf.win("a")
    rival = Staff("r", "rita", Role.SUPPORT, brand="Rival")
    with pytest.raises(NotFound):
        await shelf.hand_over(number, rival)
    async with shelf.ground.engine.connect() as conn:
        found = await list_gifts_in(conn, GiftState.WON, rival, before=None, limit=9)
    assert found == []


async def test_an_offers_gift_is_made_once_and_anew_under_another_name(
    shelf: GiftShelf,
) -> None:
    """What was won keeps the name that it was won under."""
    made = []
    for name in ("A scarf", "A scarf", "A hat"):
        async with shelf.ground.engine.begin() as conn:
            made.append(
                await ensure_offer_gifts(
                    conn, {7: name}, brand=None, now=shelf.clock.now
                )
            )
    assert made[0] == made[1] != made[2]
