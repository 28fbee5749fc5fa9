"""Wrong guesses, counted without Redis."""

import re
from pathlib import Path

import pytest

from anti_fraud.default_rules import shipped_rule_set
from anti_fraud.domain.daily_guesses import most_guesses_a_day
from anti_fraud.domain.entities import Entity, entity_of
from anti_fraud.domain.guesses import Block, GuessCounter, PendingGuesses, Treatment
from anti_fraud.domain.rule_sets import Throttle

MINUTE = Throttle(Entity.NETWORK, 60, 5, 60)
HOUR = Throttle(Entity.NETWORK, 3600, 20, 86_400)
STRICT_MINUTE = Throttle(Entity.MEMBER, 60, 5, 60)
STRICT_HOUR = Throttle(Entity.MEMBER, 3600, 20, 86_400)
NETWORK = b"{nA}"
OTHER = b"{nB}"
MEMBER = b"{mA}"
THROTTLES = shipped_rule_set().throttles
SECURITY = Path(__file__).parents[2] / "docs" / "security-of-the-code-format.md"


def guess(
    counter: GuessCounter, times: int, now_s: float = 1000.0, tag: bytes = NETWORK
) -> None:
    for _ in range(times):
        counter.note_guess([tag], now_s)


def treatment(counter: GuessCounter, *tags: bytes, now_s: float = 1000) -> Treatment:
    return counter.admit(tags, now_s).treatment


def test_the_guess_after_the_limit_is_turned_away_at_once() -> None:
    counter = GuessCounter([MINUTE])
    guess(counter, 4)
    assert counter.admit([NETWORK], 1000).seconds == 0
    guess(counter, 1)
    assert counter.admit([NETWORK], 1000).seconds == 60
    assert counter.admit([OTHER], 1000).seconds == 0
    assert counter.admit([OTHER, NETWORK], 1000).seconds == 60


def test_a_throttle_ends() -> None:
    counter = GuessCounter([MINUTE])
    guess(counter, 5)
    assert counter.admit([NETWORK], 1059.5).seconds == 1
    assert counter.admit([NETWORK], 1060).seconds == 0


def test_draining_forgets_no_guess() -> None:
    counter = GuessCounter([MINUTE])
    guess(counter, 4)
    (pending,) = counter.drain(1000)
    assert (pending.tag, pending.n, pending.windows) == (NETWORK, 4, (60,))
    assert counter.drain(1000) == []
    guess(counter, 1)
    assert counter.admit([NETWORK], 1000).seconds == 60


def test_what_other_workers_counted_counts_after_a_flush() -> None:
    counter = GuessCounter([MINUTE])
    guess(counter, 1)
    (pending,) = counter.drain(1000)
    counter.learn(pending, (4,), 1000)
    assert counter.admit([NETWORK], 1000).seconds == 0
    guess(counter, 1)
    assert counter.admit([NETWORK], 1000).seconds == 60


def test_totals_over_the_limit_throttle_as_soon_as_they_are_learned() -> None:
    counter = GuessCounter([MINUTE])
    guess(counter, 1)
    counter.learn(counter.drain(1000)[0], (9,), 1000)
    assert counter.admit([NETWORK], 1000).seconds == 60


def test_known_totals_age_out() -> None:
    counter = GuessCounter([MINUTE])
    guess(counter, 4)
    counter.learn(counter.drain(1000)[0], (4,), 1000)
    guess(counter, 1, now_s=1055)
    assert counter.admit([NETWORK], 1055).seconds == 0


def test_a_slow_trickle_is_no_flood_while_redis_is_away() -> None:
    counter = GuessCounter([MINUTE])
    for now_s in range(1000, 5000, 30):
        guess(counter, 1, now_s=now_s)
        counter.drain(now_s)
    assert counter.admit([NETWORK], 5000).seconds == 0


def test_twenty_in_an_hour_block_for_a_day_and_the_block_is_stored() -> None:
    counter = GuessCounter([MINUTE, HOUR])
    guess(counter, 20)
    assert counter.admit([NETWORK], 1000).seconds == 86_400
    assert counter.drain(1000)[0].blocked_until_s == 1000 + 86_400


def test_a_short_throttle_is_not_stored_since_counts_tell_it() -> None:
    counter = GuessCounter([MINUTE, HOUR])
    guess(counter, 5)
    assert counter.drain(1000)[0].blocked_until_s is None


def test_a_stored_block_is_learned_with_the_first_flush() -> None:
    counter = GuessCounter([MINUTE, HOUR])
    guess(counter, 1)
    counter.learn(counter.drain(1000)[0], (1, 1), 1000, stored_until_s=9000)
    assert counter.admit([NETWORK], 1000).seconds == 8000


def test_a_longer_block_that_a_flush_replaced_is_stored_again() -> None:
    counter = GuessCounter([HOUR])
    guess(counter, 20)
    (pending,) = counter.drain(1000)
    later = 1000 + 86_400 + 500
    counter.learn(pending, (0,), 1000, stored_until_s=later)
    assert [one.blocked_until_s for one in counter.drain(1000)] == [later]


def test_a_total_that_blocks_when_learned_is_stored_by_the_next_flush() -> None:
    counter = GuessCounter([HOUR])
    guess(counter, 1)
    counter.learn(counter.drain(1000)[0], (25,), 1000)
    assert counter.drain(1000)[0].blocked_until_s == 1000 + 86_400


def test_a_full_memory_forgets_who_was_quiet_longest() -> None:
    counter = GuessCounter([MINUTE], capacity=2)
    for tag in (b"{n1}", b"{n2}", b"{n1}", b"{n3}"):
        counter.note_guess([tag], 1000)
    assert len(counter) == 2
    assert counter.forgotten == 1
    assert {one.tag: one.n for one in counter.drain(1000)} == {b"{n1}": 2, b"{n3}": 1}


def test_an_answer_about_a_forgotten_entity_is_dropped() -> None:
    counter = GuessCounter([MINUTE], capacity=1)
    counter.note_guess([NETWORK], 1000)
    (pending,) = counter.drain(1000)
    counter.note_guess([OTHER], 1000)
    counter.learn(pending, (9,), 1000)
    assert counter.admit([NETWORK], 1000).seconds == 0


def test_a_drain_is_bounded_and_goes_on_where_it_stopped() -> None:
    counter = GuessCounter([MINUTE])
    for index in range(5):
        counter.note_guess([b"{n%d}" % index], 1000)
    assert [len(counter.drain(1000, at_most=2)) for _ in range(4)] == [2, 2, 1, 0]


def test_an_entity_without_a_throttle_is_ignored() -> None:
    counter = GuessCounter([MINUTE])
    counter.note_guess([b"{dA}"], 1000)
    assert len(counter) == 0


def test_a_blocked_network_is_told_nothing_but_its_guesses_count() -> None:
    counter = GuessCounter([MINUTE])
    guess(counter, 5)
    assert treatment(counter, NETWORK) is Treatment.UNTOLD
    guess(counter, 1, now_s=1030)
    assert counter.admit([NETWORK], 1030).seconds == 60


def test_a_network_is_not_held_against_a_member() -> None:
    counter = GuessCounter([MINUTE, STRICT_MINUTE])
    guess(counter, 5)
    assert treatment(counter, MEMBER, NETWORK) is Treatment.FREE


def test_a_blocked_member_has_twenty_right_codes_a_minute() -> None:
    counter = GuessCounter([STRICT_MINUTE, STRICT_HOUR])
    guess(counter, 20, tag=MEMBER, now_s=900)
    for code_id in range(20):
        assert treatment(counter, MEMBER) is Treatment.WATCHED
        # The same code again is the same bottle.
        for _ in range(3):
            counter.note_right([MEMBER], code_id, 1000)
    assert treatment(counter, MEMBER) is Treatment.SHUT
    assert treatment(counter, MEMBER, now_s=1060) is Treatment.WATCHED


def test_right_codes_of_who_is_not_blocked_are_not_counted() -> None:
    counter = GuessCounter([STRICT_MINUTE])
    guess(counter, 1, tag=MEMBER)
    for code_id in range(100):
        counter.note_right([MEMBER], code_id, 1000)
    assert treatment(counter, MEMBER) is Treatment.FREE


def test_a_member_at_full_speed_is_shut_so_that_right_codes_look_like_wrong() -> None:
    counter = GuessCounter([STRICT_MINUTE])
    guess(counter, 19, tag=MEMBER)
    assert treatment(counter, MEMBER) is Treatment.WATCHED
    guess(counter, 1, tag=MEMBER)
    assert treatment(counter, MEMBER) is Treatment.SHUT


def test_right_codes_meet_those_of_other_workers_and_prolong_no_block() -> None:
    counter = GuessCounter([STRICT_MINUTE])
    guess(counter, 5, tag=MEMBER)
    counter.drain(1000)
    counter.note_right([MEMBER], 1, 1010)
    (pending,) = counter.drain(1010)
    assert (pending.n, pending.right) == (0, 1)
    counter.learn(pending, (), 1010, right=(20,))
    assert treatment(counter, MEMBER, now_s=1010) is Treatment.SHUT
    assert treatment(counter, MEMBER, now_s=1060) is Treatment.SHUT
    assert treatment(counter, MEMBER, now_s=1070) is Treatment.FREE


def test_a_block_is_told_once_and_heard_by_who_never_met_the_caller() -> None:
    counter, stranger = GuessCounter([STRICT_MINUTE]), GuessCounter([STRICT_MINUTE])
    guess(counter, 6, tag=MEMBER)
    (told,) = counter.news()
    assert told == Block(MEMBER, 1060, 0)
    guess(counter, 1, tag=MEMBER, now_s=1001)
    assert counter.news() == []
    stranger.hear(told, 1001)
    assert stranger.admit([MEMBER], 1001).seconds == 59
    assert stranger.news() == []
    stranger.hear(Block(MEMBER, 1060, 1030), 1002)
    assert treatment(stranger, MEMBER, now_s=1002) is Treatment.SHUT


def test_old_news_and_news_of_what_has_no_throttle_are_ignored() -> None:
    counter = GuessCounter([STRICT_MINUTE])
    counter.hear(Block(MEMBER, 999, 999), 1000)
    for tag in (NETWORK, b"{?A}", b""):
        counter.hear(Block(tag, 2000, 0), 1000)
    assert len(counter) == 0


def answered_in_a_day(tag: bytes) -> int:
    """Guess at full speed for a day; Redis counts exactly, in ten sub-buckets."""
    counter = GuessCounter(THROTTLES)
    buckets: dict[tuple[int, int], int] = {}
    answered, step_s = 0, 1.0
    for step in range(int(86_400 / step_s)):
        now_s = 1_000_000 + step * step_s
        for _ in range(50):
            if treatment(counter, tag, now_s=now_s) in {
                Treatment.SHUT,
                Treatment.UNTOLD,
            }:
                break
            answered += 1
            counter.note_guess([tag], now_s)
        for pending in counter.drain(now_s):
            counter.learn(pending, count(buckets, pending, now_s), now_s)
        counter.news()
    return answered


def count(
    buckets: dict[tuple[int, int], int], pending: PendingGuesses, now_s: float
) -> tuple[int, ...]:
    totals = []
    for window_s in pending.windows:
        newest = int(now_s * 10 // window_s)
        key = (window_s, newest)
        buckets[key] = buckets.get(key, 0) + pending.n
        totals.append(
            sum(buckets.get((window_s, newest - back), 0) for back in range(10))
        )
    return tuple(totals)


@pytest.mark.parametrize("tag", [MEMBER, b"{aA}", NETWORK])
def test_a_day_at_full_speed_gets_no_more_answers_than_are_computed(tag: bytes) -> None:
    most = most_guesses_a_day(THROTTLES, entity_of(tag))
    assert 0.5 * most < answered_in_a_day(tag) <= most


# Nobody guesses by a code or a place.
@pytest.mark.parametrize("entity", sorted({*Entity} - {Entity.CODE, Entity.CELL}))
def test_the_docs_give_the_odds_that_the_rules_allow(entity: Entity) -> None:
    row = re.search(
        rf"^\| {entity} \|.*\| ([\d,]+) \| ([\d.]+) · 10\^-(\d+)"
        r" \| ([\d.]+) · 10\^-(\d+) \|$",
        SECURITY.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert row is not None, f"the docs give no odds of a {entity}"
    guesses, insider, insider_e, outsider, outsider_e = row.groups()
    most = most_guesses_a_day(THROTTLES, entity)
    assert int(guesses.replace(",", "")) == most
    assert f"{most / 2**39:.1e}" == f"{insider}e-{int(insider_e):02}"
    assert f"{most * 1e9 / 2**75:.1e}" == f"{outsider}e-{int(outsider_e):02}"


def test_other_throttles_keep_blocks_and_count_anew_in_other_windows() -> None:
    """Whoever is blocked stays so; what was counted counts where windows stay."""
    counter = GuessCounter([MINUTE])
    guess(counter, 5)
    guess(counter, 2, tag=OTHER)
    flushed = counter.drain(1000)
    counter.obey((Throttle(Entity.NETWORK, 60, 3, 60),))
    assert treatment(counter, NETWORK) is Treatment.UNTOLD
    guess(counter, 1, tag=OTHER)
    assert treatment(counter, OTHER) is Treatment.UNTOLD
    counter.obey((MINUTE, HOUR))
    # What Redis says of windows that were given up is not taken for others' totals.
    counter.learn(flushed[0], (50,), 1000)
    assert treatment(counter, NETWORK, now_s=1061) is Treatment.FREE
    guess(counter, 4, now_s=1061)
    assert treatment(counter, NETWORK, now_s=1061) is Treatment.FREE


def test_what_nothing_limits_any_more_is_forgotten() -> None:
    counter = GuessCounter([MINUTE, STRICT_MINUTE])
    guess(counter, 5)
    guess(counter, 5, tag=MEMBER)
    counter.obey((STRICT_MINUTE,))
    assert treatment(counter, NETWORK) is Treatment.FREE
    assert treatment(counter, MEMBER) is Treatment.WATCHED
    assert [entry.tag for entry in counter.drain(1000)] == [MEMBER]
