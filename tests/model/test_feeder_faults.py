"""Random faults between a feeder and its printer: no code twice, none uncounted.

The paper is the only truth of what was printed. Connections break after any print,
with the printer's buffer kept or lost, statuses repeat, and the feeder itself stops
and goes on, over all three languages.
"""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printer_export.feeder.drivers import printer_at
from printer_export.feeder.feeding import Feeder
from printer_export.feeder.journal import Journal, State
from printer_export.feeder.leases import resume_journal
from printer_export.feeder.standing import End
from tests.fixtures.line_printers import (
    QUICK,
    LabelPrinter,
    LinePrinter,
    NumberedRows,
    TsplPrinter,
    at_work,
    new_journal,
)
from tests.integration.test_feeder_resume import indexes

CODES = 160
DROPS = st.lists(st.integers(1, CODES), max_size=3, unique=True).map(sorted)
STOPS = st.lists(st.floats(0.005, 0.15), max_size=2)


def printer_of(
    scheme: str, *, drops: list[int], forgets: bool, twice: bool
) -> LinePrinter:
    """Make a printer that fails as planned."""
    if scheme == "zpl":
        return LabelPrinter(drops=drops, forgets=forgets, twice=twice)
    kind = TsplPrinter if scheme == "tspl" else LinePrinter
    return kind(drops=drops, forgets=forgets)


async def feed(printer: LinePrinter, scheme: str, stops: list[float]) -> None:
    """Run to the end, with stops between, and compare journal and paper."""
    rows = NumberedRows(CODES)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.journal"
        async with at_work(printer) as port:
            url = f"{scheme}://127.0.0.1:{port}"
            new_journal(path, rows, url).close()
            for stop_s in [*stops, None]:
                with Journal.open(path) as journal:
                    resume_journal(journal, Path(name) / "package.zip")
                    feeder = Feeder(rows, printer_at(url), journal, timing=QUICK)
                    if stop_s is not None:
                        asyncio.get_running_loop().call_later(stop_s, feeder.stop)
                    outcome = await feeder.run()
        with Journal.open(path) as journal:
            counts = journal.counts()
            printed = indexes(journal, State.PRINTED)
            doubtful = indexes(journal, State.INDETERMINATE)
    paper = set(printer.roll)
    assert outcome.end is End.FINISHED
    assert len(printer.roll) == len(paper), "a code was printed twice"
    assert len(printer.received) == len(set(printer.received)), "sent twice"
    assert printed <= paper <= printed | doubtful
    assert not printed & doubtful
    assert counts.sent == CODES == len(printed) + len(doubtful)


@pytest.mark.parametrize("scheme", ["template", "zpl", "tspl"])
def test_no_schedule_of_faults_prints_a_code_twice_or_loses_one(scheme: str) -> None:
    """34 random schedules a language."""

    @settings(max_examples=34, deadline=None, database=None)
    @given(drops=DROPS, forgets=st.booleans(), twice=st.booleans(), stops=STOPS)
    def holds(
        drops: list[int],
        forgets: bool,  # noqa: FBT001 - drawn by name
        twice: bool,  # noqa: FBT001 - drawn by name
        stops: list[float],
    ) -> None:
        printer = printer_of(scheme, drops=drops, forgets=forgets, twice=twice)
        asyncio.run(feed(printer, scheme, stops))

    holds()
