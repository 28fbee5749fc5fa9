"""The zip around a package: streamed, and the same bytes for the same files.

Members are deflated with stored blocks only (RFC 1951, section 3.2.4), so that the
bytes depend on no version of zlib, and a member can be as long as its data turn out.
"""

import hashlib
import hmac
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Final

import pyrage
import stream_zip

from core.errors import FieldError, InvalidInput
from printer_export.domain.messages import message

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


@dataclass(frozen=True, slots=True)
class ZipLock:
    """What closes a zip: a password, and a secret that belongs to one content alone."""

    password: str = field(repr=False)
    secret: bytes = field(repr=False)

    def salts(self) -> Callable[[int], bytes]:
        """Give what draws the salt of one member after the other."""
        numbers = count()

        def draw(n_bytes: int) -> bytes:
            number = next(numbers).to_bytes(8, "big")
            return hmac.digest(self.secret, number, hashlib.sha256)[:n_bytes]

        return draw


def zip_stream(
    members: Iterable[Member], at: datetime, lock: ZipLock | None = None
) -> Iterator[bytes]:
    """Zip members in order; with a lock they are AES-256 (WinZip AE-2).

    The same members give the same bytes. So do salts of a lock, whose secret never
    sees another content: the same key and counter must never meet two.
    """
    # Zip knows local times from 1980 on, without saying where; this says UTC.
    closing = (
        {}
        if lock is None
        else {"password": lock.password, "get_crypto_random": lock.salts()}
    )
    yield from stream_zip.stream_zip(
        ((name, at, _MODE, stream_zip.ZIP_64, chunks) for name, chunks in members),
        chunk_size=_CHUNK,
        get_compressobj=_Stored,  # type: ignore[arg-type] # only its two methods
        extended_timestamps=False,
        **closing,  # type: ignore[arg-type] # two options of two types
    )


def zip_length(members: Iterable[tuple[str, Iterable[int]]], *, locked: bool) -> int:
    """Tell how long a zip becomes, of members with the lengths of their chunks.

    APPNOTE 4.3 to 4.5: all members are Zip64, with a data descriptor; WinZip's AE-2
    adds an extra field, a salt, two bytes of verification and ten of authentication.
    """
    extra, around = (11, 28) if locked else (0, 0)
    total = 56 + 20 + 22
    for name, lengths in members:
        n_bytes = len(name.encode())
        total += 30 + n_bytes + 20 + extra
        total += sum(length + 5 * -(-length // _BLOCK) for length in lengths) + 5
        total += around + 24
        total += 46 + n_bytes + 28 + extra
    return total


def check_recipients(recipients: tuple[str, ...]) -> None:
    """Raise InvalidInput naming each text that is not an age recipient (X25519)."""
    problems: list[FieldError] = []
    for place, recipient in enumerate(recipients):
        try:
            pyrage.x25519.Recipient.from_str(recipient)
        except pyrage.RecipientError:
            problems.append(
                FieldError(
                    f"/encryption/age_recipients/{place}",
                    "invalid_recipient",
                    message("no_recipient"),
                )
            )
    if problems:
        raise InvalidInput(problems[0].detail, errors=tuple(problems))
