"""Honest people: households, families, shops, travellers, the offline and others."""

from typing import Final

from bench.inhabitants.geography import Place, carrier, hosting, mostly
from bench.inhabitants.goods import DAY_S, Cap, Shop
from bench.inhabitants.town import DAYS, HOUR_S, Person, Town

SYMBOLS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Packs that somebody buys at once.
_PACKS: Final = [1, 2, 3, 6, 12]
_SHARES: Final = [0.66, 0.18, 0.07, 0.07, 0.02]


def settle_honest(town: Town) -> None:
    """Let all honest people plan their two weeks."""
    _households(town)
    _families(town)
    _customers_of_shops(town)
    _shopkeepers(town)
    _travellers(town)
    _offline(town)
    _canteens(town)
    _parties(town)
    _behind_a_vpn(town)


def _errand_of(town: Town, person: Person, at_s: float) -> None:
    """Let somebody buy some packs and scan them at home."""
    many = int(town.rng.choice(_PACKS, p=_SHARES))

    def run() -> None:
        caps = town.goods.buy(town.shop_near(person), many, at_s)
        town.scan_all(person, caps, at_s)
        _look_around(town, person, caps, at_s + 40 * many)

    town.do(at_s, run)


def _look_around(town: Town, person: Person, caps: list[Cap], at_s: float) -> None:
    """Sometimes scan once more, mistype, or look without signing in first."""
    dice = town.rng.random()
    if dice < 0.07:
        town.scan(person, caps[-1], at_s + town.pause(60))
    elif dice < 0.075:
        town.scan(person, forged(town), at_s + town.pause())
    elif dice < 0.1:
        town.scan(person, caps[0], at_s - 60 * len(caps) - 90, signed_in=False)


def _households(town: Town) -> None:
    for _ in range(town.many(2_500)):
        person = town.person("household")
        for _ in range(town.rng.poisson(3.2)):
            _errand_of(town, person, town.moment())


def _families(town: Town) -> None:
    """Let parents and children share a tablet or an old phone."""
    for _ in range(town.many(160)):
        first = town.person("family")
        accounts = int(town.rng.choice([2, 3, 4], p=[0.66, 0.27, 0.07]))
        members = [first, *(_account_on(town, first) for _ in range(accounts - 1))]
        for _ in range(town.rng.poisson(4)):
            at_s = town.moment()
            # Now and then the whole family, one after the other.
            scanning = members if town.rng.random() < 0.3 else [_one_of(town, members)]
            for place, person in enumerate(scanning):
                _errand_of(town, person, at_s + 90 * place)


def _account_on(town: Town, person: Person) -> Person:
    return town.moved(person, member=town.name("m"))


def _one_of(town: Town, people: list[Person]) -> Person:
    return people[town.rng.integers(len(people))]


def forged(town: Town) -> str:
    """Write a code that is none, guessed or mistyped."""
    return "".join(SYMBOLS[symbol] for symbol in town.rng.integers(0, 32, 16))


def _buy_and_scan(
    town: Town, person: Person, shop: Shop, many: int, at_s: float
) -> None:
    """Let somebody scan in the shop, before the shelf."""

    def run() -> None:
        caps = town.goods.buy(shop, many, at_s)
        town.scan_all(person, caps, at_s, place=shop.place, store=shop.name)

    town.do(at_s, run)


def _customers_of_shops(town: Town) -> None:
    """Let people scan on a shop's line and in one spot."""
    for shop in town.shops:
        if town.rng.random() > 0.4:
            continue
        for _ in range(town.rng.poisson(26 * town.size)):
            person = town.person("shop_customer", shop.province, network=shop.network)
            many = 1 + int(town.rng.random() < 0.2)
            _buy_and_scan(town, person, shop, many, town.moment())


def _shopkeepers(town: Town) -> None:
    """Let keepers scan what customers leave them; most are on the list of shops."""
    for _ in range(town.many(30)):
        shop = town.shops[town.rng.integers(len(town.shops))]
        keeper = town.person(
            "shopkeeper", shop.province, home=shop.place, network=shop.network
        )
        if town.rng.random() < 0.8:
            town.listed_shops.append(keeper.member)
            most = 26
        else:
            most = 10
        for day in range(DAYS):
            if town.rng.random() < 0.5:
                many = int(town.rng.integers(3, most))
                _gather_and_scan(town, keeper, shop, many, day)


def _gather_and_scan(
    town: Town, person: Person, shop: Shop, many: int, day: float
) -> None:
    at_s = town.moment(day, day + 1)

    def run() -> None:
        caps = town.goods.gather([shop], many, at_s)
        town.scan_all(person, caps, at_s, place=shop.place)

    town.do(at_s, run)


def _travellers(town: Town) -> None:
    """Let people go by train and plane, buy there, and bring something from home.

    Abroad in their own country they keep the address of the carrier at home.
    """
    for _ in range(town.many(170)):
        person = town.person("traveller")
        at_home = carrier(person.province)
        leaves = int(town.rng.integers(1, DAYS - 4))
        stays = int(town.rng.integers(1, 5))
        there = town.province()
        hotel = Place(there.lat, there.lon).near(town.rng, 6)
        shop = town.shops_of(there)[0]
        for _ in range(town.rng.poisson(3)):
            _errand_of(town, person, town.moment(0, leaves))
        for _ in range(town.rng.poisson(2 * stays)):
            at_s = town.moment(leaves, leaves + stays)
            source = shop if town.rng.random() < 0.85 else town.shop_near(person)
            visitor = town.moved(person, network=at_home, home=hotel)
            _scan_away(town, visitor, source, at_s)


def _scan_away(town: Town, visitor: Person, shop: Shop, at_s: float) -> None:
    def run() -> None:
        caps = town.goods.buy(shop, 1, at_s)
        town.scan_all(visitor, caps, at_s)

    town.do(at_s, run)


def _offline(town: Town) -> None:
    """Let mini-programs keep a day's scans and send them at once in the evening."""
    for _ in range(town.many(90)):
        person = town.person("offline")
        for day in range(DAYS):
            if town.rng.random() < 0.5:
                continue
            sent_s = day * DAY_S + float(town.rng.uniform(20, 23.5)) * HOUR_S
            for _ in range(int(town.rng.integers(1, 6))):
                at_s = town.moment(day, day + 1)
                if at_s < sent_s:
                    _scan_offline(town, person, at_s, sent_s)


def _scan_offline(town: Town, person: Person, at_s: float, sent_s: float) -> None:
    def run() -> None:
        caps = town.goods.buy(town.shop_near(person), 1, at_s)
        delay_s = sent_s - at_s + float(town.rng.uniform(0, 5))
        town.scan_all(person, caps, at_s, delay_s=delay_s)

    town.do(at_s, run)


def _canteens(town: Town) -> None:
    """Let a whole canteen scan within one noon hour, on one line."""
    for _ in range(town.many(5)):
        shop = town.shops[town.rng.integers(len(town.shops))]
        guests = [
            town.person("canteen", shop.province, network=shop.network)
            for _ in range(town.many(60))
        ]
        for day in town.rng.choice(DAYS, 3, replace=False):
            for guest in guests:
                if town.rng.random() < 0.6:
                    at_s = day * DAY_S + float(town.rng.normal(12.2, 0.3)) * HOUR_S
                    _buy_and_scan(town, guest, shop, 1, at_s)


def _parties(town: Town) -> None:
    """Let somebody scan for a whole table, most of a carton within a quarter hour."""
    for _ in range(town.many(12)):
        host = town.person("party")
        shop = town.shop_near(host)
        many = int(town.rng.integers(8, 20))
        _buy_and_scan(town, host, shop, many, town.moment())


def _behind_a_vpn(town: Town) -> None:
    """Let some be seen at addresses of data centres, as by their employer's VPN."""
    for _ in range(town.many(60)):
        province = town.province()
        away = mostly(hosting(town.rng, 1), 0.6, carrier(province))
        person = town.person("vpn", province, network=away)
        for _ in range(town.rng.poisson(3)):
            _errand_of(town, person, town.moment())
