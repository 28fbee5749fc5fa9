"""`crowncap ledger …`: what balances and limits are by transfers."""

import sys

import click

from core.auth.principal import OPERATOR
from crowncap.cli.asking import ask_before, yes_option
from crowncap.cli.root import cli
from crowncap.cli.shell import Shell, with_shell
from rewards.pipeline.rebuilding import Rebuilding
from scan_api.pipeline.claim_facts import find_scan_regions


@cli.group()
def ledger() -> None:
    """Add balances and limits up anew from transfers."""


@ledger.command("rebuild")
@click.option("--repair", is_flag=True, help="Put right what differs.")
@yes_option
@with_shell
async def rebuild(shell: Shell, repair: bool, yes: bool) -> None:
    """Add every balance, lot and limit up from transfers, and say what differs.

    Nothing is changed without --repair. Scans go on meanwhile, and nobody waits; it
    sees one moment for as long as it reads, as a backup does. Exit status: 0 nothing
    differs or all was put right, 1 otherwise.
    """
    if repair:
        ask_before(
            "What differs of balances and limits is put right by what transfers say: "
            "members may have more or fewer points than they see now.",
            yes=yes,
        )
    rebuilding = Rebuilding(
        shell.engine,
        shell.settings.timezone,
        find_scan_regions,
        lambda said: click.echo(said, err=True),
    )
    if repair:
        done = await rebuilding.repair(OPERATOR, now=shell.now())
    else:
        done = await rebuilding.look(now=shell.now())
    for each in done.examples:
        click.echo(str(each))
    if not done.gaps:
        click.echo("Every balance, lot and limit is what its transfers say.")
        return
    if done.gaps > len(done.examples):
        click.echo(f"And {done.gaps - len(done.examples):,} more.")
    click.echo(f"{done.lots:,} lots and {done.uses:,} rows of limits differ.")
    if repair:
        click.echo(f"{done.repaired:,} were put right.")
    else:
        click.echo("Nothing was changed; `crowncap ledger rebuild --repair` would.")
    if done.repaired < done.gaps:
        sys.exit(1)
