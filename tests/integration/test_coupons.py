"""Coupons in PostgreSQL: stock, limits, one use each, times, and what is taken back."""

import asyncio
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg
import pytest

from codegen.domain.ranges import SERIAL_BITS
from codegen.domain.sealing import open_code, seal
from codegen.pipeline import rotate_epoch
from core.auth.principal import OPERATOR, Role, Staff
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from crowncap.tellers import TELLERS
from events.pipeline.events import read_events
from rewards.domain.coupons import Store, StoreKind, TillOutcome
from rewards.pipeline.coupons.issuing import IssueRequest
from rewards.pipeline.coupons.pools import add_store
from rewards.pipeline.coupons.redeeming import RedeemRequest
from rewards.store.coupons.redeeming import NewRedemption, redeem_coupons
from tests.fixtures.coupons import (
    CASHIER,
    MARKETER,
    SUPPORT,
    Counter,
    read_issued,
    read_redeemed,
)

MORNING = datetime(2027, 1, 31, 2, tzinfo=UTC)
MIDNIGHT = datetime(2027, 1, 31, 16, tzinfo=UTC)


async def test_a_pool_gives_its_stock_and_no_more(counter: Counter) -> None:
    """In the order of requests, within one batch and over several."""
    pool = await counter.pool(stock=3)
    first = await counter.issue(pool, "a", "b")
    second = await counter.issue(pool, "c", "d", "e")
    assert second[1:] == ["out_of_stock", "out_of_stock"]
    codes = [*first, second[0]]
    assert len(set(codes)) == 3
    assert [await counter.issue(pool, "f")] == [["out_of_stock"]]


async def test_a_days_stock_comes_back_at_midnight_of_the_brand(
    counter: Counter,
) -> None:
    """Midnight in Shanghai is four in the afternoon in UTC."""
    counter.clock.go_to(MIDNIGHT - timedelta(milliseconds=1))
    pool = await counter.pool(daily_stock=1)
    told = await counter.issue(pool, "a", "b")
    assert told[1] == "out_of_stock"
    counter.clock.go_to(MIDNIGHT)
    assert len((await counter.issue(pool, "b"))[0]) == 16
    assert await counter.issue(pool, "c") == ["out_of_stock"]


async def test_a_member_gets_as_many_as_the_pool_lets(counter: Counter) -> None:
    """Within one batch too; what others get is not theirs."""
    pool = await counter.pool(per_member=2)
    told = await counter.issue(pool, "a", "a", "a", "b")
    assert told[2] == "limit_reached"
    assert len(told[3]) == 16
    assert await counter.issue(pool, "a") == ["limit_reached"]


async def test_a_refused_request_takes_nothing_from_the_stock(
    counter: Counter,
) -> None:
    pool = await counter.pool(stock=2, per_member=1)
    await counter.issue(pool, "a", "a", "a")
    assert len((await counter.issue(pool, "b"))[0]) == 16


async def test_stock_grows_and_shrinks_down_to_what_is_issued(
    counter: Counter,
) -> None:
    pool = await counter.pool(stock=2)
    await counter.issue(pool, "a", "b", "c")
    assert (await counter.restock(pool, 1)).stock == 3
    assert len((await counter.issue(pool, "c"))[0]) == 16
    with pytest.raises(Conflict) as raised:
        await counter.restock(pool, -1)
    assert raised.value.code == "stock_below_issued"
    assert (await counter.restock(pool, 5)).stock == 8
    assert (await counter.restock(pool, -5)).stock == 3
    assert await counter.issue(pool, "d") == ["out_of_stock"]


async def test_two_hundred_at_once_for_the_last_coupon(counter: Counter) -> None:
    """Gathered into batches on several connections, one gets it."""
    pool = await counter.pool(stock=1)
    asked = [IssueRequest(pool, f"m{n}", MARKETER) for n in range(200)]
    ended = await asyncio.gather(*map(counter.issuing.batcher.submit, asked))
    told = [read_issued(each) for each in ended]
    assert len([each for each in told if len(each) == 16]) == 1
    assert told.count("out_of_stock") == 199


async def test_a_code_opens_as_its_coupon_and_never_as_a_cap(
    counter: Counter,
) -> None:
    """The keys differ, whatever master they come from."""
    pool = await counter.pool()
    [code] = await counter.issue(pool, "a")
    keys = counter.ground.issuance.key_file.load()
    assert open_code(keys, code) is None
    number = counter.number(code)
    cap = bytes(seal(keys, 0, np.array([number], np.uint64))[0]).decode()
    assert counter.codes.open(cap) is None
    assert counter.codes.read(code[:4].lower() + "-" + code[4:]) == code


async def test_numbers_are_not_given_again_by_a_database_that_forgot_them(
    counter: Counter,
) -> None:
    """A restored backup is older than the mark beside it."""
    pool = await counter.pool()
    [first] = await counter.issue(pool, "a")
    await counter.ground.rows("DELETE FROM coupon_numbers")
    await counter.ground.rows("DELETE FROM coupons")
    restored = Counter(counter.ground, counter.clock, counter.codes)
    [second] = await restored.issue(pool, "b")
    assert restored.number(second) > counter.number(first)


async def test_a_benefit_that_lacks_what_it_is_worth_is_not_stored(
    counter: Counter,
) -> None:
    """Whoever writes it, and NULL does not pass for right."""
    for wrong in (
        ("amount_off", None, None),
        ("amount_off", 0, None),
        ("percent_off", None, None),
        ("percent_off", 500, None),
        ("percent_off", None, 101),
        ("gift", None, None),
    ):
        with pytest.raises(psycopg.errors.CheckViolation, match="benefit_is_known"):
            await counter.ground.conn.execute(
                "INSERT INTO coupon_pools"
                " (pool_id, name, benefit, minor, percent, created_at)"
                " VALUES ('p', 'p', %s, %s, %s, now())",
                wrong,
            )


async def test_coupons_are_issued_while_the_key_is_rotated(counter: Counter) -> None:
    """In the new epoch: who asks meanwhile waits, and is not told that none is open."""
    pool, ground = await counter.pool(), counter.ground
    async with ground.engine.begin() as conn:
        key_file = ground.issuance.key_file
        epoch = await rotate_epoch(conn, key_file, OPERATOR, now=counter.clock.now)
        issued = asyncio.create_task(counter.issue(pool, "a"))
        # Until it waits for what the rotation holds.
        waiting = "SELECT FROM pg_locks WHERE NOT granted"
        while not await ground.rows(waiting):  # noqa: ASYNC110 - PostgreSQL tells nobody
            await asyncio.sleep(0.01)
    [code] = await issued
    assert counter.number(code) >> SERIAL_BITS == epoch


async def test_a_coupon_is_used_once_and_says_when_and_where(
    counter: Counter,
) -> None:
    pool = await counter.pool()
    async with counter.ground.engine.begin() as conn:
        shop = Store("sh-1", "Nanjing Road", StoreKind.OWN, "CN-31")
        await add_store(conn, shop, MARKETER, now=counter.clock.now)
    [code] = await counter.issue(pool, "a")
    [used] = await counter.redeem(code, basket=300)
    assert read_redeemed(used).discount_minor == 300
    [again] = await counter.redeem(code)
    assert again.outcome is TillOutcome.REDEEMED
    assert again.coupon is not None
    assert again.coupon.use is not None
    assert again.coupon.use.store_name == "Nanjing Road"
    told = abs(again.coupon.use.at - counter.clock.now)
    assert told < timedelta(seconds=3)


async def test_two_hundred_at_once_use_one_coupon_once(counter: Counter) -> None:
    """On two workers' connections, whichever comes first."""
    pool = await counter.pool()
    [code] = await counter.issue(pool, "a")
    other = Counter(counter.ground, counter.clock, counter.codes)
    asked = RedeemRequest(counter.number(code), CASHIER)
    ended = await asyncio.gather(
        *(
            each.redeeming.batcher.submit(asked)
            for _ in range(100)
            for each in (counter, other)
        )
    )
    outcomes = [each.outcome.value for each in ended]
    assert outcomes.count("good") == 1
    assert outcomes.count("already_redeemed") == 199
    assert len(await counter.ground.rows("SELECT FROM redemptions")) == 1


async def test_who_judged_a_coupon_before_it_was_used_is_too_late(
    counter: Counter,
) -> None:
    """The row's lock has the last word, however long ago somebody looked."""
    pool = await counter.pool()
    [code] = await counter.issue(pool, "a")
    number = counter.number(code)
    won = []
    for redemption_id in (1, 2):
        new = NewRedemption(redemption_id, number, 500, None, None, "carl", None)
        async with counter.ground.engine.begin() as conn:
            won += await redeem_coupons(conn, [new])
    assert won == [True, False]
    assert await counter.ground.rows("SELECT redemption_id FROM redemptions") == [(1,)]


async def test_a_coupon_is_over_with_its_last_day(counter: Counter) -> None:
    """The last millisecond of a month's last day counts, midnight does not."""
    counter.clock.go_to(MORNING)
    pool = await counter.pool(valid_days=1)
    codes = await counter.issue(pool, "a", "b")
    counter.clock.go_to(MIDNIGHT - timedelta(milliseconds=1))
    [used] = await counter.redeem(codes[0])
    assert used.outcome is TillOutcome.GOOD
    counter.clock.go_to(MIDNIGHT)
    [late] = await counter.redeem(codes[1])
    assert late.outcome is TillOutcome.EXPIRED


async def test_a_pool_whose_time_is_over_gives_no_coupons(counter: Counter) -> None:
    counter.clock.go_to(MORNING)
    pool = await counter.pool(valid_until=MIDNIGHT)
    assert len((await counter.issue(pool, "a"))[0]) == 16
    counter.clock.go_to(MIDNIGHT)
    assert await counter.issue(pool, "a") == ["coupon_expired"]


async def test_a_reversed_coupon_is_used_again_until_it_is_over(
    counter: Counter,
) -> None:
    counter.clock.go_to(MORNING)
    pool = await counter.pool(valid_days=2)
    [code] = await counter.issue(pool, "a")
    first = int(read_redeemed((await counter.redeem(code))[0]).redemption_id)
    await counter.reverse(first)
    with pytest.raises(Conflict) as raised:
        await counter.reverse(first)
    assert raised.value.code == "already_reversed"
    second = int(read_redeemed((await counter.redeem(code))[0]).redemption_id)
    with pytest.raises(Conflict):
        await counter.reverse(first)
    await counter.reverse(second)
    counter.clock.go_to(MIDNIGHT + timedelta(days=1))
    assert (await counter.redeem(code))[0].outcome is TillOutcome.EXPIRED


async def test_a_cashier_reverses_in_the_same_store_on_the_same_day(
    counter: Counter,
) -> None:
    """Support may on any day; the day is the brand's."""
    counter.clock.go_to(MIDNIGHT - timedelta(minutes=1))
    pool = await counter.pool()
    [code] = await counter.issue(pool, "a")
    used = int(read_redeemed((await counter.redeem(code))[0]).redemption_id)
    with pytest.raises(Forbidden):
        await counter.reverse(used, Staff("d", "dora", Role.CASHIER, store="sh-2"))
    counter.clock.go_to(MIDNIGHT)
    with pytest.raises(Conflict) as raised:
        await counter.reverse(used)
    assert raised.value.code == "not_same_day"
    await counter.reverse(used, SUPPORT)
    with pytest.raises(NotFound):
        await counter.reverse(used + 1, SUPPORT)


async def test_a_void_coupon_is_for_nothing_and_keeps_its_place_in_the_stock(
    counter: Counter,
) -> None:
    pool = await counter.pool(stock=1)
    [code] = await counter.issue(pool, "a")
    await counter.void(code)
    assert (await counter.redeem(code))[0].outcome is TillOutcome.VOID
    assert await counter.issue(pool, "b") == ["out_of_stock"]
    with pytest.raises(Conflict) as raised:
        await counter.void(code)
    assert raised.value.code == "coupon_void"


async def test_a_used_coupon_is_reversed_before_it_is_voided(
    counter: Counter,
) -> None:
    pool = await counter.pool()
    [code] = await counter.issue(pool, "a")
    used = int(read_redeemed((await counter.redeem(code))[0]).redemption_id)
    with pytest.raises(Conflict) as raised:
        await counter.void(code)
    assert raised.value.code == "already_redeemed"
    await counter.reverse(used)
    await counter.void(code)


async def test_a_brands_people_issue_its_own_pools(counter: Counter) -> None:
    """To those of other brands there is none."""
    pool = await counter.pool()
    rival = Staff("r", "rita", Role.MARKETER, brand="Rival")
    with pytest.raises(InvalidInput) as raised:
        await counter.issue(pool, "a", staff=rival)
    assert raised.value.errors[0].code == "unknown_pool"


async def test_a_member_sees_their_own_coupons_newest_first(
    counter: Counter,
) -> None:
    pool = await counter.pool()
    codes = []
    for _ in range(3):
        codes += await counter.issue(pool, "a")
        counter.clock.at_ms += 1
    await counter.issue(pool, "b")
    own = await counter.own("a")
    assert [each.coupon_code for each in own] == codes[::-1]
    older = await counter.own("a", before=int(own[0].coupon_id), limit=1)
    assert [each.coupon_code for each in older] == [codes[1]]


async def test_stock_that_shrinks_while_others_issue_is_never_passed(
    counter: Counter,
) -> None:
    """A change waits for who issues, and who issues after it sees it."""
    pool = await counter.pool(stock=400)
    asked = [IssueRequest(pool, f"m{n}", MARKETER) for n in range(600)]

    async def shrink() -> None:
        for _ in range(20):
            try:
                await counter.restock(pool, -15)
            except Conflict:
                return

    ended, _ = await asyncio.gather(
        asyncio.gather(*map(counter.issuing.batcher.submit, asked)), shrink()
    )
    issued = [each for each in map(read_issued, ended) if len(each) == 16]
    [(most, used)] = await counter.ground.rows(
        "SELECT l.most, u.used FROM limits AS l JOIN limit_uses AS u USING (limit_no)"
    )
    assert used == len(issued) <= most


async def test_what_happens_to_coupons_is_told_in_order_and_without_codes(
    counter: Counter,
) -> None:
    """What was refused is no event."""
    pool = await counter.pool(stock=2)
    codes = await counter.issue(pool, "a", "b", "c")
    used = read_redeemed((await counter.redeem(codes[0], codes[1]))[0])
    await counter.redeem(codes[0])
    await counter.reverse(int(used.redemption_id))
    async with counter.ground.engine.connect() as conn:
        told = await read_events(conn, TELLERS, after=None, limit=100)
    ours = [each for each in told if each.type.startswith("coupon.")]
    assert [(each.type.value, each.data["member_id"]) for each in ours] == [
        ("coupon.issued", "a"),
        ("coupon.issued", "b"),
        ("coupon.redeemed", "a"),
        ("coupon.redeemed", "b"),
        ("coupon.returned", "a"),
    ]
    assert ours[2].data["store_id"] == "sh-1"
    assert {each.data["pool_id"] for each in ours} == {pool}
    assert not any(code in str(ours) for code in codes[:2])
