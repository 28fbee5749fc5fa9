"""Goods of the simulated world: batches, cartons, and the shops that sell them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bench.inhabitants.geography import PROVINCES, Network, Place, Province, fixed_line
from bench.inhabitants.geography import somewhere as place_in

DAY_S: Final = 86_400.0
CARTON: Final = 24
PLANTS: Final = ("north", "east", "south", "west")
# From the dealer's gate to the shop's shelf.
TO_THE_SHELF_S: Final = DAY_S
# So many receipts are written down only after goods have been sold.
LATE_PAPERS: Final = 0.06
LATE_BY_S: Final = 2 * DAY_S
# Between which days of the world batches become active.
_AGES: Final = ((-25, -15), (-8, -4), (2, 6))
# So many of the packs sold are scanned by who bought them; a few caps lie about.
UNSCANNED: Final = 0.35


@dataclass(slots=True)
class BatchPlan:
    """A batch: where it is made and sold, and when (seconds of the world)."""

    number: int
    cartons: int
    plant: str
    province: Province
    dealers: tuple[str, str]
    points: int
    activated_s: float
    received_s: float
    # Whether a dealer writes the receipt down days later, with the day of writing.
    late_papers: bool = False
    # Whether somebody copied its file before it was activated.
    leaked: bool = False

    @property
    def quantity(self) -> int:
        """Count its caps."""
        return self.cartons * CARTON

    def dealer_of(self, carton: int) -> str:
        """Name the dealer that a carton went to."""
        return self.dealers[carton % len(self.dealers)]


@dataclass(frozen=True, slots=True)
class Cap:
    """A cap by its batch and its index there."""

    batch: int
    index: int


@dataclass(slots=True)
class Shop:
    """A shop or restaurant, its line, and what stands open on its shelf."""

    number: int
    province: Province
    place: Place
    network: Network
    dealer: str
    # Which region's goods it sells; another's if they were diverted.
    source: Province
    open: list[list[Cap]] = field(default_factory=list)
    # Caps of packs that were drunk and not scanned.
    leftovers: list[Cap] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its number in the app's list of stores."""
        return f"shop-{self.number:04d}"


@dataclass(slots=True)
class Goods:
    """All batches, and the cartons that no shop has had."""

    rng: np.random.Generator
    # Of which world they are.
    seed: int
    batches: list[BatchPlan] = field(default_factory=list)
    _cartons: dict[tuple[str, str], list[tuple[float, list[Cap]]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, plan: BatchPlan) -> None:
        """Let a batch be made; its cartons go to its dealers."""
        self.batches.append(plan)
        for carton in range(plan.cartons):
            caps = [
                Cap(plan.number, index)
                for index in range(carton * CARTON, (carton + 1) * CARTON)
            ]
            on_shelf_s = plan.received_s + TO_THE_SHELF_S
            key = plan.province.digits, plan.dealer_of(carton)
            self._cartons[key].append((on_shelf_s, caps))

    def carton(self, shop: Shop, at_s: float) -> list[Cap]:
        """Hand a shop one of the cartons that its dealer has by then."""
        waiting = self._cartons[shop.source.digits, shop.dealer]
        there = [n for n, (on_shelf_s, _) in enumerate(waiting) if on_shelf_s <= at_s]
        if not there:
            raise RuntimeError(f"{shop.dealer} has sold out: make more cartons.")
        # Of fresh and older goods alike.
        return waiting.pop(there[self.rng.integers(len(there))])[1]

    def reserve(self, batch: int, cartons: int) -> list[list[Cap]]:
        """Take cartons out of the warehouse before any shop can have them."""
        plan = self.batches[batch]
        taken: list[list[Cap]] = []
        for dealer in plan.dealers:
            waiting = self._cartons[plan.province.digits, dealer]
            for entry in [e for e in waiting if e[1][0].batch == batch]:
                if len(taken) < cartons:
                    waiting.remove(entry)
                    taken.append(entry[1])
        return taken

    def buy(self, shop: Shop, many: int, at_s: float) -> list[Cap]:
        """Buy packs that stand beside each other; others buy some and scan nothing."""
        if len(shop.open) < 2 + int(self.rng.random() < 0.1):
            shop.open.append(self.carton(shop, at_s))
        bought: list[Cap] = []
        while len(bought) < many:
            box = shop.open[self.rng.integers(len(shop.open))]
            bought += [box.pop() for _ in range(min(many - len(bought), len(box)))]
            if box and self.rng.random() < UNSCANNED:
                shop.leftovers.append(box.pop())
            shop.open = [each for each in shop.open if each]
            if not shop.open:
                shop.open.append(self.carton(shop, at_s))
        return bought

    def gather(self, shops: Iterable[Shop], many: int, at_s: float) -> list[Cap]:
        """Collect caps that lie about at some shops; buy where too few do."""
        found: list[Cap] = []
        for shop in shops:
            while shop.leftovers and len(found) < many:
                found.append(shop.leftovers.pop(0))
            last = shop
        return found + (
            self.buy(last, many - len(found), at_s) if len(found) < many else []
        )


@dataclass(frozen=True, slots=True)
class Errand:
    """Something that is done at a time, with goods as they stand then."""

    at_s: float
    run: Callable[[], None]


def plan_batches(rng: np.random.Generator, cartons: int) -> list[BatchPlan]:
    """Plan six batches a province: old, fresh, and made while people scan."""
    plans: list[BatchPlan] = []
    for place, province in enumerate(PROVINCES):
        dealers = (f"dealer-{province.digits}-a", f"dealer-{province.digits}-b")
        for number in range(6):
            # The plants that supply a province are two.
            plant = PLANTS[(place + number % 2) % len(PLANTS)]
            activated_s = float(rng.uniform(*_AGES[number // 2])) * DAY_S
            received_s = activated_s + float(rng.uniform(2, 4)) * DAY_S
            plans.append(
                BatchPlan(
                    *(len(plans), cartons, plant, province, dealers),
                    # What is new pays more.
                    20 if number > 1 else 5,
                    *(activated_s, received_s),
                    bool(rng.random() < LATE_PAPERS),
                )
            )
    return plans


def open_shops(rng: np.random.Generator, a_province: int) -> list[Shop]:
    """Open shops, half of each dealer."""
    shops: list[Shop] = []
    for province in PROVINCES:
        for number in range(a_province):
            shops.append(
                Shop(
                    len(shops),
                    province,
                    place_in(rng, province),
                    fixed_line(rng, province),
                    f"dealer-{province.digits}-{'ab'[number % 2]}",
                    province,
                )
            )
    return shops
