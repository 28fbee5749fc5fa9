"""`crowncap audit` names each invariant of draws when it is broken by hand."""

import gzip

import pytest

from rewards.domain.draws.terms import Prize
from rewards.domain.terms import Given, OfferKind
from tests.fixtures.draws import Raffle

_NUMBERS = "no two tickets of a draw have one number, and none was not given out"
_COUNTED = (
    "each draw counts the tickets that take part in it, as it was drawn with them"
)
_WON = "each prize was won by a ticket of its member that took part"
_EACH = "each draw that is drawn has a winner for each prize, or for each ticket"
_REDRAWN = "each draw comes out the same when it is drawn again"
# Each: what to do to a sound database, and the sentence that must name it.
BREAKS = {
    "a number that comes again": (
        "UPDATE draw_tickets SET amount = 2 WHERE draw_no = 1 AND first_no = 1",
        _NUMBERS,
    ),
    "a number that was not given out": (
        "UPDATE draw_counters SET next_no = 4, tickets = 3",
        _NUMBERS,
    ),
    "a ticket that is not counted": (
        "UPDATE draw_tickets SET state = 'valid' WHERE state = 'late'",
        _COUNTED,
    ),
    "a draw with another number of tickets": (
        "UPDATE draws SET tickets = 5 WHERE draw_no = 1",
        _COUNTED,
    ),
    "a member with too many": (
        "UPDATE draw_tickets SET amount = 9 WHERE first_no = 5",
        "no member has more tickets than a draw lets",
    ),
    "a prize that nobody won": ("DELETE FROM draw_winners WHERE place = 1", _EACH),
    "a winner of another ticket": (
        "UPDATE draw_winners SET member_no = 1 WHERE place = 0",
        _WON,
    ),
    "a ticket that did not take part": (
        "UPDATE draw_winners SET ticket_no = 5 WHERE place = 0",
        _WON,
    ),
    "a prize that gave nothing": (
        "UPDATE draw_claims SET award_id = NULL",
        "each prize that gives something gave it to who claimed it",
    ),
    "a prize that gave more than it says": (
        "UPDATE transfers SET amount = 41 WHERE amount = 40",
        "each prize that gives something gave it to who claimed it",
    ),
    "a prize that paid who claimed nothing": (
        "DELETE FROM draw_claims",
        "nothing is paid by a draw but for a prize that was claimed",
    ),
    "a claim that came too late": (
        "UPDATE draw_claims SET claimed_at = now() + interval '1 year'",
        "each prize was claimed before it lapsed",
    ),
    "winners who changed places": (
        "UPDATE draw_winners SET place = 3 - place WHERE place IN (1, 2)",
        _REDRAWN,
    ),
    "a file that lost its winners": (
        "DELETE FROM draw_publications WHERE part_no = 2",
        _REDRAWN,
    ),
    "a prize of another name than was promised": (
        "UPDATE draw_prizes SET name = 'A toy car' WHERE prize_id = 'car'",
        _REDRAWN,
    ),
    "a prize that gives less than was promised": (
        "UPDATE draw_prizes SET gives = jsonb_set(gives, '{amount}', '39')",
        _REDRAWN,
    ),
    "another digest": (
        "UPDATE draws SET tickets_digest = 'x' WHERE draw_no = 1",
        _REDRAWN,
    ),
}


@pytest.fixture
async def sound(raffle: Raffle) -> Raffle:
    """Give a draw of four tickets and one that came too late, and an open draw."""
    forty = Given(kind=OfferKind.POINTS, amount=40)
    prizes = Prize("car", "A car", 1, forty), Prize("cup", "A cup", 3)
    draw = await raffle.make(most_tickets=3, prizes=prizes)
    await raffle.enter(draw, "a", "b", "c", "d")
    await raffle.enter(await raffle.make("open"), "a", "b")
    [member] = await raffle.ground.members("e")
    await raffle.add(draw, [member], held=True, transfers=[5])
    await raffle.draw(draw)
    await raffle.release([5], posted=True)
    won, owner = (await raffle.winners(draw))[0]
    assert won <= 4
    [(member_id,)] = await raffle.ground.rows(
        f"SELECT member_id FROM members WHERE member_no = {owner}"
    )
    await raffle.claim(f"{draw.draw_no}-0", member_id)
    assert await raffle.audit() == []
    return raffle


@pytest.mark.parametrize("name", BREAKS)
async def test_the_audit_names_what_is_broken(sound: Raffle, name: str) -> None:
    """A sound database has no finding; a broken one has this one, with an example."""
    statement, sentence = BREAKS[name]
    # As somebody would who goes behind the service's back.
    await sound.ground.conn.execute("SET session_replication_role = replica")
    await sound.ground.conn.execute(
        "ALTER TABLE draw_winners DROP CONSTRAINT draw_winners_pkey CASCADE"
    )
    await sound.ground.conn.execute(statement.encode())
    findings = {found.sentence: found for found in await sound.audit()}
    assert sentence in findings
    assert findings[sentence].examples


async def test_the_audit_draws_again_from_the_file_that_was_published(
    sound: Raffle,
) -> None:
    """One ticket's code in it is another one."""
    [(content,)] = await sound.ground.rows(
        "SELECT content FROM draw_publications WHERE part_no = 1"
    )
    lines = gzip.decompress(bytes(content)).replace(b'_code":"', b'_code":"Z', 1)
    await sound.ground.conn.execute(
        "UPDATE draw_publications SET content = %s WHERE part_no = 1",
        [gzip.compress(lines)],
    )
    [finding] = await sound.audit()
    assert finding.sentence == _REDRAWN
    assert "not those of the digest" in finding.examples[0]
