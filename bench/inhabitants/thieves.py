"""Attackers who hold codes of goods that nobody has bought: leaked and stolen files."""

from bench.inhabitants.geography import carrier, hosting, mostly, somewhere
from bench.inhabitants.goods import CARTON, DAY_S, BatchPlan, Cap
from bench.inhabitants.town import HOUR_S, Person, Town

# Cartons of the roll whose file was copied.
LEAKED_CARTONS = 5


def leak_files(town: Town) -> None:
    """Let files of goods that are activated while people scan get into wrong hands."""
    fresh = [plan for plan in town.goods.batches if plan.activated_s > 0]
    order = town.rng.permutation(len(fresh))
    attacks = (_greedy, _polled, _patient, _mixed)
    for number, attack in zip(order, attacks, strict=False):
        plan = fresh[number]
        plan.leaked = True
        attack(town, plan, _codes_of_the_file(plan))


def _codes_of_the_file(plan: BatchPlan) -> list[Cap]:
    """Give the codes of the batch's last roll."""
    roll = range(plan.quantity - LEAKED_CARTONS * CARTON, plan.quantity)
    return [Cap(plan.number, index) for index in roll]


def _poll(
    town: Town,
    person: Person,
    caps: list[Cap],
    times: int,
    days: float,
) -> None:
    """Look from time to time whether codes work yet."""
    for _ in range(times):
        cap = caps[town.rng.integers(len(caps))]
        plan = town.goods.batches[cap.batch]
        begins_s = max(0.0, plan.activated_s - days * DAY_S)
        at_s = float(town.rng.uniform(begins_s, plan.activated_s - HOUR_S))
        town.scan(person, cap, at_s, signed_in=False)


def _greedy(town: Town, plan: BatchPlan, caps: list[Cap]) -> None:
    """Try codes once or twice, then take all within a day, by fresh accounts."""
    thief = town.crook("leaked_batch", network=hosting(town.rng, 1))
    _poll(town, thief, caps, 40, 2)
    network = hosting(town.rng, 10)
    at_s = plan.activated_s + 2 * HOUR_S
    for start in range(0, len(caps) - 8, 3):
        account = town.crook("leaked_batch", network=network, shows_place=False)
        town.scan_all(account, caps[start : start + 3], at_s)
        at_s += town.pause(600)


def _polled(town: Town, plan: BatchPlan, caps: list[Cap]) -> None:
    """Poll a stolen package every few minutes, then claim with an account a code."""
    _poll(town, town.crook("stolen_package"), caps, town.many(500), 3)
    at_s = plan.activated_s + HOUR_S
    for cap in caps[: len(caps) - 6]:
        town.scan(town.crook("stolen_package"), cap, at_s)
        at_s += town.pause(500)


def _patient(town: Town, plan: BatchPlan, caps: list[Cap]) -> None:
    """Try three codes twice; then a code or two a day for each of many accounts."""
    _poll(town, town.crook("leak_patient"), caps[:3], 6, 2)
    accounts = [town.crook("leak_patient") for _ in range(30)]
    days = 14 - plan.activated_s / DAY_S - 0.3
    for cap in caps[:100]:
        account = accounts[town.rng.integers(len(accounts))]
        at_s = plan.activated_s + float(town.rng.uniform(0.1, days)) * DAY_S
        town.scan(account, cap, at_s)


def _mixed(town: Town, plan: BatchPlan, caps: list[Cap]) -> None:
    """Use cheap phones with three accounts each, and a made-up place, for a file."""
    _poll(town, town.crook("mixed"), caps, 25, 2)
    lives = town.province()
    at_s = plan.activated_s + 5 * HOUR_S
    taken = 0
    for _ in range(14):
        phone = town.crook(
            "mixed",
            lives,
            home=somewhere(town.rng, plan.province),
            network=mostly(carrier(lives), 0.5, hosting(town.rng, 2)),
            shows_place=True,
        )
        for _ in range(3):
            account = town.moved(phone, member=town.name("m"))
            many = int(town.rng.integers(2, 4))
            some = caps[taken : taken + many]
            town.scan_all(account, some, at_s, middle_s=2.5, spread=0.1)
            taken += many
            at_s += town.pause(900)
        at_s += town.pause(4 * HOUR_S)
