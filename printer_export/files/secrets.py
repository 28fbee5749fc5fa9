"""Opening what a package is closed with: an age identity here, see also `password`.

What is decrypted stands in a temporary file that never had a name, so that nothing
of it is left however a program ends. Set TMPDIR for a place with more room.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import pyrage

from core.errors import Conflict
from printer_export.domain.messages import message

_AGE: Final = b"age-encryption.org/v1"
_LONGEST_SECRET: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a person has to open packages with; a password is asked for when needed."""

    identity: Path | None = None
    password: Callable[[], str] | None = None


def read_secret(path: Path) -> str:
    """Read a file that a person keeps a secret in; raises Conflict."""
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST_SECRET).decode()
    except OSError as fault:
        raise Conflict(
            message("unreadable", path=str(path), why=str(fault.strerror))
        ) from None
    except UnicodeDecodeError:
        raise Conflict(message("not_text", path=str(path))) from None


def open_age(path: Path, file: IO[bytes], secrets: Secrets) -> IO[bytes] | None:
    """Decrypt a file that is closed with age; gives None for one that is not."""
    begins = file.read(len(_AGE))
    file.seek(0)
    if begins != _AGE:
        return None
    identity = secrets.identity
    if identity is None:
        raise Conflict(message("age_needs_identity", path=str(path)))
    lines = (line.strip() for line in read_secret(identity).splitlines())
    out = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        keys = [
            pyrage.x25519.Identity.from_str(line)
            for line in lines
            if line and not line.startswith("#")
        ]
        pyrage.decrypt_io(file, out, keys)
        out.flush()
    except (pyrage.DecryptError, pyrage.IdentityError) as fault:
        out.close()
        raise Conflict(
            message(
                "identity_does_not_open",
                path=str(path),
                identity=str(identity),
                why=str(fault),
            )
        ) from None
    except OSError as fault:
        out.close()
        raise no_room(path, fault) from None
    return out


def no_room(path: Path, fault: OSError) -> Conflict:
    """Say that the disk is too full for what is decrypted."""
    return Conflict(
        message(
            "no_room_to_decrypt",
            path=str(path),
            folder=tempfile.gettempdir(),
            why=str(fault.strerror),
        )
    )
