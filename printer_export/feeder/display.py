"""What a person at the line sees while codes are printed."""

import asyncio
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table

from printer_export.feeder.answers import Readiness
from printer_export.feeder.feeding import Feeder
from printer_export.feeder.standing import Progress

_REFRESH_S: Final = 0.25
_LINE_EVERY_S: Final = 5.0
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
            console.print(progress_line(feeder.progress()), markup=False)
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
        f"{counts.printed} printed, {progress.codes_per_s:.0f}/s, "
        f"{progress.buffered} in the printer, {counts.remaining} remaining, "
        f"{counts.rejected} rejected, {counts.indeterminate} indeterminate, "
        f"{progress.faults} faults, {state}"
    )


def progress_table(progress: Progress, printer: str) -> Table:
    """Show how things stand as a table."""
    counts = progress.counts
    colour = _COLOURS[progress.readiness]
    table = Table(title=printer, show_header=False, min_width=44)
    table.add_column(justify="right", style="dim")
    table.add_column(justify="left")
    state = f"[{colour}]{progress.readiness.value}[/] {progress.detail}"
    for name, value in (
        ("state", state),
        ("speed", f"{progress.codes_per_s:,.0f} codes/s"),
        ("in the printer", f"{progress.buffered:,}"),
        ("printed", f"[bold]{counts.printed:,}[/]"),
        ("rejected", f"{counts.rejected:,}"),
        ("indeterminate", f"{counts.indeterminate:,}"),
        ("faults", f"{progress.faults:,}"),
        ("remaining", f"{counts.remaining:,}"),
    ):
        table.add_row(name, value)
    return table
