"""Limits: never passed, whoever comes at once, and given back to where it was taken."""

import asyncio
from datetime import date
from random import Random  # noqa: TID251 - seeded here

import msgspec

from core.clock import business_day, utc_datetime
from core.ids import first_id_at
from rewards.domain.active_campaigns import Campaign
from rewards.domain.holds import Hold, HoldReason, Resolution
from rewards.domain.limits import Limit, Per
from rewards.domain.plans import PlannedReward
from rewards.store.holds import resolve_holds
from rewards.store.limits import forget_uses
from scan_api.domain.scans import Outcome
from scan_api.store.scans import Decided
from tests.fixtures.earlier_worker import commit_as_before
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground, outcomes

DAY_MS = 86_400_000
USES = (
    "SELECT l.per, u.holder, u.period, u.used FROM limit_uses AS u"
    " JOIN limits AS l USING (limit_no) ORDER BY l.limit_no, u.holder, u.period"
)


async def add_limit(ledger: Ground, campaign: Campaign, per: Per, most: int) -> Limit:
    """Limit a campaign further."""
    [(limit_no,)] = await ledger.rows(
        "INSERT INTO limits (campaign_no, offer_no, per, most, since)"
        f" VALUES ({campaign.campaign_no}, {len(per) + most}, '{per}', {most},"
        " '2020-01-01') RETURNING limit_no"
    )
    return Limit(limit_no, per, most)


def promise(ledger: Ground, wish: Decided, *rewards: PlannedReward) -> Decided:
    """Plan other rewards."""
    plan = msgspec.structs.replace(wish.plan, rewards=rewards)
    return ledger.numbered(msgspec.structs.replace(wish, plan=plan))


async def test_what_no_longer_fits_takes_what_is_otherwise(ledger: Ground) -> None:
    """A chance's tiers: two of the first, three of the next, then nothing."""
    chance = await ledger.campaign("chance")
    few = await add_limit(ledger, chance, Per.TOTAL, 200)
    more = await add_limit(ledger, chance, Per.TOTAL, 30)
    small = PlannedReward(chance.campaign_no, 1, chance.rewards[0].kind, 0, 10, (more,))
    tiers = msgspec.structs.replace(small, amount=100, limits=(few,), otherwise=small)
    codes = await ledger.live(8)
    people = await ledger.members(*(f"tier{n}" for n in range(8)))
    wishes = [
        promise(ledger, ledger.wish(c, m, chance), tiers)
        for c, m in zip(codes, people, strict=True)
    ]
    done = await ledger.commit(*wishes[:4])
    assert [each.points for each in done] == [100, 100, 10, 10]
    done = await ledger.commit(*wishes[4:])
    assert outcomes(done) == ["rewarded", "no_reward", "no_reward", "no_reward"]
    assert [each.points for each in done] == [10, 0, 0, 0]
    assert [used for *_, used in await ledger.rows(USES)] == [200, 30]
    paid = await ledger.rows("SELECT sum(amount), count(*) FROM transfers")
    assert paid == [(230, 5)]


async def test_a_limit_that_ends_leaves_the_cap_and_one_that_does_not_claims_it(
    ledger: Ground,
) -> None:
    """Each kind of limit, by itself, in a batch and after it."""
    codes = await ledger.live(12)
    ann, bob = await ledger.members("ends-ann", "ends-bob")
    expected = {
        Per.TOTAL: ("no_reward", "no_reward"),
        Per.DAY: ("limit_reached", "limit_reached"),
        Per.MEMBER: ("limit_reached", "rewarded"),
        Per.MEMBER_DAY: ("limit_reached", "rewarded"),
    }
    for per, (mine, others) in expected.items():
        campaign = await ledger.campaign(f"ends-{per}")
        limit = await add_limit(ledger, campaign, per, 9)
        [plain] = campaign.rewards
        limited = msgspec.structs.replace(plain, limits=(limit,))
        ends = []
        for member in (ann, ann, bob):
            wish = promise(ledger, ledger.wish(codes.pop(), member, campaign), limited)
            ends += outcomes(await ledger.commit(wish))
        assert ends == ["rewarded", mine, others], per
    claimed = await ledger.rows("SELECT count(*) FROM claims")
    assert claimed == [(3 + 1 + 2 + 2,)]


async def test_the_last_of_a_budget_goes_to_one_of_two_at_once(ledger: Ground) -> None:
    """Who waits for the other's commit chooses again, and is not turned away."""
    last = await ledger.campaign("last", budget=5)
    codes = await ledger.live(2)
    ann, bob = await ledger.members("last-ann", "last-bob")
    other = await ledger.connect()
    async with other:
        async with other.transaction():
            [first] = await ledger.commit(ledger.wish(codes[0], ann, last), conn=other)
            waits = asyncio.create_task(ledger.commit(ledger.wish(codes[1], bob, last)))
            await until_somebody_waits(ledger)
        [second] = await waits
    assert (first.outcome, second.outcome) == ("rewarded", "no_reward")
    assert await ledger.rows("SELECT member_no, available FROM balances") == [(ann, 5)]
    assert await ledger.audit() == []


async def until_somebody_waits(ledger: Ground) -> None:
    """Wait until a connection of this database waits for a lock."""
    waiting = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(60):
        while not await ledger.rows(waiting):
            pass


async def test_workers_of_two_versions_pass_no_limit_together(ledger: Ground) -> None:
    """Four connections by either entry, one cap and one budget: all of it is paid."""
    dice = Random(3)  # noqa: S311 - a seeded test
    tight = await ledger.campaign("tight", budget=5 * 60, cap=5 * 8)
    codes = await ledger.live(200)
    people = await ledger.members(*(f"both{n}" for n in range(10)))

    async def work(part: list[int], *, as_before: bool) -> list[str]:
        ended: list[str] = []
        conn = await ledger.connect()
        async with conn:
            while part:
                taken = [part.pop() for _ in range(5)]
                wishes = [
                    ledger.wish(code, member, tight)
                    for code, member in zip(taken, dice.sample(people, 5), strict=True)
                ]
                if as_before:
                    found = await commit_as_before(
                        conn, wishes, version=await ledger.version()
                    )
                    ended += [outcome for outcome, *_ in found]
                else:
                    ended += outcomes(await ledger.commit(*wishes, conn=conn))
        return ended

    async with asyncio.timeout(120):
        ended = await asyncio.gather(
            *(work(codes[n::4], as_before=n % 2 == 0) for n in range(4))
        )
    every = [outcome for part in ended for outcome in part]
    assert every.count("rewarded") == 60
    assert set(every) <= {"rewarded", "no_reward", "limit_reached"}
    [(paid, most)] = await ledger.rows(
        "SELECT sum(available), max(available) FROM balances"
    )
    assert (paid, most <= 40) == (300, True)
    assert await ledger.audit() == []


async def test_what_ends_unpaid_is_given_back_to_its_own_day(ledger: Ground) -> None:
    """Yesterday's row, not today's."""
    capped = await ledger.campaign("back", budget=100, cap=10)
    codes = await ledger.live(3)
    [ann] = await ledger.members("back-ann")
    now = CLOCK.now_ms()
    held: list[Hold] = []
    for code, at_ms in zip(codes, (now - DAY_MS, now - DAY_MS, now), strict=True):
        wish = ledger.wish(code, ann, capped, outcome=Outcome.HELD)
        scan = msgspec.structs.replace(
            wish.scan, at_ms=at_ms, scan_id=first_id_at(at_ms) + len(held)
        )
        [done] = await ledger.commit(msgspec.structs.replace(wish, scan=scan))
        assert done.outcome == "held"
        held.append(Hold(scan.scan_id, code, ann, 5, HoldReason.SIGNALS))
    async with ledger.engine.begin() as conn:
        await resolve_holds(
            conn,
            held[:1],
            next_id=lambda: ledger.ids.next_id(now),
            resolution=Resolution.VOIDED,
            now=utc_datetime(now),
        )
    yesterday, today = (business_day(at, TIMEZONE) for at in (now - DAY_MS, now))
    assert [(per, day, used) for per, _, day, used in await ledger.rows(USES)] == [
        (Per.TOTAL, date(1970, 1, 1), 10),
        (Per.MEMBER_DAY, yesterday, 5),
        (Per.MEMBER_DAY, today, 5),
    ]
    assert await ledger.audit() == []


async def test_accounts_of_another_unit_are_apart(ledger: Ground) -> None:
    """Tickets of a draw are no points: not in the answer, nor in the balance."""
    mixed = await ledger.campaign("mixed")
    [code] = await ledger.live(1)
    [ann] = await ledger.members("unit-ann")
    [points] = mixed.rewards
    tickets = msgspec.structs.replace(points, unit=7, amount=3)
    await ledger.rows(
        "INSERT INTO units (unit, kind, name, has_balance) VALUES"
        " (7, 'ticket', 'a', true), (8, 'ticket', 'b', true)"
    )
    wish = promise(ledger, ledger.wish(code, ann, mixed), tickets)
    [done] = await ledger.commit(wish)
    assert (done.outcome, done.points, done.available) == ("rewarded", 0, 0)
    accounts = await ledger.rows("SELECT unit, available FROM balances")
    assert accounts == [(7, 3)]
    assert await ledger.rows("SELECT unit, amount FROM transfers") == [(7, 3)]
    wrong = [f.sentence for f in await ledger.audit()]
    assert "each balance equals what its transfers add up to" not in wrong
    await ledger.rows("UPDATE balances SET unit = 8")
    wrong = [f.sentence for f in await ledger.audit()]
    assert "each balance equals what its transfers add up to" in wrong


async def test_everybody_takes_rows_in_one_order(ledger: Ground) -> None:
    """The same members in every batch, from six connections: nobody deadlocks."""
    dice = Random(5)  # noqa: S311 - a seeded test
    roomy = await ledger.campaign("roomy", budget=1_000_000, cap=100_000)
    codes = await ledger.live(6 * 25 * 12)
    people = await ledger.members(*(f"order{n}" for n in range(12)))

    async def work(part: list[int]) -> None:
        conn = await ledger.connect()
        async with conn:
            while part:
                order = dice.sample(people, len(people))
                wishes = [ledger.wish(part.pop(), member, roomy) for member in order]
                assert set(outcomes(await ledger.commit(*wishes, conn=conn))) == {
                    "rewarded"
                }

    async with asyncio.timeout(120):
        await asyncio.gather(*(work(codes[n::6]) for n in range(6)))
    used = await ledger.rows("SELECT sum(used) FROM limit_uses GROUP BY holder > 0")
    assert used == [(len(codes) * 5,)] * 2


async def test_old_days_are_forgotten_and_nothing_else(ledger: Ground) -> None:
    """A stretch of the table at a time, around whoever holds a row."""
    capped = await ledger.campaign("capped", budget=100, cap=20)
    codes = await ledger.live(1)
    [ann] = await ledger.members("uses-ann")
    await ledger.commit(ledger.wish(codes[0], ann, capped))
    limits = (capped.budget, capped.daily_cap)
    of_all, of_day = (limit.limit_no for limit in limits if limit)
    # Holder n took n days ago; the first of them fill more than one block.
    await ledger.rows(
        "INSERT INTO limit_uses (holder, used, most, limit_no, period)"
        f" SELECT n, 5, 20, {of_day}, current_date - 400 + n % 390 FROM"
        f" generate_series(1, 500) AS n UNION ALL SELECT 1000 + n, 5, 20, {of_day},"
        " current_date - n FROM generate_series(7, 10) AS n"
    )
    [(before,)] = await ledger.rows("SELECT current_date - 8")
    async with ledger.engine.connect() as other, other.begin():
        await other.exec_driver_sql(
            "SELECT FROM limit_uses WHERE holder = 7 FOR UPDATE"
        )
        async with ledger.engine.begin() as conn:
            assert await forget_uses(conn, before=before, first_block=0) is None
    left = await ledger.rows("SELECT limit_no, holder FROM limit_uses ORDER BY holder")
    assert left == [
        (of_all, 0),
        *((of_day, holder) for holder in (7, 1007, 1008)),
        (of_day, ann),
    ]
    async with ledger.engine.begin() as conn:
        assert await forget_uses(conn, before=before, first_block=10**6) is None
    assert await ledger.rows("SELECT count(*) FROM limit_uses") == [(5,)]
