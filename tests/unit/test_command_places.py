"""The list of commands answers at once, and says what the commands say."""

import subprocess
import sys

import click
import pytest

from crowncap.cli import cli
from crowncap.cli.root import PLACES

# What a help needs none of, and what each took long to import.
HEAVY = ("numpy", "sqlalchemy", "psycopg", "litestar", "cryptography", "rich")


@pytest.mark.parametrize("name", PLACES)
def test_a_command_says_of_itself_what_the_list_says(name: str) -> None:
    """The list is written down, as importing the commands would take seconds."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    told = PLACES[name].help.rstrip(".")
    assert (command.help or "").startswith(told)


def test_every_command_of_every_module_is_listed() -> None:
    """A command that was added to a module alone would not be found."""
    for name in PLACES:
        cli.get_command(click.Context(cli), name)
    assert set(cli.commands) == set(PLACES)


@pytest.mark.parametrize("asked", ["--help", "--version"])
def test_a_help_imports_nothing_heavy(asked: str) -> None:
    """Which is what made it take seconds."""
    program = (
        "import sys; from crowncap.cli import main\n"
        f"sys.argv = ['crowncap', {asked!r}]\n"
        "try: main()\n"
        f"except SystemExit: print(*[m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == ""
