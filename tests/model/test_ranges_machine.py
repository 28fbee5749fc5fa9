"""The states of codes against one entry a code, for any order of changes."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from codegen.domain.batches import Batch, Selection, Unit
from codegen.domain.ranges import GoodsChange, RangeState
from codegen.pipeline import describe_code, get_counted_batch
from codegen.store import list_goods_changes, load_range_table
from core.auth.principal import OPERATOR
from core.errors import Conflict
from tests.fixtures.ground import Ground, prepare_ground
from tests.fixtures.processes import seal_texts

CODES = 40
UNITS = (Unit("roll-1", 0, 9), Unit("roll-2", 10, 29), Unit("box", 35, 39))
INDEX = st.integers(0, CODES - 1)
CHANGES = st.sampled_from([RangeState.ACTIVATED, RangeState.VOID, RangeState.RECALLED])
LOTS = st.sampled_from(["L1", "L2"])
FINAL = {RangeState.VOID, RangeState.RECALLED}


class RangesMachine(RuleBasedStateMachine):
    """Activations, voids and recalls by range, unit and code on one batch."""

    ground: Ground
    runner: asyncio.Runner

    def run(self, work: Any) -> Any:
        """Run async work to its end."""
        return self.runner.run(work)

    @initialize()
    def begin(self) -> None:
        """Issue a batch with units."""
        self.batch: Batch = self.run(self.ground.issue(CODES, units=UNITS))
        first = self.batch.first_serial
        serials = np.arange(first, first + CODES, dtype=np.uint64)
        keys = self.ground.issuance.key_file.load()
        self.texts = seal_texts(keys, self.batch.epoch, serials)
        self.states = [RangeState.ISSUED] * CODES
        self.lots: list[str | None] = [None] * CODES
        # A code that was voided alone keeps its range's state underneath.
        self.alone: set[int] = set()

    def _change(
        self, state: RangeState, lot: str, selection: Selection, indexes: list[int]
    ) -> None:
        binding = {"lot": lot} if state is RangeState.ACTIVATED else {}
        clash = state is RangeState.ACTIVATED and any(
            self.states[i] is RangeState.ACTIVATED and self.lots[i] != lot
            for i in indexes
        )
        if clash:
            with pytest.raises(Conflict):
                self.run(self.ground.change(self.batch, state, selection, **binding))
            return
        done = self.run(self.ground.change(self.batch, state, selection, **binding))
        alone = state is RangeState.VOID and selection.codes is not None
        movable = [
            i
            for i in indexes
            if self.states[i] not in FINAL and self.states[i] is not state
        ]
        changed = [i for i in movable if i not in self.alone]
        assert (done.changed, done.unchanged) == (
            len(changed),
            len(indexes) - len(changed),
        )
        if alone:
            self.alone.update(changed)
            return
        for i in movable:
            self.states[i] = state
            if state is RangeState.ACTIVATED:
                self.lots[i] = lot

    @rule(state=CHANGES, lot=LOTS, ends=st.tuples(INDEX, INDEX))
    def change_a_range(
        self, state: RangeState, lot: str, ends: tuple[int, int]
    ) -> None:
        """By indexes, both included."""
        first, last = sorted(ends)
        selection = Selection(from_index=first, to_index=last)
        self._change(state, lot, selection, list(range(first, last + 1)))

    @rule(state=CHANGES, lot=LOTS, unit=st.sampled_from(UNITS))
    def change_a_unit(self, state: RangeState, lot: str, unit: Unit) -> None:
        """By the name of a roll or box."""
        indexes = list(range(unit.from_index, unit.to_index + 1))
        self._change(state, lot, Selection(unit=unit.name), indexes)

    @rule(
        state=CHANGES,
        lot=LOTS,
        indexes=st.lists(INDEX, min_size=1, max_size=6, unique=True),
    )
    def change_codes(self, state: RangeState, lot: str, indexes: list[int]) -> None:
        """By the codes themselves."""
        texts = tuple(self.texts[i].lower() for i in indexes)
        self._change(state, lot, Selection(codes=texts), indexes)

    def state_of(self, index: int) -> RangeState:
        """Tell what a code is to the world."""
        return RangeState.VOID if index in self.alone else self.states[index]

    @invariant()
    def every_code_is_in_one_state(self) -> None:
        """Look in three ways, which say the same: table, counts, single codes."""
        if not hasattr(self, "texts"):
            return

        async def look() -> tuple[Any, Any, Any, Any]:
            async with self.ground.engine.connect() as conn:
                return (
                    await list_goods_changes(conn, self.batch.batch_id, limit=100),
                    await load_range_table(conn),
                    await get_counted_batch(conn, self.batch.batch_id, OPERATOR),
                    await describe_code(
                        conn, self.ground.issuance.key_file.load(), self.texts[11]
                    ),
                )

        changes, table, batch, described = self.run(look())
        self._goods_add_up(changes)
        for index in range(CODES):
            found = table.find(self.batch.first_code_id + index)
            assert found.state is self.states[index]
            assert found.binding.lot == self.lots[index]
        counted = Counter(self.state_of(index).value for index in range(CODES))
        assert {k: v for k, v in batch.counts.items() if v} == dict(counted)
        assert described["state"] == self.state_of(11).value
        assert described["index"] == 11

    def _goods_add_up(self, changes: list[GoodsChange]) -> None:
        """Check that what became active and was not taken back is what is active."""
        told: Counter[str | None] = Counter()
        for change in changes:
            for goods in change.goods:
                added = change.state is RangeState.ACTIVATED
                told[goods.lot] += goods.quantity if added else -goods.quantity
        active = Counter(
            self.lots[i]
            for i in range(CODES)
            if self.state_of(i) is RangeState.ACTIVATED
        )
        assert {lot: n for lot, n in told.items() if n} == dict(active)

    def teardown(self) -> None:
        """At the end the whole database is sound."""
        if hasattr(self, "texts"):
            assert self.run(self.ground.audit()) == []


@pytest.fixture
def grounded(
    database_url: str, tmp_path: Path
) -> Iterator[tuple[asyncio.Runner, Ground]]:
    """Give a database and the loop that its connections live in."""
    with asyncio.Runner() as runner:
        ground = runner.run(prepare_ground(database_url, tmp_path))
        yield runner, ground
        runner.run(ground.close())


def test_ranges_agree_with_a_list_of_codes(
    grounded: tuple[asyncio.Runner, Ground],
) -> None:
    """Any order of changes, however they name their codes."""

    class Grounded(RangesMachine):
        runner, ground = grounded

    run_state_machine_as_test(
        Grounded,
        settings=settings(
            max_examples=20,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],  # twenty steps read well; shrinking takes minutes
        ),
    )
