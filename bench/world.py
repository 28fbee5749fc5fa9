"""A small world of honest people and attackers, for two weeks, made from a seed.

The same seed gives the same world, scan for scan. Nothing in it knows the rules; what
attackers and the honest do is told in bench/inhabitants. What the service is sent of a
scan is what an app's backend would send; kind, attack and value stay here.
"""

from dataclasses import dataclass

import numpy as np

from bench.inhabitants.attackers import settle_attackers, steal_from_the_plant
from bench.inhabitants.goods import (
    DAY_S,
    BatchPlan,
    Cap,
    Goods,
    open_shops,
    plan_batches,
)
from bench.inhabitants.honest import settle_honest
from bench.inhabitants.thieves import leak_files
from bench.inhabitants.town import DAYS, Scan, Town

# Cartons of each batch, and shops of each province, in a world of size 1.
CARTONS = 40
SHOPS = 12


@dataclass(frozen=True, slots=True)
class World:
    """What has to be there first, and the scans in the order in which they arrive."""

    seed: int
    batches: list[BatchPlan]
    listed_shops: list[str]
    scans: list[Scan]


def make_world(seed: int, size: float = 1.0) -> World:
    """Make a world; `size` is how many people it has, of about 4,000."""
    rng = np.random.default_rng(seed)
    goods = Goods(rng, seed)
    for plan in plan_batches(rng, max(12, round(CARTONS * size))):
        goods.add(plan)
    town = Town(rng, goods, open_shops(rng, max(3, round(SHOPS * size))), size=size)
    # Who takes goods out of the warehouse comes before the shops.
    steal_from_the_plant(town)
    leak_files(town)
    settle_honest(town)
    settle_attackers(town)
    town.live()
    scans = sorted(town.scans, key=lambda scan: scan.sent_s)
    scans = [s for s in scans if s.at_s >= 0 and s.sent_s < DAYS * DAY_S]
    _value(scans, goods.batches)
    return World(seed, goods.batches, town.listed_shops, scans)


def _value(scans: list[Scan], batches: list[BatchPlan]) -> None:
    """Say what each scan would pay: what a campaign gives the first who claims."""
    claimed: set[Cap] = set()
    for scan in scans:
        cap = scan.code
        if not isinstance(cap, Cap) or not scan.signed_in or cap in claimed:
            continue
        if batches[cap.batch].activated_s <= scan.sent_s:
            claimed.add(cap)
            scan.value = batches[cap.batch].points
