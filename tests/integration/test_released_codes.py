"""A denied case may let others claim its codes: once each, and never whom it denied."""

import asyncio

import pytest

from anti_fraud.domain.case_settings import CaseSettings
from anti_fraud.domain.cases import Case, CaseState, Value, Verb
from anti_fraud.pipeline.cases import deciding
from anti_fraud.pipeline.cases.deciding import Outcome, Wish
from core.errors import InvalidInput
from core.redis import connect
from rewards.domain.programme import Clawback
from scan_api.store.filters import claimed_key, claimed_offset
from tests.fixtures.cases import BEN, PORTS, Review
from tests.fixtures.claims import Claims, points, working
from tests.fixtures.ground import Ground, outcomes
from tests.integration.test_cases import held_case, settings
from tests.integration.test_limits import until_somebody_waits
from tests.integration.test_undos import codes, undo

_CLAIMS = "SELECT code_id, member_no FROM claims ORDER BY code_id"


async def deny(review: Review, *cases: Case, release: bool = True) -> list[Outcome]:
    """Deny cases and let others claim their codes."""
    async with review.ground.engine.begin() as conn:
        wishes = [
            Wish(case.case_id, case.version, Verb.DENY, release_code=release)
            for case in cases
        ]
        return await deciding.decide_cases(review.work(conn), PORTS, wishes, note="n")


async def code_of(ground: Ground) -> int:
    """Give the code of the only scan that was held."""
    [(code,)] = await ground.rows("SELECT code_id FROM holds")
    return int(code)


async def scan(review: Review, code: int, member: str) -> str:
    """Let a member ask for a code; gives what became of it."""
    [number] = await review.ground.members(member)
    wish = review.ground.wish(code, number, review.campaign)
    [done] = await review.ground.commit(wish)
    return done.outcome.value


async def test_another_member_claims_what_was_denied_and_released(
    review: Review,
) -> None:
    """Once, and is paid; who was denied is refused, and then told that it is gone."""
    ground = review.ground
    [outcome] = await deny(review, await held_case(review))
    assert (outcome.voided, outcome.released) == (Value(points=5), 1)
    code = await code_of(ground)
    assert await ground.rows(_CLAIMS) == []
    assert await scan(review, code, "greedy") == "refused"
    assert await ground.audit() == []
    [other] = await ground.members("other")
    [paid] = await ground.commit(ground.wish(code, other, review.campaign))
    # The one that was denied, the one that was refused, and this.
    assert (paid.outcome, paid.points, paid.scan_count) == ("rewarded", 5, 3)
    assert await scan(review, code, "greedy") == "already_claimed"
    assert await scan(review, code, "third") == "already_claimed"
    assert await ground.rows(_CLAIMS) == [(code, other)]
    [(detail,)] = await ground.rows(
        "SELECT detail FROM case_entries WHERE kind = 'decided'"
    )
    assert detail["released"] == 1
    [(told,)] = await ground.rows(
        "SELECT e -> 1 FROM outbox, jsonb_array_elements(events) AS e"
        " WHERE e ->> 0 = 'case.decided'"
    )
    assert told["released"] == 1
    assert await ground.audit() == []


async def test_of_two_at_once_one_gets_a_released_code(review: Review) -> None:
    """On two connections, over and over."""
    ground = review.ground
    people = await ground.members("one", "two")
    [greedy] = await ground.members("greedy")
    live = await ground.live(20)
    for code in live:
        await review.hold(code, greedy)
    await review.sorting().sort_once()
    await deny(review, await review.only_case())
    other = await ground.connect()
    for code in live:
        wishes = [ground.wish(code, each, review.campaign) for each in people]
        both = await asyncio.gather(
            ground.commit(wishes[0]), ground.commit(wishes[1], conn=other)
        )
        told = sorted(outcomes([each for [each] in both]))
        assert told == ["already_claimed", "rewarded"]
    await other.close()
    assert len(await ground.rows(_CLAIMS)) == 20
    assert await ground.rows("SELECT sum(available) FROM balances") == [(100,)]
    assert await ground.audit() == []


async def test_a_claim_that_ends_while_it_is_looked_at_is_decided_anew(
    review: Review,
) -> None:
    """A batch saw it claimed, waited for another code, and finds it to be nobody's."""
    ground = review.ground
    case = await held_case(review)
    code = await code_of(ground)
    [waited] = await ground.live(1)
    one, two, three = await ground.members("one", "two", "three")
    other = await ground.connect()
    await other.execute("BEGIN")
    await ground.commit(ground.wish(waited, one, review.campaign), conn=other)
    batch = asyncio.create_task(
        ground.commit(
            ground.wish(waited, two, review.campaign),
            ground.wish(code, three, review.campaign),
        )
    )
    await until_somebody_waits(ground)
    await deny(review, case)
    await other.execute("COMMIT")
    await other.close()
    with pytest.raises(Exception, match="not claimed was called so"):
        await batch
    assert await scan(review, code, "three") == "rewarded"
    assert await ground.audit() == []


async def test_a_filter_that_calls_it_claimed_lets_it_be_claimed(
    ledger: Ground, redis_url: str
) -> None:
    """The bit is wrong by then: PostgreSQL has the last word, and all are judged."""
    claims = Claims(ledger)
    await claims.campaign("points", points())
    [code] = await ledger.live(1)
    async with working(claims, redis_url, count=2) as (one, two):
        review = Review(ledger, await claims.load("points"))
        [greedy] = await ledger.members("greedy")
        await review.hold(code, greedy)
        redis = connect(redis_url)
        place = claimed_key(code >> 20), str(claimed_offset(code)).encode()
        await redis.call(b"SETBIT", *place, b"1")
        await redis.close()
        assert (await one.scan(code, "early"))["outcome"] == "already_claimed"
        await review.sorting().sort_once()
        await deny(review, await review.only_case())
        assert (await two.scan(code, "greedy"))["outcome"] == "refused"
        told = await asyncio.gather(one.scan(code, "ann"), two.scan(code, "ben"))
        assert sorted(each["outcome"] for each in told) == [
            "already_claimed",
            "rewarded",
        ]
    assert await ledger.audit() == []


async def test_the_second_person_releases_what_the_first_proposed(
    review: Review,
) -> None:
    """Nothing is anybody else's before that."""
    await settings(review, CaseSettings(four_eyes_points=1))
    case = await held_case(review)
    [proposed] = await deny(review, case)
    assert (proposed.state, proposed.released) == (CaseState.WAITING, 0)
    code = await code_of(review.ground)
    assert await scan(review, code, "other") == "already_claimed"
    async with review.ground.engine.begin() as conn:
        done = await deciding.approve_decision(
            review.work(conn, BEN), PORTS, case.case_id, expected_version=None
        )
    assert done.released == 1
    assert await scan(review, code, "other") == "rewarded"
    assert await review.ground.audit() == []


async def test_only_what_is_denied_is_released(review: Review) -> None:
    """An approval releases nothing, and a denial without the wish keeps the claim."""
    case = await held_case(review)
    wish = Wish(case.case_id, case.version, Verb.APPROVE, release_code=True)
    async with review.ground.engine.connect() as conn:
        for look in (
            deciding.preview_cases(review.work(conn), [wish]),
            deciding.decide_cases(review.work(conn), PORTS, [wish], note="n"),
        ):
            with pytest.raises(InvalidInput):
                await look
    [kept] = await deny(review, case, release=False)
    assert kept.released == 0
    code = await code_of(review.ground)
    assert await scan(review, code, "other") == "already_claimed"


async def test_what_ended_before_keeps_its_claim(review: Review) -> None:
    """Support took one back: the decision is of the other, and so is the release."""
    case = await held_case(review, 2)
    [(first,), _] = await review.ground.rows(
        "SELECT transfer_id FROM holds ORDER BY transfer_id"
    )
    await Claims(review.ground).reverse(first, Clawback.PENDING_ONLY)
    [outcome] = await deny(review, case)
    assert (outcome.voided, outcome.released) == (Value(points=5), 1)
    assert len(await review.ground.rows(_CLAIMS)) == 1
    assert await review.ground.audit() == []


@pytest.mark.parametrize("release", [True, False])
async def test_taking_it_back_makes_the_claim_its_members_again(
    review: Review, *, release: bool
) -> None:
    """Counted as before; a second decision may release it, or keep it."""
    ground = review.ground
    case = await held_case(review)
    await deny(review, case)
    code = await code_of(ground)
    assert await scan(review, code, "greedy") == "refused"
    assert codes(await undo(review, case)) == [None]
    assert await ground.audit() == []
    assert await scan(review, code, "other") == "already_claimed"
    [(sightings,)] = await ground.rows("SELECT scans FROM sightings")
    assert sightings == 2
    await deny(review, await review.only_case(), release=release)
    told = await scan(review, code, "other")
    assert told == ("rewarded" if release else "already_claimed")
    assert await ground.audit() == []


async def test_what_somebody_claimed_since_is_not_taken_back(review: Review) -> None:
    """None of its case is, and no other case is harmed."""
    ground = review.ground
    gone = await held_case(review, 2)
    [other] = await ground.members("other")
    [code] = await ground.live(1)
    await review.hold(code, other)
    await review.sorting().sort_once()
    [(number,)] = await ground.rows(
        f"SELECT case_id FROM cases WHERE case_id <> {gone.case_id}"
    )
    good = await review.case(number)
    await deny(review, gone, good)
    taken = min(c for (c,) in await ground.rows("SELECT code_id FROM holds"))
    assert await scan(review, taken, "lucky") == "rewarded"
    undone = await undo(review, gone, good)
    assert codes(undone) == ["claimed_since", None]
    assert "1 of its codes" in str(undone[0].fault and undone[0].fault.detail)
    assert await review.resolutions() == ["voided", "voided", None]
    [lucky] = await ground.members("lucky")
    assert set(await ground.rows(_CLAIMS)) == {(taken, lucky), (code, other)}
    # The other code of the case is still anybody's.
    [left] = [c for (c,) in await ground.rows("SELECT code_id FROM holds ORDER BY 1")][
        1:2
    ]
    assert await scan(review, left, "late") == "rewarded"
    assert await ground.audit() == []


async def test_who_claims_while_it_is_taken_back_comes_before_or_after(
    review: Review,
) -> None:
    """The claim or the undoing, never both."""
    ground = review.ground
    case = await held_case(review)
    code = await code_of(ground)
    await deny(review, case)
    [other] = await ground.members("other")
    conn = await ground.connect()
    await conn.execute("BEGIN")
    await ground.commit(ground.wish(code, other, review.campaign), conn=conn)
    undoing = asyncio.create_task(undo(review, case))
    await until_somebody_waits(ground)
    await conn.execute("COMMIT")
    await conn.close()
    assert codes(await undoing) == ["claimed_since"]
    assert await review.resolutions() == ["voided"]
    assert await ground.audit() == []


async def test_a_new_claim_is_denied_and_released_in_its_turn(review: Review) -> None:
    """Neither of the two who were denied has it ever after."""
    ground = review.ground
    await deny(review, await held_case(review))
    code = await code_of(ground)
    [second] = await ground.members("second")
    held = await review.hold(code, second)
    await review.sorting().sort_once()
    [(number,)] = await ground.rows(
        f"SELECT case_id FROM case_scans WHERE scan_id = {held}"
    )
    await deny(review, await review.case(number))
    assert await scan(review, code, "greedy") == "refused"
    assert await scan(review, code, "second") == "refused"
    assert await scan(review, code, "third") == "rewarded"
    assert await ground.audit() == []


BREAKS = {
    "who was denied has the code": "UPDATE claims SET member_no = ("
    "SELECT member_no FROM released_claims)",
    "what was released is posted": "UPDATE holds SET resolution = 'posted'",
    "of another member": "UPDATE released_claims SET member_no = member_no + 1",
}


@pytest.mark.parametrize("name", BREAKS)
async def test_the_audit_names_what_is_broken(review: Review, name: str) -> None:
    """A claim that ended is one that was held, denied, and is not theirs again."""
    await deny(review, await held_case(review))
    await scan(review, await code_of(review.ground), "other")
    assert await review.ground.audit() == []
    await review.ground.conn.execute("SET session_replication_role = replica")
    await review.ground.conn.execute(BREAKS[name].encode())
    found = {each.sentence for each in await review.ground.audit()}
    assert (
        "each claim that ended was held and denied, and is nobody's whom it was denied"
        in found
    )
