"""Encryption to age recipients (age-encryption.org/v1, X25519), the same each time.

The age library draws its keys at random, so that a download which was cut could never
go on. Here they come from a secret that belongs to one content only: the same content
gives the same bytes, and no key ever meets two contents.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION: Final = b"age-encryption.org/v1"
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_CHECKSUM: Final = 6
_KEY_BYTES: Final = 32
_FILE_KEY_BYTES: Final = 16
_PAYLOAD_NONCE_BYTES: Final = 16
_CHUNK: Final = 64 * 1024
_TAG_BYTES: Final = 16
_COUNTER_BYTES: Final = 11


def age_length(length: int, recipients: tuple[str, ...]) -> int:
    """Tell how long `length` bytes become."""
    header = len(_header(b"", bytes(_FILE_KEY_BYTES), recipients))
    chunks = max(1, -(-length // _CHUNK))
    return header + _PAYLOAD_NONCE_BYTES + length + chunks * _TAG_BYTES


def age_stream(
    chunks: Iterator[bytes], recipients: tuple[str, ...], secret: bytes
) -> Iterator[bytes]:
    """Encrypt a stream; `secret` belongs to this content alone."""
    file_key = _derive(secret, b"", b"file key", _FILE_KEY_BYTES)
    nonce = _derive(secret, b"", b"payload nonce", _PAYLOAD_NONCE_BYTES)
    yield _header(secret, file_key, recipients) + nonce
    # Section "Payload": the STREAM construction, counter and last flag as nonce.
    cipher = ChaCha20Poly1305(_derive(file_key, nonce, b"payload"))
    held, number = bytearray(), 0
    for chunk in chunks:
        held += chunk
        # The last piece is marked, so one is kept back until more has come.
        whole = (len(held) - 1) // _CHUNK if held else 0
        sealed = [
            cipher.encrypt(
                _nonce(number + each, last=0),
                bytes(held[each * _CHUNK : (each + 1) * _CHUNK]),
                None,
            )
            for each in range(whole)
        ]
        number += whole
        del held[: whole * _CHUNK]
        if sealed:
            yield b"".join(sealed)
    yield cipher.encrypt(_nonce(number, last=1), bytes(held), None)


def _nonce(number: int, *, last: int) -> bytes:
    return number.to_bytes(_COUNTER_BYTES, "big") + bytes([last])


def _header(secret: bytes, file_key: bytes, recipients: tuple[str, ...]) -> bytes:
    stanzas = b"".join(_stanza(secret, file_key, each) for each in recipients)
    head = _VERSION + b"\n" + stanzas + b"---"
    mac = hmac.digest(_derive(file_key, b"", b"header"), head, hashlib.sha256)
    return head + b" " + _unpadded(mac) + b"\n"


def _stanza(secret: bytes, file_key: bytes, recipient: str) -> bytes:
    """Wrap the file key for one recipient (section "The X25519 recipient type")."""
    theirs = _read_recipient(recipient)
    ours = X25519PrivateKey.from_private_bytes(
        _derive(secret, theirs, b"ephemeral secret")
    )
    share = ours.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )
    shared = ours.exchange(X25519PublicKey.from_public_bytes(theirs))
    key = _derive(shared, share + theirs, _VERSION + b"/X25519")
    # The key is used once, hence a nonce of zeros.
    wrapped = ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None)
    return b"-> X25519 " + _unpadded(share) + b"\n" + _unpadded(wrapped) + b"\n"


def _derive(
    key: bytes, salt: bytes, info: bytes, length_bytes: int = _KEY_BYTES
) -> bytes:
    return HKDF(hashes.SHA256(), length_bytes, salt, info).derive(key)


def _unpadded(content: bytes) -> bytes:
    return base64.b64encode(content).rstrip(b"=")


def _read_recipient(recipient: str) -> bytes:
    """Read the 32 bytes of `age1…` (BIP 173); its checksum was checked with the order.

    The words of Bech32 are five bits each, and the last ones pad.
    """
    words = recipient.lower().rpartition("1")[2][:-_CHECKSUM]
    number = 0
    for symbol in words:
        number = number << 5 | _BECH32.index(symbol)
    padding = len(words) * 5 - _KEY_BYTES * 8
    return (number >> padding).to_bytes(_KEY_BYTES, "big")
