"""Attackers who take what is sold: caps of others, whole cartons, other regions' goods.

Each function lets one sort of attack happen. Attackers know what people like them
know: how the app looks, that accounts are watched; never a rule or its limit.
"""

from dataclasses import replace

from bench.inhabitants.geography import (
    Province,
    carrier,
    fixed_line,
    hosting,
    mostly,
    somewhere,
)
from bench.inhabitants.goods import DAY_S, Cap, Shop
from bench.inhabitants.honest import forged
from bench.inhabitants.town import DAYS, HOUR_S, Person, Town


def settle_attackers(town: Town) -> None:
    """Let all who take what is sold plan their two weeks."""
    _guessers(town)
    _cloners(town)
    _device_farms(town)
    _cloud_phones(town)
    _case_scanners(town)
    _collectors(town)
    _diverters(town)
    _virtual_locations(town)
    _patient(town)
    _scripts(town)


def _guessers(town: Town) -> None:
    """Guess codes by program, from ever new devices."""
    for _ in range(town.many(3)):
        at_s = town.moment()
        network = hosting(town.rng, 8)
        for guess in range(town.many(120)):
            if guess % 6 == 0:
                person = town.crook("guesser", network=network, shows_place=False)
            town.scan(person, forged(town), at_s, signed_in=False)
            at_s += town.pause(2, 0.3)


def _cloners(town: Town) -> None:
    """Print copies of a few bought caps under many bottles, all over the country.

    The printer looks at some copies on his own phones; who buys the fakes is a victim,
    but what the first of them claims is paid for a fake.
    """
    for _ in range(town.many(30)):
        printer = town.crook("clone")
        bought_s = town.moment(0, 5)
        cities = [town.province() for _ in range(3)]

        def run(
            printer: Person = printer,
            at_s: float = bought_s,
            cities: list[Province] = cities,
        ) -> None:
            (cap,) = town.goods.buy(town.shop_near(printer), 1, at_s)
            town.scan(printer, cap, at_s, signed_in=False)
            at_s += float(town.rng.uniform(1, 3)) * DAY_S
            for _ in range(int(town.rng.integers(12, 36))):
                at_s += town.pause(4 * HOUR_S, 0.8)
                victim = town.crook("clone", cities[town.rng.integers(3)])
                # Most look first and sign in only if it is worth something.
                claims = bool(town.rng.random() < 0.2)
                town.scan(victim, cap, at_s, signed_in=claims)

        town.do(bought_s, run)


def _device_farms(town: Town) -> None:
    """Run many accounts on a shelf of phones, with caps that scavengers bring."""
    for _ in range(town.many(2)):
        province = town.province()
        shelf = somewhere(town.rng, province)
        line = fixed_line(town.rng, province)
        for _ in range(town.many(10)):
            phone = town.crook("device_farm", province, home=shelf, network=line)
            accounts = [town.moved(phone, member=town.name("m")) for _ in range(8)]
            for day in range(int(town.rng.integers(2, 8)), DAYS, 3):
                at_s = town.moment(day, day + 1)
                for account in accounts:
                    at_s += town.pause(60)
                    _scan_caps_of(town, account, province, 1, at_s)


def _scan_caps_of(
    town: Town,
    person: Person,
    province: Province,
    many: int,
    at_s: float,
    *,
    middle_s: float = 18,
    spread: float = 0.6,
) -> None:
    """Let an attacker scan caps that were collected in a province."""
    shops = town.shops_of(province)
    first = int(town.rng.integers(len(shops)))

    def run() -> None:
        caps = town.goods.gather(shops[first:] + shops[:first], many, at_s)
        town.scan_all(person, caps, at_s, middle_s=middle_s, spread=spread)

    town.do(at_s, run)


def _cloud_phones(town: Town) -> None:
    """Rent phones in a data centre, of which the app recognises about half."""
    network = hosting(town.rng, 12)
    for _ in range(town.many(60)):
        told = town.rng.random()
        person = town.crook(
            "cloud_phones",
            network=network,
            environment="cloud_phone"
            if told < 0.35
            else "emulator"
            if told < 0.55
            else "normal",
            risk_rank=int(town.rng.choice([1, 2, 3, 4], p=[0.3, 0.25, 0.35, 0.1])),
        )
        for _ in range(4):
            at_s = town.moment(2)
            _scan_caps_of(town, person, town.province(), 1, at_s)


def _case_scanners(town: Town) -> None:
    """Open whole cartons in the back room before they are sold."""
    for _ in range(town.many(12)):
        thief = town.crook("case_scanner")
        at_s = town.moment(1)
        cartons = int(town.rng.integers(1, 3))

        def run(thief: Person = thief, at_s: float = at_s, many: int = cartons) -> None:
            shop = town.shop_near(thief)
            for _ in range(many):
                caps = town.goods.carton(shop, at_s)
                town.scan_all(thief, caps, at_s, middle_s=9, place=shop.place)
                at_s += 25 * 60

        town.do(at_s, run)


def _collectors(town: Town) -> None:
    """Scan caps by the bag: of one city's waste, or sent by post from everywhere."""
    for number in range(town.many(8)):
        person = town.crook("collector")
        by_post = number % 2 == 0
        for day in range(DAYS):
            if town.rng.random() < 0.45:
                continue
            many = int(town.rng.integers(12, 34))
            at_s = town.moment(day, day + 1)
            parts = _split(town, many, 5) if by_post else [many]
            for part in parts:
                source = town.province() if by_post else person.province
                _scan_caps_of(town, person, source, part, at_s)
                at_s += part * 20


def _split(town: Town, many: int, parts: int) -> list[int]:
    counts = town.rng.multinomial(many, [1 / parts] * parts)
    return [int(count) for count in counts if count]


def _diverters(town: Town) -> None:
    """Sell one dealer's goods in another province, to people who know nothing."""
    for _ in range(town.many(2)):
        home, away = town.province(), town.province()
        while away is home:
            away = town.province()
        dealer = f"dealer-{home.digits}-a"
        markets = [
            replace(shop, dealer=dealer, source=home, open=[], leftovers=[])
            for shop in town.shops_of(away)[:4]
        ]
        for _ in range(town.many(140)):
            buyer = town.crook("diverter", away)
            market = markets[town.rng.integers(len(markets))]
            _buy_diverted(town, buyer, market, town.moment(2))


def _buy_diverted(town: Town, buyer: Person, market: Shop, at_s: float) -> None:
    def run() -> None:
        caps = town.goods.buy(market, int(town.rng.integers(1, 4)), at_s)
        town.scan_all(buyer, caps, at_s)

    town.do(at_s, run)


def _virtual_locations(town: Town) -> None:
    """Pretend to be where a promotion pays, with caps that came by post."""
    for _ in range(town.many(30)):
        home, away = town.province(), town.province()
        person = town.crook(
            "virtual_location",
            home,
            home=somewhere(town.rng, away),
            network=mostly(carrier(home), 0.5, fixed_line(town.rng, home)),
            environment="virtual_location" if town.rng.random() < 0.5 else None,
            shows_place=True,
        )
        for _ in range(int(town.rng.integers(3, 12))):
            _scan_caps_of(town, person, away, 1, town.moment(2))


def _patient(town: Town) -> None:
    """Live off caps slowly: a few accounts on one phone, a few caps a day."""
    for number in range(town.many(8)):
        first = town.crook("patient")
        accounts = [first] + [
            town.moved(first, member=town.name("m"))
            for _ in range(int(town.rng.integers(2, 4)))
        ]
        for day in range(DAYS):
            for account in accounts:
                if town.rng.random() < 0.5:
                    source = first.province if number % 2 else town.province()
                    at_s = town.moment(day, day + 1)
                    many = int(town.rng.integers(1, 4))
                    _scan_caps_of(town, account, source, many, at_s)


def _scripts(town: Town) -> None:
    """Let a program claim at an even pace."""
    for _ in range(town.many(6)):
        person = town.crook("script")
        for _ in range(3):
            at_s = town.moment(1)
            many = int(town.rng.integers(14, 22))
            _scan_caps_of(
                *(town, person, person.province, many, at_s),
                middle_s=1.6,
                spread=0.05,
            )


def steal_from_the_plant(town: Town) -> None:
    """Let people of plants and warehouses scan what has not arrived anywhere."""
    fresh = [plan for plan in town.goods.batches if plan.activated_s > 0]
    for _ in range(town.many(6)):
        plan = fresh[town.rng.integers(len(fresh))]
        first = town.crook("insider", plan.province)
        second = town.crook("insider", plan.province, home=first.home)
        accounts = [first, second]
        caps = [cap for box in town.goods.reserve(plan.number, 2) for cap in box]
        begins_s = plan.activated_s + float(town.rng.uniform(1, 6)) * HOUR_S
        for place, account in enumerate(accounts):
            _scan_in_rounds(town, account, caps[place::2], begins_s, plan.received_s)


def _scan_in_rounds(
    town: Town,
    person: Person,
    caps: list[Cap],
    begins_s: float,
    ends_s: float,
) -> None:
    """Scan caps a few at a time, until the goods are away."""
    rounds = [caps[n : n + 5] for n in range(0, len(caps), 5)]
    for each in rounds:
        at_s = float(town.rng.uniform(begins_s, ends_s))

        def run(each: list[Cap] = each, at_s: float = at_s) -> None:
            town.scan_all(person, each, at_s)

        town.do(at_s, run)
