"""Decisions on cases are taken back: what they settled waits again, once, or stays."""

import asyncio

import pytest

from anti_fraud.domain.cases import Case, CaseState, Value, Verb
from anti_fraud.pipeline.cases import listing, undoing
from anti_fraud.pipeline.cases.undoing import Undone, UndoWish
from core.auth.principal import Staff
from tests.fixtures.cases import ANNE, BEN, PORTS, Review
from tests.fixtures.claims import Claims
from tests.integration.test_cases import decide, held_case

_SUMS = "SELECT sum(available), sum(pending), sum(debt) FROM balances"
_KINDS = (
    "SELECT kind, count(*) FROM transfers WHERE kind <> 'pending'"
    " GROUP BY kind ORDER BY kind"
)


async def undo(
    review: Review,
    *cases: Case,
    staff: Staff = ANNE,
    later_ms: int = 0,
) -> list[Undone]:
    """Take back what was decided of cases, whatever became of them since."""
    async with review.ground.engine.begin() as conn:
        work = review.work(conn, staff, later_ms=later_ms)
        wishes = [UndoWish(case.case_id) for case in cases]
        return await undoing.undo_decisions(work, PORTS, wishes, reason="oops")


def codes(undone: list[Undone]) -> list[str | None]:
    """Give the code of what each could not."""
    return [each.fault.code if each.fault else None for each in undone]


async def gone(review: Review, case: Case) -> Value | None:
    """Tell what a case's page says is gone of what its decision posted."""
    async with review.ground.engine.connect() as conn:
        shown = await listing.show_case(conn, ANNE, PORTS, case.case_id)
    return shown.spent


@pytest.mark.parametrize("first", list(Verb))
@pytest.mark.parametrize("second", list(Verb))
async def test_what_was_decided_waits_again_and_is_decided_anew(
    review: Review, first: Verb, second: Verb
) -> None:
    """Each change is a transfer, and the second decision stays."""
    case = await held_case(review, 3)
    await decide(review, case, first)
    [undone] = await undo(review, case)
    assert undone.value == Value(points=15)
    assert await review.resolutions() == [None] * 3
    assert await review.ground.rows(_SUMS) == [(0, 15, 0)]
    again = await review.only_case()
    assert (again.state, again.waiting, again.value) == (
        CaseState.OPEN,
        3,
        Value(points=15),
    )
    assert (again.decision, again.assignee) == (None, "anne")
    assert await review.ground.audit() == []
    assert codes(await undo(review, case)) == ["illegal_state"]
    await decide(review, again, second)
    available = 15 if second is Verb.APPROVE else 0
    assert await review.ground.rows(_SUMS) == [(available, 0, 0)]
    assert await gone(review, again) == (Value() if second is Verb.APPROVE else None)
    ends = {Verb.APPROVE: ("post", "repost", "unpost"), Verb.DENY: ("void", "revoid")}
    undoes = {Verb.APPROVE: "unpost", Verb.DENY: "unvoid"}
    kinds = sorted([ends[first][0], undoes[first], ends[second][1]])
    assert await review.ground.rows(_KINDS) == [(kind, 3) for kind in kinds]
    assert codes(await undo(review, case)) == ["undone_before"]
    assert await review.ground.audit() == []


async def test_after_ten_minutes_it_stays(review: Review) -> None:
    """And who comes too late is told so."""
    case = await held_case(review)
    await decide(review, case, Verb.DENY)
    late = await undo(review, case, later_ms=10 * 60_000 + 1)
    assert codes(late) == ["too_late"]
    assert codes(await undo(review, case, later_ms=9 * 60_000)) == [None]


async def test_what_was_spent_keeps_all_of_it_posted(review: Review) -> None:
    """With the figures, and no other case is harmed."""
    spent = await held_case(review, 2)
    [other] = await review.ground.members("other")
    [code] = await review.ground.live(1)
    await review.hold(code, other)
    await review.sorting().sort_once()
    [(number,)] = await review.ground.rows(
        f"SELECT case_id FROM cases WHERE case_id <> {spent.case_id}"
    )
    good = await review.case(number)
    await decide(review, spent, Verb.APPROVE)
    await decide(review, good, Verb.APPROVE)
    await Claims(review.ground).spend("greedy", 1)
    assert [await gone(review, each) for each in (spent, good)] == [
        Value(points=1),
        Value(),
    ]
    undone = await undo(review, spent, good)
    assert codes(undone) == ["spent", None]
    assert await gone(review, good) is None
    assert "1 points" in str(undone[0].fault and undone[0].fault.detail)
    assert await review.resolutions() == ["posted", "posted", None]
    assert await review.ground.audit() == []


async def test_of_two_who_take_back_at_once_one_does(review: Review) -> None:
    """The case's lock decides, and nothing is taken back twice."""
    case = await held_case(review, 2)
    await decide(review, case, Verb.APPROVE)
    both = await asyncio.gather(
        undo(review, case), undo(review, case, staff=BEN), return_exceptions=True
    )
    assert not any(isinstance(each, BaseException) for each in both)
    told = [code for each in both if isinstance(each, list) for code in codes(each)]
    assert sorted(map(str, told)) in (
        ["None", "illegal_state"],
        ["None", "held_by_another"],
    )
    assert await review.ground.rows(_SUMS) == [(0, 10, 0)]
    assert await review.ground.audit() == []
