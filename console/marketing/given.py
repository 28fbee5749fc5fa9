"""What is given beside scans, as two fields of a form: which kind, and what of it."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from console.frame.fields import Reader
from core.auth.principal import Staff
from core.bounds import MAX_PAGE
from rewards.domain.terms import MAX_AMOUNT, Given, OfferKind
from rewards.pipeline import cards
from rewards.pipeline.coupons import pools
from rewards.pipeline.draws import draws

# What the second field names, by the kind; points are counted, and money is.
_NAMED: Final[Mapping[OfferKind, Callable[[str], Given]]] = {
    OfferKind.GIFT: lambda said: Given(kind=OfferKind.GIFT, name=said),
    OfferKind.COUPON: lambda said: Given(kind=OfferKind.COUPON, pool_id=said),
    OfferKind.CARD: lambda said: Given(kind=OfferKind.CARD, set_id=said),
}
_SAID: Final = ("amount", "minor", "name", "pool_id", "draw_id", "set_id")
# Tickets of a draw: a number, a times sign and its id; one, where there is no number.
_TICKETS: Final = re.compile(r"(\d+)\s*[×*]\s*(.*)")


def read_given(
    reader: Reader, names: tuple[str, str], texts: tuple[str, str]
) -> Given | None:
    """Read both fields; None, and what is wrong by field, if they say nothing."""
    kind = reader.choice(names[0], texts[0], OfferKind)
    if kind is None:
        return None
    name, said = names[1], texts[1].strip()
    if kind is OfferKind.POINTS:
        return Given(kind=kind, amount=reader.needed(name, said, 1, MAX_AMOUNT))
    if kind is OfferKind.RED_PACKET:
        return Given(kind=kind, minor=_read_money(reader, name, said))
    if kind is OfferKind.TICKET:
        counted = _TICKETS.fullmatch(said)
        number, draw_id = counted.groups() if counted else ("1", said)
        amount = reader.needed(name, number, 1, MAX_AMOUNT)
        return Given(kind=kind, amount=amount, draw_id=reader.text(name, draw_id))
    if kind not in _NAMED:
        # Whoever keeps it says that it is not given here.
        return Given(kind=kind)
    return _NAMED[kind](reader.text(name, said))


def _read_money(reader: Reader, name: str, said: str) -> int:
    """Read yuan that have to be there; a fen stands for what is wrong."""
    minor = reader.money(name, said)
    if not said:
        reader.need(name)
    elif minor is not None:
        return reader.needed(name, str(minor), 1, MAX_AMOUNT)
    return 1


async def list_known(conn: AsyncConnection, staff: Staff) -> list[tuple[str, str]]:
    """List what the second field may name: pools, draws and sets, by id and name."""
    found = await pools.list_pools(conn, staff, limit=MAX_PAGE)
    made = await draws.list_draws(conn, staff, limit=MAX_PAGE)
    sets = await cards.list_sets(conn, staff, before=None, limit=MAX_PAGE)
    return [
        *((each.pool.pool_id, each.pool.name) for each in found),
        *((each.draw_id, each.name) for each in made),
        *((each.set_id, each.name) for each in sets),
    ]


def place_given(pointer: str, names: tuple[str, str]) -> Mapping[str, str]:
    """Tell in which of both fields what stands that a pipeline complains about."""
    said = dict.fromkeys(_SAID, names[1])
    return {f"{pointer}/{name}": at for name, at in ({"kind": names[0]} | said).items()}
