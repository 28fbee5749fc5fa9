"""Asking before what cannot be undone."""

import sys
from typing import Final

import click

from core.errors import InvalidInput
from crowncap.cli.shell import errors

# A script is not asked about fewer codes than a roll has; it says --yes for more.
ASKED_ABOVE: Final = 1_000

yes_option = click.option("--yes", is_flag=True, help="Do not ask; for scripts.")


def ask_before(sentence: str, *, yes: bool, quantity: int = 0) -> None:
    """Say what is about to happen, and go on only if that is meant.

    Who sits at a terminal is asked, unless told --yes. Without a terminal nobody can
    answer: raises InvalidInput where many codes are concerned.
    """
    errors.print(sentence, markup=False, soft_wrap=True)
    if yes:
        return
    if sys.stdin.isatty():
        click.confirm("Go on?", abort=True, err=True)
    elif quantity > ASKED_ABOVE:
        raise InvalidInput(
            f"These are {quantity:,} codes, and nobody is there to be asked; nothing "
            "was done. Say --yes if that is meant."
        )
