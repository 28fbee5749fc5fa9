"""Files with which app platforms check who owns a host; small, plain, and few."""

import asyncio
import re
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 65_536
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\.txt")


def is_verification_name(name: str) -> bool:
    """Tell whether a path's last part asks for such a file; no code has a dot."""
    return _NAME.fullmatch(name) is not None


async def read_verification(directory: Path, name: str) -> bytes | None:
    """Read a file of this directory; None if there is none that may be shown."""
    if not is_verification_name(name):
        return None
    return await asyncio.to_thread(_read, directory / name)


def _read(path: Path) -> bytes | None:
    try:
        # A link could lead out of the directory, to keys for example.
        if path.is_symlink() or not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(MAX_BYTES)
    except OSError:
        return None
