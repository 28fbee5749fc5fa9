"""`crowncap backup` and `crowncap restore`."""

from pathlib import Path

import click
import msgspec

from core.clock import SystemClock
from crowncap.backup import Restored, restore_backup, take_backup
from crowncap.cli.root import cli
from crowncap.cli.shell import data_dir_option, errors, read_settings


@cli.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="A new directory; it will hold the master keys.",
)
@data_dir_option
def backup(out: Path, data_dir: Path | None) -> None:
    """Copy the database and all that stands outside it, while Crowncap runs."""
    taken = take_backup(read_settings(data_dir), out, say=_say)
    _say(
        f"{taken.path} holds the master keys: whoever has it makes valid codes. Keep "
        "it encrypted, and from everybody who may not have them.",
        style="bold red",
    )
    click.echo(msgspec.json.encode(taken))


@cli.command()
@click.argument("backup", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--data-dir",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to restore it: a directory that is empty or does not exist.",
)
@click.option(
    "--keep-marks",
    metavar="OLD_DATA_DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The data directory in use until now: its marks are newer.",
)
def restore(backup: Path, data_dir: Path, keep_marks: Path | None) -> None:
    """Put a backup into a new data directory, after every byte was verified."""
    restored = restore_backup(
        backup, data_dir, keep_marks=keep_marks, clock=SystemClock(), say=_say
    )
    _say_what_is_next(restored, backup, marks_are_newest=keep_marks is not None)
    click.echo(msgspec.json.encode(restored))


def _say_what_is_next(
    restored: Restored, backup: Path, *, marks_are_newest: bool
) -> None:
    keys = f"{restored.data_dir}/keys"
    if not marks_are_newest:
        _say(
            "The marks are the backup's. Before the start, put the newest "
            f"high-water.json and changes.jsonl that you have into {keys}: without "
            "them, serials issued after the backup are issued again.",
            style="bold red",
        )
    for variable, file in restored.settings.items():
        _say(
            f"{variable} named a file elsewhere; its copy is now "
            f"{restored.data_dir}/{file}. Set it to that, or put the copy back there."
        )
    if restored.database == "database.dump":
        _say(
            "The database is one of your own. Restore it into an empty one: "
            f"pg_restore --dbname URL --exit-on-error {backup}/{restored.database}"
        )
    _say(
        f"Next: crowncap up --data-dir {restored.data_dir} -- it starts frozen, which "
        "means that claims are held, until you have run: crowncap thaw"
    )


def _say(line: str, *, style: str | None = None) -> None:
    errors.print(line, style=style, markup=False, soft_wrap=True)
