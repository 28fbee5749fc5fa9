"""`crowncap package …`: a print house's look at a package; no server and no keys."""

import sys
from pathlib import Path

import click

from core.errors import Conflict
from core.terminal import printable
from crowncap.cli.opening import secret_options
from crowncap.cli.root import cli
from printer_export.files.checking import Check, Verdict, check_package
from printer_export.files.reading import open_package
from printer_export.files.secrets import Secrets

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@cli.group("package")
def package_group() -> None:
    """Look at packages of codes; needs no server, no keys and no settings."""


@package_group.command("verify")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--key", type=_FILE, help="The brand's public signing key, PEM.")
@secret_options
def verify(path: Path, key: Path | None, secrets: Secrets) -> None:
    """Check a package's signature, hashes, rows and codes, one sentence each.

    Exit status: 0 all is well, 1 anything is wrong.
    """
    public_pem = None if key is None else key.read_bytes()
    verdicts = set()
    try:
        with open_package(path, secrets) as reader:
            for check in check_package(reader, public_pem):
                _say(check)
                verdicts.add(check.verdict)
    except Conflict as fault:
        _say(Check("package", Verdict.FAILED, fault.detail))
        verdicts.add(Verdict.FAILED)
    sys.exit(1 if Verdict.FAILED in verdicts else 0)


def _say(check: Check) -> None:
    # What the package says of itself is somebody else's until the signature holds.
    click.echo(printable(f"{check.verdict.value:<12}{check.name}: {check.sentence}"))
