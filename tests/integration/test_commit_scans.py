"""The hot statement itself: what it permits, what it refuses, and under concurrency."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random  # noqa: TID251 - seeded here

import msgspec
import numpy as np
import psycopg
import pytest
from psycopg import errors as pg

from codegen.domain.batches import Batch, Selection
from codegen.domain.ranges import RangeState
from core.clock import utc_datetime
from core.ids import first_id_at
from rewards.domain.holds import Hold, HoldReason, Resolution
from rewards.store.holds import resolve_holds
from scan_api.domain.scans import Outcome
from scan_api.store.scans import Committed, Decided, load_committed
from tests.fixtures.ground import CLOCK, Ground, outcomes
from tests.fixtures.processes import seal_texts
from tests.integration.test_limits import until_somebody_waits


async def test_a_first_scan_claims_and_pays_and_a_second_is_told(
    ledger: Ground,
) -> None:
    """Claim, transfer, balance and scan rows of one transaction agree."""
    points = await ledger.campaign("points")
    [code] = await ledger.live(1)
    ann, bob = await ledger.members("ann", "bob")
    [first] = await ledger.commit(ledger.wish(code, ann, points))
    assert (first.outcome, first.points, first.available) == ("rewarded", 5, 5)
    assert first.scan_count == 1
    [again] = await ledger.commit(ledger.wish(code, bob, points))
    assert again.outcome == "already_claimed"
    assert (again.points, again.claim_member_no, again.scan_count) == (0, ann, 2)
    assert await ledger.rows("SELECT available, pending FROM balances") == [(5, 0)]
    assert await ledger.audit() == []


STALE: dict[str, Callable[[Ground, Batch], Awaitable[object]]] = {
    "its range": lambda ledger, batch: ledger.change(batch, RangeState.RECALLED),
    "a campaign": lambda ledger, _: ledger.campaign("another"),
    "a product": lambda ledger, _: ledger.product("04006381333931"),
    "an epoch": lambda ledger, _: ledger.freeze(),
}


@pytest.mark.parametrize("what", STALE)
async def test_a_stale_version_permits_nothing(ledger: Ground, what: str) -> None:
    """CC001, and not a row is written."""
    points = await ledger.campaign("points")
    batch = await ledger.issue(1)
    await ledger.change(batch, RangeState.ACTIVATED)
    [ann] = await ledger.members("ann")
    version = await ledger.version()
    await STALE[what](ledger, batch)
    wish = ledger.wish(batch.first_code_id, ann, points)
    with pytest.raises(psycopg.DatabaseError) as refused:
        await ledger.commit(wish, version=version)
    assert refused.value.sqlstate == "CC001"
    assert await ledger.rows("SELECT * FROM scans") == []
    assert await ledger.rows("SELECT * FROM claims") == []


async def test_changes_of_other_ranges_make_no_scan_stale(ledger: Ground) -> None:
    """However many others change, what these codes were decided on still holds."""
    points = await ledger.campaign("points")
    [code] = await ledger.live(1)
    [ann] = await ledger.members("ann")
    version = await ledger.version()
    other = await ledger.issue(5)
    await ledger.change(other, RangeState.VOID, Selection(from_index=1, to_index=2))
    [done] = await ledger.commit(ledger.wish(code, ann, points), version=version)
    assert done.outcome == "rewarded"


async def test_what_the_filter_calls_claimed_in_error_is_turned_away(
    ledger: Ground,
) -> None:
    """CC004: its scan was not judged, so nothing of the batch is written."""
    points = await ledger.campaign("points")
    claimed, unclaimed = await ledger.live(2)
    ann, bob = await ledger.members("ann", "bob")
    await ledger.commit(ledger.wish(claimed, ann, points))
    right = ledger.wish(claimed, bob, points, outcome=Outcome.ALREADY_CLAIMED)
    wrong = ledger.wish(unclaimed, bob, points, outcome=Outcome.ALREADY_CLAIMED)
    with pytest.raises(psycopg.DatabaseError) as refused:
        await ledger.commit(right, wrong)
    assert refused.value.sqlstate == "CC004"
    assert await ledger.rows("SELECT count(*) FROM scans") == [(1,)]
    [done] = await ledger.commit(right)
    assert (done.outcome, done.claim_member_no) == ("already_claimed", ann)


async def test_a_row_of_the_same_number_is_not_taken_for_ones_own(
    ledger: Ground,
) -> None:
    """Two workers with one number: what is read back must be one's code and member."""
    points = await ledger.campaign("points")
    mine, other = await ledger.live(2)
    ann, bob = await ledger.members("ann", "bob")
    wish = ledger.wish(mine, ann, points)
    await ledger.commit(wish)
    for code, member in ((other, ann), (mine, bob)):
        scan = msgspec.structs.replace(wish.scan, code_id=code)
        twin = msgspec.structs.replace(wish, scan=scan, member_no=member)
        with pytest.raises(pg.UniqueViolation):
            await ledger.commit(twin)
        assert await load_committed(ledger.conn, [twin]) == {}
    assert list(await load_committed(ledger.conn, [wish])) == [wish.scan.scan_id]


async def test_one_code_many_times_in_a_batch_is_claimed_by_one(
    ledger: Ground,
) -> None:
    """Ten members share a batch and a code; one is paid, all are counted."""
    points = await ledger.campaign("points")
    [code] = await ledger.live(1)
    people = await ledger.members(*(f"m{n}" for n in range(10)))
    done = await ledger.commit(*(ledger.wish(code, m, points) for m in people))
    assert sorted(outcomes(done)) == ["already_claimed"] * 9 + ["rewarded"]
    assert {each.scan_count for each in done} == {10}
    assert await ledger.rows("SELECT sum(available) FROM balances") == [(5,)]
    assert await ledger.audit() == []


async def test_a_void_is_refused_even_if_the_worker_did_not_know(
    ledger: Ground,
) -> None:
    """Single voids are looked up under the fence, for claims and for looks."""
    points = await ledger.campaign("points")
    batch = await ledger.issue(3)
    await ledger.change(batch, RangeState.ACTIVATED)
    keys = ledger.issuance.key_file.load()
    code = batch.first_code_id
    [text] = seal_texts(keys, 0, np.array([batch.first_serial], np.uint64))
    await ledger.change(batch, RangeState.VOID, Selection(codes=(text,)))
    [ann] = await ledger.members("ann")
    done = await ledger.commit(
        ledger.wish(code, ann, points), ledger.wish(code, 0), ledger.wish(code + 1, 0)
    )
    assert outcomes(done) == ["not_active", "not_active", "verified"]
    assert await ledger.rows("SELECT * FROM claims") == []


async def test_who_is_over_the_daily_cap_gives_the_claim_back(ledger: Ground) -> None:
    """The cap counts exactly, and the code stays free for others."""
    capped = await ledger.campaign("capped", cap=12)
    codes = await ledger.live(4)
    ann, bob = await ledger.members("ann", "bob")
    for code, expected in zip(
        codes, ["rewarded", "rewarded", "limit_reached", "limit_reached"], strict=True
    ):
        [done] = await ledger.commit(ledger.wish(code, ann, capped))
        assert done.outcome == expected
    [done] = await ledger.commit(ledger.wish(codes[2], bob, capped))
    assert (done.outcome, done.scan_count) == ("rewarded", 2)
    assert await ledger.audit() == []


async def test_a_cap_begins_anew_each_business_day(ledger: Ground) -> None:
    """Yesterday's points do not count today; a late yesterday does not reset today."""
    capped = await ledger.campaign("capped", cap=5)
    codes = await ledger.live(3)
    [ann] = await ledger.members("ann")
    day_ms = 86_400_000
    earlier = CLOCK.now_ms() - 3 * day_ms
    results = []
    moments = (earlier, earlier + day_ms, earlier)
    for index, (code, at_ms) in enumerate(zip(codes, moments, strict=True)):
        wish = ledger.wish(code, ann, capped)
        scan = msgspec.structs.replace(
            wish.scan, at_ms=at_ms, scan_id=first_id_at(at_ms) + index
        )
        [done] = await ledger.commit(msgspec.structs.replace(wish, scan=scan))
        results.append(done.outcome.value)
    assert results == ["rewarded", "rewarded", "limit_reached"]
    assert await ledger.audit() == []


async def test_a_claim_given_back_must_not_have_been_seen_by_its_batch(
    ledger: Ground,
) -> None:
    """CC002 asks for a split; alone, both get their true answer."""
    capped = await ledger.campaign("capped", cap=4)
    [code] = await ledger.live(1)
    [ann] = await ledger.members("ann")
    both = ledger.wish(code, ann, capped), ledger.wish(code, 0)
    with pytest.raises(psycopg.DatabaseError) as split:
        await ledger.commit(*both)
    assert split.value.sqlstate == "CC002"
    assert outcomes(await ledger.commit(both[0])) == ["limit_reached"]
    assert outcomes(await ledger.commit(both[1])) == ["verified"]


async def test_a_budget_is_spent_to_the_last_point_and_never_past_it(
    ledger: Ground,
) -> None:
    """In one batch the first that fit are paid; the others are claimed unpaid."""
    small = await ledger.campaign("small", budget=12, cap=100)
    codes = await ledger.live(6)
    people = await ledger.members(*(f"m{n}" for n in range(6)))
    wishes = [ledger.wish(c, m, small) for c, m in zip(codes, people, strict=True)]
    wishes[1] = ledger.wish(codes[1], people[1], small, outcome=Outcome.HELD)
    done = await ledger.commit(*wishes)
    assert outcomes(done) == ["rewarded", "held"] + ["no_reward"] * 4
    used = "SELECT sum(used) FROM limit_uses GROUP BY holder > 0"
    assert await ledger.rows(used) == [(10,), (10,)]
    assert len(await ledger.rows("SELECT * FROM claims")) == 6
    assert await ledger.audit() == []


async def test_a_key_is_taken_once_even_within_one_batch(ledger: Ground) -> None:
    """The second bearer of a key writes nothing."""
    points = await ledger.campaign("points")
    codes = await ledger.live(2)
    ann, bob = await ledger.members("ann", "bob")
    key, body = b"k" * 16, b"b" * 16
    done = await ledger.commit(
        ledger.wish(codes[0], ann, points, key=key, body=body),
        ledger.wish(codes[1], bob, points, key=key, body=body),
    )
    assert [each.replay_body is None for each in done].count(True) == 1
    assert len(await ledger.rows("SELECT * FROM scans")) == 1
    assert len(await ledger.rows("SELECT * FROM claims")) == 1


async def test_a_batch_that_was_committed_before_is_recognised(ledger: Ground) -> None:
    """The retry of a won attempt fails on its scan_ids, and reads back what it won."""
    capped = await ledger.campaign("capped", cap=5, budget=5)
    codes = await ledger.live(3)
    ann, bob = await ledger.members("ann", "bob")
    wishes = [
        ledger.wish(codes[0], ann, capped),
        ledger.wish(codes[1], bob, capped),
        ledger.wish(codes[2], 0),
    ]
    won = await ledger.commit(*wishes)
    both = "SELECT balances::text, limit_uses::text FROM balances, limit_uses"
    before = await ledger.rows(both)
    with pytest.raises(pg.UniqueViolation):
        await ledger.commit(*wishes)
    found = await load_committed(ledger.conn, wishes)
    read_back = [found[w.scan.scan_id] for w in wishes]
    assert outcomes(read_back) == outcomes(won)
    assert [r.points for r in read_back] == [w.points for w in won]
    assert await ledger.rows(both) == before
    assert await ledger.audit() == []


# Concurrency --------------------------------------------------------------------------


async def commit_split(
    ledger: Ground, conn: psycopg.AsyncConnection, decided: list[Decided]
) -> list[Committed]:
    """Commit as the pipeline does: anew when stale, halved when told to split."""
    try:
        return await ledger.commit(*decided, conn=conn)
    except psycopg.DatabaseError as fault:
        if fault.sqlstate == "CC001":
            return await commit_split(ledger, conn, decided)
        if fault.sqlstate != "CC002":
            raise
        half = len(decided) // 2
        first = await commit_split(ledger, conn, decided[:half])
        return first + await commit_split(ledger, conn, decided[half:])


async def repeat(times: int, work: Callable[[], Awaitable[None]]) -> None:
    """Do something many times, one after the other."""
    for _ in range(times):
        await work()


async def test_a_code_that_somebody_is_claiming_is_waited_for(ledger: Ground) -> None:
    """Whoever comes second is told, and keeps what is claimed beside it."""
    points = await ledger.campaign("points")
    codes = await ledger.live(3)
    ann, bob, cy, dee = await ledger.members("ann", "bob", "cy", "dee")
    other = await ledger.connect()
    async with other, other.transaction():
        [first] = await ledger.commit(ledger.wish(codes[1], ann, points), conn=other)
        wishes = [
            ledger.wish(code, member, points)
            for code, member in zip(codes, (bob, cy, dee), strict=True)
        ]
        second = asyncio.create_task(ledger.commit(*wishes))
        await until_somebody_waits(ledger)
    assert first.outcome is Outcome.REWARDED
    assert outcomes(await second) == ["rewarded", "already_claimed", "rewarded"]
    assert await ledger.audit() == []


async def test_overlapping_batches_never_deadlock_and_leave_a_clean_audit(
    ledger: Ground,
) -> None:
    """Six lanes, few codes and members; caps, budgets, keys, holds, voids at once."""
    dice = Random(7)  # noqa: S311 - a seeded test
    campaigns = [
        await ledger.campaign("capped", cap=20),
        await ledger.campaign("small", budget=150),
        await ledger.campaign("both", cap=30, budget=300),
    ]
    batch = await ledger.issue(150)
    await ledger.change(batch, RangeState.ACTIVATED)
    codes = [batch.first_code_id + n for n in range(150)]
    people = await ledger.members(*(f"m{n}" for n in range(12)))

    def wishes() -> list[Decided]:
        chosen = dice.sample(people, 8)
        decided = []
        for member in chosen:
            kind = dice.choice([Outcome.REWARDED, Outcome.REWARDED, Outcome.HELD])
            key = dice.randbytes(16) if dice.random() < 0.3 else b""
            code, campaign = dice.choice(codes), dice.choice(campaigns)
            decided.append(
                ledger.wish(code, member, campaign, outcome=kind, key=key, body=key)
            )
        return decided + [ledger.wish(dice.choice(codes), 0) for _ in range(4)]

    async def lane() -> None:
        conn = await ledger.connect()
        async with conn:
            for _ in range(25):
                await commit_split(ledger, conn, wishes())

    async def resolve() -> None:
        rows = await ledger.rows(
            "SELECT transfer_id, code_id, member_no, amount FROM holds"
            " WHERE resolution IS NULL LIMIT 5"
        )
        holds = [Hold(t, c, m, a, HoldReason.SIGNALS) for t, c, m, a in rows]
        async with ledger.engine.begin() as conn:
            await resolve_holds(
                conn,
                holds,
                next_id=lambda: ledger.ids.next_id(CLOCK.now_ms()),
                resolution=dice.choice(list(Resolution)),
                now=utc_datetime(CLOCK.now_ms()),
            )

    async def void() -> None:
        at = dice.randrange(150)
        here = Selection(from_index=at, to_index=at)
        await ledger.change(batch, RangeState.VOID, here)

    async with asyncio.timeout(120):
        await asyncio.gather(
            *(lane() for _ in range(6)), repeat(30, resolve), repeat(8, void)
        )
    # The worker of this test ignores voids, so that check alone does not apply here.
    findings = [f for f in await ledger.audit() if f.invariant != 11]
    assert [f for f in findings if "answer" not in f.sentence] == []


async def test_claims_given_back_lock_in_the_order_of_all_others(
    ledger: Ground,
) -> None:
    """Every member is over the cap, and the codes they lose are looked at meanwhile."""
    capped = await ledger.campaign("capped", cap=5)
    codes = await ledger.live(40)
    people = await ledger.members(*(f"m{n}" for n in range(8)))
    dice = Random(11)  # noqa: S311 - a seeded test

    def wishes() -> list[Decided]:
        lost, seen = dice.sample(codes, 8), dice.sample(codes, 20)
        members = dice.sample(people, 4)
        return [
            *(
                ledger.wish(c, m, capped)
                for c, m in zip(lost[:4], members, strict=True)
            ),
            *(ledger.wish(c, 0) for c in seen if c not in lost),
        ]

    async def lane() -> None:
        conn = await ledger.connect()
        async with conn:
            for _ in range(60):
                await commit_split(ledger, conn, wishes())

    async with asyncio.timeout(120):
        await asyncio.gather(*(lane() for _ in range(6)))
    paid = await ledger.rows("SELECT count(*), max(available) FROM balances")
    assert paid == [(8, 5)]
    assert await ledger.audit() == []
