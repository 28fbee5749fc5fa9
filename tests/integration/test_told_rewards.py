"""Events tell of rewards what the answer to their scan told, kind by kind."""

from rewards.domain.holds import Resolution
from rewards.store.hold_events import tell_holds
from scan_api.store.scan_events import tell_scans
from tests.fixtures.claims import (
    Claims,
    Json,
    chance,
    coupon,
    gift,
    kinds,
    points,
    scan_id,
    working,
)
from tests.fixtures.ground import Ground

RED_PACKET: Json = {"offer_id": "red", "kind": "red_packet", "minor": 120}
ALL = ["points", "coupon", "red_packet", "prize", "gift"]


async def test_events_tell_what_answers_told(ledger: Ground, redis_url: str) -> None:
    """Of each kind all its fields, with the state that it had at that time."""
    claims = Claims(ledger)
    pool = await claims.counter.pool("pool", valid_days=7)
    luck = chance(("gold", 1_000_000, gift()))
    await claims.campaign("all", points(), coupon(pool), RED_PACKET, luck)
    paid, held, denied = await ledger.live(3)
    async with working(claims, redis_url) as [worker]:
        answers = [await worker.scan(paid, "ann")]
        await ledger.freeze()
        await worker.pipeline.states.refresh()
        answers += [await worker.scan(each, "ann") for each in (held, denied)]
        assert [kinds(answer) for answer in answers] == [ALL] * 3
    numbers = [scan_id(answer) for answer in answers]
    await claims.resolve(numbers[1], by=Resolution.POSTED)
    await claims.resolve(numbers[2], by=Resolution.VOIDED)
    async with ledger.engine.connect() as conn:
        told = await tell_scans(conn, numbers)
        ended = await tell_holds(conn, numbers[1:])
    for number, answer in zip(numbers, answers, strict=True):
        assert in_order(told[number].data["rewards"]) == in_order(answer["rewards"])
    for number, answer, status in zip(
        numbers[1:], answers[1:], ("posted", "voided"), strict=True
    ):
        then = [each | {"status": status} for each in answer["rewards"]]
        assert in_order(ended[number].data["rewards"]) == in_order(then)


def in_order(rewards: list[Json]) -> list[Json]:
    """Put rewards in the order of their kinds."""
    return sorted(rewards, key=lambda each: str(each["kind"]))
