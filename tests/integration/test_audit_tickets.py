"""`crowncap audit` names each invariant of scans' tickets when it is broken by hand."""

import pytest

from rewards.domain.holds import Resolution
from tests.fixtures.claims import Claims, scan_id, ticket, working
from tests.fixtures.coupons import SetClock
from tests.fixtures.draws import Raffle
from tests.fixtures.ground import CLOCK, Ground

_IN_ITS_DRAW = "each ticket that a scan earned is in its draw, as the ledger says"
_ENDED = "each pending transfer has its hold, resolved as the ledger says"
# Each: what to do to a sound database, and the sentence that must name it.
BREAKS = {
    "a ticket that is in no draw": (
        "DELETE FROM draw_tickets WHERE state = 'valid'",
        _IN_ITS_DRAW,
    ),
    "a ticket of somebody else": (
        "UPDATE draw_tickets SET member_no = member_no + 1 WHERE state = 'valid'",
        _IN_ITS_DRAW,
    ),
    "a ticket that takes part though its scan was denied": (
        "UPDATE draw_tickets SET state = 'valid' WHERE state = 'void'",
        _IN_ITS_DRAW,
    ),
    "a ticket that waits for nobody": (
        "UPDATE draw_tickets SET state = 'held' WHERE state = 'valid'",
        _IN_ITS_DRAW,
    ),
    "a ticket that was never earned": (
        "DELETE FROM transfers WHERE kind = 'posted'",
        "each ticket of a scan was earned by a transfer of its number",
    ),
    "a ticket that was void though it was not too late": (
        "UPDATE draw_tickets SET state = 'void' WHERE state = 'late'",
        _ENDED,
    ),
}


@pytest.fixture
async def sound(ledger: Ground, redis_url: str) -> Ground:
    """Give tickets of scans: one that takes part, one denied, one that came late."""
    claims = Claims(ledger)
    raffle = Raffle(ledger, SetClock(CLOCK.now_ms()))
    draw = await raffle.make()
    await claims.campaign("c", ticket("spring"))
    codes = await ledger.live(3)
    async with working(claims, redis_url) as [worker]:
        await worker.scan(codes[0], "ann")
        await ledger.freeze()
        denied, late = [await worker.scan(code, "bob") for code in codes[1:]]
    await claims.resolve(scan_id(denied), by=Resolution.VOIDED)
    await raffle.draw(draw)
    await claims.resolve(scan_id(late), by=Resolution.POSTED)
    assert await ledger.audit() == []
    return ledger


@pytest.mark.parametrize("name", BREAKS)
async def test_the_audit_names_what_is_broken(sound: Ground, name: str) -> None:
    """A sound database has no finding; a broken one has this one, with an example."""
    statement, sentence = BREAKS[name]
    # As somebody would who goes behind the service's back.
    await sound.conn.execute("SET session_replication_role = replica")
    await sound.conn.execute(statement.encode())
    findings = {found.sentence: found for found in await sound.audit()}
    assert sentence in findings
    assert findings[sentence].examples
