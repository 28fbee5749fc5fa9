"""The life of rule sets against a plain model of states and a pile of active ones."""

import asyncio
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from anti_fraud.default_rules import shipped_rules
from anti_fraud.pipeline import rule_sets as pipeline
from anti_fraud.store.rule_sets import load_rules
from core.auth import Role
from core.auth.principal import Staff
from core.clock import business_day, utc_datetime
from core.errors import Fault
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground, prepare_ground

PEOPLE = [Staff("", name, Role.ANALYST) for name in ("li", "wang")]
PERSON = st.sampled_from(PEOPLE)
# Of the versions that there are, and one that is none.
PICK = st.integers(0, 5)


class RuleSetMachine(RuleBasedStateMachine):
    """Drafts, commits, activations and roll-backs by two people."""

    ground: Ground
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        # Versions of earlier runs are not this one's, but what is active is.
        self.base = self.run(self._active())
        self.authors: dict[int, Staff] = {}
        self.committed: set[int] = set()
        self.was_active: set[int] = set()
        # What was put into force, one above the other.
        self.pile = [self.base]

    def run(self, work: Any) -> Any:
        """Run async work to its end."""
        return self.runner.run(work)

    async def _active(self) -> int:
        async with self.ground.engine.connect() as conn:
            return (await load_rules(conn)).version

    async def _do(self, act: Any, *words: Any, **more: Any) -> str | None:
        """Do it in a transaction of its own; gives the code of what refused it."""
        try:
            async with self.ground.engine.begin() as conn:
                now = utc_datetime(CLOCK.now_ms())
                self.done = await act(conn, *words, **more, now=now)
        except Fault as fault:
            return fault.code
        return None

    def _pick(self, place: int) -> int:
        known = sorted(self.authors)
        return known[place % len(known)] if known else 10**6

    @rule(person=PERSON)
    def write(self, person: Staff) -> None:
        """Write a draft."""
        today = business_day(CLOCK.now_ms(), TIMEZONE)
        words = (shipped_rules(), "", person)
        assert self.run(self._do(pipeline.write_rule_set, *words, today=today)) is None
        assert self.done.version not in self.authors
        self.authors[self.done.version] = person

    @rule(person=PERSON, place=PICK)
    def commit(self, person: Staff, place: int) -> None:
        """Commit a draft, or what is none."""
        version = self._pick(place)
        code = self.run(self._do(pipeline.commit_rule_set, version, person))
        if version not in self.authors:
            assert code == "not_found"
        elif version in self.committed:
            assert code == "illegal_state"
        else:
            assert code is None
            self.committed.add(version)

    @rule(person=PERSON, place=PICK, knows=st.booleans())
    def activate(self, *, person: Staff, place: int, knows: bool) -> None:
        """Activate a version, whoever asks and whatever they believe."""
        version = self._pick(place)
        expected = self.pile[-1] if knows else 10**6
        code = self.run(
            self._do(
                pipeline.activate_rule_set,
                *(version, person),
                expected_active=expected,
                reason="",
            )
        )
        if version not in self.authors:
            assert code == "not_found"
        elif not knows:
            assert code == "stale"
        elif version not in self.committed or version == self.pile[-1]:
            assert code == "illegal_state"
        elif self.authors[version] == person:
            assert code == "second_person_needed"
        else:
            assert code is None
            self.was_active.add(version)
            self.pile.append(version)

    @rule(person=PERSON)
    def roll_back(self, person: Staff) -> None:
        """Roll back, until nothing of this run is left."""
        if len(self.pile) == 1:
            return
        words: dict[str, Any] = {"expected_active": self.pile[-1], "reason": "r"}
        code = self.run(self._do(pipeline.roll_rules_back, person, **words))
        self.pile.pop()
        assert code is None
        assert self.done.version == self.pile[-1]

    @invariant()
    def states_are_the_models(self) -> None:
        """One is active, and each stands where the model says."""
        assert self.run(self._active()) == self.pile[-1]
        found = self.run(self._states())
        for version in self.authors:
            expected = (
                "active"
                if version == self.pile[-1]
                else "retired"
                if version in self.was_active
                else "committed"
                if version in self.committed
                else "draft"
            )
            assert found[version] == expected

    async def _states(self) -> dict[int, str]:
        async with self.ground.engine.connect() as conn:
            found = await pipeline.list_rule_sets(
                conn, PEOPLE[0], before=None, limit=10_000
            )
        assert [each.state.value for each in found].count("active") == 1
        return {each.version: each.state.value for each in found}


def test_rule_sets_live_as_the_model_says(database_url: str, tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        ground = runner.run(prepare_ground(database_url, tmp_path))
        runner.run(ground.rules())
        RuleSetMachine.ground, RuleSetMachine.runner = ground, runner
        run_state_machine_as_test(
            RuleSetMachine,
            settings=settings(
                max_examples=10,
                stateful_step_count=20,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
                phases=[Phase.generate],
            ),
        )
        runner.run(ground.close())
