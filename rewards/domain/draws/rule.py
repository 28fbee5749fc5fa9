"""The published rule of draws, number 1: seed and tickets say who wins; pure.

docs/draws.md writes it down for outsiders. What was drawn has to come out the same for
ever, so this file never changes: another rule is another number.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

RULE: Final = 1
SEED_BYTES: Final = 32
_WORD: Final = 1 << 64


def commit_to(seed: bytes) -> bytes:
    """Give the commitment to a seed: its SHA-256 (32 bytes)."""
    return hashlib.sha256(seed).digest()


class TicketDigest:
    """SHA-256 over tickets in order, a line of text each; keeps none of them."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.tickets = 0

    def add(self, tickets: Iterable[tuple[int, str]]) -> None:
        """Take in tickets, as (ticket_no, ticket_code)."""
        lines = [f"{number} {code}\n" for number, code in tickets]
        self.tickets += len(lines)
        self._hash.update("".join(lines).encode("ascii"))

    def value(self) -> bytes:
        """Give the digest of all tickets so far (32 bytes)."""
        return self._hash.digest()


def draw_places(
    seed: bytes, tickets_digest: bytes, *, tickets: int, prizes: int
) -> list[int]:
    """Give the place of the ticket that wins each prize, in the order of prizes.

    Places are those of tickets in order, from 0. A ticket wins once, so there are no
    more winners than tickets. Each attempt is 64 bits of HMAC-SHA256; those past the
    last whole multiple of `tickets` are passed over, so that no place is likelier.
    """
    winners = min(tickets, prizes)
    won: set[int] = set()
    places: list[int] = []
    fair = _WORD - _WORD % tickets if tickets else 0
    for prize in range(winners):
        begun = b"crowncap draw 1\n" + tickets_digest + prize.to_bytes(8, "big")
        attempt = 0
        while len(places) == prize:
            said = hmac.digest(seed, begun + attempt.to_bytes(8, "big"), "sha256")
            value = int.from_bytes(said[:8], "big")
            place = value % tickets
            if value < fair and place not in won:
                won.add(place)
                places.append(place)
            attempt += 1
    return places
