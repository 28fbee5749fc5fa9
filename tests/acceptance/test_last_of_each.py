"""Two hundred at once on the last of anything, over HTTP, with two workers."""

import asyncio
from collections import Counter

import pytest

from tests.fixtures.festival import POINTS, Festival, kinds
from tests.fixtures.load import Sent, scan
from tests.fixtures.service import Json

AT_ONCE = 200
# What a slow Redis leaves to be looked at is paid as well.
PAID = {"rewarded", "held"}
RED: Json = {"offer_id": "red", "kind": "red_packet", "minor": 100}
MUG: Json = {"kind": "gift", "name": "Mug"}
CHANCE: Json = {
    "offer_id": "luck",
    "kind": "chance",
    "table": [
        {
            "tier_id": "gold",
            "name": "Gold",
            "per_million": 1_000_000,
            "stock": 1,
            "gives": MUG,
        }
    ],
}


async def scan_at_once(festival: Festival, codes: list[str]) -> list[Sent]:
    """Let as many members as there are codes scan one each, all at once."""
    service = festival.service
    people = [f"{festival.brand}-{n}" for n in range(len(codes))]
    tokens = service.member_tokens(people)
    async with service.async_client() as one, service.async_client() as other:
        clients = (one, other)
        return await asyncio.gather(
            *(
                scan(clients[n % 2], code, people[n], tokens[n])
                for n, code in enumerate(codes)
            )
        )


def paid_once(answers: list[Sent], otherwise: str) -> list[str]:
    """Name the kinds that one of all scans earned; the others came to this."""
    [winner] = [each for each in answers if each.outcome in PAID]
    others = [each.outcome for each in answers if each is not winner]
    assert others == [otherwise] * (len(answers) - 1)
    return kinds(winner.body)


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        ("coupon", {"offers": [{"offer_id": "c", "kind": "coupon"}]}),
        ("prize", {"offers": [CHANCE]}),
        ("points", {"offers": [POINTS], "budget": {"points": 9}}),
        ("red_packet", {"offers": [RED], "budget": {"minor": 199}}),
    ],
)
async def test_the_last_of_each_kind_goes_to_one(
    festival: Festival, kind: str, terms: Json
) -> None:
    """The others are told at once that there is none, and keep nothing waiting."""
    if kind == "coupon":
        [offer] = terms["offers"]
        terms = {"offers": [offer | {"pool_id": festival.pool(stock=1)}]}
    festival.campaign(**terms)
    codes = await asyncio.to_thread(festival.caps, AT_ONCE)
    answers = await scan_at_once(festival, codes)
    assert paid_once(answers, "no_reward")[0] == kind


async def test_a_code_scanned_by_two_hundred_at_once_earns_once_of_each(
    festival: Festival,
) -> None:
    """Copies of one code in one batch and in two: one claims, one of all is paid."""
    pool = festival.pool(stock=AT_ONCE)
    coupon = {"offer_id": "c", "kind": "coupon", "pool_id": pool}
    festival.campaign(offers=[POINTS, coupon, CHANCE])
    codes = await asyncio.to_thread(festival.caps, 1)
    answers = await scan_at_once(festival, codes * AT_ONCE)
    told = paid_once(answers, "already_claimed")
    assert told == ["points", "coupon", "prize", "gift"]


async def test_members_first_claims_are_one_each_on_two_workers(
    festival: Festival,
) -> None:
    """Each member scans many caps at once; a welcome is given once to each."""
    first = {"fact": "is_first_claim", "op": "==", "value": True}
    welcome = {"offer_id": "w", "kind": "points", "amount": 50}
    festival.campaign(offers=[POINTS])
    festival.campaign(offers=[welcome], when=first)
    service = festival.service
    codes = await asyncio.to_thread(festival.caps, 120)
    people = [f"{festival.brand}-first-{n % 20}" for n in range(len(codes))]
    tokens = service.member_tokens(people)
    async with service.async_client() as client:
        answers = await asyncio.gather(
            *(scan(client, *each) for each in zip(codes, people, tokens, strict=True))
        )
    assert {each.outcome for each in answers} <= PAID
    welcomed = Counter(
        each.member
        for each in answers
        if 50 in [reward["amount"] for reward in each.body["rewards"]]
    )
    assert welcomed == dict.fromkeys(people, 1)
