"""A run that is dropped, stopped or killed goes on, and sends nothing twice."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import Conflict
from printer_export.feeder.drivers import printer_at
from printer_export.feeder.feeding import Feeder
from printer_export.feeder.journal import Journal, State
from printer_export.feeder.leases import close_journal, resume_journal
from printer_export.feeder.limits import Marks
from printer_export.feeder.report import report_rows
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


def indexes(journal: Journal, state: State) -> set[int]:
    """List the indexes in a state, by the report."""
    return {
        index
        for row in report_rows(journal)
        if row.state is state
        for index in range(row.from_index, row.to_index + 1)
    }


def assert_honest(journal: Journal, printer: LinePrinter) -> None:
    """Nothing was sent twice, and the journal claims no more than the products."""
    counts = journal.counts()
    assert max(Counter(printer.received).values()) == 1
    assert counts.sent == (
        counts.printed + counts.rejected + counts.indeterminate + counts.in_doubt
    )
    printed = indexes(journal, State.PRINTED)
    unsure = indexes(journal, State.INDETERMINATE)
    assert printed <= set(printer.roll)
    assert set(printer.roll) <= printed | unsure


@pytest.mark.parametrize(
    ("scheme", "make"),
    [
        ("template", LinePrinter),
        ("zpl", LabelPrinter),
        ("zpl", lambda: LabelPrinter(twice=True)),
        ("tspl", TsplPrinter),
    ],
)
async def test_an_undisturbed_run_prints_every_code_once_and_in_order(
    tmp_path: Path, scheme: str, make: Callable[[], LinePrinter]
) -> None:
    """Nothing is in doubt at the end."""
    rows, printer = NumberedRows(2500), make()
    async with at_work(printer) as port:
        url = f"{scheme}://127.0.0.1:{port}"
        with new_journal(tmp_path / "a.journal", rows, url) as journal:
            outcome = await Feeder(
                rows, printer_at(url), journal, Marks(), timing=QUICK
            ).run()
            assert outcome.end is End.FINISHED
            assert outcome.counts.printed == 2500
            assert printer.roll == list(range(2500))


async def test_a_printer_that_names_its_last_index_leaves_nothing_in_doubt(
    tmp_path: Path,
) -> None:
    """Three lost connections with a kept buffer cost no code."""
    rows, printer = NumberedRows(2000), LinePrinter(drops=[100, 777, 1500])
    async with at_work(printer) as port:
        url = f"template://127.0.0.1:{port}"
        with new_journal(tmp_path / "a.journal", rows, url) as journal:
            outcome = await Feeder(rows, printer_at(url), journal, timing=QUICK).run()
            assert outcome.end is End.FINISHED
            assert printer.drops == []
            assert_honest(journal, printer)
            lost = set(range(2000)) - set(printer.roll)
            assert indexes(journal, State.INDETERMINATE) == lost


MAKERS = {"template": LinePrinter, "zpl": LabelPrinter, "tspl": TsplPrinter}


@pytest.mark.parametrize("scheme", MAKERS)
async def test_a_restart_that_loses_the_buffer_makes_it_indeterminate(
    tmp_path: Path, scheme: str
) -> None:
    """The line goes on with new codes."""
    rows = NumberedRows(1500)
    printer = MAKERS[scheme](drops=[130, 600], forgets=True)
    async with at_work(printer) as port:
        url = f"{scheme}://127.0.0.1:{port}"
        with new_journal(tmp_path / "a.journal", rows, url) as journal:
            outcome = await Feeder(rows, printer_at(url), journal, timing=QUICK).run()
            assert outcome.end is End.FINISHED
            assert outcome.counts.indeterminate > 0
            assert outcome.counts.sent == 1500
            assert_honest(journal, printer)


async def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    """A clean stop waits for the printer's answers."""
    rows, printer = NumberedRows(1200), LinePrinter()
    path = tmp_path / "a.journal"
    async with at_work(printer) as port:
        url = f"template://127.0.0.1:{port}"
        with new_journal(path, rows, url) as journal:
            feeder = Feeder(rows, printer_at(url), journal, timing=QUICK)
            asyncio.get_running_loop().call_later(0.15, feeder.stop)
            outcome = await feeder.run()
            assert outcome.end is End.STOPPED
            assert 0 < outcome.counts.printed < 1200
            assert outcome.counts.in_doubt == 0
        with Journal.open(path) as journal:
            resume_journal(journal, tmp_path / "package.zip")
            outcome = await Feeder(rows, printer_at(url), journal, timing=QUICK).run()
            assert outcome.end is End.FINISHED
            assert printer.roll == list(range(1200))


CHILD = """
import asyncio, sys
from pathlib import Path
from tests.fixtures.line_printers import NumberedRows, QUICK
from printer_export.feeder.drivers import printer_at
from printer_export.feeder.feeding import Feeder
from printer_export.feeder.journal import Journal

async def feed():
    with Journal.open(Path(sys.argv[1])) as journal:
        rows = NumberedRows(4000)
        await Feeder(rows, printer_at(sys.argv[2]), journal, timing=QUICK).run()

asyncio.run(feed())
"""


@pytest.mark.parametrize("scheme", MAKERS)
async def test_a_killed_run_sends_nothing_twice(tmp_path: Path, scheme: str) -> None:
    """Killed without warning, three times, while codes are on their way."""
    rows, printer = NumberedRows(4000), MAKERS[scheme](per_tick=4)
    path = tmp_path / "a.journal"
    async with at_work(printer) as port:
        url = f"{scheme}://127.0.0.1:{port}"
        new_journal(path, rows, url).close()
        for _ in range(3):
            printed = len(printer.roll)
            root = str(Path(__file__).parents[2])
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", CHILD, path, url),
                env={**os.environ, "PYTHONPATH": root},
            )
            while len(printer.roll) < printed + 200:
                assert child.returncode is None
                await asyncio.sleep(0.01)
            child.kill()
            await child.wait()
        printer.per_tick = 50
        with Journal.open(path) as journal:
            outcome = await Feeder(rows, printer_at(url), journal, timing=QUICK).run()
            assert outcome.end is End.FINISHED
            assert outcome.counts.sent == 4000
            assert_honest(journal, printer)


async def test_a_second_journal_gets_only_what_a_closed_one_has_not_sent(
    tmp_path: Path,
) -> None:
    """While the first is open the second is refused, and told of the first."""
    rows, printer = NumberedRows(1000), LinePrinter()
    async with at_work(printer) as port:
        url = f"template://127.0.0.1:{port}"
        with new_journal(tmp_path / "first.journal", rows, url) as first:
            with pytest.raises(Conflict, match=r"first\.journal"):
                new_journal(tmp_path / "second.journal", rows, url)
            feeder = Feeder(rows, printer_at(url), first, timing=QUICK)
            asyncio.get_running_loop().call_later(0.1, feeder.stop)
            await feeder.run()
            sent = first.counts().sent
            assert 0 < sent < 1000
            close_journal(first, tmp_path / "package.zip")
            with pytest.raises(Conflict, match="closed"):
                resume_journal(first, tmp_path / "package.zip")
        with new_journal(tmp_path / "second.journal", rows, url) as second:
            assert second.counts().remaining == 1000 - sent
            outcome = await Feeder(rows, printer_at(url), second, timing=QUICK).run()
            assert outcome.end is End.FINISHED
            assert printer.roll == list(range(1000))


async def test_sent_is_on_the_disk_before_the_printer_hears_of_it(
    tmp_path: Path,
) -> None:
    """Each code that arrives is below what the journal has written."""
    early: list[int] = []

    class Watcher(LinePrinter):
        def receive(self, index: int) -> None:
            if index >= journal.sent_until:
                early.append(index)
            super().receive(index)

    rows, printer = NumberedRows(1000), Watcher()
    async with at_work(printer) as port:
        url = f"template://127.0.0.1:{port}"
        with new_journal(tmp_path / "a.journal", rows, url) as journal:
            await Feeder(rows, printer_at(url), journal, timing=QUICK).run()
    assert printer.received == list(range(1000))
    assert early == []
