"""A case's states against a plain model, whatever analysts do in whatever order."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from anti_fraud.domain.case_settings import CaseSettings
from anti_fraud.domain.cases import CaseState, Verb
from anti_fraud.pipeline.case_settings import approve_settings, draft_settings
from anti_fraud.pipeline.cases import deciding, undoing, working
from anti_fraud.pipeline.cases.deciding import Wish
from anti_fraud.pipeline.cases.undoing import UndoWish
from anti_fraud.pipeline.cases.working import Work
from core.auth.principal import Staff
from core.clock import utc_datetime
from core.errors import Fault
from rewards.domain.rebuilding import Rebuilt
from tests.fixtures.cases import ANNE, BEN, BOSS, PORTS, Review
from tests.fixtures.claims import Claims
from tests.fixtures.ground import CLOCK, prepare_ground

STAFF = st.sampled_from([ANNE, BEN, BOSS])
# Above so many points two persons decide: two scans are fewer, three are not.
FOUR_EYES = 10


class Model:
    """The case that collects, as it should be; cases that are over are counted."""

    def __init__(self) -> None:
        self.waiting = 0
        self.holder: str | None = None
        self.proposed: tuple[str, Verb] | None = None
        self.posted = self.voided = 0
        self.collects = True
        # The scans that were decided last, by what; and whether they were before.
        self.decided: tuple[Verb, int] | None = None
        self.undone = 0
        self.spent = 0

    @property
    def may_collect(self) -> bool:
        """Whether what is held next joins this case, or opens one after it."""
        return self.proposed is None and (self.collects or not self.waiting)

    def settle(self, verb: Verb) -> None:
        """Let all that waits be posted or voided."""
        if verb is Verb.APPROVE:
            self.posted += self.waiting
        else:
            self.voided += self.waiting
        self.decided = verb, self.waiting
        self.waiting, self.proposed = 0, None
        self.collects = True

    def why_not(self, staff: Staff) -> str:
        """Tell why somebody can't take back what was decided last; empty: they can."""
        if self.proposed or self.decided is None:
            return "illegal_state"
        if self.holder not in {None, staff.person}:
            return "held_by_another"
        verb, scans = self.decided
        if self.undone:
            return "undone_before"
        there = 5 * self.posted - self.spent
        return "spent" if verb is Verb.APPROVE and there < 5 * scans else ""

    def take_back(self, staff: Staff) -> None:
        """Let what was decided last wait again, which whoever did so works on."""
        assert self.decided
        verb, scans = self.decided
        if verb is Verb.APPROVE:
            self.posted -= scans
        else:
            self.voided -= scans
        self.waiting, self.undone, self.holder = scans, scans, staff.person
        self.collects, self.decided = False, None


class Analysts(RuleBasedStateMachine):
    """Analysts who work on the cases of one member."""

    review: Review
    codes: Iterator[int]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.case_id = 0
        self.name = f"member-{next(self.codes)}"
        [self.member] = self.run(self.review.ground.members(self.name))

    def run(self, work: Any) -> Any:
        """Run async work to its end."""
        raise NotImplementedError

    async def _counts(self) -> tuple[int, int]:
        rows = await self.review.ground.rows(
            "SELECT count(*) FILTER (WHERE resolution = 'posted'),"
            " count(*) FILTER (WHERE resolution = 'voided') FROM holds"
            f" WHERE member_no = {self.member}"
        )
        return rows[0][0], rows[0][1]

    def _do(self, staff: Staff, act: Callable[[Work], Any]) -> str:
        """Do something in a transaction; gives the code of the fault, if any."""

        async def do() -> str:
            try:
                async with self.review.ground.engine.begin() as conn:
                    await act(self.review.work(conn, staff))
            except Fault as fault:
                return fault.code
            return ""

        told: str = self.run(do())
        return told

    @precondition(lambda self: self.model.may_collect)
    @rule()
    def hold(self) -> None:
        """Another scan is held, and joins the case or opens one."""

        async def hold() -> int:
            await self.review.hold(next(self.codes), self.member)
            while await self.review.sorting().sort_once():
                pass
            [(case_id,)] = await self.review.ground.rows(
                "SELECT case_id FROM cases WHERE collects"
                f" AND subject = '{self.member}'"
            )
            return int(case_id)

        case_id = self.run(hold())
        assert (case_id == self.case_id) == (self.model.waiting > 0)
        if case_id != self.case_id:
            self.model.holder, self.model.decided, self.model.undone = None, None, 0
        self.case_id = case_id
        self.model.waiting += 1

    @precondition(lambda self: self.model.waiting)
    @rule(staff=STAFF)
    def take(self, staff: Staff) -> None:
        """Somebody takes the case; only an admin takes it from another."""
        free = self.model.holder in {None, staff.person} or staff is BOSS
        told = self._do(
            staff,
            lambda work: working.assign_case(
                work, self.case_id, staff.person, expected_version=None
            ),
        )
        assert told == ("" if free else "held_by_another")
        if free:
            self.model.holder = staff.person

    @precondition(lambda self: self.model.waiting)
    @rule(staff=STAFF, verb=st.sampled_from(Verb), stale=st.booleans())
    def decide(self, staff: Staff, verb: Verb, *, stale: bool) -> None:
        """Somebody decides the case, perhaps as it was before."""
        case = self.run(self.review.case(self.case_id))
        version = case.version + (1 if stale else 0)
        wish = Wish(self.case_id, version, verb)
        told = self._do(
            staff, lambda work: deciding.decide_case(work, PORTS, wish, note="n")
        )
        if stale:
            assert told == "stale"
        elif self.model.proposed:
            assert told == "illegal_state"
        elif self.model.holder not in {None, staff.person}:
            assert told == "held_by_another"
        else:
            assert told == ""
            if self.model.waiting * 5 > FOUR_EYES:
                self.model.proposed = (staff.person, verb)
            else:
                self.model.settle(verb)

    @precondition(lambda self: self.model.waiting)
    @rule(staff=STAFF)
    def approve(self, staff: Staff) -> None:
        """Somebody confirms what was proposed: not who proposed it."""
        told = self._do(
            staff,
            lambda work: deciding.approve_decision(
                work, PORTS, self.case_id, expected_version=None
            ),
        )
        if self.model.proposed is None:
            assert told == "illegal_state"
        elif self.model.proposed[0] == staff.person:
            assert told == "second_person_needed"
        else:
            assert told == ""
            self.model.settle(self.model.proposed[1])

    @precondition(lambda self: self.model.waiting)
    @rule(staff=STAFF)
    def reject(self, staff: Staff) -> None:
        """Somebody sends a proposal back, which leaves the case open and collecting."""
        told = self._do(
            staff,
            lambda work: deciding.reject_decision(
                work, self.case_id, "r", expected_version=None
            ),
        )
        assert told == ("illegal_state" if self.model.proposed is None else "")
        if not told:
            self.model.proposed = None
            # What was once proposed collects no more.
            self.model.collects = False

    @precondition(lambda self: self.case_id)
    @rule(staff=STAFF)
    def undo(self, staff: Staff) -> None:
        """Somebody takes back what was decided last, of which all waits again."""
        wish = UndoWish(self.case_id)
        told = self._do(
            staff, lambda work: undoing.undo_decision(work, PORTS, wish, reason="oops")
        )
        why = self.model.why_not(staff)
        assert told == why
        if not why:
            self.model.take_back(staff)

    @precondition(lambda self: 5 * self.model.posted > self.model.spent)
    @rule()
    def spend(self) -> None:
        """Let the member spend a point of what was posted."""
        self.run(Claims(self.review.ground).spend(self.name, 1))
        self.model.spent += 1

    @invariant()
    def what_is_there_is_what_should_be(self) -> None:
        """Compare holds, case and model: nothing ends twice."""
        model = self.model
        assert self.run(self._counts()) == (model.posted, model.voided)
        if not self.case_id:
            return
        case = self.run(self.review.case(self.case_id))
        assert case.waiting == model.waiting
        assert case.value.points == 5 * model.waiting
        states = {
            (False, False): CaseState.DECIDED,
            (True, False): CaseState.OPEN,
            (True, True): CaseState.WAITING,
        }
        assert case.state is states[model.waiting > 0, model.proposed is not None]


@pytest.fixture
def worked(
    database_url: str, tmp_path: Path
) -> Iterator[tuple[asyncio.Runner, Review]]:
    """Give a ground on which two scans need one person, and three need two."""
    with asyncio.Runner() as runner:
        ground = runner.run(prepare_ground(database_url, tmp_path))

        async def begin() -> Review:
            await ground.rules()
            now = utc_datetime(CLOCK.now_ms())
            async with ground.engine.begin() as conn:
                terms = CaseSettings(four_eyes_points=FOUR_EYES)
                version = await draft_settings(conn, terms, ANNE, now=now)
                await approve_settings(conn, version.version, BEN, now=now)
            return Review(ground, await ground.campaign("points"))

        review = runner.run(begin())
        yield runner, review
        assert runner.run(ground.audit()) == []
        assert runner.run(ground.rebuild()) == Rebuilt()
        runner.run(ground.close())


def test_cases_agree_with_a_plain_model(
    worked: tuple[asyncio.Runner, Review],
) -> None:
    """Any order of holds, claims, decisions, approvals, rejections, undos, spends."""
    runner, given = worked
    held = iter(runner.run(given.ground.live(2_000)))

    class Worked(Analysts):
        review, codes = given, held

        def run(self, work: Any) -> Any:
            """Run async work to its end."""
            return runner.run(work)

    run_state_machine_as_test(
        Worked,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],  # what is found reads well; shrinking is slow
        ),
    )
