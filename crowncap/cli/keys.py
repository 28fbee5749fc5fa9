"""`crowncap key …`."""

from typing import Any

import click

from codegen import pipeline as codes
from codegen import store as codes_store
from codegen.domain.ranges import EpochState
from codegen.store.epochs import EpochRow
from core.auth.principal import OPERATOR
from crowncap.cli.asking import ask_before, yes_option
from crowncap.cli.root import cli
from crowncap.cli.shell import Shell, with_shell


@cli.group()
def key() -> None:
    """Look at and change the epochs of the master keys."""


@key.command("list")
@with_shell
async def list_keys(shell: Shell) -> list[EpochRow]:
    """List epochs, their states and how far each has issued."""
    async with shell.engine.connect() as conn:
        return await codes_store.load_epochs(conn)


@key.command("rotate")
@with_shell
async def rotate_key(shell: Shell) -> dict[str, Any]:
    """Open the next epoch with a fresh key, and close the one before."""
    async with shell.engine.begin() as conn:
        epoch = await codes.rotate_epoch(
            conn, shell.issuance.key_file, OPERATOR, now=shell.now()
        )
    return {"epoch": epoch, "state": "open"}


_MEANING = {
    EpochState.CLOSED: "No more codes of it are issued; those that are out stay good.",
    EpochState.FROZEN: (
        "Every claim of them is held from now on: consumers are told to wait."
    ),
    EpochState.RETIRED: (
        "Every one of them answers not_active from now on, for good, also those on "
        "caps in shops."
    ),
}


def _add_epoch_command(verb: str, state: EpochState, sentence: str) -> None:
    @yes_option
    @with_shell
    async def change(shell: Shell, epoch: int, *, yes: bool) -> dict[str, Any]:
        async with shell.engine.connect() as conn:
            issued = await codes_store.count_issued(conn, epoch)
        ask_before(f"Epoch {epoch} has {issued:,} codes. {_MEANING[state]}", yes=yes)
        async with shell.engine.begin() as conn:
            await codes.change_epoch(conn, epoch, state, OPERATOR, now=shell.now())
        return {"epoch": epoch, "state": state.value}

    argument = click.argument("epoch", type=click.IntRange(0, 31))
    key.command(verb, help=sentence)(argument(change))


_add_epoch_command("close", EpochState.CLOSED, "Issue no more codes of an epoch.")
_add_epoch_command("freeze", EpochState.FROZEN, "Hold every claim of an epoch.")
_add_epoch_command(
    "retire",
    EpochState.RETIRED,
    "Answer not_active for every cap of an epoch, also in shops, for good.",
)
