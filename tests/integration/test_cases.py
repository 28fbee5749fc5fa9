"""Held scans become cases, which are worked on by one and decided once."""

import asyncio
from datetime import timedelta

import pytest

from anti_fraud.domain.case_settings import CaseSettings
from anti_fraud.domain.cases import (
    Case,
    CaseState,
    Sort,
    SubjectKind,
    Value,
    Verb,
)
from anti_fraud.domain.verdict import CaseKind
from anti_fraud.pipeline.case_settings import approve_settings, draft_settings
from anti_fraud.pipeline.cases import deciding, listing, working
from anti_fraud.pipeline.cases.deciding import Outcome, Wish
from anti_fraud.pipeline.cases.listing import Filters
from core.auth.principal import Staff
from core.clock import utc_datetime
from core.errors import Conflict, Fault
from tests.fixtures.cases import (
    ANNE,
    BEN,
    BOSS,
    FAR,
    PORTS,
    Review,
)
from tests.fixtures.ground import CLOCK


async def held_case(review: Review, scans: int = 1) -> Case:
    """Open a case of one member's scans."""
    [member] = await review.ground.members("greedy")
    for code in await review.ground.live(scans):
        await review.hold(code, member)
    await review.sorting().sort_once()
    return await review.only_case()


async def decide(
    review: Review, case: Case, verb: Verb, staff: Staff = ANNE
) -> Outcome:
    """Decide a case as it was seen."""
    async with review.ground.engine.begin() as conn:
        work = review.work(conn, staff)
        wish = Wish(case.case_id, case.version, verb)
        return await deciding.decide_case(work, PORTS, wish, note="because")


async def settings(review: Review, terms: CaseSettings) -> None:
    """Let settings hold, which two persons made."""
    now = utc_datetime(CLOCK.now_ms())
    async with review.ground.engine.begin() as conn:
        version = await draft_settings(conn, terms, ANNE, now=now)
        await approve_settings(conn, version.version, BEN, now=now)


async def test_holds_of_one_attack_are_one_case(review: Review) -> None:
    """By the member whose scans are too many, and by the code in two places."""
    one, two = await review.ground.members("one", "two")
    codes = await review.ground.live(5)
    for code, member in zip(codes, (one, one, one, two), strict=False):
        await review.hold(code, member)
    await review.hold(codes[4], two, FAR)
    assert await review.sorting().sort_once() == 5
    assert await review.sorting().sort_once() == 0
    rows = await review.ground.rows(
        "SELECT kind, subject_kind, subject, subject_name, scans, points, rules"
        " FROM cases ORDER BY kind, subject_name"
    )
    assert rows == [
        ("clone", "code", str(codes[4]), str(codes[4]), 1, 5, ["two-places"]),
        ("velocity", "member", str(one), "one", 3, 15, ["member-day"]),
        ("velocity", "member", str(two), "two", 1, 5, ["member-day"]),
    ]
    assert await review.ground.rows("SELECT kind, subject FROM incidents") == [
        ("clone", f"code:{codes[4]}")
    ]
    assert await review.ground.audit() == []


async def test_a_hold_that_nobody_can_read_keeps_no_other_waiting(
    review: Review,
) -> None:
    """It is a case of its member all the same, since a person can still decide."""
    one, two = await review.ground.members("one", "two")
    codes = await review.ground.live(3)
    for code, member in zip(codes, (one, two, two), strict=True):
        await review.hold(code, member)
    await review.ground.rows(
        rf"UPDATE scans SET facts = '\xc1' WHERE code_id = {codes[0]} RETURNING code_id"
    )
    assert await review.sorting().sort_once() == 3
    rows = await review.ground.rows(
        "SELECT kind, subject, scans, points FROM cases ORDER BY kind"
    )
    assert rows == [("other", str(one), 1, 5), ("velocity", str(two), 2, 10)]


async def test_two_who_sort_at_once_file_each_hold_once(review: Review) -> None:
    """They lock what they file, and meet in the case of one attack."""
    people = await review.ground.members(*(f"m{n}" for n in range(4)))
    for place, code in enumerate(await review.ground.live(40)):
        await review.hold(code, people[place % 4])
    sorters = [review.sorting() for _ in range(4)]
    sorted_each = await asyncio.gather(*(each.sort_once() for each in sorters))
    while await review.sorting().sort_once():
        pass
    assert sum(sorted_each) <= 40
    rows = await review.ground.rows("SELECT scans, waiting, points FROM cases")
    assert rows == [(10, 10, 50)] * 4
    assert await review.ground.audit() == []


@pytest.mark.parametrize(
    ("verb", "resolution", "balance"),
    [(Verb.APPROVE, "posted", (15, 0)), (Verb.DENY, "voided", (0, 0))],
)
async def test_a_decision_settles_all_that_the_case_holds(
    review: Review, verb: Verb, resolution: str, balance: tuple[int, int]
) -> None:
    """Once: who decides again is told that it has changed."""
    case = await held_case(review, 3)
    outcome = await decide(review, case, verb)
    value = Value(points=15)
    given = (outcome.posted, outcome.voided)
    assert given == ((value, Value()) if verb is Verb.APPROVE else (Value(), value))
    assert await review.resolutions() == [resolution] * 3
    sums = await review.ground.rows("SELECT sum(available), sum(pending) FROM balances")
    assert sums == [balance]
    decided = await review.only_case()
    assert (decided.state, decided.decision) == (CaseState.DECIDED, verb)
    assert decided.value == Value()
    with pytest.raises(Conflict) as told:
        await decide(review, case, Verb.APPROVE)
    assert told.value.code == "stale"
    assert await review.ground.audit() == []


async def test_of_two_analysts_at_once_one_decides(review: Review) -> None:
    """The other is told, and nothing is posted twice."""
    case = await held_case(review, 2)
    both = await asyncio.gather(
        decide(review, case, Verb.APPROVE, ANNE),
        decide(review, case, Verb.DENY, BEN),
        return_exceptions=True,
    )
    faults = [each for each in both if isinstance(each, Fault)]
    assert [fault.code for fault in faults] == ["stale"]
    assert len(set(await review.resolutions())) == 1
    assert await review.ground.audit() == []


async def test_what_comes_after_a_decision_is_another_case(review: Review) -> None:
    """The first one is over."""
    case = await held_case(review)
    await decide(review, case, Verb.DENY)
    [member] = await review.ground.members("greedy")
    [code] = await review.ground.live(1)
    await review.hold(code, member)
    await review.sorting().sort_once()
    rows = await review.ground.rows("SELECT state, scans FROM cases ORDER BY case_id")
    assert rows == [("decided", 1), ("open", 1)]


async def test_some_scans_of_a_case_can_be_decided_alone(review: Review) -> None:
    """The case stays open until the last one is."""
    [member] = await review.ground.members("greedy")
    first, _ = [await review.hold(code, member) for code in await review.ground.live(2)]
    await review.sorting().sort_once()
    case = await review.only_case()
    for scans, state in ((frozenset({first}), "open"), (frozenset(), "decided")):
        async with review.ground.engine.begin() as conn:
            wish = Wish(
                case.case_id,
                (await review.only_case()).version,
                Verb.DENY if scans else Verb.APPROVE,
                scans,
            )
            work = review.work(conn)
            outcome = await deciding.decide_case(work, PORTS, wish, note="n")
        assert outcome.state == state
    assert await review.resolutions() == ["voided", "posted"]
    assert await review.ground.audit() == []


async def test_above_a_value_a_second_person_has_the_last_word(review: Review) -> None:
    """Nothing is posted before, not by the same person, and nothing joins meanwhile."""
    await settings(review, CaseSettings(four_eyes_points=9))
    case = await held_case(review, 2)
    outcome = await decide(review, case, Verb.APPROVE)
    assert outcome.state is CaseState.WAITING
    assert await review.resolutions() == [None, None]

    async def approve(staff: Staff) -> Outcome:
        async with review.ground.engine.begin() as conn:
            return await deciding.approve_decision(
                review.work(conn, staff), PORTS, case.case_id, expected_version=None
            )

    with pytest.raises(Conflict) as told:
        await approve(ANNE)
    assert told.value.code == "second_person_needed"
    assert (await approve(BEN)).posted == Value(points=10)
    assert await review.resolutions() == ["posted", "posted"]
    [(person, detail)] = await review.ground.rows(
        "SELECT person, detail FROM case_entries WHERE kind = 'decided'"
    )
    assert (person, detail["approved_by"]) == ("anne", "ben")
    assert await review.ground.audit() == []


async def test_a_rejected_decision_opens_the_case_again(review: Review) -> None:
    """And it can be decided otherwise."""
    await settings(review, CaseSettings(four_eyes_points=1))
    case = await held_case(review)
    await decide(review, case, Verb.APPROVE)
    async with review.ground.engine.begin() as conn:
        work = review.work(conn, BEN)
        await deciding.reject_decision(
            work, case.case_id, "ask first", expected_version=None
        )
    again = await review.only_case()
    assert (again.state, again.proposal) == (CaseState.OPEN, None)
    assert (await decide(review, again, Verb.DENY)).state is CaseState.WAITING


async def test_who_works_on_a_case_keeps_others_from_it_until_idle(
    review: Review,
) -> None:
    """An admin reassigns, and after half an hour of nothing anybody may take it."""
    case = await held_case(review)

    async def assign(staff: Staff, to: str | None, *, later_ms: int = 0) -> Case:
        async with review.ground.engine.begin() as conn:
            return await working.assign_case(
                review.work(conn, staff, later_ms=later_ms),
                case.case_id,
                to,
                expected_version=None,
            )

    assert (await assign(ANNE, "anne")).assignee == "anne"
    for attempt in (
        assign(BEN, "ben"),
        decide(review, await review.only_case(), Verb.DENY, BEN),
    ):
        with pytest.raises(Conflict) as told:
            await attempt
        assert told.value.code == "held_by_another"
    assert (await assign(BEN, "ben", later_ms=31 * 60_000)).assignee == "ben"
    assert (await assign(BOSS, "anne")).assignee == "anne"
    assert (await assign(ANNE, None)).assignee is None


async def test_two_who_ask_for_the_next_case_get_two(review: Review) -> None:
    """Of those that are due first; what was put off is passed by."""
    people = await review.ground.members("a", "b", "c")
    for code, member in zip(await review.ground.live(3), people, strict=True):
        await review.hold(code, member)
        await review.sorting().sort_once()
    async with review.ground.engine.connect() as conn:
        found, _ = await listing.list_cases(
            conn,
            ANNE,
            Filters(),
            sort=Sort.DUE,
            cursor=None,
            limit=10,
            now=utc_datetime(CLOCK.now_ms()),
        )
    assert [case.subject_name for case in found] == ["a", "b", "c"]
    async with review.ground.engine.begin() as conn:
        work = review.work(conn)
        await working.snooze_case(
            work,
            found[0].case_id,
            work.now + timedelta(hours=1),
            "later",
            expected_version=None,
        )

    async def take(staff: Staff) -> str | None:
        async with review.ground.engine.begin() as conn:
            case = await working.take_next(review.work(conn, staff), queue=None)
            await asyncio.sleep(0.05)
        return None if case is None else case.subject_name

    assert sorted(filter(None, await asyncio.gather(take(ANNE), take(BEN)))) == [
        "b",
        "c",
    ]
    assert await take(BOSS) is None


async def test_a_bulk_decides_what_it_can_and_tells_of_the_rest(review: Review) -> None:
    """Stale, foreign, unknown: none harms another, and a preview changes nothing."""
    people = await review.ground.members(*"abcd")
    for code, member in zip(await review.ground.live(4), people, strict=True):
        await review.hold(code, member)
    await review.sorting().sort_once()
    rows = await review.ground.rows(
        "SELECT case_id, version FROM cases ORDER BY subject_name"
    )
    async with review.ground.engine.begin() as conn:
        work = review.work(conn, BEN)
        await working.assign_case(work, rows[1][0], "ben", expected_version=None)
    wishes = [
        Wish(rows[0][0], 1, Verb.APPROVE),
        Wish(rows[1][0], 2, Verb.APPROVE),
        Wish(rows[2][0], 7, Verb.APPROVE),
        Wish(1, 1, Verb.DENY),
        Wish(rows[3][0], 1, Verb.DENY),
    ]
    for run in ("preview", "real"):
        async with review.ground.engine.begin() as conn:
            work = review.work(conn)
            if run == "preview":
                outcomes = await deciding.preview_cases(work, wishes)
            else:
                outcomes = await deciding.decide_cases(work, PORTS, wishes, note="n")
        codes = [each.fault and each.fault.code for each in outcomes]
        assert codes == [None, "held_by_another", "stale", "not_found", None]
        assert outcomes[0].posted == outcomes[4].voided == Value(points=5)
        expected = [None] * 4 if run == "preview" else ["posted", None, None, "voided"]
        assert await review.resolutions() == expected
    assert await review.ground.audit() == []


async def test_a_page_of_a_queue_goes_on_where_the_last_one_ended(
    review: Review,
) -> None:
    """In each order, whatever comes meanwhile."""
    people = await review.ground.members(*(f"m{n}" for n in range(7)))
    codes = iter(await review.ground.live(28))
    for count, member in enumerate(people, 1):
        for _ in range(count):
            await review.hold(next(codes), member)
    await review.sorting().sort_once()
    now = utc_datetime(CLOCK.now_ms())
    for sort in Sort:
        seen: list[Case] = []
        cursor: str | None = None
        while True:
            async with review.ground.engine.connect() as conn:
                found, cursor = await listing.list_cases(
                    *(conn, ANNE, Filters()),
                    sort=sort,
                    cursor=cursor,
                    limit=3,
                    now=now,
                )
            seen += found
            if cursor is None:
                break
        assert len({case.case_id for case in seen}) == len(seen) == 7
        if sort is Sort.VALUE:
            assert [case.value.points for case in seen] == list(range(35, 0, -5))


async def test_a_case_shows_why_its_scans_were_held(review: Review) -> None:
    """The value against the threshold, in sentences; and what its scans share."""
    [member] = await review.ground.members("greedy")
    codes = await review.ground.live(2)
    for code in codes:
        await review.hold(code, member, device="phone")
    await review.sorting().sort_once()
    case = await review.only_case()
    async with review.ground.engine.connect() as conn:
        shown = await listing.show_case(conn, ANNE, PORTS, case.case_id)
    scan = shown.evidence.scans[0]
    assert (scan.member_id, scan.hold, scan.value) == (
        "greedy",
        "waiting",
        Value(points=5),
    )
    [hit] = scan.hits
    condition, shop = hit.conditions
    assert (condition.threshold, condition.value, condition.holds) == (50, 51, True)
    assert (shop.fact, shop.value) == ("shop_listed", False)
    assert hit.sentence["zh"] == "该会员一天内扫码超过 50 次，且不在门店名单上。"
    shared = {(each.kind, each.scans) for each in shown.evidence.linked}
    assert {(SubjectKind.MEMBER, 2), (SubjectKind.DEVICE, 2)} <= shared
    assert case.kind is CaseKind.VELOCITY
