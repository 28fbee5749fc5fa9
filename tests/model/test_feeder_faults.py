"""Random faults between a feeder and its printer: no code twice, none uncounted.

The paper is the only truth of what was printed. Whatever a simulated printer can do
wrong it does, at any product, while the feeder itself stops and goes on.
"""

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from feeder.drivers import printer_at
from feeder.journal import Journal, Settled, State
from feeder.leases import resume_journal
from feeder.limits import Marks
from feeder.run import Feeder
from feeder.run_state import End
from feeder.simulators.faults import Fault, FaultKind
from feeder.simulators.printer import Make
from tests.fixtures.line_printers import (
    SCHEMES,
    NumberedRows,
    Printer,
    indexes,
    new_journal,
)
from tests.fixtures.quick_time import run_quickly

CODES = 160
# A printer that is away when a run begins is given up soon, and the run begun again.
RUNS = 8
LATE = {FaultKind.LATE}
SECONDS = st.sampled_from([0.05, 0.7, 5.0])
# A second late is later than the feeder waits; that has schedules of its own.
FAULTS = st.lists(
    st.builds(
        lambda kind, at, s: Fault(kind, at, min(s, 0.7) if kind in LATE else s),
        st.sampled_from(FaultKind),
        st.integers(1, CODES),
        SECONDS,
    ),
    max_size=6,
)
BREAKS = st.lists(
    st.builds(
        Fault,
        kind=st.sampled_from([FaultKind.DROP_BEFORE, FaultKind.RESTART_LOSES]),
        at=st.integers(1, CODES),
    ),
    max_size=2,
)
MAKES = st.builds(
    Make, speed=st.sampled_from([50.0, 700.0]), buffer=st.sampled_from([5, 60, 400])
)
MARKS = st.sampled_from([Marks(), Marks(10, 40), Marks(0, 7)])
STOPS = st.lists(st.floats(0.005, 4.0), max_size=2)


class Watched(Journal):
    """A journal that looks at the paper whenever it is told of a print."""

    printer: Printer

    def record(self, sent_until: int, settled: Iterable[Settled] = ()) -> None:
        """Note what is told, if it is so."""
        runs = list(settled)
        paper = set(self.printer.roll)
        for run in runs:
            if run.state is State.PRINTED:
                early = set(range(run.first, run.last + 1)) - paper
                assert not early, f"{early} count as printed and are on no product"
        super().record(sent_until, runs)


async def feed(printer: Printer, scheme: str, marks: Marks, stops: list[float]) -> None:
    """Run to the end, with stops between, and compare journal and paper."""
    rows = NumberedRows(CODES)
    clock = asyncio.get_running_loop().time
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.journal"
        async with printer.listening() as port:
            url = f"{scheme}://127.0.0.1:{port}"
            new_journal(path, rows, url).close()
            for stop_s in [*stops, *[None] * RUNS]:
                with Watched.open(path) as journal:
                    journal.printer = printer
                    resume_journal(
                        journal, Path(name) / "package.zip", Path(name) / "leases"
                    )
                    feeder = Feeder(rows, printer_at(url), journal, marks, clock=clock)
                    if stop_s is not None:
                        asyncio.get_running_loop().call_later(stop_s, feeder.stop)
                    outcome = await feeder.run()
                if outcome.end is End.FINISHED:
                    break
            await asyncio.sleep(60)  # what is still in the buffer is printed
        with Journal.open(path) as journal:
            counts = journal.counts()
            printed = indexes(journal, State.PRINTED)
            doubtful = indexes(journal, State.INDETERMINATE)
    paper = set(printer.roll)
    note(f"paper {printer.roll}; printed {printed}; doubtful {doubtful}")
    assert outcome.end is End.FINISHED
    assert -1 not in paper, "a garbled product"
    assert len(printer.roll) == len(paper), "a code was printed twice"
    assert printed <= paper, "a code that is on no product counts as printed"
    assert paper <= printed | doubtful, "a product whose code is not counted"
    assert not printed & doubtful
    assert counts.sent == CODES == len(printed) + len(doubtful)
    assert (counts.in_doubt, counts.remaining) == (0, 0)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_schedule_of_faults_prints_a_code_twice_or_loses_one(scheme: str) -> None:
    """36 random schedules a language."""

    @settings(max_examples=36, deadline=None, database=None)
    @given(faults=FAULTS, make=MAKES, marks=MARKS, stops=STOPS)
    def holds(
        faults: list[Fault], make: Make, marks: Marks, stops: list[float]
    ) -> None:
        printer = Printer(scheme, *faults, make=make)
        run_quickly(feed(printer, scheme, marks, stops))

    holds()


@pytest.mark.parametrize("scheme", ["zpl", "tspl"])
def test_answers_that_come_seconds_late_are_not_taken_for_new_ones(scheme: str) -> None:
    """15 random schedules a language that counts; the feeder has long asked again."""

    @settings(max_examples=15, deadline=None, database=None)
    @given(
        late=st.builds(
            Fault,
            kind=st.just(FaultKind.LATE),
            at=st.integers(1, 20),
            seconds=st.sampled_from([1.2, 3.4, 5.0]),
        ),
        breaks=BREAKS,
        speed=st.sampled_from([5.0, 20.0, 700.0]),
    )
    def holds(late: Fault, breaks: list[Fault], speed: float) -> None:
        printer = Printer(scheme, late, *breaks, make=Make(speed, 60))
        run_quickly(feed(printer, scheme, Marks(10, 40), []))

    holds()
