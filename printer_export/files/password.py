"""A zip with a password (WinZip AE-1 and AE-2), decrypted once, then read anywhere.

What reads such zips takes long to import, so this is imported when one is met.
"""

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import stream_unzip

from core.errors import Conflict
from printer_export.domain.messages import message
from printer_export.files.secrets import Secrets, no_room

_CHUNK: Final = 1 << 20
# WinZip's AES only: what is older has been broken for long.
_MECHANISMS: Final = (
    *(stream_unzip.AE_1, stream_unzip.AE_2),
    *(stream_unzip.AES_128, stream_unzip.AES_192, stream_unzip.AES_256),
)


@dataclass(frozen=True, slots=True)
class Unlocked:
    """Decrypted members of a zip, one after the other: (name, offset, length)."""

    files: tuple[tuple[str, int, int], ...]
    _content: IO[bytes]

    def open(self, name: str) -> IO[bytes]:
        """Open a member; of two with one name, the first."""
        for found, offset, length in self.files:
            if found.replace("\\", "/") == name:
                return io.BufferedReader(_Part(self._content, offset, length))
        raise KeyError(name)


@contextmanager
def unlock_zip(
    path: Path, file: IO[bytes], secrets: Secrets, bounds: tuple[int, int]
) -> Iterator[Unlocked]:
    """Decrypt a zip with a password; `bounds` are its most members and most bytes."""
    if secrets.password is None:
        raise Conflict(message("zip_needs_password", path=str(path)))
    password = secrets.password().encode()
    with tempfile.TemporaryFile() as content:
        try:
            yield Unlocked(
                tuple(_unlock(path, file, password, content, bounds)), content
            )
        except stream_unzip.IncorrectAESPasswordError:
            raise Conflict(message("password_does_not_open", path=str(path))) from None
        except stream_unzip.UnsupportedFeatureError:
            raise Conflict(message("closed_otherwise", path=str(path))) from None
        except stream_unzip.UnzipError as fault:
            raise Conflict(
                message("zip_damaged", path=str(path), why=type(fault).__name__)
            ) from None


def _unlock(
    path: Path,
    file: IO[bytes],
    password: bytes,
    content: IO[bytes],
    bounds: tuple[int, int],
) -> Iterator[tuple[str, int, int]]:
    file.seek(0)
    most_members, most_bytes = bounds
    members = stream_unzip.stream_unzip(
        iter(lambda: file.read(_CHUNK), b""),
        password=password,
        allowed_encryption_mechanisms=_MECHANISMS,
    )
    end = 0
    with closing(members):
        for number, (name, _, chunks) in enumerate(members, 1):
            start = end
            for chunk in chunks:
                end += len(chunk)
                if end > most_bytes or number > most_members:
                    raise Conflict(message("unpacks_too_far", path=str(path)))
                try:
                    content.write(chunk)
                except OSError as fault:
                    raise no_room(Path(tempfile.gettempdir()), fault) from None
            if not name.endswith(b"/"):
                yield name.decode("utf-8", "replace"), start, end - start
    content.flush()


class _Part(io.RawIOBase):
    """A part of a file as if it were a file."""

    def __init__(self, file: IO[bytes], start: int, length: int) -> None:
        self._file, self._start, self._length = file, start, length
        self._at = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can move."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move within the part."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._length}
        self._at = max(0, base[whence] + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Read up to the part's end."""
        wanted = min(len(buffer), max(0, self._length - self._at))
        self._file.seek(self._start + self._at)
        content = self._file.read(wanted)
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)
