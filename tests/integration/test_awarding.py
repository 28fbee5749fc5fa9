"""Red packets, tickets and cards that a draw's prize or a complete set gives, once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core.errors import Conflict, InvalidInput
from crowncap.audit import Scope
from crowncap.awarded_cards import AwardedCards
from crowncap.tellers import TELLERS
from events.domain.events import Event
from events.pipeline.events import read_events
from rewards.domain.cards import CardSet
from rewards.domain.draws.terms import Draw, Prize
from rewards.domain.terms import Given, OfferKind
from rewards.pipeline.draws.own import list_own_tickets
from rewards.pipeline.draws.prizes import WonPrize
from rewards.pipeline.payouts.ending import PayoutEnds
from rewards.pipeline.payouts.listing import list_own_by_id, show_payout
from tests.fixtures.cards import Album
from tests.fixtures.coupons import SUPPORT
from tests.fixtures.draws import Raffle
from tests.fixtures.ground import TIMEZONE

MONEY = Given(kind=OfferKind.RED_PACKET, minor=880)


@pytest.fixture
def album(raffle: Raffle) -> Album:
    """Give what adds sets to the draws' database, at the same time."""
    return Album(raffle.ground, raffle.clock)


async def win(raffle: Raffle, gives: Given, member: str = "a") -> str:
    """Let a member win a prize that gives something; names what was won."""
    draw = await raffle.make("main", prizes=(Prize("one", "One", 1, gives),))
    await raffle.enter(draw, member)
    await raffle.draw(draw)
    return f"{draw.draw_no}-0"


async def nine_claims(raffle: Raffle, won_id: str) -> None:
    """Claim nine times at once, of which one is good."""
    told = await asyncio.gather(
        *(raffle.claim(won_id, "a") for _ in range(9)), return_exceptions=True
    )
    assert len([each for each in told if isinstance(each, WonPrize)]) == 1


async def last_event(raffle: Raffle, type_: str) -> dict[str, Any]:
    """Give what the last event of a type tells."""
    async with raffle.ground.engine.connect() as conn:
        told = await read_events(conn, TELLERS, after=None, limit=100)
    found: list[Event] = [each for each in told if each.type.value == type_]
    return dict(found[-1].data)


async def other(raffle: Raffle, **given: Any) -> Draw:
    """Make a draw that is open for days, whose tickets others give."""
    now = raffle.clock.now
    later = {"closes_at": now + timedelta(days=5), "draws_at": now + timedelta(days=6)}
    return await raffle.make("other", **later | given)


# Red packets --------------------------------------------------------------------------


async def test_a_prize_gives_a_red_packet_once(raffle: Raffle) -> None:
    """It waits for a payee as any does; support sees of which draw it is."""
    await nine_claims(raffle, await win(raffle, MONEY))
    async with raffle.ground.engine.connect() as conn:
        [own] = await list_own_by_id(conn, "a", before=None, limit=9)
        shown = await show_payout(conn, own.payout_id, SUPPORT)
    assert (own.minor, own.state.value, own.needs_payee) == (880, "waiting", True)
    assert (shown.campaign_id, shown.draw_id, shown.set_id) == (None, "main", None)
    told = await last_event(raffle, "prize.claimed")
    assert told["gives"] == {
        "kind": "red_packet",
        "minor": 880,
        "payout_id": str(own.payout_id),
    }
    assert await raffle.audit() == []


async def test_a_red_packet_of_a_prize_ends_unpaid_as_any_does(raffle: Raffle) -> None:
    await raffle.claim(await win(raffle, MONEY), "a")
    ends = PayoutEnds(raffle.ground.ids, raffle.clock, TIMEZONE)
    async with raffle.ground.engine.begin() as conn:
        [own] = await list_own_by_id(conn, "a", before=None, limit=9)
        await ends.cancel(
            conn, own.payout_id, reason="a test", staff=SUPPORT, now=raffle.clock.now
        )
    rows = await raffle.ground.rows("SELECT kind, amount FROM transfers ORDER BY 1")
    assert rows == [("grant", 880), ("reversal", 880)]
    told = await last_event(raffle, "payout.changed")
    assert (told["state"], told["draw_id"]) == ("cancelled", "main")
    assert await raffle.audit() == []
    assert await raffle.ground.audit(Scope.RECENT) == []


async def test_a_set_gives_a_red_packet_once(raffle: Raffle, album: Album) -> None:
    cards = await album.set(cards=["a"], completes=MONEY)
    [anna] = await album.ground.members("anna")
    await album.get(cards, (anna, "a"))
    await asyncio.gather(*(album.pay() for _ in range(4)))
    async with raffle.ground.engine.connect() as conn:
        [own] = await list_own_by_id(conn, "anna", before=None, limit=9)
        shown = await show_payout(conn, own.payout_id, SUPPORT)
    assert (own.minor, shown.set_id) == (880, "zodiac")
    told = await last_event(raffle, "cards.completed")
    assert told["gives"]["payout_id"] == str(own.payout_id)
    assert await album.audit() == []


# Tickets ------------------------------------------------------------------------------


def tickets(amount: int = 3) -> Given:
    """Give tickets of the other draw."""
    return Given(kind=OfferKind.TICKET, draw_id="other", amount=amount)


async def test_a_prize_gives_tickets_of_another_draw_once(raffle: Raffle) -> None:
    """They take part, count against the most of a member, and are of no scan."""
    draw = await other(raffle, most_tickets=4)
    await nine_claims(raffle, await win(raffle, tickets()))
    assert (await raffle.shown(draw)).tickets == 3
    async with raffle.ground.engine.connect() as conn:
        own = await list_own_tickets(conn, raffle.secrets, "a", before=None, limit=9)
    [given] = [each for each in own.items if each.draw_id == "other"]
    assert (given.amount, given.state.value, given.scan_id) == (3, "valid", None)
    uses = await raffle.ground.rows("SELECT used, most FROM limit_uses")
    assert uses == [(3, 4)]
    assert await raffle.audit() == []
    assert (await raffle.ground.rebuild()).gaps == 0


async def test_tickets_without_room_leave_the_prize_to_be_claimed(
    raffle: Raffle,
) -> None:
    draw = await other(raffle, most_tickets=3)
    await raffle.enter(draw, "a")
    won_id = await win(raffle, tickets())
    with pytest.raises(Conflict) as refused:
        await raffle.claim(won_id, "a")
    assert refused.value.code == "limit_reached"
    assert (await raffle.shown(draw)).tickets == 1
    assert await raffle.ground.rows("SELECT 1 FROM draw_claims") == []
    await raffle.ground.rows("UPDATE limit_uses SET used = 0")
    await raffle.claim(won_id, "a")
    assert (await raffle.shown(draw)).tickets == 4


async def test_tickets_of_a_draw_that_is_over_are_refused(raffle: Raffle) -> None:
    draw = await other(raffle)
    won_id = await win(raffle, tickets())
    await raffle.fall_due(draw)
    raffle.clock.go_to(raffle.clock.now + timedelta(minutes=9))
    with pytest.raises(Conflict) as refused:
        await raffle.claim(won_id, "a")
    assert refused.value.code == "closed"
    assert await raffle.ground.rows("SELECT 1 FROM draw_claims") == []
    assert await raffle.audit() == []


async def test_a_set_gives_tickets_of_a_draw(raffle: Raffle, album: Album) -> None:
    """One that is closed meanwhile puts the set off."""
    draw = await other(raffle)
    cards = await album.set(cards=["a"], completes=tickets(2))
    anna, ben = await album.ground.members("anna", "ben")
    await album.get(cards, (anna, "a"))
    await asyncio.gather(*(album.pay() for _ in range(4)))
    assert (await raffle.shown(draw)).tickets == 2
    await raffle.fall_due(draw)
    raffle.clock.go_to(raffle.clock.now + timedelta(minutes=9))
    await album.get(cards, (ben, "a"))
    await album.pay()
    waits = "SELECT member_no FROM collected_sets WHERE awarded_at IS NULL"
    assert await raffle.ground.rows(waits) == [(ben,)]
    assert await album.audit() == []


async def test_a_draw_that_closes_too_early_is_no_prize(raffle: Raffle) -> None:
    now = raffle.clock.now
    await other(raffle, closes_at=now + timedelta(hours=1))
    for given, code in (
        (tickets(), "out_of_range"),
        (Given(kind=OfferKind.TICKET, draw_id="main", amount=1), "unknown_draw"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await win(raffle, given)
        [error] = refused.value.errors
        assert (error.pointer, error.code) == ("/prizes/0/gives/draw_id", code)


# Cards --------------------------------------------------------------------------------


async def other_set(album: Album) -> CardSet:
    """Add a set of two cards, of which others give one."""
    return await album.set("flags", ["x", "y"])


CARD = Given(kind=OfferKind.CARD, set_id="flags")


async def test_a_prize_gives_a_card_once_which_its_number_picks(
    raffle: Raffle, album: Album
) -> None:
    flags = await other_set(album)
    await nine_claims(raffle, await win(raffle, CARD))
    [own] = await album.own("a")
    assert sum(each.count for each in own.cards) == 1
    [[number]] = await raffle.ground.rows("SELECT award_id FROM draw_claims")
    picked = AwardedCards(raffle.ground.issuance.key_file).pick(flags, number)
    assert [each.card_id for each in own.cards if each.count] == [picked.card_id]
    told = await last_event(raffle, "prize.claimed")
    assert told["gives"]["card_id"] == picked.card_id
    assert told["gives"]["completes"] is False
    assert (await raffle.ground.rebuild()).gaps == 0
    assert await album.audit() == []


async def test_a_set_gives_a_card_that_completes_another(
    raffle: Raffle, album: Album
) -> None:
    """Which is paid then, too."""
    await album.set("flags", ["x"])
    cards = await album.set(cards=["a"], completes=CARD)
    [anna] = await album.ground.members("anna")
    await album.get(cards, (anna, "a"))
    await asyncio.gather(*(album.pay() for _ in range(4)))
    done = await album.own("anna")
    assert all(each.completed_at is not None for each in done)
    assert len(done) == 2
    assert await album.points(anna) == 100
    told = await last_event(raffle, "cards.completed")
    assert told["set_id"] == "flags"
    assert await album.audit() == []
