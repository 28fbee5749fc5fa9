"""How to break what was taken of limits, and which sentence must name it."""

import pytest

from core.ids import random_token
from rewards.domain.holds import Resolution
from tests.fixtures.claims import Claims, Json, chance, gift, points, scan_id, working
from tests.fixtures.ground import Ground

OF_REGIONS = "what all regions took on a day equals the transfers of that day"
OF_MEMBERS = "what a member took of a limit for all time equals their transfers"
OF_CLAIMS = "each member's claims are counted, while a campaign asks for them"
_OF = "limit_no IN (SELECT limit_no FROM limits WHERE"
_USES = "limit_uses WHERE used > 0 AND"
BREAKS = {
    "a region that took nothing": (
        f"DELETE FROM {_USES} {_OF} per = 'region_day' AND counts = 'claims')",
        OF_REGIONS,
    ),
    "a member who took nothing": (
        f"DELETE FROM {_USES} {_OF} per = 'member' AND counts = 'points')",
        OF_MEMBERS,
    ),
    "a claim that was not counted": (
        f"UPDATE limit_uses SET used = 90, most = 90 WHERE {_OF} campaign_no IS NULL)",
        OF_CLAIMS,
    ),
}


async def play(claims: Claims, redis_url: str) -> None:
    """Scan in regions, let one be held and denied, and take another back."""
    caps: list[Json] = [
        {"per": per, "of": of, "most": 90}
        for per, of in (
            ("region_day", "claims"),
            ("region_day", "points"),
            ("member", "claims"),
            ("member", "points"),
        )
    ]
    luck = chance(("gold", 500_000, gift()), ("iron", 500_000, points(1)))
    await claims.campaign("all", points(), luck, caps=caps)
    first = {"fact": "is_first_claim", "op": "==", "value": True}
    await claims.campaign("first", points(9), when=first)
    codes = await claims.ground.live(12)
    people = [random_token(5) for _ in range(3)]
    async with working(claims, redis_url) as [worker]:
        for place, code in enumerate(codes[:-1]):
            region = ("CN-31", "CN-11", None)[place % 3]
            context = None if region is None else {"region": region}
            told = await worker.scan(code, people[place % 2], context=context)
        await claims.reverse(scan_id(told))
        await claims.ground.freeze()
        await worker.pipeline.states.refresh()
        held = await worker.scan(codes[-1], people[2], context={"region": "CN-44"})
    assert held["outcome"] == "held"
    await claims.resolve(scan_id(held), by=Resolution.VOIDED)


@pytest.mark.parametrize("name", BREAKS)
async def test_the_audit_names_what_is_broken_of_a_limit(
    ledger: Ground, redis_url: str, name: str
) -> None:
    claims = Claims(ledger)
    await play(claims, redis_url)
    assert await ledger.audit() == []
    statement, sentence = BREAKS[name]
    # As somebody would who goes behind the service's back.
    await ledger.conn.execute("SET session_replication_role = replica")
    await ledger.conn.execute(statement.encode())
    assert sentence in {each.sentence for each in await ledger.audit()}
