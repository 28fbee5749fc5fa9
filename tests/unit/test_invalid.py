"""Floods of invalid codes, counted without Redis."""

from anti_fraud.domain import Entity, InvalidCounter, Throttle

MINUTE = Throttle(Entity.NETWORK, 60, 5, 60)
HOUR = Throttle(Entity.NETWORK, 3600, 20, 86_400)
NETWORK = b"{nA}"
OTHER = b"{nB}"


def guess(counter: InvalidCounter, times: int, now_s: float = 1000.0) -> None:
    for _ in range(times):
        counter.note_invalid([NETWORK], now_s)


def test_the_guess_after_the_limit_is_turned_away_at_once() -> None:
    counter = InvalidCounter([MINUTE])
    guess(counter, 4)
    assert counter.throttled_for([NETWORK], 1000) == 0
    guess(counter, 1)
    assert counter.throttled_for([NETWORK], 1000) == 60
    assert counter.throttled_for([OTHER], 1000) == 0
    assert counter.throttled_for([OTHER, NETWORK], 1000) == 60


def test_a_throttle_ends() -> None:
    counter = InvalidCounter([MINUTE])
    guess(counter, 5)
    assert counter.throttled_for([NETWORK], 1059.5) == 1
    assert counter.throttled_for([NETWORK], 1060) == 0


def test_draining_forgets_no_guess() -> None:
    counter = InvalidCounter([MINUTE])
    guess(counter, 4)
    (pending,) = counter.drain(1000)
    assert (pending.tag, pending.n, pending.windows) == (NETWORK, 4, (60,))
    assert counter.drain(1000) == []
    guess(counter, 1)
    assert counter.throttled_for([NETWORK], 1000) == 60


def test_what_other_workers_counted_counts_after_a_flush() -> None:
    counter = InvalidCounter([MINUTE])
    guess(counter, 1)
    (pending,) = counter.drain(1000)
    counter.learn(pending, (4,), 1000)
    assert counter.throttled_for([NETWORK], 1000) == 0
    guess(counter, 1)
    assert counter.throttled_for([NETWORK], 1000) == 60


def test_totals_over_the_limit_throttle_as_soon_as_they_are_learned() -> None:
    counter = InvalidCounter([MINUTE])
    guess(counter, 1)
    counter.learn(counter.drain(1000)[0], (9,), 1000)
    assert counter.throttled_for([NETWORK], 1000) == 60


def test_known_totals_age_out() -> None:
    counter = InvalidCounter([MINUTE])
    guess(counter, 4)
    counter.learn(counter.drain(1000)[0], (4,), 1000)
    guess(counter, 1, now_s=1055)
    assert counter.throttled_for([NETWORK], 1055) == 0


def test_a_slow_trickle_is_no_flood_while_redis_is_away() -> None:
    counter = InvalidCounter([MINUTE])
    for now_s in range(1000, 5000, 30):
        guess(counter, 1, now_s=now_s)
        counter.drain(now_s)
    assert counter.throttled_for([NETWORK], 5000) == 0


def test_twenty_in_an_hour_block_for_a_day_and_the_block_is_stored() -> None:
    counter = InvalidCounter([MINUTE, HOUR])
    guess(counter, 20)
    assert counter.throttled_for([NETWORK], 1000) == 86_400
    assert counter.drain(1000)[0].blocked_until_s == 1000 + 86_400


def test_a_short_throttle_is_not_stored_since_counts_tell_it() -> None:
    counter = InvalidCounter([MINUTE, HOUR])
    guess(counter, 5)
    assert counter.drain(1000)[0].blocked_until_s is None


def test_a_stored_block_is_learned_with_the_first_flush() -> None:
    counter = InvalidCounter([MINUTE, HOUR])
    guess(counter, 1)
    counter.learn(counter.drain(1000)[0], (1, 1), 1000, stored_until_s=9000)
    assert counter.throttled_for([NETWORK], 1000) == 8000


def test_a_longer_block_that_a_flush_replaced_is_stored_again() -> None:
    counter = InvalidCounter([HOUR])
    guess(counter, 20)
    (pending,) = counter.drain(1000)
    later = 1000 + 86_400 + 500
    counter.learn(pending, (0,), 1000, stored_until_s=later)
    assert [one.blocked_until_s for one in counter.drain(1000)] == [later]


def test_a_total_that_blocks_when_learned_is_stored_by_the_next_flush() -> None:
    counter = InvalidCounter([HOUR])
    guess(counter, 1)
    counter.learn(counter.drain(1000)[0], (25,), 1000)
    assert counter.drain(1000)[0].blocked_until_s == 1000 + 86_400


def test_a_full_memory_forgets_who_was_quiet_longest() -> None:
    counter = InvalidCounter([MINUTE], capacity=2)
    for tag in (b"{n1}", b"{n2}", b"{n1}", b"{n3}"):
        counter.note_invalid([tag], 1000)
    assert len(counter) == 2
    assert counter.forgotten == 1
    assert {one.tag: one.n for one in counter.drain(1000)} == {b"{n1}": 2, b"{n3}": 1}


def test_an_answer_about_a_forgotten_entity_is_dropped() -> None:
    counter = InvalidCounter([MINUTE], capacity=1)
    counter.note_invalid([NETWORK], 1000)
    (pending,) = counter.drain(1000)
    counter.note_invalid([OTHER], 1000)
    counter.learn(pending, (9,), 1000)
    assert counter.throttled_for([NETWORK], 1000) == 0


def test_a_drain_is_bounded_and_goes_on_where_it_stopped() -> None:
    counter = InvalidCounter([MINUTE])
    for index in range(5):
        counter.note_invalid([b"{n%d}" % index], 1000)
    assert [len(counter.drain(1000, at_most=2)) for _ in range(4)] == [2, 2, 1, 0]


def test_an_entity_without_a_throttle_is_ignored() -> None:
    counter = InvalidCounter([MINUTE])
    counter.note_invalid([b"{mA}"], 1000)
    assert len(counter) == 0
