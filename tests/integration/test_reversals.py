"""What a scan earned is taken back, kind by kind, with the room that it took."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from core.clock import business_day, utc_datetime
from core.errors import Conflict, NotFound
from crowncap.counting import count_figures
from crowncap.tellers import TELLERS
from events.pipeline.events import read_events
from rewards.domain.figures import Figures
from rewards.domain.gifts import GiftState
from rewards.domain.holds import Resolution
from rewards.domain.limits import number_region
from rewards.domain.plans import PlannedReward, RewardKind
from rewards.domain.programme import Clawback
from rewards.domain.rebuilding import Rebuilt
from rewards.domain.reversals import Fate, Note, TakenBack
from rewards.pipeline.figures import load_figures
from rewards.store.campaigns import find_campaign
from scan_api.domain.scans import Outcome
from tests.fixtures.cards import Album
from tests.fixtures.claims import (
    Claims,
    Json,
    Worker,
    chance,
    coupon,
    gift,
    kinds,
    points,
    scan_id,
    working,
)
from tests.fixtures.coupons import SetClock, read_redeemed
from tests.fixtures.draws import Raffle
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.integration.test_figures import later

PACKET: Json = {"offer_id": "cash", "kind": "red_packet", "minor": 100, "stock": 3}


@pytest.fixture
def claims(ledger: Ground) -> Claims:
    """Give a fresh database with marketers."""
    return Claims(ledger)


@pytest.fixture
async def worker(claims: Claims, redis_url: str) -> AsyncIterator[Worker]:
    """Run a worker."""
    async with working(claims, redis_url) as [running]:
        yield running


async def festival(claims: Claims, worker: Worker, member: str) -> int:
    """Let a member claim a cap that earns of every kind that scans pay; gives it."""
    if not claims.versions:
        pool = await claims.counter.pool(stock=3, daily_stock=3, per_member=3)
        await claims.campaign(
            "all",
            points(5, stock=3),
            coupon(pool),
            gift(stock=3),
            PACKET,
            budget={"points": 100, "minor": 1_000},
            caps=[
                {"per": "member", "of": "claims", "most": 9},
                {"per": "day", "of": "points", "most": 90},
                {"per": "member_day", "of": "claims", "most": 9},
            ],
        )
        await worker.pipeline.states.refresh()
    [code] = await claims.ground.live(1)
    return scan_id(await worker.scan(code, member))


def fates(done: TakenBack) -> list[tuple[str, str, str | None]]:
    """Tell what became of each reward, by kind."""
    return sorted(
        (each.award.kind.value, each.fate.value, each.note and each.note.value)
        for each in done.backs
    )


async def shown(ledger: Ground) -> Figures:
    """Count what happened since, and load what the campaign came to."""
    await count_figures(ledger.engine, timezone=TIMEZONE, now=later)
    async with ledger.engine.connect() as conn:
        kept = await find_campaign(conn, "all")
        assert kept is not None
        return await load_figures(conn, kept)


async def test_all_that_nobody_used_is_gone_and_leaves_no_trace_in_limits(
    claims: Claims, worker: Worker
) -> None:
    """Limits and figures are as if the scan had not been paid; its cap stays used."""
    before = await claims.uses()
    first = await festival(claims, worker, "ann")
    reversal_id, done = await claims.reverse(first)
    assert fates(done) == [
        (kind, "taken_back", None)
        for kind in ("coupon", "gift", "points", "red_packet")
    ]
    assert {key: used for key, used in (await claims.uses()).items() if used} == before
    told = done.tell()
    assert (told["points"], told["coupons_voided"], told["gifts_voided"]) == (5, 1, 1)
    assert (told["red_packets_cancelled"], told["kept"]) == (1, [])
    found = await shown(claims.ground)
    assert (found.claims, found.awards, found.points, found.minor) == (1, 0, 0, 0)
    rows = await claims.ground.rows(
        "SELECT (SELECT state FROM coupons), (SELECT state FROM member_gifts),"
        " (SELECT state FROM payouts), (SELECT sum(available) FROM balances)"
    )
    assert rows == [("void", "void", "cancelled", 0)]
    assert await claims.ground.audit() == []
    assert reversal_id
    with pytest.raises(Conflict) as caught:
        await claims.reverse(first)
    assert caught.value.code == "already_reversed"


async def test_what_was_used_is_kept_and_told_why(
    claims: Claims, worker: Worker
) -> None:
    """A scan counts for its member as long as anything of it is left to them."""
    first = await festival(claims, worker, "ann")
    ground = claims.ground
    [[number]] = await ground.rows("SELECT coupon_no FROM coupons")
    claims.counter.clock.go_to(utc_datetime(CLOCK.now_ms() + 1))
    [used] = await claims.counter.redeem(*claims.counter.codes.seal([number]))
    read_redeemed(used)
    await ground.rows(
        "UPDATE member_gifts SET state = 'shipped', carrier = 'SF', tracking_no = '1'"
    )
    await ground.rows(
        "UPDATE payouts SET state = 'unknown', sent_at = now(), provider = 'wechat',"
        " account = '\\x00'"
    )
    _, done = await claims.reverse(first)
    assert fates(done) == [
        ("coupon", "kept", "redeemed"),
        ("gift", "kept", "shipped"),
        ("points", "taken_back", None),
        ("red_packet", "kept", "unknown"),
    ]
    assert sorted(done.tell()["kept"]) == ["coupon", "gift", "red_packet"]
    left = {key: used for key, used in (await claims.uses()).items() if used}
    names = sorted(name for name, _ in left)
    # The points, and their place, are free again; the member's caps of claims are not.
    assert "all member claims" in names
    assert "all member_day claims" in names
    assert not [name for name in names if "points" in name and name.startswith("all")]
    found = await shown(ground)
    assert (found.awards, found.points, found.minor) == (3, 0, 100)
    assert [each.invariant for each in await ground.audit()] == [8]  # nobody shipped it


async def test_points_that_are_spent_are_owed_or_left(
    claims: Claims, worker: Worker
) -> None:
    await claims.campaign("all", points(5), budget={"points": 20})
    await worker.pipeline.states.refresh()
    told = [await worker.scan(code, "ann") for code in await claims.ground.live(2)]
    scans = [scan_id(each) for each in told]
    await claims.spend("ann", 8)
    _, within = await claims.reverse(scans[0])
    assert fates(within) == [("points", "partly", "spent")]
    assert (within.points, within.debt) == (2, 0)
    assert await claims.uses() == {("all total points", 0): 8}
    _, owed = await claims.reverse(scans[1], Clawback.DEBT)
    assert fates(owed) == [("points", "taken_back", None)]
    assert (owed.points, owed.debt) == (0, 5)
    assert await claims.uses() == {("all total points", 0): 3}
    assert (await shown(claims.ground)).points == 3
    assert await claims.ground.audit() == []


async def test_what_waits_is_void_whoever_ends_the_hold_at_the_same_time(
    claims: Claims,
) -> None:
    """Either it is void, or it was posted first and is taken back."""
    await claims.campaign("all", points(5), gift(), budget={"points": 100})
    campaign = await claims.load("all")
    for n, code in enumerate(await claims.ground.live(8)):
        [ann] = await claims.ground.members(f"m-{n}")
        wish = claims.ground.wish(code, ann, campaign, outcome=Outcome.HELD)
        await claims.ground.commit(wish)
        held = wish.scan.scan_id
        resolution = (Resolution.POSTED, Resolution.VOIDED)[n % 2]
        back, ended = await asyncio.gather(
            claims.reverse(held),
            claims.resolve(held, by=resolution),
            return_exceptions=True,
        )
        if isinstance(back, NotFound):  # it was void already
            assert (ended, resolution) == (1, Resolution.VOIDED)
        else:
            assert not isinstance(back, BaseException), back
            fate = Fate.TAKEN_BACK if ended else Fate.VOIDED
            assert {each.fate for each in back[1].backs} == {fate}
    assert await claims.uses() == {("all total points", 0): 0}
    found = await shown(claims.ground)
    assert (found.awards, found.points) == (0, 0)
    assert await claims.ground.audit() == []


async def test_of_many_at_once_one_takes_back(claims: Claims, worker: Worker) -> None:
    """While the same member's other caps earn from the same limits."""
    first = await festival(claims, worker, "ann")
    codes = await claims.ground.live(2)
    backs = asyncio.gather(
        *(claims.reverse(first) for _ in range(6)), return_exceptions=True
    )
    scans = asyncio.gather(*(worker.scan(code, "ann") for code in codes))
    done = [each for each in await backs if not isinstance(each, Conflict)]
    assert len(done) == 1
    assert not isinstance(done[0], BaseException), done
    for each in await scans:
        assert kinds(each) == ["points", "coupon", "gift", "red_packet"]
    assert await claims.ground.audit() == []


async def test_the_last_of_a_stock_is_won_again(claims: Claims, worker: Worker) -> None:
    tiers = ("gold", 1_000_000, gift(stock=1)), ("next", 0, points(1))
    await claims.campaign("all", chance(*tiers))
    await worker.pipeline.states.refresh()
    a, b, c = await claims.ground.live(3)
    won = await worker.scan(a, "ann")
    assert kinds(won) == ["prize", "gift"]
    assert kinds(await worker.scan(b, "bob")) == ["prize", "points"]
    await claims.reverse(scan_id(won))
    await worker.pipeline.states.refresh()
    assert kinds(await worker.scan(c, "cid")) == ["prize", "gift"]
    assert await claims.ground.audit() == []


async def test_who_reads_events_is_told(claims: Claims, worker: Worker) -> None:
    first = await festival(claims, worker, "ann")
    await claims.reverse(first)
    async with claims.ground.engine.connect() as conn:
        told = await read_events(conn, TELLERS, after=None, limit=100)
    by_type = {each.type.value: each.data for each in told}
    assert by_type["scan.reversed"]["scan_id"] == str(first)
    assert [each["fate"] for each in by_type["scan.reversed"]["awards"]] == [
        "taken_back"
    ] * 4
    assert by_type["gift.changed"]["state"] == GiftState.VOID.value
    assert by_type["payout.changed"]["state"] == "cancelled"
    assert by_type["payout.changed"]["fault"] == "reversed"


async def test_a_day_gets_its_own_room_back(claims: Claims, worker: Worker) -> None:
    """Not the day on which support takes it back."""
    first = await festival(claims, worker, "ann")
    today = business_day(CLOCK.now_ms(), TIMEZONE)
    await claims.ground.rows("UPDATE limits SET since = since - 9")
    tomorrow = SetClock(CLOCK.now_ms() + 86_400_000)
    await claims.reverse(first, clock=tomorrow)
    rows = await claims.ground.rows(
        "SELECT DISTINCT period, used FROM limit_uses WHERE period > date 'epoch'"
    )
    assert rows == [(today, 0)]


@pytest.mark.parametrize(
    "context", [{"region": "CN-31"}, {"store_id": "s-31"}, None], ids=str
)
async def test_a_region_gets_its_own_room_back(
    claims: Claims, worker: Worker, context: Json | None
) -> None:
    """As told, or where the store was that there was; who is nowhere is one more."""
    caps = [
        {"per": "region_day", "of": of, "most": most}
        for of, most in (("claims", 1), ("points", 5), ("minor", 100))
    ]
    await claims.campaign("all", points(5), PACKET, caps=caps)
    await worker.pipeline.states.refresh()
    await claims.ground.rows(
        "INSERT INTO stores (store_id, name, kind, region, created_at) VALUES"
        " ('s-31', 'Bund', 'shop', 'cn-sh', date '2020-01-01'),"
        " ('later', 'Pudong', 'shop', 'CN-31', date '2090-01-01')"
    )
    a, b, c, d = await claims.ground.live(4)
    there = await worker.scan(a, "ann", context=context)
    elsewhere = await worker.scan(b, "bob", context={"region": "CN-11"})
    assert kinds(there) == kinds(elsewhere) == ["points", "red_packet"]
    before = await claims.uses()
    assert (await worker.scan(c, "cid", context=context))["outcome"] == "limit_reached"
    await claims.reverse(scan_id(there))
    after = await claims.uses()
    [kept] = {holder for (_, holder), used in after.items() if used and holder < 0}
    assert kept == number_region("CN-11")
    assert await claims.ground.rebuild() == Rebuilt()
    assert await claims.ground.audit() == []
    again = await worker.scan(d, "cid", context=context)
    assert kinds(again) == ["points", "red_packet"]
    assert await claims.uses() == before


# Tickets and cards -------------------------------------------------------------------


async def earn(
    claims: Claims, kind: RewardKind, unit: int, ref: int, *, amount: int = 1
) -> int:
    """Let a scan of Ann's earn a planned reward; gives the scan."""
    ground = claims.ground
    campaign = await claims.load("all")
    [[offer_no]] = await ground.rows(
        "INSERT INTO offers (campaign_no, offer_id, kind)"
        f" VALUES ({campaign.campaign_no}, '{kind}-{unit}-{ref}', '{kind}')"
        " ON CONFLICT ON CONSTRAINT one_offer_of_a_name"
        " DO UPDATE SET kind = excluded.kind RETURNING offer_no"
    )
    [code] = await ground.live(1)
    [number] = await ground.members("ann")
    wish = ground.wish(code, number, campaign)
    reward = PlannedReward(
        *(campaign.campaign_no, offer_no, kind, unit, amount), ref=ref
    )
    plan = msgspec.structs.replace(wish.plan, rewards=(reward,))
    wish = ground.numbered(msgspec.structs.replace(wish, plan=plan))
    await ground.commit(wish)
    return wish.scan.scan_id


async def test_tickets_are_taken_back_until_their_draw_begins(claims: Claims) -> None:
    ground = claims.ground
    raffle = Raffle(ground, SetClock(CLOCK.now_ms()))
    await claims.campaign("all", points(5))
    draw = await raffle.make()
    first = await earn(claims, RewardKind.TICKET, 4, draw.draw_no, amount=3)
    second = await earn(claims, RewardKind.TICKET, 4, draw.draw_no, amount=2)
    _, done = await claims.reverse(first)
    assert fates(done) == [("ticket", "taken_back", None)]
    assert done.tell()["tickets_voided"] == 3
    assert await ground.rows("SELECT tickets FROM draw_counters") == [(2,)]
    assert await ground.audit() == []
    await ground.rows("UPDATE draw_counters SET frozen_at = now()")
    _, late = await claims.reverse(second)
    assert fates(late) == [("ticket", "kept", Note.DRAWN.value)]
    assert await ground.rows("SELECT state FROM draw_tickets ORDER BY first_no") == [
        ("void",),
        ("valid",),
    ]


async def test_a_card_is_taken_back_and_its_set_is_told_of(claims: Claims) -> None:
    """A set that was not paid is open again; one that was paid stays so."""
    ground = claims.ground
    await claims.campaign("all", points(5))
    album = Album(ground, SetClock(CLOCK.now_ms()))
    cards = await album.set(cards=("a", "b"))
    a, b = (each.unit for each in cards.cards)
    first = await earn(claims, RewardKind.CARD, a, a)
    twice = await earn(claims, RewardKind.CARD, a, a)
    await earn(claims, RewardKind.CARD, b, b)
    _, spare = await claims.reverse(first)
    assert fates(spare) == [("card", "taken_back", None)]
    _, last = await claims.reverse(twice)
    assert fates(last) == [("card", "taken_back", "set_reopened")]
    assert await album.pay() == 0
    again = await earn(claims, RewardKind.CARD, a, a)
    assert await album.pay() == 1
    _, paid = await claims.reverse(again)
    assert fates(paid) == [("card", "taken_back", "set_paid")]
    [ann] = await ground.members("ann")
    assert await album.points(ann) == 100
    assert await ground.audit() == []
