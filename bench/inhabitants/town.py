"""The world while it is made: persons, their errands, and what they scan."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from bench.inhabitants.geography import (
    PROVINCES,
    Network,
    Place,
    Province,
    carrier,
    fixed_line,
    mostly,
    somewhere,
)
from bench.inhabitants.goods import DAY_S, Cap, Errand, Goods, Shop

DAYS: Final = 14
HOUR_S: Final = 3_600.0
# How often people scan in each hour of their day.
_HOURS: Final = np.array(
    [
        1,
        0.5,
        0.3,
        0.2,
        0.2,
        0.5,
        2,
        5,
        6,
        5,
        5,
        7,
        10,
        7,
        5,
        5,
        5,
        7,
        10,
        10,
        8,
        7,
        5,
        3,
    ]
)
# What phones of the honest are judged to be by the app's own services, by rank.
_RISK: Final = (0.93, 0.06, 0.0075, 0.0024, 0.0001)
_AGENTS: Final = ("iPhone; CPU iPhone OS 17_5", "Linux; Android 14; V2309A")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who scans: an account on a device, where it is and how it is seen.

    `kind` is the truth, which the service never sees: the name of an attack, or of a
    way to be honest.
    """

    kind: str
    member: str
    device: str
    province: Province
    home: Place
    network: Network
    # What the app says of the phone; None if it says nothing.
    environment: str | None = "normal"
    risk_rank: int | None = 0
    user_agent: str = _AGENTS[0]
    # Whether the app may see positions.
    shows_place: bool = True
    attack: bool = False


@dataclass(slots=True)
class Scan:
    """One request, and the truth about it, which the service never sees.

    Times are seconds of the world; `code` is a cap, or the text of a forged code.
    `value` are the points that a claim would pay; 0 where there is nothing to claim.
    """

    at_s: float
    sent_s: float
    code: Cap | str
    person: Person
    signed_in: bool
    ip: str
    place: Place | None
    region: str | None
    store: str | None = None
    value: int = 0


@dataclass(slots=True)
class Town:
    """All that is there, and the scans so far."""

    rng: np.random.Generator
    goods: Goods
    shops: list[Shop]
    scans: list[Scan] = field(default_factory=list)
    errands: list[Errand] = field(default_factory=list)
    # Members whom analysts have put on the list of shops.
    listed_shops: list[str] = field(default_factory=list)
    # How many people each kind has, of what a whole world has.
    size: float = 1.0
    _names: int = 0

    # People ---------------------------------------------------------------------------

    def many(self, count: float) -> int:
        """Say how many of something there are in a world of this size."""
        return max(1, round(count * self.size))

    def name(self, what: str) -> str:
        """Give a name that says nothing."""
        self._names += 1
        return f"{what}{self.goods.seed}-{self._names:06d}"

    def province(self) -> Province:
        """Choose a province."""
        return PROVINCES[self.rng.integers(len(PROVINCES))]

    def person(
        self, kind: str, province: Province | None = None, **known: Any
    ) -> Person:
        """Let an honest person live somewhere."""
        rng = self.rng
        where = province or self.province()
        given = Person(
            kind,
            self.name("m"),
            self.name("d"),
            where,
            somewhere(rng, where),
            mostly(carrier(where), 0.6, fixed_line(rng, where)),
            environment="normal" if rng.random() < 0.7 else None,
            risk_rank=int(rng.choice(5, p=_RISK)) if rng.random() < 0.6 else None,
            user_agent=_AGENTS[rng.integers(2)],
            shows_place=bool(rng.random() < 0.7),
        )
        return replace(given, **known)

    def crook(
        self, attack: str, province: Province | None = None, **known: Any
    ) -> Person:
        """Let somebody live there whose scans are part of an attack."""
        return replace(self.person(attack, province), attack=True, **known)

    def moved(self, person: Person, **known: Any) -> Person:
        """Give the same person with some things otherwise."""
        return replace(person, **known)

    def shops_of(self, province: Province) -> list[Shop]:
        """Give the shops of a province."""
        return [shop for shop in self.shops if shop.province is province]

    def shop_near(self, person: Person) -> Shop:
        """Choose one of the two shops that somebody mostly goes to."""
        near = self.shops_of(person.province)
        first = int.from_bytes(person.member[-2:].encode()) % len(near)
        return near[(first + int(self.rng.random() < 0.3)) % len(near)]

    # Times ----------------------------------------------------------------------------

    def moment(self, first_day: float = 0, last_day: float = DAYS) -> float:
        """Choose a time at which people are awake, mostly."""
        day = np.floor(self.rng.uniform(first_day, last_day))
        hour = self.rng.choice(24, p=_HOURS / _HOURS.sum())
        return float(day * DAY_S + (hour + self.rng.random()) * HOUR_S)

    def do(self, at_s: float, run: Callable[[], None]) -> None:
        """Put an errand down for its time; what comes too late is left out."""
        if 0 <= at_s < DAYS * DAY_S:
            self.errands.append(Errand(at_s, run))

    def pause(self, middle_s: float = 18, spread: float = 0.6) -> float:
        """Say how long somebody takes from one cap to the next."""
        return float(self.rng.lognormal(np.log(middle_s), spread))

    # Scans ----------------------------------------------------------------------------

    def scan(
        self,
        person: Person,
        code: Cap | str,
        at_s: float,
        *,
        place: Place | None = None,
        delay_s: float | None = None,
        store: str | None = None,
        signed_in: bool = True,
    ) -> None:
        """Let somebody scan at a place, and the app send it then or later."""
        rng = self.rng
        at = (place or person.home).near(rng, 0.03)
        # The app asks where it is, and names the province that it finds.
        shown = at if person.shows_place else None
        self.scans.append(
            Scan(
                at_s,
                at_s + (delay_s if delay_s is not None else float(rng.uniform(0, 2))),
                code,
                person,
                signed_in,
                person.network(rng),
                shown,
                _province_of(at).region if shown else None,
                store,
            )
        )

    def scan_all(
        self,
        person: Person,
        caps: Sequence[Cap],
        at_s: float,
        *,
        middle_s: float = 18,
        spread: float = 0.6,
        place: Place | None = None,
        delay_s: float | None = None,
        store: str | None = None,
    ) -> None:
        """Let somebody scan some caps, one after the other."""
        for cap in caps:
            self.scan(person, cap, at_s, place=place, delay_s=delay_s, store=store)
            at_s += self.pause(middle_s, spread)

    def live(self) -> None:
        """Do all errands in the order of their times; they may put down more."""
        while self.errands:
            waiting, self.errands = self.errands, []
            for errand in sorted(waiting, key=lambda each: each.at_s):
                errand.run()


def _province_of(place: Place) -> Province:
    """Name the province whose city is nearest."""
    return min(
        PROVINCES, key=lambda p: (p.lat - place.lat) ** 2 + (p.lon - place.lon) ** 2
    )
