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
from feeder.run_state import Progress

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
            line = progress_line(feeder.progress())
            console.print(line, markup=False, soft_wrap=True)
    with Live(
        progress_table(feeder.progress(), printer), console=console, auto_refresh=False
    ) as live:
        try:
            while True:
                await asyncio.sleep(_REFRESH_S)
                table = progress_table(feeder.progress(), printer)
                live.update(table, refresh=True)
        finally:
            live.update(progress_table(feeder.progress(), printer), refresh=True)


def progress_line(progress: Progress) -> str:
    """Say how things stand in one line."""
    counts = progress.counts
    state = progress.readiness.value
    if progress.detail:
        state += f" ({progress.detail})"
    return (
        f"{state}: {counts.printed} printed, {progress.codes_per_s:.0f}/s, "
        f"{progress.buffered} in the printer, {counts.remaining} remaining, "
        f"{counts.rejected} rejected, {counts.indeterminate} indeterminate, "
        f"{progress.faults} faults"
    )


def progress_table(progress: Progress, printer: str) -> Table:
    """Show how things stand as a table, which keeps its shape."""
    counts = progress.counts
    total = counts.sent + counts.remaining
    table = Table(title=printer, show_header=False)
    table.add_column(justify="right", style="dim", min_width=14)
    table.add_column(justify="left", width=_WIDTH)
    colour = _COLOURS[progress.readiness]
    state = f"[{colour}]{progress.readiness.value}[/] {escape(progress.detail)}"
    if progress.ends_in_s is not None:
        state += "\n[yellow]" + _stopping(progress.ends_in_s) + "[/]"
    rows: list[tuple[str, RenderableType]] = [
        ("state", state),
        ("speed", f"{progress.codes_per_s:,.0f} codes/s{_time_left(progress)}"),
        ("in the printer", f"{progress.buffered:,}"),
        ("printed", f"[bold]{counts.printed:,}[/] of {total:,}"),
        ("", ProgressBar(max(total, 1), counts.sent - counts.in_doubt, width=_WIDTH)),
        ("rejected", f"{counts.rejected:,}"),
        ("indeterminate", f"{counts.indeterminate:,}"),
        ("faults", f"{progress.faults:,}"),
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


def _time_left(progress: Progress) -> str:
    """Say how long the rest takes at this speed."""
    left = progress.counts.remaining + progress.buffered
    if not left or progress.codes_per_s < 1:
        return ""
    seconds = round(left / progress.codes_per_s)
    return f", {timedelta(seconds=seconds)} left"
