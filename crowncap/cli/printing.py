"""`crowncap print …`: a printer, a package and a journal; no server and no keys."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.progress import BarColumn, Progress, TaskProgressColumn

from core.errors import Conflict, InvalidInput
from core.ids import random_token
from core.terminal import printable
from crowncap.cli.opening import secret_options
from crowncap.cli.root import cli
from crowncap.cli.shell import check_options, errors
from feeder.display import show
from feeder.drivers import Printer, printer_at
from feeder.journal import Binding, Journal
from feeder.leases import (
    close_journal,
    leases_directory,
    note_sent,
    resume_journal,
    start_journal,
)
from feeder.limits import Marks, Timing
from feeder.package import (
    Package,
    PackageRows,
    facts_of,
    manifest_digest,
)
from feeder.printer_lock import hold_printer
from feeder.report import write_report
from feeder.run import Feeder
from feeder.run_state import End, Outcome
from feeder.store import path_text
from printer_export.files.reading import open_package
from printer_export.files.secrets import Secrets

# A refusal is 2, as for every command.
EXIT_CODES: Final = {End.FINISHED: 0, End.STOPPED: 3, End.GAVE_UP: 4}

_FILE = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the command line asks for."""

    package: Path
    printer: Printer
    journal: Path
    from_index: int | None
    to_index: int | None


@cli.group("print")
def print_group() -> None:
    """Feed a printer from a package; needs no server, no keys and no settings."""


@print_group.command("run")
@click.argument("package", type=click.Path(path_type=Path))
@click.option(
    "--printer",
    "url",
    required=True,
    help="zpl://HOST:9100, tspl://HOST:9100 or template://HOST:PORT?file=FILE.toml.",
)
@click.option(
    "--journal",
    required=True,
    type=_FILE,
    help="What was sent, and what became of it; made if there is none.",
)
@click.option("--from-index", type=int, help="0-based and inclusive.")
@click.option("--to-index", type=int, help="0-based and inclusive.")
@click.option("--key", type=_FILE, help="The brand's public signing key, PEM.")
@secret_options
@click.option(
    "--low",
    default=50,
    show_default=True,
    help="Codes in the printer: at so many it is filled up.",
)
@click.option(
    "--high",
    default=150,
    show_default=True,
    help="Codes in the printer: so many at most.",
)
@click.option(
    "--drain",
    default=10.0,
    show_default=True,
    help="Seconds to wait for answers when stopped.",
)
@click.option(
    "--give-up",
    default=600.0,
    show_default=True,
    help="Seconds to wait for a printer that stays away.",
)
def run(
    package: Path,
    url: str,
    journal: Path,
    from_index: int | None,
    to_index: int | None,
    key: Path | None,
    secrets: Secrets,
    low: int,
    high: int,
    drain: float,
    give_up: float,
) -> None:
    """Print a package's codes, each at most once; again with the journal: go on.

    Exit status: 0 all is printed, 2 refused, 3 stopped, 4 the printer stayed away.
    """
    check_options(
        {
            "low": low,
            "high": high,
            "drain": drain,
            "give_up": give_up,
            "from_index": from_index,
            "to_index": to_index,
        }
    )
    wanted = _Wanted(package, printer_at(url), journal, from_index, to_index)
    marks = Marks(low, high)
    timing = Timing(drain_s=drain, give_up_s=give_up)
    with open_package(package, secrets) as opened:
        check_signature(opened, key)
        outcome = _print_package(wanted, opened, marks, timing)
    sys.exit(EXIT_CODES[outcome.end])


@print_group.command("report")
@click.argument("journal", type=_FILE)
@click.option("--out", required=True, type=_FILE)
def report(journal: Path, out: Path) -> None:
    """Write what a stopped journal knows as a line report, to hand in."""
    with Journal.open(journal) as held:
        counts = write_report(held, out)
        _print_json(
            {
                "path": printable(str(out)),
                "batch_id": int(held.binding.batch_id),
                "printed": counts.printed,
                "indeterminate": counts.indeterminate,
                "rejected": counts.rejected,
            }
        )


@print_group.command("close")
@click.argument("journal", type=_FILE)
def close(journal: Path) -> None:
    """End a journal for good; what it has not sent another journal may print."""
    with Journal.open(journal) as held:
        close_journal(held, leases_directory(os.environ))
        counts = held.counts()
        _print_json(
            {
                "closed": printable(str(journal)),
                "sent": counts.sent,
                "printed": counts.printed,
                "rejected": counts.rejected,
                "indeterminate": counts.indeterminate,
                "free": counts.remaining,
            }
        )


async def _feed(
    rows: PackageRows, printer: Printer, journal: Journal, marks: Marks, timing: Timing
) -> Outcome:
    """Run until the end; the first Ctrl-C stops cleanly, the second at once."""
    feeder = Feeder(rows, printer, journal, marks, timing=timing)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, feeder.stop)
    display = asyncio.create_task(show(feeder, printer.address, errors))
    try:
        return await feeder.run()
    finally:
        display.cancel()
        with suppress(asyncio.CancelledError):
            await display


def _print_package(
    wanted: _Wanted, package: Package, marks: Marks, timing: Timing
) -> Outcome:
    """Hold the printer and the journal while printing."""
    rows = PackageRows(package)
    printer = wanted.printer
    with (
        hold_printer(printer.host, printer.port),
        _open_journal(wanted, package, rows) as journal,
    ):
        if not journal.hashes_verified:
            _check_hashes(package)
            journal.note_hashes()
        try:
            outcome = asyncio.run(_feed(rows, printer, journal, marks, timing))
        finally:
            note_sent(journal, leases_directory(os.environ))
        _say_outcome(outcome, journal)
        return outcome


def check_signature(package: Package, key: Path | None) -> None:
    """Check whom a package is from, or say that nobody does."""
    if key is None:
        errors.print(
            "The package's signature is not checked: name the brand's public key "
            "with --key.",
            style="yellow",
        )
        return
    try:
        pem = key.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{key} cannot be read: {error.strerror}.") from error
    package.verify_signature(pem)


def _check_hashes(package: Package) -> None:
    with Progress(
        "{task.description}",
        BarColumn(),
        TaskProgressColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    ) as progress:
        task = progress.add_task("Comparing with the manifest", total=None)
        package.verify_hashes(
            lambda done, total: progress.update(task, completed=done, total=total)
        )


def _open_journal(wanted: _Wanted, package: Package, rows: PackageRows) -> Journal:
    facts, digest = facts_of(package.manifest), manifest_digest(package.manifest)
    if wanted.journal.exists() and wanted.journal.stat().st_size:
        journal = Journal.open(wanted.journal)
        try:
            _check_binding(journal.binding, wanted, digest)
            resume_journal(journal, wanted.package, leases_directory(os.environ))
        except BaseException:
            journal.close()
            raise
        return journal
    first, last = facts.from_index, facts.to_index
    from_index = first if wanted.from_index is None else wanted.from_index
    to_index = last if wanted.to_index is None else wanted.to_index
    if not first <= from_index <= to_index <= last:
        raise InvalidInput(
            f"The package holds codes {first} to {last}; {from_index} to {to_index} "
            "is not a range of them."
        )
    binding = Binding(
        journal_id=random_token(12),
        manifest_sha256=digest,
        package_id=str(facts.package_id),
        batch_id=str(facts.batch_id),
        package_path=path_text(wanted.package.resolve()),
        printer=wanted.printer.address,
        from_index=from_index,
        to_index=to_index,
    )
    directory = leases_directory(os.environ)
    return start_journal(wanted.journal, binding, rows.plan, directory)


def _check_binding(binding: Binding, wanted: _Wanted, digest: str) -> None:
    """Refuse a journal that belongs to something else."""
    if binding.manifest_sha256 != digest:
        raise Conflict(
            f"The journal {wanted.journal} belongs to package {binding.package_id}, "
            f"not to {wanted.package}."
        )
    if binding.printer != wanted.printer.address:
        raise Conflict(
            f"The journal {wanted.journal} belongs to the printer {binding.printer}; "
            "close it, and begin another one for this printer."
        )
    asked = (wanted.from_index, wanted.to_index)
    bound = (binding.from_index, binding.to_index)
    if any(a is not None and a != b for a, b in zip(asked, bound, strict=True)):
        raise Conflict(
            f"The journal {wanted.journal} is for codes {bound[0]} to {bound[1]}."
        )


def _say_outcome(outcome: Outcome, journal: Journal) -> None:
    counts, binding = outcome.counts, journal.binding
    if outcome.end is not End.FINISHED:
        errors.print(
            f"Ended before all was printed: {outcome.detail or outcome.end}. "
            "Run again with the same journal to go on.",
            markup=False,
        )
    _print_json(
        {
            "end": outcome.end,
            "sent": counts.sent,
            "printed": counts.printed,
            "rejected": counts.rejected,
            "indeterminate": counts.indeterminate,
            "in_doubt": counts.in_doubt,
            "remaining": counts.remaining,
            "range": {
                "from_index": binding.from_index,
                "to_index": binding.to_index,
            },
            "batch_id": int(binding.batch_id),
        }
    )


def _print_json(answer: dict[str, Any]) -> None:
    click.echo(msgspec.json.encode(answer).decode())
