"""What goes wrong, and how often: the same each time for one seed; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from core.errors import MisconfiguredError

FAULTS: Final[Mapping[str, str]] = {
    "slow": "does what it is asked, and answers too late",
    "deaf": "closes the connection, and does nothing",
    "mute": "does what it is asked, and closes the connection",
    "late": "closes the connection, and does what it is asked later",
    "broken": "answers SYSTEM_ERROR, having done it or not",
    "busy": "answers FREQUENCY_LIMITED",
    "poor": "answers NOT_ENOUGH",
    "stale": "answers as of a moment ago, when it knew less",
    "forged": "answers a lie that it does not sign",
    "crossed": "answers about another bill",
    "lost": "tells nothing of an end",
    "twice": "tells of an end several times",
    "delayed": "tells of an end later",
    "spoofed": "somebody else tells of another end",
    "unconfirmed": "the receiver never confirms",
    "frozen": "the receiver's account takes no money",
}
_SIXTY_FOUR_BITS: Final = 1 << 64


@dataclass(frozen=True, slots=True)
class Dice:
    """Throws for each named thing once, whatever happened before."""

    seed: int
    odds: Mapping[str, float]

    def throw(self, *names: object) -> float:
        """Give a number in [0, 1) for something that has a name."""
        name = "/".join(map(str, (self.seed, *names)))
        number = int.from_bytes(sha256(name.encode()).digest()[:8])
        return number / _SIXTY_FOUR_BITS

    def happens(self, fault: str, *names: object) -> bool:
        """Tell whether something goes wrong this time."""
        return self.throw(fault, *names) < self.odds.get(fault, 0.0)

    def coin(self, *names: object) -> bool:
        """Toss a coin."""
        return self.throw("coin", *names) < 0.5  # noqa: PLR2004 - a coin's


def read_odds(texts: tuple[str, ...]) -> dict[str, float]:
    """Read KIND=ODDS; `all=ODDS` is every kind. Raises MisconfiguredError."""
    odds: dict[str, float] = {}
    for text in texts:
        kind, _, given = text.partition("=")
        try:
            share = float(given or "0.1")
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1 or kind not in {"all", *FAULTS}:
            raise MisconfiguredError(
                f"{text} is not KIND=ODDS with odds from 0 to 1 and one of the kinds "
                f"{', '.join(FAULTS)}."
            )
        odds |= dict.fromkeys(FAULTS if kind == "all" else (kind,), share)
    return odds
