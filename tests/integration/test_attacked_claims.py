"""What a claim earns while everything around it changes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from core.clock import utc_datetime
from core.errors import Conflict, InvalidInput, Unavailable
from crowncap.audit import Scope
from rewards.domain.holds import Resolution
from rewards.pipeline.payouts.ending import PayoutEnds
from tests.fixtures.claims import (
    WRITER,
    Claims,
    Worker,
    chance,
    coupon,
    gift,
    kinds,
    points,
    scan_id,
    working,
)
from tests.fixtures.coupons import SUPPORT
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground


@pytest.fixture
def claims(ledger: Ground) -> Claims:
    """Give a fresh database with marketers."""
    return Claims(ledger)


@pytest.fixture
async def workers(claims: Claims, redis_url: str) -> AsyncIterator[list[Worker]]:
    """Run two workers, who hear of what is new only when they are turned away."""
    async with working(claims, redis_url, 2) as running:
        yield list(running)


async def test_workers_hear_of_another_stock_of_a_pool(
    claims: Claims, workers: list[Worker]
) -> None:
    """Less is never passed by who knew more; more is paid by who knew less."""
    one, other = workers
    pool = await claims.counter.pool(stock=3)
    await claims.campaign("c", coupon(pool))
    a, b, c, d = await claims.ground.live(4)
    for worker in workers:
        await worker.pipeline.states.refresh()
    assert kinds(await one.scan(a, "ann")) == ["coupon"]
    assert kinds(await other.scan(b, "bob")) == ["coupon"]
    await claims.counter.restock(pool, -1)
    assert (await one.scan(c, "cid"))["outcome"] == "no_reward"
    assert await claims.ground.audit() == []
    await claims.counter.restock(pool, 1)
    assert kinds(await other.scan(d, "dan")) == ["coupon"]
    assert await claims.ground.audit() == []


async def test_a_tier_gives_no_coupon_of_a_pool_that_is_not_there(
    claims: Claims, workers: list[Worker]
) -> None:
    """It is refused when it is written; else no worker could load campaigns."""
    with pytest.raises(InvalidInput) as caught:
        await claims.campaign("c", chance(("gold", 1_000_000, coupon("nowhere"))))
    [error] = caught.value.errors
    assert error.pointer == "/offers/0/table/0/gives/pool_id"
    [code] = await claims.ground.live(1)
    assert (await workers[0].scan(code, "ann"))["outcome"] == "no_reward"


async def test_a_tier_gives_no_coupon_of_another_brand(claims: Claims) -> None:
    pool = await claims.counter.pool()
    rival = replace(WRITER, brand="Rival")
    with pytest.raises(InvalidInput):
        await claims.campaign("c", chance(("gold", 9, coupon(pool))), by=rival)


async def test_a_pool_whose_time_is_over_gives_nothing(
    claims: Claims, workers: list[Worker]
) -> None:
    """What else is earned stays, and a chance falls to its next tier."""
    now = utc_datetime(CLOCK.now_ms())
    over = await claims.counter.pool(
        "over", valid_until=now - timedelta(seconds=1), valid_from=now - timedelta(9)
    )
    await claims.campaign("a", coupon(over), points(3), order=1)
    tiers = ("gold", 1_000_000, coupon(over)), ("next", 0, points(4))
    await claims.campaign("b", chance(*tiers), order=2)
    [code] = await claims.ground.live(1)
    answer = await workers[0].scan(code, "ann")
    assert kinds(answer) == ["points", "prize", "points"]
    assert answer["points_available"] == 7
    assert await claims.ground.audit() == []


async def test_a_stock_is_never_less_than_what_was_taken(
    claims: Claims, workers: list[Worker]
) -> None:
    await claims.campaign("c", gift(stock=2))
    for code in await claims.ground.live(2):
        assert kinds(await workers[0].scan(code, str(code))) == ["gift"]
    with pytest.raises(Conflict) as caught:
        await claims.campaign("c", gift(stock=1))
    assert caught.value.code == "stock_below_issued"
    assert await claims.ground.audit() == []


async def test_an_offer_that_comes_back_is_counted_from_where_it_was(
    claims: Claims, workers: list[Worker]
) -> None:
    """Without a stock nobody counted it; with one it goes on."""
    codes = await claims.ground.live(6)
    worker = workers[0]
    await claims.campaign("c", gift(), gift("Hat", "hat", stock=2))
    assert kinds(await worker.scan(codes.pop(), "ann")) == ["gift", "gift"]
    await claims.campaign("c", points())
    assert kinds(await worker.scan(codes.pop(), "ann")) == ["points"]
    with pytest.raises(InvalidInput, match="counted"):
        await claims.campaign("c", gift(stock=1))
    claims.versions["c"] = 2
    await claims.campaign("c", gift("Hat", "hat", stock=2))
    assert kinds(await worker.scan(codes.pop(), "ann")) == ["gift"]
    assert (await worker.scan(codes.pop(), "ann"))["outcome"] == "no_reward"
    assert await claims.ground.audit() == []


async def test_tiers_of_two_chances_may_have_one_id(
    claims: Claims, workers: list[Worker]
) -> None:
    """What is told later is what was told at once."""
    two = [
        chance(("gold", 1_000_000, points(each)), offer_id=f"luck{each}")
        for each in (1, 2)
    ]
    for each, name in zip(two, ("Mug", "Hat"), strict=True):
        each["table"][0]["name"] = name
    await claims.campaign("c", *two)
    [code] = await claims.ground.live(1)
    first = await workers[0].scan(code, "ann")
    again = await workers[1].scan(code, "ann")
    assert [each.get("name") for each in first["rewards"]] == ["Mug", None, "Hat", None]
    assert again["rewards"] == first["rewards"]


async def test_a_gift_named_again_is_the_gift_of_that_name(
    claims: Claims, workers: list[Worker]
) -> None:
    codes = await claims.ground.live(3)
    for name in ("Mug", "Hat", "Mug"):
        await claims.campaign("c", gift(name))
        code = codes.pop()
        told = await workers[0].scan(code, "ann")
        again = await workers[0].scan(code, "ann")
        assert told["rewards"][0]["name"] == again["rewards"][0]["name"] == name


async def test_another_brands_campaign_keeps_no_cap_waiting(
    claims: Claims, workers: list[Worker]
) -> None:
    """One that begins some day would never pay this cap, nor one that is paused."""
    later = (utc_datetime(CLOCK.now_ms()) + timedelta(days=3)).isoformat()
    rival = replace(WRITER, brand="Rival")
    await claims.campaign("r", points(), by=rival, starts_at=later)
    await claims.campaign("s", points(), by=rival)
    seen, claimed = await claims.ground.live(2)
    assert (await workers[0].scan(claimed, "ann"))["outcome"] == "no_reward"
    assert "offer" not in await workers[0].scan(seen, None)


async def test_a_voided_coupon_of_a_denied_scan_gives_its_place_back(
    claims: Claims, workers: list[Worker]
) -> None:
    """Whoever makes a coupon void while its scan waits."""
    pool = await claims.counter.pool(stock=5)
    await claims.campaign("c", coupon(pool))
    a, b, c = await claims.ground.live(3)
    assert kinds(await workers[0].scan(c, "ann")) == ["coupon"]
    await claims.ground.freeze()
    held = [await workers[0].scan(code, "ann") for code in (a, b)]
    assert [each["outcome"] for each in held] == ["held", "held"]
    for each in held:
        number = int(each["rewards"][0]["coupon_id"])
        with pytest.raises(Conflict) as caught:
            await claims.counter.void(claims.counter.codes.seal([number])[0])
        assert caught.value.code == "illegal_state"
    await claims.resolve(scan_id(held[0]), by=Resolution.VOIDED)
    await claims.resolve(scan_id(held[1]), by=Resolution.POSTED)
    assert await claims.ground.audit() == []


async def test_without_numbers_for_coupons_all_else_is_paid(
    claims: Claims, workers: list[Worker]
) -> None:
    """While the key is frozen and no other is there yet; nothing is promised."""
    pool = await claims.counter.pool()
    await claims.campaign("c", coupon(pool), applies_to="bound")
    await claims.campaign("p", points(), applies_to="bound")
    [mine] = await claims.ground.live(1, campaign_id="c")
    [other] = await claims.ground.live(1, campaign_id="p")
    await claims.ground.freeze()
    unpaid, paid = await asyncio.gather(
        workers[0].scan(mine, "ann"),
        workers[0].scan(other, "bob"),
        return_exceptions=True,
    )
    assert isinstance(unpaid, Unavailable)
    assert not isinstance(paid, BaseException)
    assert paid["outcome"] == "held"
    assert await claims.ground.audit() == []


async def test_what_ends_unpaid_of_a_red_packet_is_no_fault_of_the_books(
    claims: Claims, workers: list[Worker]
) -> None:
    """Budget, stock, a day's cap and a member's get it back."""
    packet = {"offer_id": "r", "kind": "red_packet", "minor": 100, "stock": 5}
    caps = [
        {"per": per, "of": "minor", "most": 300}
        for per in ("day", "member", "member_day")
    ]
    await claims.campaign("c", packet, budget={"minor": 300}, caps=caps)
    told = [await workers[0].scan(code, "ann") for code in await claims.ground.live(2)]
    ends = PayoutEnds(claims.ground.ids, CLOCK, TIMEZONE)
    async with claims.ground.engine.begin() as conn:
        await ends.cancel(
            conn,
            int(told[0]["rewards"][0]["payout_id"]),
            reason="a test",
            staff=SUPPORT,
            now=utc_datetime(CLOCK.now_ms()),
        )
    assert set((await claims.uses()).values()) == {100, 1}
    assert await claims.ground.audit() == []
    assert await claims.ground.audit(Scope.RECENT) == []


async def test_a_stock_of_points_alone_is_spent_with_them(
    claims: Claims, workers: list[Worker]
) -> None:
    """Where points are gone and a gift is left, a cap is still worth claiming."""
    await claims.campaign("c", points(), gift(), budget={"points": 5})
    a, b = await claims.ground.live(2)
    await workers[0].scan(a, "ann")
    await workers[0].pipeline.states.refresh()
    assert (await workers[0].scan(b, None))["offer"] == "open"
    assert kinds(await workers[0].scan(b, "bob")) == ["gift"]
