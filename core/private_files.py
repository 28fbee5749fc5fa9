"""Files that their owner alone may read, or alone may write."""

import stat
from pathlib import Path

from core.errors import MisconfiguredError
from core.sentences import message


def refuse_readable(path: Path, what: str) -> None:
    """Raise MisconfiguredError if anybody else can read or write a secret."""
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise MisconfiguredError(
            message("readable_by_others", what=what, path=str(path))
        )


def refuse_writable(path: Path, what: str) -> None:
    """Raise MisconfiguredError if everybody can write what is public but trusted."""
    if path.stat().st_mode & stat.S_IWOTH:
        raise MisconfiguredError(message("writable_by_all", what=what, path=str(path)))
