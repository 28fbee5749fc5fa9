"""`crowncap audit` names each invariant of gifts when it is broken by hand."""

import pytest

from rewards.domain.gifts import GiftState
from tests.fixtures.gifts import GiftShelf

_LIMITS = "what was taken of each limit of a gift equals what members have, and fits"
_WHOSE = "each gift is a member's, claimed where it has an id and else won by a scan"
_NOTED = "each gift that was sent or handed over is in the audit log"
# Each: what to do to a sound database, and the sentence that must name it.
BREAKS = {
    "a gift's stock that forgot a claim": (
        "UPDATE limit_uses SET used = used - 1 WHERE holder = 0",
        _LIMITS,
    ),
    "a gift's stock of which nothing is known": (
        "DELETE FROM limit_uses WHERE holder = 0",
        _LIMITS,
    ),
    "a gift's stock that was passed": (
        "UPDATE limits SET most = 1 WHERE per = 'total'",
        _LIMITS,
    ),
    "a gift of nobody": (
        "UPDATE member_gifts SET member_no = 1 WHERE origin_id IS NOT NULL",
        _WHOSE,
    ),
    "a gift that no scan won": ("UPDATE member_gifts SET origin_id = NULL", _WHOSE),
    "a gift that nobody audited": (
        "DELETE FROM audit_log WHERE action = 'gift.handed_over'",
        _NOTED,
    ),
}


@pytest.fixture
async def sound(shelf: GiftShelf) -> GiftShelf:
    """Give a database in which gifts were claimed, won, void and handed over."""
    mug = await shelf.gift(stock=2)
    await shelf.claim(mug, "a", "Nanjing Road 1")
    claimed = await shelf.claim(mug, "b")
    await shelf.hand_over(claimed.transfer_id)
    await shelf.win("a")
    await shelf.release(await shelf.win("b", state=GiftState.HELD), posted=False)
    assert await shelf.ground.audit() == []
    return shelf


@pytest.mark.parametrize("name", BREAKS)
async def test_the_audit_names_what_is_broken(sound: GiftShelf, name: str) -> None:
    """A sound database has no finding; a broken one has this one, with an example."""
    statement, sentence = BREAKS[name]
    # As somebody would who goes behind the service's back.
    await sound.ground.conn.execute("SET session_replication_role = replica")
    await sound.ground.conn.execute(statement.encode())
    findings = {found.sentence: found for found in await sound.ground.audit()}
    assert sentence in findings
    assert findings[sentence].examples
