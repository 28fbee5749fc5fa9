"""How many guesses throttles let through: what an attacker gets, and a test holds."""

from collections.abc import Iterable
from math import ceil

from anti_fraud.domain.entities import STRICT, Entity
from anti_fraud.domain.guesses import FRESH_SHARE, SHUT_AT, SHUT_S
from anti_fraud.domain.rule_sets import Throttle


def most_guesses_a_day(throttles: Iterable[Throttle], entity: Entity) -> int:
    """Return how many guesses of one entity are answered in a day at the very most.

    A crowd (a network, a site) is told nothing once it has reached a limit, and stays
    blocked for `block_s`. A strict entity is still opened while it is blocked, until
    a window holds SHUT_AT times its limit; from there on it gets one more guess each
    SHUT_S. Totals cover FRESH_SHARE of their windows at least. While Redis is away, and
    between two flushes, each worker counts alone and allows as much.
    """
    most = float("inf")
    for throttle in throttles:
        if throttle.entity is not entity:
            continue
        covered_s = FRESH_SHARE * throttle.window_s
        if entity in STRICT:
            allowed = SHUT_AT * throttle.limit + covered_s / SHUT_S
            period_s = covered_s
        else:
            allowed = throttle.limit
            period_s = max(covered_s, throttle.block_s)
        most = min(most, ceil(86_400 / period_s) * allowed)
    if most == float("inf"):
        raise ValueError(f"Guesses of a {entity} have no limit.")
    return ceil(most)
