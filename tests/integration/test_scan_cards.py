"""Cards for scans: which completes a set, told once and paid once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from core.errors import InvalidInput
from rewards.domain.holds import Resolution
from rewards.store.hold_events import tell_holds
from tests.fixtures.cards import Album
from tests.fixtures.claims import (
    WRITER,
    Claims,
    Worker,
    card,
    chance,
    scan_id,
    working,
)
from tests.fixtures.coupons import SetClock
from tests.fixtures.ground import CLOCK, Ground


@pytest.fixture
def claims(ledger: Ground) -> Claims:
    """Give a fresh database with marketers."""
    return Claims(ledger)


@pytest.fixture
def album(claims: Claims) -> Album:
    """Give what makes card sets there."""
    return Album(claims.ground, SetClock(CLOCK.now_ms()))


@pytest.fixture
async def workers(claims: Claims, redis_url: str) -> AsyncIterator[list[Worker]]:
    """Run two workers, who hear of what is new only when they are turned away."""
    async with working(claims, redis_url, 2) as running:
        yield list(running)


async def test_a_card_that_completes_a_set_is_told_and_the_set_is_paid_once(
    claims: Claims, album: Album, workers: list[Worker]
) -> None:
    """Which card it is depends on the code; two scans at once complete a set once."""
    await album.set("zodiac", ("a", "b"))
    await claims.campaign("c", card("zodiac"))
    codes = await claims.ground.live(24)
    answers = [await workers[0].scan(code, f"m{n}") for n, code in enumerate(codes)]
    given = {
        code: each["rewards"][0] for code, each in zip(codes, answers, strict=True)
    }
    assert {each["card_id"] for each in given.values()} == {"a", "b"}
    [told] = answers[0]["rewards"]
    assert told == {
        "kind": "card",
        "amount": 1,
        "status": "posted",
        "campaign_id": "c",
        "set_id": "zodiac",
        "card_id": told["card_id"],
        "name": told["card_id"].upper(),
        "completes": False,
    }
    assert f"the card {told['name']} of zodiac" in answers[0]["message"]
    assert await album.pay() == 0
    more = await claims.ground.live(24)
    both = await asyncio.gather(
        *(workers[n % 2].scan(code, "ann") for n, code in enumerate(more))
    )
    last = [each for each in both if each["rewards"][0]["completes"]]
    assert len(last) == 1
    assert "the last that you missed of zodiac" in last[0]["message"]
    shown = await claims.later("ann")
    assert [each["completes"] for each in shown].count(True) == 1
    assert await album.pay() == 1
    [ann] = await claims.ground.members("ann")
    assert await album.points(ann) == 100
    assert await claims.ground.audit() == []


async def test_a_card_of_a_held_scan_completes_its_set_once_it_is_released(
    claims: Claims, album: Album, workers: list[Worker]
) -> None:
    await album.set("one", ("only",))
    await claims.campaign("c", card("one"))
    a, b = await claims.ground.live(2)
    await claims.ground.freeze()
    posted, denied = [await workers[0].scan(each, f"m{each}") for each in (a, b)]
    assert posted["rewards"][0]["status"] == "pending"
    assert posted["rewards"][0]["completes"] is False
    assert await album.pay() == 0
    await claims.resolve(scan_id(posted), by=Resolution.POSTED)
    await claims.resolve(scan_id(denied), by=Resolution.VOIDED)
    assert await album.pay() == 1
    [shown] = await claims.later(f"m{a}")
    assert (shown["status"], shown["completes"]) == ("posted", True)
    async with claims.ground.engine.connect() as conn:
        told = (await tell_holds(conn, [scan_id(posted)]))[scan_id(posted)]
    assert told.data["rewards"][0]["completes"] is True
    assert await claims.ground.audit() == []


async def test_cards_of_no_set_are_refused_with_their_place(
    claims: Claims, album: Album
) -> None:
    await album.set("zodiac")
    rival = replace(WRITER, brand="Rival")
    for set_id, by in (("nowhere", WRITER), ("zodiac", rival)):
        with pytest.raises(InvalidInput) as caught:
            await claims.campaign("c", chance(("t", 9, card(set_id))), by=by)
        [error] = caught.value.errors
        pointer = "/offers/0/table/0/gives/set_id"
        assert (error.pointer, error.code) == (pointer, "unknown_set")
