"""`crowncap audit` names each invariant of card sets when it is broken by hand."""

import pytest

from tests.fixtures.cards import Album

_PAID = "each set that is complete was paid once, by its set, or waits to be"
_OWED = "nothing is paid by a set but to who completed it"
# Each: what to do to a sound database, and the sentence that must name it.
BREAKS = {
    "a set that was not paid": (
        "DELETE FROM transfers WHERE amount = 100",
        _PAID,
    ),
    "a set that was paid too much": (
        "UPDATE transfers SET amount = 101 WHERE amount = 100",
        _PAID,
    ),
    "a set that no card completed": (
        "UPDATE collected_sets SET transfer_id = 1",
        "each set that is complete was completed by a card of it that its member got",
    ),
    "a set that was paid to who had no cards": ("DELETE FROM collected_sets", _OWED),
}


@pytest.fixture
async def sound(album: Album) -> Album:
    """Give a database in which a set was completed and paid, and one waits."""
    cards = await album.set(cards=["a"])
    [anna, ben] = await album.ground.members("anna", "ben")
    await album.get(cards, (anna, "a"))
    await album.pay()
    await album.get(cards, (ben, "a"))
    return album


@pytest.mark.parametrize("name", BREAKS)
async def test_the_audit_names_what_is_broken(sound: Album, name: str) -> None:
    """A sound database has no finding; a broken one has this one, with an example."""
    statement, sentence = BREAKS[name]
    assert await sound.audit() == []
    # As somebody would who goes behind the service's back.
    await sound.ground.conn.execute("SET session_replication_role = replica")
    await sound.ground.conn.execute(statement.encode())
    findings = {found.sentence: found for found in await sound.ground.audit()}
    assert sentence in findings
    assert findings[sentence].examples
