"""Tickets for scans, while draws close and members scan at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core.clock import utc_datetime
from core.errors import InvalidInput
from rewards.domain.draws.terms import Entry
from rewards.domain.holds import Resolution
from rewards.store.hold_events import tell_holds
from tests.fixtures.claims import (
    WRITER,
    Claims,
    Worker,
    chance,
    kinds,
    points,
    scan_id,
    ticket,
    working,
)
from tests.fixtures.coupons import SetClock
from tests.fixtures.draws import Raffle
from tests.fixtures.ground import CLOCK, Ground

NOW = utc_datetime(CLOCK.now_ms())


@pytest.fixture
def claims(ledger: Ground) -> Claims:
    """Give a fresh database with marketers."""
    return Claims(ledger)


@pytest.fixture
def raffle(claims: Claims) -> Raffle:
    """Give what makes draws there."""
    return Raffle(claims.ground, SetClock(CLOCK.now_ms()))


@pytest.fixture
async def workers(claims: Claims, redis_url: str) -> AsyncIterator[list[Worker]]:
    """Run two workers, who hear of what is new only when they are turned away."""
    async with working(claims, redis_url, 2) as running:
        yield list(running)


async def states(ground: Ground) -> Counter[str]:
    """Count tickets by their states."""
    rows = await ground.rows("SELECT state, amount FROM draw_tickets")
    return Counter({state: sum(n for s, n in rows if s == state) for state, _ in rows})


async def test_a_scan_earns_tickets_of_a_draw(
    claims: Claims, raffle: Raffle, workers: list[Worker]
) -> None:
    """The draw counts them, they are the member's, and a look later says the same."""
    draw = await raffle.make(entry=Entry.AWARDED)
    await claims.campaign("c", ticket("spring", 3), points(2))
    a, b = await claims.ground.live(2)
    answer = await workers[0].scan(a, "ann")
    [told, _] = answer["rewards"]
    assert told == {
        "kind": "ticket",
        "amount": 3,
        "status": "posted",
        "campaign_id": "c",
        "draw_id": "spring",
        "name": "spring",
        "draws_at": told["draws_at"],
    }
    assert "tickets of the draw spring: 3" in answer["message"]
    assert kinds(await workers[1].scan(b, "bob")) == ["ticket", "points"]
    assert (await raffle.shown(draw)).tickets == 6
    again = await workers[1].scan(a, "ann")
    assert again["rewards"] == answer["rewards"]
    [shown, _] = await claims.later("ann")
    assert (shown["draw_id"], shown["amount"]) == ("spring", 3)
    assert await claims.ground.audit() == []


async def test_the_last_ticket_of_a_limit_is_given_once(
    claims: Claims, raffle: Raffle, workers: list[Worker]
) -> None:
    """A member's limit counts tickets; two workers at once keep to it."""
    await raffle.make(most_tickets=5)
    await claims.campaign("c", ticket("spring", 2))
    codes = await claims.ground.live(8)
    answers = await asyncio.gather(
        *(workers[n % 2].scan(code, "ann") for n, code in enumerate(codes))
    )
    # On a machine that is busy signals come too late, and what is paid waits.
    paid = [each["outcome"] in {"rewarded", "held"} for each in answers]
    assert Counter(paid) == {True: 2, False: 6}
    left = {each["outcome"] for each in answers} - {"rewarded", "held"}
    assert left == {"limit_reached"}
    assert sum((await states(claims.ground)).values()) == 4
    assert await claims.ground.audit() == []


async def test_workers_whose_clocks_are_late_give_no_ticket_of_a_closed_draw(
    claims: Claims, raffle: Raffle, workers: list[Worker]
) -> None:
    """What else a scan earns is paid; a chance falls to its next tier."""
    draw = await raffle.make()
    await claims.campaign("a", points(3), ticket("spring"), order=1)
    tiers = ("gold", 1_000_000, ticket("spring")), ("next", 0, points(4))
    await claims.campaign("b", chance(*tiers), order=2)
    a, b = await claims.ground.live(2)
    for worker in workers:
        await worker.pipeline.states.refresh()
    assert kinds(await workers[0].scan(a, "ann")) == [
        *("points", "ticket", "prize", "ticket"),
    ]
    await raffle.fall_due(draw)
    answer = await workers[1].scan(b, "bob")
    assert kinds(answer) == ["points", "prize", "points"]
    assert await claims.ground.audit() == []


async def test_a_cap_for_a_closed_draw_alone_earns_nothing(
    claims: Claims, raffle: Raffle, workers: list[Worker]
) -> None:
    draw = await raffle.make()
    await claims.campaign("c", ticket("spring"))
    a, b = await claims.ground.live(2)
    await workers[0].pipeline.states.refresh()
    await raffle.fall_due(draw)
    assert (await workers[0].scan(a, "ann"))["outcome"] == "no_reward"
    # One that hears of the draw only now plans nothing.
    await workers[1].pipeline.states.refresh()
    assert (await workers[1].scan(b, "bob"))["outcome"] == "no_reward"
    assert await claims.ground.audit() == []


async def test_a_cap_keeps_its_worth_until_its_draw_opens(
    claims: Claims, raffle: Raffle, workers: list[Worker]
) -> None:
    """Its member is told when to come back, whichever clock is early."""
    opens = NOW + timedelta(days=2)
    shut = {"closes_at": NOW + timedelta(days=3), "draws_at": NOW + timedelta(days=4)}
    await raffle.make("later", opens_at=opens, **shut)
    await claims.campaign("c", ticket("later"))
    [code] = await claims.ground.live(1)
    early = await workers[0].scan(code, "ann")
    assert (early["outcome"], early["offer"]) == ("limit_reached", "not_begun")
    assert early["next"]["at"].startswith(opens.isoformat()[:16])
    ahead = CLOCK.now_ms() + 60 * 60 * 50 * 1000
    ahead_of_it = await workers[0].scan(code, "ann", at_ms=ahead)
    assert ahead_of_it["outcome"] == "limit_reached"
    await raffle.ground.rows("UPDATE draws SET opens_at = now() - interval '1 hour'")
    await workers[0].pipeline.states.refresh()
    await claims.campaign("c", ticket("later"))
    assert kinds(await workers[0].scan(code, "ann")) == ["ticket"]
    assert await claims.ground.audit() == []


async def test_a_draw_frozen_in_the_middle_of_a_commit_is_planned_anew(
    claims: Claims, raffle: Raffle, workers: list[Worker]
) -> None:
    """Who froze it is waited for; then there is no ticket, and nothing is lost."""
    draw = await raffle.make()
    await claims.campaign("c", ticket("spring"), points(1))
    [code] = await claims.ground.live(1)
    await workers[0].pipeline.states.refresh()
    async with claims.ground.engine.begin() as conn:
        await conn.execute(
            text("UPDATE draw_counters SET frozen_at = now() WHERE draw_no = :no"),
            {"no": draw.draw_no},
        )
        scanning = asyncio.create_task(workers[0].scan(code, "ann"))
        await _until_somebody_waits(claims.ground)
    answer = await scanning
    assert kinds(answer) == ["points"]
    assert (await raffle.shown(draw)).tickets == 0
    assert await states(claims.ground) == {}


async def _until_somebody_waits(ground: Ground) -> None:
    """Wait until a commit waits for a lock that another transaction has."""
    while True:
        waiting = await ground.rows(
            "SELECT 1 FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)"
            " WHERE NOT l.granted AND a.query LIKE '%commit_scans_3%'"
            " AND a.datname = current_database()"
        )
        if waiting:
            return
        await asyncio.sleep(0.01)


async def test_tickets_of_a_held_scan_take_part_once_it_is_released(
    claims: Claims, raffle: Raffle, workers: list[Worker]
) -> None:
    """After the close too, until it is drawn; those of a denied scan never do."""
    draw = await raffle.make(most_tickets=4)
    await claims.campaign("c", ticket("spring", 2), points(5))
    codes = await claims.ground.live(3)
    await claims.ground.freeze()
    held = [await workers[0].scan(code, "ann") for code in codes[:2]]
    assert [each["outcome"] for each in held] == ["held", "held"]
    assert held[0]["rewards"][0]["status"] == "pending"
    assert (await workers[0].scan(codes[2], "ann"))["rewards"][0]["kind"] == "points"
    assert (await raffle.shown(draw)).tickets == 0
    await claims.ground.rows(
        "UPDATE draws SET opens_at = now() - interval '1 hour', closes_at = now()"
    )
    await claims.resolve(scan_id(held[0]), by=Resolution.POSTED)
    await claims.resolve(scan_id(held[1]), by=Resolution.VOIDED)
    assert (await raffle.shown(draw)).tickets == 2
    assert await states(claims.ground) == {"valid": 2, "void": 2}
    assert await claims.ground.audit() == []


async def test_tickets_released_after_the_draw_are_void_and_the_rest_is_paid(
    claims: Claims, raffle: Raffle, workers: list[Worker]
) -> None:
    """The ledger, the member, and who reads events are told the same.

    What tickets alone took of limits is given back; what was paid stays counted.
    """
    draw = await raffle.make(most_tickets=9)
    caps = [
        {"per": per, "of": "claims", "most": 9}
        for per in ("day", "member", "member_day")
    ]
    await claims.campaign(
        *("c", ticket("spring", 2, stock=5, daily_stock=4), points(5)),
        caps=caps,
        budget={"points": 50},
    )
    await claims.campaign("d", ticket("spring", stock=1), order=200, caps=caps)
    [code] = await claims.ground.live(1)
    await claims.ground.freeze()
    held = await workers[0].scan(code, "ann")
    assert kinds(held) == ["ticket", "points", "ticket"]
    await raffle.draw(draw)
    assert await claims.resolve(scan_id(held), by=Resolution.POSTED) == 1
    assert await states(claims.ground) == {"late": 3}
    left = {name: used for (name, _), used in (await claims.uses()).items() if used}
    assert left == {
        "c day claims": 1,
        "c member claims": 1,
        "c member_day claims": 1,
        "c total points": 5,
    }
    [only] = await claims.later("ann")
    assert (only["kind"], only["status"]) == ("points", "posted")
    async with claims.ground.engine.connect() as conn:
        told = (await tell_holds(conn, [scan_id(held)]))[scan_id(held)]
    assert [(r["kind"], r["status"]) for r in told.data["rewards"]] == [
        ("ticket", "voided"),
        ("points", "posted"),
        ("ticket", "voided"),
    ]
    assert (await workers[0].scan(code, "ann"))["points_available"] == 5
    assert await claims.ground.audit() == []


async def test_a_release_and_the_freeze_of_a_draw_agree(
    claims: Claims, raffle: Raffle, workers: list[Worker]
) -> None:
    """Both at once, many times: each ticket takes part, or is void as too late."""
    draw = await raffle.make()
    await claims.campaign("c", ticket("spring"))
    codes = await claims.ground.live(12)
    await claims.ground.freeze()
    held = [await workers[0].scan(code, f"m{n}") for n, code in enumerate(codes)]
    await raffle.fall_due(draw)
    await asyncio.gather(
        *(claims.resolve(scan_id(each), by=Resolution.POSTED) for each in held[:6]),
        raffle.drawing.draw(draw.draw_no),
        *(claims.resolve(scan_id(each), by=Resolution.POSTED) for each in held[6:]),
    )
    found = await states(claims.ground)
    assert found["valid"] + found["late"] == 12
    ended = dict(
        await claims.ground.rows(
            "SELECT kind, count(*) FROM transfers WHERE kind IN ('post', 'void')"
            " GROUP BY kind"
        )
    )
    assert Counter(ended) == +Counter(post=found["valid"], void=found["late"])
    assert (await raffle.shown(draw)).tickets == found["valid"]
    assert await claims.ground.audit() == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"draw_id": "nowhere"}, "unknown_draw"),
        ({"starts_at": (NOW + timedelta(days=9)).isoformat()}, "out_of_range"),
        ({"ends_at": (NOW - timedelta(days=9)).isoformat()}, "out_of_range"),
        ({"by": replace(WRITER, brand="Rival")}, "unknown_draw"),
    ],
)
async def test_tickets_that_nobody_could_get_are_refused_with_their_place(
    claims: Claims, raffle: Raffle, given: dict[str, Any], code: str
) -> None:
    await raffle.make()
    terms = dict(given)
    draw_id = terms.pop("draw_id", "spring")
    with pytest.raises(InvalidInput) as caught:
        await claims.campaign("c", points(), ticket(draw_id), **terms)
    [error] = caught.value.errors
    assert (error.pointer, error.code) == ("/offers/1/draw_id", code)
