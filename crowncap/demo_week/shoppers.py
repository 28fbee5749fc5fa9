"""Who scanned what, when and where in the demo's week; pure, the same each time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import numpy as np

from crowncap.demo_week.calendar import DAYS, Week
from crowncap.demo_week.printed import GOOD, POOR, ROLL, sound_caps

MEMBERS: Final = 80
EAST, WEST = 0, 1
_SEED: Final = 40
_A_DAY: Final = 56
# Caps of roll-2 that were copied before they were scanned, and posted in a chat.
LEAKED: Final = tuple(range(ROLL + 2_000, ROLL + 2_180, 3))
# A drawer of caps that one member scans in nine minutes.
_BURST: Final = tuple(range(2 * ROLL + 3_000, 2 * ROLL + 3_056))
# The first day on whose morning a roll is in the shops, by batch and roll.
_IN_SHOPS: Final = {
    (EAST, 0): 3,
    (EAST, 1): 4,
    (WEST, 0): 4,
    (EAST, 2): 5,
    (WEST, 1): 6,
}
# City, latitude, longitude, and how many of ten members live there.
_CITIES: Final = (
    ("Shanghai", 31.23, 121.47, 3),
    ("Hangzhou", 30.27, 120.16, 2),
    ("Suzhou", 31.30, 120.62, 1),
    ("Nanjing", 32.06, 118.80, 1),
    ("Chengdu", 30.66, 104.07, 2),
    ("Chongqing", 29.56, 106.55, 1),
)
_FAR: Final = (23.13, 113.26)  # Guangzhou, where none of it is sold


@dataclass(frozen=True, slots=True)
class Shopper:
    """Somebody with a phone; nobody signed in has no `member_id`."""

    member_id: str | None
    device_id: str
    address: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class PlannedScan:
    """A scan of the cap with an index of one of the two batches."""

    at: datetime
    batch: int
    index: int
    by: Shopper


@dataclass(slots=True)
class _Dice:
    """Chance that falls the same way each time, and caps that nobody has yet."""

    rng: np.random.Generator
    pools: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def fresh_cap(self, day: int) -> tuple[int, int]:
        """Take a cap that is in the shops on a day and that nobody has scanned."""
        rolls = [key for key, since in _IN_SHOPS.items() if since <= day]
        batch, roll = rolls[int(self.rng.integers(len(rolls)))]
        return batch, self.pools[batch, roll].pop()

    def shopper(self, shoppers: Sequence[Shopper]) -> Shopper:
        """Pick somebody."""
        return shoppers[int(self.rng.integers(len(shoppers)))]

    def hour(self, week: Week, day: int) -> datetime:
        """Draw a time of day: few in the morning, most after work."""
        minute = float(np.clip(self.rng.normal(17.5, 3.2), 7, 21.5)) * 60
        return week.at(day, 0, 0, round(minute * 60, 3))


def plan_scans(week: Week) -> list[PlannedScan]:
    """List the week's scans by time, each in a millisecond of its own.

    No two of them are one scan that repeats itself: every one is kept.
    """
    dice = _Dice(np.random.default_rng(_SEED))
    spoken_for = {*LEAKED, *_BURST}
    for batch, roll in _IN_SHOPS:
        sound = sound_caps(GOOD if batch == EAST else POOR, roll)
        free = [int(i) for i in sound if batch == WEST or i not in spoken_for]
        dice.pools[batch, roll] = [free[n] for n in dice.rng.permutation(len(free))]
    shoppers = _make_shoppers(dice)
    scans = list(_shop(dice, week, shoppers))
    scans += _scan_again(dice, scans, shoppers)
    scans += _scan_unfit(week, shoppers)
    scans += _scan_in_two_places(dice, week, shoppers)
    scans += _scan_leaked(week)
    scans += _scan_a_drawer(week)
    return sorted(scans, key=lambda scan: scan.at)


def _make_shoppers(dice: _Dice) -> list[Shopper]:
    homes = [city for city in _CITIES for _ in range(city[3])]
    shoppers = []
    for number in range(MEMBERS):
        _, latitude, longitude, _ = homes[number % len(homes)]
        north, east = dice.rng.normal(0, 0.05, 2)
        shoppers.append(
            _shopper(number, latitude + float(north), longitude + float(east))
        )
    return shoppers


def _shopper(number: int, latitude: float, longitude: float) -> Shopper:
    """Make a member; addresses are of a network for documentation (RFC 5737)."""
    return Shopper(
        f"wx-{number + 1:03}",
        f"phone-{number + 1:03}",
        f"198.51.100.{number + 1}",
        round(latitude, 4),
        round(longitude, 4),
    )


def _shop(
    dice: _Dice, week: Week, shoppers: Sequence[Shopper]
) -> Iterator[PlannedScan]:
    """Let members scan what they bought, and some look without signing in."""
    for day in range(min(_IN_SHOPS.values()), DAYS):
        for number in range(_A_DAY):
            shopper = dice.shopper(shoppers)
            if number % 14 == 0:
                shopper = replace(shopper, member_id=None)
            batch, index = dice.fresh_cap(day)
            yield PlannedScan(dice.hour(week, day), batch, index, shopper)


def _scan_again(
    dice: _Dice, scans: Sequence[PlannedScan], shoppers: Sequence[Shopper]
) -> list[PlannedScan]:
    """Let some caps be scanned once more, by the same member or by a neighbour."""
    again = []
    for number, scan in enumerate(scans[4::11]):
        by = scan.by if number % 3 == 0 else dice.shopper(shoppers)
        later = np.timedelta64(int(dice.rng.integers(20 * 60, 100 * 60)), "s").item()
        again.append(replace(scan, at=scan.at + later, by=by))
    return again


def _scan_unfit(week: Week, shoppers: Sequence[Shopper]) -> list[PlannedScan]:
    """Let caps be scanned that are not active yet, or void."""
    unfit = [(EAST, 3 * ROLL + 40 * n, 5 + n % 3) for n in range(6)]
    unfit += [(EAST, 1_200, 4), (EAST, 1_203, 6), (EAST, 4_905, 7), (WEST, 950, 6)]
    return [
        PlannedScan(week.at(day, 12, 9 * n, 0.5), batch, index, shoppers[7 * n])
        for n, (batch, index, day) in enumerate(unfit)
    ]


def _scan_in_two_places(
    dice: _Dice, week: Week, shoppers: Sequence[Shopper]
) -> Iterator[PlannedScan]:
    """Copy two caps: looked at here, and claimed far away minutes later."""
    for number in range(2):
        here = replace(shoppers[3 + number], member_id=None)
        there = replace(
            _shopper(MEMBERS + number, *_FAR), address=f"192.0.2.{number + 9}"
        )
        batch, index = dice.fresh_cap(5)
        at = week.at(6, 13, 20 * number)
        yield PlannedScan(at, batch, index, here)
        yield PlannedScan(week.at(6, 13, 20 * number + 11), batch, index, there)


def _scan_leaked(week: Week) -> Iterator[PlannedScan]:
    """Let strangers far away claim some of what was posted."""
    for number, index in enumerate(LEAKED[:9]):
        latitude, longitude = _FAR
        by = _shopper(MEMBERS + 10 + number, latitude + number / 50, longitude)
        yield PlannedScan(week.at(7, 20, 3 * number, 0.25), EAST, index, by)


def _scan_a_drawer(week: Week) -> Iterator[PlannedScan]:
    """Let one member scan a drawer of caps; the rules hold, then refuse."""
    by = _shopper(MEMBERS + 30, 31.19, 121.44)
    for number, index in enumerate(_BURST):
        yield PlannedScan(week.at(6, 21, 5, 9.5 * number), EAST, index, by)
