"""What a person at the line sees while codes are printed."""

import asyncio
from datetime import timedelta
from typing import Final

from rich.console import Console, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

from feeder.printer_replies import Readiness
from feeder.run import Feeder
from feeder.run_state import RunState

_REFRESH_S: Final = 0.25
_LINE_EVERY_S: Final = 5.0
_WIDTH: Final = 46
_COLOURS: Final = {
    Readiness.READY: "green",
    Readiness.FULL: "yellow",
    Readiness.FAULT: "red",
    Readiness.SILENT: "red",
}


async def show(feeder: Feeder, printer: str, console: Console) -> None:
    """Show progress until cancelled: a table in a terminal, else a line at times."""
    if not console.is_terminal:
        while True:
            await asyncio.sleep(_LINE_EVERY_S)
            line = progress_line(feeder.state())
            console.print(line, markup=False, soft_wrap=True)
    with Live(
        progress_table(feeder.state(), printer), console=console, auto_refresh=False
    ) as live:
        try:
            while True:
                await asyncio.sleep(_REFRESH_S)
                table = progress_table(feeder.state(), printer)
                live.update(table, refresh=True)
        finally:
            live.update(progress_table(feeder.state(), printer), refresh=True)


def progress_line(run: RunState) -> str:
    """Say how things stand in one line."""
    counts = run.counts
    state = run.readiness.value
    if run.detail:
        state += f" ({run.detail})"
    return (
        f"{state}: {counts.printed} printed, {run.codes_per_s:.0f}/s, "
        f"{run.buffered} in the printer, {counts.remaining} remaining, "
        f"{counts.rejected} rejected, {counts.indeterminate} indeterminate, "
        f"{run.faults} faults"
    )


def progress_table(run: RunState, printer: str) -> Table:
    """Show how things stand as a table, which keeps its shape."""
    counts = run.counts
    total = counts.sent + counts.remaining
    table = Table(title=printer, show_header=False)
    table.add_column(justify="right", style="dim", min_width=14)
    table.add_column(justify="left", width=_WIDTH)
    colour = _COLOURS[run.readiness]
    state = f"[{colour}]{run.readiness.value}[/] {escape(run.detail)}"
    if run.ends_in_s is not None:
        state += "\n[yellow]" + _stopping(run.ends_in_s) + "[/]"
    rows: list[tuple[str, RenderableType]] = [
        ("state", state),
        ("speed", f"{run.codes_per_s:,.0f} codes/s{_time_left(run)}"),
        ("in the printer", f"{run.buffered:,}"),
        ("printed", f"[bold]{counts.printed:,}[/] of {total:,}"),
        ("", ProgressBar(max(total, 1), counts.sent - counts.in_doubt, width=_WIDTH)),
        ("rejected", f"{counts.rejected:,}"),
        ("indeterminate", f"{counts.indeterminate:,}"),
        ("faults", f"{run.faults:,}"),
        ("remaining", f"{counts.remaining:,}"),
    ]
    for name, value in rows:
        table.add_row(name, value)
    return table


def _stopping(ends_in_s: float) -> str:
    return (
        f"stopping: up to {ends_in_s:.0f} s more for the printer's answers; "
        "Ctrl-C again ends at once"
    )


def _time_left(run: RunState) -> str:
    """Say how long the rest takes at this speed."""
    left = run.counts.remaining + run.buffered
    if not left or run.codes_per_s < 1:
        return ""
    seconds = round(left / run.codes_per_s)
    return f", {timedelta(seconds=seconds)} left"
