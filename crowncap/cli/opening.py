"""What opens a package on the command line: an identity's file, or a password."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from core.errors import Conflict
from printer_export.files.secrets import Secrets, read_secret

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


def secret_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --identity and --password-file; the command is given `secrets`.

    A password is never an argument, where others on the machine would see it: it
    comes from a file, or is asked for on a terminal.
    """

    @wraps(command)
    def with_secrets(
        *args: Any, identity: Path | None, password_file: Path | None, **options: Any
    ) -> Any:
        def password() -> str:
            if password_file is not None:
                return read_secret(password_file).rstrip("\r\n")
            if not sys.stdin.isatty():
                raise Conflict(
                    "The package has a password; name a file with it: --password-file."
                )
            asked: str = click.prompt("The package's password", hide_input=True)
            return asked

        return command(*args, secrets=Secrets(identity, password), **options)

    for option in (
        click.option(
            "--password-file", type=_FILE, help="A zip's password, in a file."
        ),
        click.option("--identity", type=_FILE, help="An age identity."),
    ):
        with_secrets = option(with_secrets)
    return with_secrets
