"""A case whose holds all ended otherwise closes by itself, and no other does."""

import pytest

from anti_fraud.domain.case_settings import CaseSettings
from anti_fraud.domain.cases import CaseState, Value, Verb
from anti_fraud.pipeline.cases import closing
from crowncap.case_ports import find_ended
from rewards.domain.programme import Clawback
from tests.fixtures.cases import Review
from tests.fixtures.claims import Claims
from tests.integration.test_cases import decide, held_case, settings
from tests.integration.test_undos import codes, undo


async def close(review: Review) -> int:
    """Look through all that waits, once; tells in how many pieces."""
    pieces, goes_on = 0, 1
    while goes_on:
        async with review.ground.engine.begin() as conn:
            work = review.work(conn)
            goes_on = await closing.close_ended(
                conn, find_ended, next_id=work.next_id, now=work.now
            )
        pieces += 1
    return pieces


async def reverse(review: Review, *places: int) -> None:
    """Let support take back some of the held scans, by their order."""
    rows = await review.ground.rows(
        "SELECT transfer_id FROM holds ORDER BY transfer_id"
    )
    for place in places:
        await Claims(review.ground).reverse(rows[place][0], Clawback.PENDING_ONLY)


async def test_it_closes_once_all_of_it_has_ended(review: Review) -> None:
    """By the system, with its reason; while something waits it stays as it is."""
    case = await held_case(review, 2)
    await close(review)
    await reverse(review, 0)
    await close(review)
    assert await review.case(case.case_id) == case
    await reverse(review, 1)
    await close(review)
    closed = await review.case(case.case_id)
    assert (closed.state, closed.decided_by, closed.decision) == (
        CaseState.DECIDED,
        "system",
        Verb.DENY,
    )
    assert (closed.waiting, closed.value, closed.version) == (0, Value(), 2)
    [(kind, detail)] = await review.ground.rows(
        "SELECT kind, detail FROM case_entries ORDER BY entry_id DESC LIMIT 1"
    )
    assert (kind, detail) == ("closed", {"scans": 2, "reason": "holds_ended"})
    await close(review)
    assert (await review.case(case.case_id)).version == 2
    # Nobody decided it, so there is nothing to take back.
    assert codes(await undo(review, case)) == ["illegal_state"]
    assert await review.ground.audit() == []


async def test_a_proposal_goes_with_what_it_was_about(review: Review) -> None:
    """Nobody is asked to confirm a decision on nothing."""
    await settings(review, CaseSettings(four_eyes_points=1))
    case = await held_case(review)
    proposed = await decide(review, case, Verb.APPROVE)
    assert proposed.state is CaseState.WAITING
    await reverse(review, 0)
    await close(review)
    closed = await review.case(case.case_id)
    assert (closed.state, closed.proposal) == (CaseState.DECIDED, None)
    assert await review.ground.audit() == []


async def test_many_are_looked_through_in_pieces(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Round after round from the first on, however many wait before it."""
    monkeypatch.setattr(closing, "_AT_ONCE", 1)
    case = await held_case(review, 3)
    assert await close(review) == 4
    await reverse(review, 0, 1, 2)
    await close(review)
    assert (await review.case(case.case_id)).state is CaseState.DECIDED
    assert await close(review) == 1
