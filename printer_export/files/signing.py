"""The key that signs packages: one file, beside the master keys."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from codegen.keyring import write_durably
from core.errors import MisconfiguredError
from core.ids import random_bytes
from core.private_files import refuse_readable
from core.secret_box import SecretBox

_NONCE_BYTES = 12
_WRAP_INFO = b"crowncap/v1/package-password"
_CONTENT_INFO = b"crowncap/v1/package-content/"


@dataclass(frozen=True, slots=True)
class SigningKeyFile:
    """A PEM file with an Ed25519 key (RFC 8032), readable by its owner only."""

    path: Path

    def create(self) -> None:
        """Make a fresh key unless there is one."""
        if self.path.exists():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_durably(self.path, pem)

    def load(self) -> "SigningKey":
        """Read the key; raises MisconfiguredError with one sentence."""
        try:
            refuse_readable(self.path, "signing key")
            pem = self.path.read_bytes()
        except OSError as fault:
            raise MisconfiguredError(
                f"Cannot read the signing key at {self.path}: {fault.strerror}."
            ) from None
        try:
            key = serialization.load_pem_private_key(pem, None)
        except ValueError:
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise MisconfiguredError(f"{self.path} holds no Ed25519 key in PEM.")
        return SigningKey(key)


class SigningKey:
    """Signs manifests, and wraps the passwords of packages; never shows itself."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.key_id = key_id_of(key.public_key())

    def sign(self, content: bytes) -> bytes:
        """Return 64 raw bytes of Ed25519 over `content`."""
        return self._key.sign(content)

    def public_pem(self) -> bytes:
        """Return the verifying key, for those who pin it."""
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )

    def wrap(self, secret: str, package_id: int) -> bytes:
        """Encrypt a package's password for the database (AES-256-GCM)."""
        nonce = random_bytes(_NONCE_BYTES)
        bound = str(package_id).encode()
        return nonce + self._wrapping().encrypt(nonce, secret.encode(), bound)

    def unwrap(self, wrapped: bytes, package_id: int) -> str:
        """Decrypt what `wrap` made; raises MisconfiguredError for another key's."""
        nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
        try:
            secret = self._wrapping().decrypt(nonce, sealed, str(package_id).encode())
        except InvalidTag:
            raise MisconfiguredError(
                f"The password of package {package_id} was wrapped by another signing "
                "key; restore that key's file."
            ) from None
        return secret.decode()

    def secret_box(self, info: bytes) -> SecretBox:
        """Derive what closes other secrets of the installation for the database."""
        return SecretBox(self._derive(info))

    def content_secret(self, fingerprint: bytes) -> bytes:
        """Derive 32 secret bytes for the content that `fingerprint` stands for."""
        return self._derive(_CONTENT_INFO + fingerprint)

    def _wrapping(self) -> AESGCM:
        return AESGCM(self._derive(_WRAP_INFO))

    def _derive(self, info: bytes) -> bytes:
        return HKDF(hashes.SHA256(), 32, None, info).derive(
            self._key.private_bytes_raw()
        )


def key_id_of(key: Ed25519PublicKey) -> str:
    """Name a verifying key: 16 hex digits of the SHA-256 of its 32 raw bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]
