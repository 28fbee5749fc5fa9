"""The command `crowncap` itself, which loads a command's module when it is used.

All modules together take seconds to import, and most commands need few of them.
"""

import importlib
from dataclasses import dataclass
from typing import Final

import click


@dataclass(frozen=True, slots=True)
class Place:
    """What a command does, and the modules of `crowncap.cli` that define it."""

    modules: tuple[str, ...]
    help: str


# In the order of their use: a newcomer reads from the top.
PLACES: Final = {
    "up": Place(("serving",), "Start everything and serve until Ctrl-C."),
    "jobs": Place(("jobs",), "Run jobs until Ctrl-C; `up` starts one such process."),
    "token": Place(("tokens",), "Make, list and revoke tokens."),
    "campaign": Place(("campaigns",), "Add and list points campaigns."),
    "draw": Place(("draws",), "Draw a published draw again."),
    "product": Place(("batch_lists",), "List products."),
    "batch": Place(
        ("batches", "batch_lists"),
        "Issue, export, activate, void and recall batches of codes.",
    ),
    "package": Place(("packages",), "Look at packages of codes."),
    "print": Place(
        ("printing", "simulating", "previewing"), "Feed a printer from a package."
    ),
    "payout-simulator": Place(("payout_simulating",), "Be a payer of red packets."),
    "rules": Place(("rules",), "Look at, write, try and activate rule sets."),
    "code": Place(("batches",), "Look at single codes."),
    "key": Place(("keys",), "Look at and change the epochs of the master keys."),
    "audit": Place(("upkeep",), "Check every invariant over the whole database."),
    "ledger": Place(("ledger",), "Add balances and limits up anew from transfers."),
    "doctor": Place(("upkeep",), "Look at everything a start needs."),
    "filters": Place(("upkeep",), "Look after the filters in Redis."),
    "migrate": Place(("upkeep",), "Bring the database to this version's shape."),
    "backup": Place(("backups",), "Copy the database and all that stands outside it."),
    "restore": Place(("backups",), "Put a backup into a new data directory."),
    "replay": Place(
        ("recovery",), "Do voids, recalls, revoked tokens and ended epochs again."
    ),
    "thaw": Place(("recovery",), "Let a restored installation pay again."),
}


class CommandsByPlace(click.Group):
    """The commands of PLACES; their modules add them when they are imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands."""
        del ctx
        return list(PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import what defines a command, and give it."""
        place = PLACES.get(cmd_name)
        for module in () if place is None else place.modules:
            importlib.import_module(f"crowncap.cli.{module}")
        return super().get_command(ctx, cmd_name)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.help) for name, place in PLACES.items()])


@click.version_option(
    package_name="crowncap", prog_name="crowncap", message="%(prog)s %(version)s"
)
@click.group(
    cls=CommandsByPlace, context_settings={"help_option_names": ["-h", "--help"]}
)
def cli() -> None:
    """Crowncap: one signed code under every cap, printed once, paid once."""
