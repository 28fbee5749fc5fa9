"""A run that is dropped, stopped or killed goes on, and sends nothing twice."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from core.errors import Conflict
from feeder.drivers import printer_at
from feeder.journal import Journal, State
from feeder.leases import close_journal, resume_journal
from feeder.limits import Marks
from feeder.run import Feeder
from feeder.run_state import End
from feeder.simulators.coder import CoderDialect
from feeder.simulators.faults import Fault, FaultKind
from feeder.simulators.paper import MemoryRoll, Sheet
from feeder.simulators.printer import Make, SimulatedPrinter
from tests.fixtures.line_printers import (
    FAST,
    QUICK,
    SCHEMES,
    NumberedRows,
    Printer,
    index_of,
    indexes,
    new_journal,
)
from tests.fixtures.quick_time import run_quickly


def assert_honest(journal: Journal, printer: Printer) -> None:
    """Nothing was printed twice, and the journal claims no more than the products."""
    counts = journal.counts()
    roll = printer.roll
    assert len(roll) == len(set(roll))
    assert counts.sent == (
        counts.printed + counts.rejected + counts.indeterminate + counts.in_doubt
    )
    printed = indexes(journal, State.PRINTED)
    unsure = indexes(journal, State.INDETERMINATE)
    assert printed <= set(roll)
    assert set(roll) <= printed | unsure


def fault(kind: FaultKind, at: int, seconds: float = 0.05) -> Fault:
    """Order a short fault."""
    return Fault(kind, at, seconds)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_an_undisturbed_run_prints_every_code_once_and_in_order(
    tmp_path: Path, scheme: str
) -> None:
    """Nothing is in doubt at the end."""
    rows, printer = NumberedRows(2500), Printer(scheme)
    async with printer.listening() as port:
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
    """A restart that keeps the buffer and two lost connections cost what was cut."""
    rows = NumberedRows(2000)
    printer = Printer(
        "template",
        fault(FaultKind.DROP_BEFORE, 100),
        fault(FaultKind.RESTART_KEEPS, 777),
        fault(FaultKind.DROP_AFTER, 1500),
    )
    async with printer.listening() as port:
        url = f"template://127.0.0.1:{port}"
        with new_journal(tmp_path / "a.journal", rows, url) as journal:
            outcome = await Feeder(rows, printer_at(url), journal, timing=QUICK).run()
            assert outcome.end is End.FINISHED
            assert_honest(journal, printer)
            lost = set(range(2000)) - set(printer.roll)
            assert indexes(journal, State.INDETERMINATE) == lost


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_restart_that_loses_the_buffer_makes_it_indeterminate(
    tmp_path: Path, scheme: str
) -> None:
    """The line goes on with new codes."""
    rows = NumberedRows(1500)
    kind = FaultKind.RESTART_LOSES
    printer = Printer(scheme, fault(kind, 130), fault(kind, 600))
    async with printer.listening() as port:
        url = f"{scheme}://127.0.0.1:{port}"
        with new_journal(tmp_path / "a.journal", rows, url) as journal:
            outcome = await Feeder(rows, printer_at(url), journal, timing=QUICK).run()
            assert outcome.end is End.FINISHED
            assert outcome.counts.indeterminate > 0
            assert outcome.counts.sent == 1500
            assert_honest(journal, printer)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_printer_is_kept_busy_at_the_speed_of_a_line(
    tmp_path: Path, scheme: str
) -> None:
    """Three quarters of the time at least, also where only an idle printer tells."""
    rows = NumberedRows(1000)
    printer = Printer(scheme, make=Make(speed=100.0, buffer=200))

    async def feed() -> float:
        loop = asyncio.get_running_loop()
        async with printer.listening() as port:
            url = f"{scheme}://127.0.0.1:{port}"
            with new_journal(tmp_path / "a.journal", rows, url) as journal:
                begun_s = loop.time()
                feeder = Feeder(rows, printer_at(url), journal, clock=loop.time)
                assert (await feeder.run()).end is End.FINISHED
                return loop.time() - begun_s

    assert run_quickly(feed()) < 10 / 0.75


@pytest.mark.parametrize(
    "kind", [FaultKind.RESTART_LOSES, FaultKind.RESTART_KEEPS, FaultKind.SILENCE]
)
async def test_a_fault_is_counted_once_however_long_it_lasts(
    tmp_path: Path, kind: FaultKind
) -> None:
    """Not with each connection that the printer hangs up on, nor with each query."""
    rows, printer = NumberedRows(900), Printer("zpl", fault(kind, 300, 1.0))
    async with printer.listening() as port:
        url = f"zpl://127.0.0.1:{port}"
        with new_journal(tmp_path / "a.journal", rows, url) as journal:
            feeder = Feeder(rows, printer_at(url), journal, timing=QUICK)
            assert (await feeder.run()).end is End.FINISHED
            assert feeder.state().faults == 1


async def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    """A clean stop waits for the printer's answers."""
    rows, printer = NumberedRows(1200), Printer("template")
    path = tmp_path / "a.journal"
    async with printer.listening() as port:
        url = f"template://127.0.0.1:{port}"
        with new_journal(path, rows, url) as journal:
            feeder = Feeder(rows, printer_at(url), journal, timing=QUICK)
            asyncio.get_running_loop().call_later(0.15, feeder.stop)
            outcome = await feeder.run()
            assert outcome.end is End.STOPPED
            assert 0 < outcome.counts.printed < 1200
            assert outcome.counts.in_doubt == 0
        with Journal.open(path) as journal:
            resume_journal(journal, tmp_path / "package.zip", tmp_path / "leases")
            outcome = await Feeder(rows, printer_at(url), journal, timing=QUICK).run()
            assert outcome.end is End.FINISHED
            assert printer.roll == list(range(1200))


CHILD = """
import asyncio, sys
from pathlib import Path
from tests.fixtures.line_printers import NumberedRows, QUICK
from feeder.drivers import printer_at
from feeder.run import Feeder
from feeder.journal import Journal

async def feed():
    with Journal.open(Path(sys.argv[1])) as journal:
        rows = NumberedRows(4000)
        await Feeder(rows, printer_at(sys.argv[2]), journal, timing=QUICK).run()

asyncio.run(feed())
"""


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_killed_run_sends_nothing_twice(tmp_path: Path, scheme: str) -> None:
    """Killed without warning, three times, while codes are on their way."""
    rows = NumberedRows(4000)
    printer = Printer(scheme, make=Make(speed=800.0, buffer=400))
    path = tmp_path / "a.journal"
    async with printer.listening() as port:
        url = f"{scheme}://127.0.0.1:{port}"
        new_journal(path, rows, url).close()
        for _ in range(3):
            printed = printer.printed
            root = str(Path(__file__).parents[2])
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", CHILD, path, url),
                env={**os.environ, "PYTHONPATH": root},
            )
            while printer.printed < printed + 200:
                assert child.returncode is None
                await asyncio.sleep(0.01)
            child.kill()
            await child.wait()
        printer.make = FAST
        with Journal.open(path) as journal:
            outcome = await Feeder(rows, printer_at(url), journal, timing=QUICK).run()
            assert outcome.end is End.FINISHED
            assert outcome.counts.sent == 4000
            assert_honest(journal, printer)


async def test_a_second_journal_gets_only_what_a_closed_one_has_not_sent(
    tmp_path: Path,
) -> None:
    """While the first is open the second is refused, and told of the first."""
    rows, printer = NumberedRows(1000), Printer("template")
    async with printer.listening() as port:
        url = f"template://127.0.0.1:{port}"
        with new_journal(tmp_path / "first.journal", rows, url) as first:
            with pytest.raises(Conflict, match=r"first\.journal"):
                new_journal(tmp_path / "second.journal", rows, url)
            feeder = Feeder(rows, printer_at(url), first, timing=QUICK)
            asyncio.get_running_loop().call_later(0.1, feeder.stop)
            await feeder.run()
            sent = first.counts().sent
            assert 0 < sent < 1000
            close_journal(first, tmp_path / "leases")
            with pytest.raises(Conflict, match="closed"):
                resume_journal(first, tmp_path / "package.zip", tmp_path / "leases")
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

    class Watcher(MemoryRoll):
        def put(self, sheet: Sheet) -> None:
            if index_of(sheet) >= journal.sent_until:
                early.append(index_of(sheet))
            super().put(sheet)

    rows, roll = NumberedRows(1000), Watcher()
    printer = SimulatedPrinter(CoderDialect(), roll, Make(speed=1e6))
    async with printer.listening() as port:
        url = f"template://127.0.0.1:{port}"
        with new_journal(tmp_path / "a.journal", rows, url) as journal:
            await Feeder(rows, printer_at(url), journal, timing=QUICK).run()
    assert [index_of(sheet) for sheet in roll.sheets] == list(range(1000))
    assert early == []
