"""Campaigns ask of members and places, and each claim is counted once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from core.clock import utc_datetime
from core.errors import InvalidInput
from core.ids import random_token
from crowncap.goods import GoodsFinder
from rewards.domain.campaigns import Move
from rewards.domain.claim_facts import (
    CLAIM_FACT_KINDS,
    FACTS_TO_COME,
    GIFT_FACT_KINDS,
    read_when,
)
from rewards.domain.holds import Resolution
from rewards.pipeline import campaigns as marketing
from rewards.pipeline.previews import PreviewWish, preview_scan
from tests.fixtures.claims import (
    WRITER,
    Claims,
    Json,
    points,
    scan_id,
    working,
)
from tests.fixtures.ground import CLOCK, GTIN, TIMEZONE, Ground

FIRST: Json = {"fact": "is_first_claim", "op": "==", "value": True}
THIRD: Json = {"fact": "claim_no", "op": "==", "value": 3}
IN_SHANGHAI: Json = {"fact": "scan_region", "op": "==", "value": "CN-31"}
WELCOME, USUAL = 7, 5


def amounts(answer: Json) -> list[int]:
    """Name the points of each reward."""
    return [each["amount"] for each in answer["rewards"]]


@pytest.fixture
async def claims(ledger: Ground) -> AsyncIterator[Claims]:
    """Give a database without campaigns; ends with a clean audit."""
    yield Claims(ledger)
    assert await ledger.audit() == []


async def welcome(claims: Claims) -> None:
    """Let each member's first claim earn more than the others."""
    await claims.campaign("usual", points(USUAL))
    await claims.campaign("welcome", points(WELCOME), when=FIRST, order=1)


async def counters(ground: Ground) -> list[tuple[int, bool]]:
    """Read the limits that count claims."""
    return await ground.rows(
        "SELECT limit_no, in_force FROM limits WHERE num_nonnulls(campaign_no, pool_no,"
        " gift_no, draw_no) = 0 ORDER BY limit_no"
    )


async def test_of_claims_at_once_one_is_the_first(
    claims: Claims, redis_url: str
) -> None:
    """Of two workers, which plan them on the same count: the later is planned anew."""
    await welcome(claims)
    codes = await claims.ground.live(80)
    people = [random_token(6) for _ in range(20)]
    async with working(claims, redis_url, 2) as workers:
        scans = [
            workers[place % 2].scan(code, people[place // 4])
            for place, code in enumerate(codes)
        ]
        answers = await asyncio.gather(*scans)
    earned = Counter(tuple(amounts(answer)) for answer in answers)
    assert earned == {(WELCOME, USUAL): 20, (USUAL,): 60}


async def test_codes_as_young_as_a_campaign_are_asked_what_it_asks(
    claims: Claims, redis_url: str
) -> None:
    """A worker that has heard of neither learns of both, and counts before it plans."""
    async with working(claims, redis_url) as [worker]:
        await welcome(claims)
        [code] = await claims.ground.live(1)
        assert amounts(await worker.scan(code, "ann")) == [WELCOME, USUAL]


async def test_what_was_claimed_before_anybody_asked_counts(
    claims: Claims, redis_url: str
) -> None:
    """Whoever has claimed is no newcomer; the count goes on from what was."""
    ground = claims.ground
    await claims.campaign("usual", points(USUAL))
    codes = await ground.live(5)
    async with working(claims, redis_url) as [worker]:
        await worker.scan(codes[0], "old")
        await worker.scan(codes[1], "old")
        assert await counters(ground) == []
        await claims.campaign("third", points(WELCOME), when=THIRD)
        assert amounts(await worker.scan(codes[2], "old")) == [USUAL, WELCOME]
        assert amounts(await worker.scan(codes[3], "old")) == [USUAL]
        assert amounts(await worker.scan(codes[4], "new")) == [USUAL]
    used = "SELECT used FROM limit_uses AS u JOIN limits AS l USING (limit_no)"
    assert sorted(await ground.rows(f"{used} WHERE l.campaign_no IS NULL")) == [
        (1,),
        (4,),
    ]


async def test_what_is_void_was_no_claim(claims: Claims, redis_url: str) -> None:
    """A held scan takes its place, and gives it back when it is denied."""
    await welcome(claims)
    codes = await claims.ground.live(3)
    async with working(claims, redis_url) as [worker]:
        await claims.ground.freeze()
        await worker.pipeline.states.refresh()
        held = await worker.scan(codes[0], "ann")
        assert (held["outcome"], amounts(held)) == ("held", [WELCOME, USUAL])
        assert amounts(await worker.scan(codes[1], "ann")) == [USUAL]
        await claims.resolve(scan_id(held), by=Resolution.VOIDED)
        # One of two is left; the next is the second.
        assert amounts(await worker.scan(codes[2], "ann")) == [USUAL]


async def test_claims_are_counted_while_a_campaign_asks(
    claims: Claims, redis_url: str
) -> None:
    """Nothing is counted once it is stopped, and anew, with what was, once one asks."""
    ground = claims.ground
    await welcome(claims)
    [(first, in_force)] = await counters(ground)
    assert in_force
    codes = await ground.live(4)
    async with working(claims, redis_url) as [worker]:
        assert amounts(await worker.scan(codes[0], "ann")) == [WELCOME, USUAL]
        await move(ground, "welcome", Move.PAUSE)
        assert await counters(ground) == [(first, True)]
        await move(ground, "welcome", Move.STOP)
        assert await counters(ground) == [(first, False)]
        await worker.scan(codes[1], "ann")
        uses = f"SELECT used FROM limit_uses WHERE limit_no = {first}"
        assert await ground.rows(uses) == [(1,)]
        await claims.campaign("third", points(WELCOME), when=THIRD)
        assert amounts(await worker.scan(codes[2], "ann")) == [USUAL, WELCOME]
        assert amounts(await worker.scan(codes[3], "bea")) == [USUAL]


async def move(ground: Ground, campaign_id: str, what: Move) -> None:
    """Pause or stop a campaign."""
    now = utc_datetime(CLOCK.now_ms())
    async with ground.engine.begin() as conn:
        await marketing.move_campaign(
            conn, campaign_id, what, WRITER, reason="because", now=now
        )


async def test_a_cap_of_a_region_is_of_that_region_alone(
    claims: Claims, redis_url: str
) -> None:
    """Told by the app, else by where the store is; all that is unknown is one more."""
    ground = claims.ground
    cap = {"per": "region_day", "of": "claims", "most": 1}
    await claims.campaign("local", points(USUAL), caps=[cap])
    await claims.campaign("here", points(WELCOME), when=IN_SHANGHAI, order=101)
    await ground.rows(
        "INSERT INTO stores (store_id, name, kind, region, created_at)"
        " VALUES ('s-31', 'Bund', 'shop', 'cn-sh', now())"
    )
    codes = await ground.live(8)
    contexts: list[Json | None] = [
        {"region": "CN-31"},
        {"store_id": "s-31"},
        {"store_id": "s-31", "region": "CN-11"},
        {"region": "CN-11"},
        None,
        {"store_id": "nowhere"},
    ]
    async with working(claims, redis_url) as [worker]:
        told = [
            amounts(await worker.scan(code, f"m{place}", context=context))
            for place, (code, context) in enumerate(zip(codes, contexts, strict=False))
        ]
    assert told == [[USUAL, WELCOME], [WELCOME], [USUAL], [], [USUAL], []]


async def test_a_preview_counts_a_members_claims_and_knows_a_region(
    claims: Claims, redis_url: str
) -> None:
    """Of who is counted and who is not, and by any code of the region."""
    await claims.campaign("usual", points(USUAL), when=IN_SHANGHAI)
    codes = await claims.ground.live(2)
    region = {"region": "CN-31"}
    async with working(claims, redis_url) as [worker]:
        await worker.scan(codes[0], "old", context=region)
        await claims.campaign("welcome", points(WELCOME), when=FIRST)
        await worker.scan(codes[1], "ann", context=region)
    assert await previewed(claims, "old", "CN-31") == [USUAL]
    assert await previewed(claims, "ann", "cn-sh") == [USUAL]
    assert await previewed(claims, "new", "31") == [WELCOME]
    assert await previewed(claims, "new", "CN-SH") == [USUAL, WELCOME]


async def previewed(claims: Claims, member_id: str, region: str) -> list[int]:
    """Name the points that a member's next scan in a region would earn."""
    ground = claims.ground
    async with ground.engine.begin() as conn:
        preview = await preview_scan(
            conn,
            "welcome",
            PreviewWish(gtin=GTIN, member_id=member_id, region=region),
            WRITER,
            find_goods=GoodsFinder(ground.issuance.key_file).find,
            timezone=TIMEZONE,
            now=utc_datetime(CLOCK.now_ms()),
        )
    return [each.amount for each in preview.awards]


@pytest.mark.parametrize("fact", sorted(FACTS_TO_COME))
def test_what_is_not_known_of_members_yet_is_said_so(fact: str) -> None:
    """However deep a condition asks for it, by campaigns and gifts."""
    asked: Json = {"all": [{"not": {"fact": fact, "op": "==", "value": "gold"}}]}
    for kinds in (CLAIM_FACT_KINDS, GIFT_FACT_KINDS):
        with pytest.raises(InvalidInput) as refused:
            read_when(asked, kinds)
        [error] = refused.value.errors
        assert (error.pointer, error.code) == ("/when/all/0/not/fact", "not_supported")
        assert fact in str(error.detail)
