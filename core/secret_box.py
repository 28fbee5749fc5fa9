"""Secrets that the database may hold, closed with a key that it does not have."""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import MisconfiguredError
from core.ids import random_bytes
from core.sentences import message

_NONCE_BYTES: Final = 12


class SecretBox:
    """Closes secrets with AES-256-GCM, each bound to what it belongs to."""

    def __init__(self, key: bytes) -> None:
        """Take a key of 32 bytes."""
        self._cipher = AESGCM(key)

    def wrap(self, secret: bytes, owner: str) -> bytes:
        """Close a secret that belongs to `owner`."""
        nonce = random_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, owner.encode())

    def unwrap(self, wrapped: bytes, owner: str) -> bytes:
        """Open what `wrap` closed; raises MisconfiguredError for another key's."""
        nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, owner.encode())
        except InvalidTag:
            raise MisconfiguredError(
                message("wrapped_otherwise", owner=owner)
            ) from None
