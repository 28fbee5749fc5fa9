"""The zip around a package: streamed, and the same bytes for the same files.

Members are deflated with stored blocks only (RFC 1951, section 3.2.4), so that the
bytes depend on no version of zlib, and a member can be as long as its data turn out.
"""

import struct
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import pyrage
import stream_zip

from core.errors import FieldError, InvalidInput
from printer_export.packaging.piping import pump

Member = tuple[str, Iterable[bytes]]

_BLOCK: Final = 65_535
_MODE: Final = 0o100644
_CHUNK: Final = 1 << 20


class _Stored:
    """What zlib's compressobj is to the archive, without compressing."""

    def compress(self, content: bytes) -> bytes:
        """Frame `content` as stored blocks."""
        parts: list[bytes] = []
        for start in range(0, len(content), _BLOCK):
            block = content[start : start + _BLOCK]
            parts += (_header(0, len(block)), block)
        return b"".join(parts)

    def flush(self) -> bytes:
        """End with an empty last block."""
        return _header(1, 0)


def _header(last: int, length: int) -> bytes:
    return struct.pack("<BHH", last, length, length ^ 0xFFFF)


def zip_stream(
    members: Iterable[Member], at: datetime, password: str | None = None
) -> Iterator[bytes]:
    """Zip members in order; with a password they are AES-256 (WinZip AE-2).

    Without one the same members give the same bytes. With one each salt is fresh, as
    it must be: the same key and counter must never meet two contents.
    """
    # Zip knows local times from 1980 on, without saying where; this says UTC.
    yield from stream_zip.stream_zip(
        ((name, at, _MODE, stream_zip.ZIP_64, chunks) for name, chunks in members),
        chunk_size=_CHUNK,
        get_compressobj=_Stored,  # type: ignore[arg-type] # only its two methods
        extended_timestamps=False,
        password=password,
    )


def check_recipients(recipients: tuple[str, ...]) -> None:
    """Raise InvalidInput naming each text that is no age recipient (X25519)."""
    problems: list[FieldError] = []
    for place, recipient in enumerate(recipients):
        try:
            pyrage.x25519.Recipient.from_str(recipient)
        except pyrage.RecipientError:
            problems.append(
                FieldError(
                    f"/encryption/age_recipients/{place}",
                    "invalid_recipient",
                    "An age recipient looks like age1… and has 62 characters.",
                )
            )
    if problems:
        raise InvalidInput(problems[0].detail, errors=tuple(problems))


def age_stream(chunks: Iterator[bytes], recipients: tuple[str, ...]) -> Iterator[bytes]:
    """Encrypt a stream to age recipients (age-encryption.org/v1)."""
    keys = [pyrage.x25519.Recipient.from_str(each) for each in recipients]
    return pump(chunks, lambda source, sink: pyrage.encrypt_io(source, sink, keys))
