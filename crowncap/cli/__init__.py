"""The command line. Each command prints only what it was asked for."""

import importlib
import sys

from crowncap.cli.root import cli


def main() -> None:
    """Run the command line; whatever an operator can mend is one sentence."""
    try:
        cli()
    except Exception as fault:
        # Imported only now: a help needs none of what can go wrong.
        faults = importlib.import_module("crowncap.cli.faults")
        if not faults.tell(fault):
            raise
        sys.exit(2)


__all__ = ["cli", "main"]
