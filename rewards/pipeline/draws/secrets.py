"""The secrets of a draw: the seed that says who wins, and the key of tickets' codes.

The database has them closed with a key that it does not know. The seed is opened once,
to draw; it is everybody's then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from core.ids import random_bytes
from core.secret_box import SecretBox
from rewards.domain.draws.rule import SEED_BYTES, commit_to
from rewards.domain.draws.terms import Draw
from rewards.domain.draws.tickets import TICKET_KEY_BYTES
from rewards.store.draws.draws import Secrets, load_sealed


@dataclass(slots=True)
class DrawSecrets:
    """What makes and opens the secrets of draws; the shell knows the key's file."""

    open_box: Callable[[], SecretBox]
    _ticket_keys: dict[int, bytes] = field(default_factory=dict, repr=False)

    def make(self, draw_id: str) -> Secrets:
        """Make the secrets of a new draw, and commit to its seed."""
        box, seed = self.open_box(), random_bytes(SEED_BYTES)
        ticket_key = random_bytes(TICKET_KEY_BYTES)
        return Secrets(
            commit_to(seed),
            box.wrap(seed, _seed_of(draw_id)),
            box.wrap(ticket_key, _key_of(draw_id)),
        )

    async def open_seed(self, conn: AsyncConnection, draw: Draw) -> bytes:
        """Open the seed of a draw that is to be drawn (32 bytes)."""
        sealed = (await load_sealed(conn, [draw.draw_no]))[draw.draw_no]
        return self.open_box().unwrap(sealed.sealed_seed, _seed_of(draw.draw_id))

    async def ticket_keys(
        self, conn: AsyncConnection, draws: Mapping[int, Draw]
    ) -> dict[int, bytes]:
        """Give the keys of draws' tickets by number (16 bytes each); they are kept."""
        unknown = draws.keys() - self._ticket_keys.keys()
        if unknown:
            box = self.open_box()
            for number, sealed in (await load_sealed(conn, unknown)).items():
                owner = _key_of(draws[number].draw_id)
                self._ticket_keys[number] = box.unwrap(sealed.sealed_ticket_key, owner)
        return {number: self._ticket_keys[number] for number in draws}


def _seed_of(draw_id: str) -> str:
    return f"seed of draw {draw_id}"


def _key_of(draw_id: str) -> str:
    return f"tickets of draw {draw_id}"
