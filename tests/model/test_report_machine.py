"""Line reports by unit, index and code on PostgreSQL, against a list of caps."""

import asyncio
import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

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

from codegen.domain.batches import Batch, Unit
from core.auth.principal import OPERATOR
from core.clock import utc_datetime
from core.errors import Conflict
from printer_export.domain.reconciliation import Reconciliation, UnitCount
from printer_export.domain.reports.answer import KeptAnswer
from printer_export.domain.reports.statuses import LEGAL, NUMBER_OF, STATUSES
from printer_export.domain.reports.taking import ReportOrder
from printer_export.pipeline.reconciliation import reconcile_batch
from printer_export.pipeline.reports.taking import take_report
from printer_export.pipeline.reports.text import ReportText
from tests.fixtures.ground import CLOCK, Ground, prepare_ground
from tests.fixtures.processes import seal_texts

CODES = 12
HEAD = "from_index,to_index,status\n"
UNITS = (Unit("roll-1", 0, 4), Unit("roll-2", 5, 8))
SIZE = {unit.name: unit.to_index - unit.from_index + 1 for unit in UNITS}
INDEXES = st.sets(st.integers(0, CODES - 1), min_size=1, max_size=6)
STATUS = st.sampled_from([status.value for status in STATUSES[1:]])
LATE = ("missing", "rejected", "wasted")


def unit_of(index: int) -> str | None:
    """Name the unit that a cap is in."""
    return next((u.name for u in UNITS if u.from_index <= index <= u.to_index), None)


async def send(ground: Ground, batch: Batch, content: str) -> KeptAnswer:
    """Take a report in, in a transaction of its own."""
    text = ReportText.of(io.BytesIO(content.encode()))
    async with ground.engine.begin() as conn:
        done = await take_report(
            conn,
            ground.issuance.key_file.load(),
            ReportOrder(batch),
            text,
            OPERATOR,
            now=utc_datetime(CLOCK.now_ms()),
        )
    return done.answer


class ReportMachine(RuleBasedStateMachine):
    """A line that works, and people who tell of it in any way, soon or late."""

    ground: Ground
    runner: asyncio.Runner

    @initialize()
    def begin(self) -> None:
        """Issue a batch with two rolls, and some caps in none."""
        self.batch: Batch = self.runner.run(self.ground.issue(CODES, units=UNITS))
        serials = self.batch.first_serial + np.arange(CODES, dtype=np.uint64)
        keys = self.ground.issuance.key_file.load()
        self.texts = seal_texts(keys, self.batch.epoch, serials)
        self.truth, self.named = [0] * CODES, [0] * CODES
        self.counted: list[set[int]] = [{0} for _ in range(CODES)]
        self.sent = 0

    def send(self, header: str, rows: Sequence[tuple[object, ...]]) -> KeptAnswer:
        """Send rows, each report another by its reason."""
        self.sent += 1
        out = io.StringIO()
        csv.writer(out).writerows([header.split(","), *rows])
        answer = self.runner.run(send(self.ground, self.batch, out.getvalue()))
        counts = answer.counts
        assert counts.pop("issued") == sum(counts.values())
        return answer

    @rule(indexes=INDEXES, status=STATUS)
    def work(self, indexes: set[int], status: str) -> None:
        """Caps are printed, spoilt, lost or found; nobody tells yet."""
        after = NUMBER_OF[status]
        for i in indexes:
            lost = self.truth[i] == NUMBER_OF["missing"] and status in LATE
            if LEGAL[self.truth[i], after] and LEGAL[self.named[i], after] and not lost:
                self.truth[i] = after

    def _named_rows(self, indexes: set[int], *, by_code: bool) -> None:
        told = sorted(i for i in indexes if LEGAL[self.named[i], self.truth[i]])
        told = [i for i in told if self.truth[i]]
        if not told:
            return
        status = [STATUSES[self.truth[i]].value for i in told]
        rows = [
            (self.texts[i], word, self.sent) if by_code else (i, i, word, self.sent)
            for i, word in zip(told, status, strict=True)
        ]
        header = (
            "code,status,reason" if by_code else "from_index,to_index,status,reason"
        )
        assert self.send(header, rows).errors == ()
        for i in told:
            self.named[i] = self.truth[i]

    @rule(indexes=INDEXES)
    def tell_by_index(self, indexes: set[int]) -> None:
        """Each cap by its place."""
        self._named_rows(indexes, by_code=False)

    @rule(indexes=INDEXES)
    def tell_by_code(self, indexes: set[int]) -> None:
        """Each cap by what a camera read."""
        self._named_rows(indexes, by_code=True)

    @rule(indexes=INDEXES)
    def tell_by_unit(self, indexes: set[int]) -> None:
        """Only how many of a roll, of those that were not counted so before."""
        told = Counter[tuple[str, int]]()
        for i in sorted(indexes):
            unit, status = unit_of(i), self.truth[i]
            if unit is not None and status not in self.counted[i]:
                told[unit, status] += 1
                self.counted[i].add(status)
        rows = [(u, n, STATUSES[s].value, self.sent) for (u, s), n in told.items()]
        if rows:
            assert self.send("unit,quantity,status,reason", rows).errors == ()

    @rule(unit=st.sampled_from(UNITS), status=STATUS, more=st.integers(1, 3))
    def tell_too_much(self, unit: Unit, status: str, more: int) -> None:
        """More than a roll holds is a wrong row, and changes nothing."""
        row = (unit.name, SIZE[unit.name] + more, status, self.sent)
        answer = self.send("unit,quantity,status,reason", [row])
        assert [(e.line, e.column) for e in answer.errors] == [(2, 2)]

    @invariant()
    def the_account_holds(self) -> None:
        """No roll has more than its caps; with what is known by name they are all."""
        if not hasattr(self, "texts"):
            return

        async def look() -> Reconciliation:
            async with self.ground.engine.connect() as conn:
                return await reconcile_batch(conn, self.batch.batch_id, OPERATOR)

        shown = self.runner.run(look())
        stand = {status.value: getattr(shown, status.value) for status in STATUSES}
        assert shown.issued == sum(stand.values())
        held = Counter[str]()
        for row in shown.units:
            held[row.unit] += row.quantity
        assert all(held[name] <= size for name, size in SIZE.items())
        counts = Counter[str]()
        for row in shown.units:
            counts[row.status] += row.quantity
        for i, status in enumerate(self.named):
            if status and unit_of(i) not in held:
                counts[STATUSES[status].value] += 1
        assert counts == {
            s.value: stand[s.value] for s in STATUSES[1:] if stand[s.value]
        }

    def teardown(self) -> None:
        """At the end the whole database is sound."""
        if hasattr(self, "texts"):
            assert self.runner.run(self.ground.audit()) == []


@pytest.fixture
def grounded(
    database_url: str, tmp_path: Path
) -> Iterator[tuple[asyncio.Runner, Ground]]:
    """Give a database and the loop that its connections live in."""
    with asyncio.Runner() as runner:
        ground = runner.run(prepare_ground(database_url, tmp_path))
        yield runner, ground
        runner.run(ground.close())


def test_a_true_report_is_never_refused_and_no_roll_overflows(
    grounded: tuple[asyncio.Runner, Ground],
) -> None:
    """By unit, by index and by code in any mix and order."""

    class Grounded(ReportMachine):
        runner, ground = grounded

    run_state_machine_as_test(
        Grounded,
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],
        ),
    )


async def test_an_account_that_would_not_add_up_is_a_conflict(ledger: Ground) -> None:
    """Whatever came between, PostgreSQL refuses it, and a sentence says so."""
    batch = await ledger.issue(CODES, units=UNITS)
    await send(ledger, batch, HEAD + "0,5,printed\n")
    await ledger.rows("UPDATE line_counts SET wasted = issued - printed")
    with pytest.raises(Conflict, match="does not add up") as refused:
        await send(ledger, batch, HEAD + "6,7,printed\n")
    assert refused.value.code == "account_violated"
    async with ledger.engine.connect() as conn:
        shown = await reconcile_batch(conn, batch.batch_id, OPERATOR)
    assert (shown.printed, shown.unprinted) == (6, 0)


async def test_quantities_of_an_earlier_release_are_brought_within_their_unit(
    ledger: Ground,
) -> None:
    """They could pass it together with names; the next report of the unit mends it."""
    batch = await ledger.issue(CODES, units=UNITS)
    await send(ledger, batch, HEAD + "0,3,rejected\n")
    await ledger.rows(
        "INSERT INTO unit_quantities SELECT batch_id, 'roll-1', 'wasted', 4"
        " FROM batches"
    )
    await ledger.rows("UPDATE line_counts SET wasted = 4")
    assert await ledger.audit() == []
    answer = await send(ledger, batch, HEAD + "4,4,wasted\n")
    assert answer.errors == ()
    async with ledger.engine.connect() as conn:
        shown = await reconcile_batch(conn, batch.batch_id, OPERATOR)
    assert shown.units == (
        UnitCount("roll-1", "rejected", 4),
        UnitCount("roll-1", "wasted", 1),
    )
    assert await ledger.audit() == []


async def test_a_name_that_quantities_leave_no_room_for_is_a_wrong_row(
    ledger: Ground,
) -> None:
    """That row alone, and as a whole, also where it spans other caps."""
    batch = await ledger.issue(CODES, units=UNITS)
    await send(ledger, batch, "unit,quantity,status\nroll-1,5,wasted\n")
    answer = await send(
        ledger, batch, HEAD + "0,0,printed\n5,6,printed\n4,8,printed\n1,2,wasted\n"
    )
    assert [(e.line, e.column) for e in answer.errors] == [(2, 1), (4, 1)]
    assert "unit roll-1 leaves no code" in answer.errors[0].message
    assert (answer.printed, answer.wasted, answer.changed) == (2, 5, 4)
    assert await ledger.audit() == []
