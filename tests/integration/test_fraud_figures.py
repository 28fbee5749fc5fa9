"""What rules and analysts came to by day: counted once, however often a job runs."""

from datetime import timedelta
from functools import partial

import pytest

from anti_fraud.domain.cases import Value, Verb
from anti_fraud.domain.figures import DueIn, Figure, Figures
from anti_fraud.pipeline.cases.deciding import Wish, decide_case
from anti_fraud.pipeline.figures import (
    count_figures,
    count_open_cases,
    show_figures,
)
from core.clock import business_day, utc_datetime
from scan_api.pipeline.past_scans import read_judged as read
from tests.fixtures.cases import ANNE, BUSY, FAR, PORTS, SMALL, Review
from tests.fixtures.ground import CLOCK, TIMEZONE

read_judged = partial(read, timezone=TIMEZONE)
NOW = utc_datetime(CLOCK.now_ms())
TODAY = business_day(CLOCK.now_ms(), TIMEZONE)


async def count(review: Review, *, later: timedelta = timedelta(hours=1)) -> bool:
    """Count once, as the job does; tells whether there is more."""
    async with review.ground.engine.begin() as conn:
        return await count_figures(
            conn, read_judged, timezone=TIMEZONE, now=NOW + later
        )


async def figures(review: Review) -> Figures:
    """Read what is counted."""
    async with review.ground.engine.connect() as conn:
        return await show_figures(conn, ANNE, since=TODAY)


async def decide(review: Review, verb: Verb) -> None:
    """Decide the newest open case."""
    [(case_id, version)] = await review.ground.rows(
        "SELECT case_id, version FROM cases WHERE state = 'open'"
        " ORDER BY case_id DESC LIMIT 1"
    )
    async with review.ground.engine.begin() as conn:
        wish = Wish(case_id, version, verb)
        # What was counted by then is settled, and nothing comes before it any more.
        work = review.work(conn, later_ms=3_600_000)
        await decide_case(work, PORTS, wish, note="n")


async def test_scans_and_decisions_are_counted_once_by_day(review: Review) -> None:
    """Outcomes, scores, rules alone and together, places; then what people said."""
    members = await review.ground.members("ann", "ben", "cat")
    codes = await review.ground.live(3)
    for code, member, facts in zip(
        codes, members, (BUSY, FAR, {**FAR, **BUSY}), strict=True
    ):
        await review.hold(code, member, facts)
    while await review.sorting().sort_once():
        pass
    assert not await count(review, later=timedelta(minutes=1)), "nothing has settled"
    assert (await figures(review)).counts == {}
    for _ in "ab":
        assert not await count(review)
    found = await figures(review)
    assert found.total(Figure.OUTCOME) == {"held": 3}
    assert sum(found.total(Figure.SCORE).values()) == 3
    assert found.total(Figure.HITS) == {"member-day": 2, "two-places": 2}
    assert found.total(Figure.HELD) == {"member-day": 2, "two-places": 2}
    assert found.total(Figure.BOTH) == {"member-day two-places": 1}
    assert found.total(Figure.PLACE) == {"": 3}
    assert set(found.by_day(Figure.OUTCOME)) == {TODAY}
    await decide(review, Verb.DENY)
    await decide(review, Verb.APPROVE)
    for _ in "ab":
        assert not await count(review, later=timedelta(hours=2))
    rules = {rule.rule_id: rule for rule in (await figures(review)).rules}
    assert sum(rule.denied for rule in rules.values()) > 0
    assert sum(rule.approved for rule in rules.values()) > 0
    stopped = [rule.stopped for rule in rules.values() if rule.denied]
    assert Value(points=5) in stopped
    for rule in rules.values():
        decided = rule.approved + rule.denied
        assert rule.share_false == (rule.approved / decided if decided else None)
        assert rule.both is not None
        assert rule.both[1] == 1


async def test_what_two_jobs_count_at_once_is_counted_by_one(review: Review) -> None:
    """The other one leaves it, rather than waiting or counting it again."""
    [member] = await review.ground.members("ann")
    [code] = await review.ground.live(1)
    await review.hold(code, member, SMALL)
    async with review.ground.engine.begin() as first:
        await count_figures(
            first, read_judged, timezone=TIMEZONE, now=NOW + timedelta(hours=1)
        )
        assert not await count(review)
    assert (await figures(review)).total(Figure.OUTCOME) == {"held": 1}


@pytest.mark.parametrize(
    ("hours", "due", "age"),
    [
        (1, DueIn.DAY, 0),
        (22, DueIn.HOURS_4, 0),
        (25, DueIn.OVER, 1),
        (300, "day_over", 7),
    ],
)
async def test_open_cases_are_counted_by_when_they_are_due(
    review: Review, hours: int, due: str, age: int
) -> None:
    """And by how old they are; one that is decided waits no more."""
    [member] = await review.ground.members("ann")
    [code] = await review.ground.live(1)
    await review.hold(code, member)
    assert await review.sorting().sort_once() == 1
    async with review.ground.engine.connect() as conn:
        waiting = await count_open_cases(conn, ANNE, now=NOW + timedelta(hours=hours))
    assert [each for each, n in waiting.due.items() if n] == [due]
    assert [days for days, n in waiting.age_days.items() if n] == [age]
    assert waiting.is_all
    await decide(review, Verb.DENY)
    async with review.ground.engine.connect() as conn:
        over = await count_open_cases(conn, ANNE, now=NOW)
    assert not any(over.due.values())
