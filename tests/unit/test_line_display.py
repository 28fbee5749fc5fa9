"""What a person at the line sees."""

import io

import pytest
from rich.console import Console

from feeder.display import progress_line, progress_table
from feeder.journal import Counts
from feeder.printer_replies import Readiness
from feeder.run_state import RunState
from feeder.speed import Speed

COUNTS = Counts(
    sent=1800, printed=1620, rejected=2, indeterminate=28, in_doubt=150, remaining=4200
)
RUNNING = RunState(COUNTS, 150, 100.0, Readiness.READY, "", 0)
ENDED = Counts(6000, 6000, 0, 0, 0, 0)


def seen(run: RunState) -> str:
    """Show a table on a terminal of usual width."""
    screen = io.StringIO()
    table = progress_table(run, "zpl://10.0.0.9:9100")
    Console(file=screen, width=80).print(table)
    return screen.getvalue()


def test_how_much_is_done_and_how_long_the_rest_takes() -> None:
    """The codes in the printer are not printed yet."""
    text = seen(RUNNING)
    assert "1,620 of 6,000" in text
    assert "100 codes/s, 0:00:44 left" in text
    assert "left" not in seen(RunState(ENDED, 0, 90.0, Readiness.READY, "", 0))
    assert "left" not in seen(RunState(COUNTS, 0, 0.0, Readiness.READY, "", 0))


@pytest.mark.parametrize(
    "run",
    [
        RunState(COUNTS, 0, 0.0, Readiness.SILENT, "connecting", 0),
        RunState(COUNTS, 0, 0.0, Readiness.FAULT, "[red]paper jam[/", 3),
        RunState(COUNTS, 0, 0.0, Readiness.SILENT, "no such host " * 9, 12_345),
        RunState(ENDED, 0, 12_345.6, Readiness.READY, "", 0),
    ],
)
def test_the_table_keeps_its_shape(run: RunState) -> None:
    """Nothing jumps while somebody reads; what a printer says is no markup."""
    widths = {len(line) for line in seen(run).splitlines() if line[0] in "┏┌└"}
    assert widths == {len(seen(RUNNING).splitlines()[1])}
    for word in run.detail.split():
        assert word in seen(run)


def test_who_stops_a_run_is_told_what_it_waits_for() -> None:
    """And how not to wait."""
    run = RunState(COUNTS, 150, 100.0, Readiness.READY, "", 0, ends_in_s=8.2)
    text = " ".join(seen(run).replace("│", " ").split())
    assert "stopping: up to 8 s more" in text
    assert "Ctrl-C again" in text


def test_a_line_says_the_same_where_there_is_no_terminal() -> None:
    """State first, since that is what is looked for."""
    away = RunState(COUNTS, 0, 0.0, Readiness.SILENT, "connection lost", 1)
    assert progress_line(away) == (
        "silent (connection lost): 1620 printed, 0/s, 0 in the printer, "
        "4200 remaining, 2 rejected, 28 indeterminate, 1 faults"
    )


def test_the_first_codes_do_not_look_faster_than_they_were() -> None:
    """They were on their way since they were sent."""
    speed = Speed()
    speed.begin(10.0)
    speed.add(50, 10.5)
    speed.begin(10.5)
    assert speed.per_s(10.5) == pytest.approx(100.0)
    speed.add(50, 11.0)
    assert speed.per_s(11.0) == pytest.approx(100.0)
