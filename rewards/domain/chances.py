"""What a chance comes to: a keyed function of the campaign's version and the code.

Whoever has the key can replay it; nobody else can tell ahead what a code wins. Pure.
"""

import hmac
from collections.abc import Sequence
from struct import Struct
from typing import Final, Protocol

# Out of how many a tier's odds are counted.
WHOLE: Final = 1_000_000

# What is hashed: campaign_no, version, offer_no and code_id, big-endian.
_INPUT: Final = Struct(">QIHQ")


class HasOdds(Protocol):
    """Anything that comes up so many times in a million."""

    @property
    def per_million(self) -> int:
        """Say how many times in a million."""
        ...


def chance_roll(
    key: bytes, campaign_no: int, version: int, offer_no: int, code_id: int
) -> int:
    """Roll once for all, 0..999,999: HMAC-SHA256 under the key of the code's epoch.

    The 32 bytes are read as one big-endian number, whose remainder is even but for one
    part in 2^236.
    """
    told = _INPUT.pack(campaign_no, version, offer_no, code_id)
    return int.from_bytes(hmac.digest(key, told, "sha256")) % WHOLE


def chance_rolls(
    key: bytes, campaign_no: int, version: int, offer_no: int, code_ids: Sequence[int]
) -> list[int]:
    """Roll for many codes of one epoch, in order."""
    pack, digest, read = _INPUT.pack, hmac.digest, int.from_bytes
    return [
        read(digest(key, pack(campaign_no, version, offer_no, each), "sha256")) % WHOLE
        for each in code_ids
    ]


def pick_tier(table: Sequence[HasOdds], roll: int) -> int | None:
    """Tell which tier a roll wins by its place in the table; None where it wins none.

    The first tier has the lowest rolls, so that a table with longer odds lower down
    changes nothing above.
    """
    for place, tier in enumerate(table):
        roll -= tier.per_million
        if roll < 0:
            return place
    return None


def tiers_to_try(table: Sequence[HasOdds], roll: int) -> range:
    """Tell which tiers to take from in turn, by their places: the one won comes first.

    Where its stock is gone the next lower one is tried, and so on; past the last there
    is nothing.
    """
    won = pick_tier(table, roll)
    return range(0) if won is None else range(won, len(table))
