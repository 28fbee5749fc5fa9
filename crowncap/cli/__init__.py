"""The command line. Each command prints only what it was asked for."""

import sys

import psycopg
from sqlalchemy.exc import DBAPIError, OperationalError

from core.db import why_away
from core.errors import Fault, MisconfiguredError
from crowncap.backup import BackupError
from crowncap.cli import (
    backups,
    batches,
    campaigns,
    keys,
    packages,
    printing,
    recovery,
    serving,
    simulating,
    tokens,
    upkeep,
)
from crowncap.cli.shell import cli, errors
from crowncap.data_dir import explain_permission
from crowncap.embedded import EmbeddedServerError
from printer_export.writing import ExportWriteError


def main() -> None:
    """Run the command line; whatever an operator can mend is one sentence."""
    try:
        cli()
    except Fault as fault:
        lines = [fault.detail, *(f"{e.pointer}: {e.detail}" for e in fault.errors)]
        _fail("\n".join(dict.fromkeys(lines)))
    except (
        MisconfiguredError,
        EmbeddedServerError,
        ExportWriteError,
        BackupError,
    ) as fault:
        _fail(str(fault))
    except PermissionError as fault:
        _fail(explain_permission(fault))
    except (OperationalError, psycopg.OperationalError) as fault:
        _fail(f"Cannot reach the database: {why_away(fault)}")
    except DBAPIError as fault:
        _fail(f"The database refused: {why_away(fault)}")


def _fail(sentence: str) -> None:
    errors.print(sentence, style="red", markup=False, soft_wrap=True)
    sys.exit(2)


__all__ = [
    "backups",
    "batches",
    "campaigns",
    "cli",
    "keys",
    "main",
    "packages",
    "printing",
    "recovery",
    "serving",
    "simulating",
    "tokens",
    "upkeep",
]
