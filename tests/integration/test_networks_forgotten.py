"""A case keeps the address of its network as long as traces do, and no longer."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from anti_fraud.domain.cases import Case, CaseState, Verb
from anti_fraud.pipeline.cases.forgetting import forget_networks
from core.clock import utc_datetime
from core.conditions import Fact
from crowncap.case_ports import find_network_kinds
from tests.fixtures.cases import Review
from tests.fixtures.ground import CLOCK, TIMEZONE
from tests.integration.test_cases import decide

# What the rules hold a scan for that comes from a rented machine.
RENTED: Mapping[str, Fact] = {"network_kind": "hosting", "network_members_1d": 9}
ADDRESS = "203.0.113.7"


async def forget(review: Review, *, days: int) -> int:
    """Run the job so many days from now; gives how many cases forgot theirs."""
    now = utc_datetime(CLOCK.now_ms()) + timedelta(days=days)
    find = partial(find_network_kinds, timezone=TIMEZONE)
    async with review.ground.engine.begin() as conn:
        return await forget_networks(conn, find, now=now)


async def rented(review: Review) -> Case:
    """Open a case of a network."""
    [member] = await review.ground.members("renter")
    [code] = await review.ground.live(1)
    await review.hold(code, member, RENTED, address=ADDRESS)
    await review.sorting().sort_once()
    case = await review.case(
        (await review.ground.rows("SELECT max(case_id) FROM cases"))[0][0]
    )
    assert (case.subject_kind, case.subject_name) == ("network", ADDRESS)
    return case


async def test_the_sort_of_network_is_left(review: Review) -> None:
    """Nothing else of the case changes, and it is decided as it was seen."""
    case = await rented(review)
    assert await forget(review, days=89) == 0
    assert await forget(review, days=91) == 1
    assert await forget(review, days=91) == 0
    kept = await review.case(case.case_id)
    assert (kept.subject_name, kept.is_forgotten) == ("hosting", True)
    assert (kept.version, kept.state, kept.rules) == (1, CaseState.OPEN, case.rules)
    rows = await review.ground.rows(
        "SELECT row_to_json(c)::text FROM cases AS c UNION ALL"
        " SELECT row_to_json(e)::text FROM case_entries AS e"
    )
    assert not any(ADDRESS in row for (row,) in rows)
    await decide(review, case, Verb.DENY)
    assert await review.ground.audit() == []


async def test_a_network_that_is_seen_again_opens_a_case_anew(review: Review) -> None:
    """What was forgotten is not joined."""
    old = await rented(review)
    await forget(review, days=91)
    new = await rented(review)
    assert new.case_id != old.case_id
    assert (await review.case(old.case_id)).scans == 1


async def test_other_cases_keep_what_they_are_of(review: Review) -> None:
    """A member is no address."""
    [member] = await review.ground.members("greedy")
    [code] = await review.ground.live(1)
    await review.hold(code, member)
    await review.sorting().sort_once()
    assert await forget(review, days=400) == 0
    assert (await review.only_case()).subject_name == "greedy"
