"""The keys of an epoch, derived from its master key (cap code v1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

from cryptography.hazmat.primitives.ciphers import (
    Cipher,
    CipherContext,
    algorithms,
    modes,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAX_EPOCH: Final = 31
MASTER_KEY_BYTES: Final = 32
CHECK_VALUE_BYTES: Final = 16

_BLOCK_BITS: Final = 128
_BLOCK_BYTES: Final = 16
_SECRET_BYTES: Final = 32


class Purpose(StrEnum):
    """What keys seal: a code of one purpose is none of another's."""

    CAPS = "epoch"
    COUPONS = "coupon"

    @property
    def info(self) -> bytes:
        """What HKDF's info begins with."""
        return f"crowncap/v1/{self}/".encode()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EpochKey:
    """What seals and opens the codes of one epoch; its repr shows the epoch only.

    `mac_block` and `enc_block` are the contract's `block(epoch, 0)` as 128-bit
    integers, the first one already XORed with the CMAC subkey K1: a value of at
    most 64 bits XORed in gives the AES input. `mac_cipher` and `enc_cipher` are
    AES-128-ECB encryptors for single blocks: they keep no state between whole
    blocks and `update` holds the interpreter lock, so threads may share them.
    """

    epoch: int
    mac_key: bytes
    enc_key: bytes
    mac_block: int
    enc_block: int
    mac_cipher: CipherContext
    enc_cipher: CipherContext
    check_value: bytes

    @classmethod
    def from_master(
        cls, epoch: int, master_key: bytes, purpose: Purpose = Purpose.CAPS
    ) -> Self:
        """Derive the keys of one epoch from its checked 32-byte master key."""
        info = purpose.info + bytes([epoch])
        mac_key = _derive(master_key, info + b"/mac")
        enc_key = _derive(master_key, info + b"/enc")
        mac_cipher = ecb_encryptor(mac_key)
        block = int.from_bytes(b"CC1" + bytes([epoch]) + bytes(12), "big")
        return cls(
            epoch=epoch,
            mac_key=mac_key,
            enc_key=enc_key,
            mac_block=block ^ _first_subkey(mac_cipher),
            enc_block=block,
            mac_cipher=mac_cipher,
            enc_cipher=ecb_encryptor(enc_key),
            check_value=_derive(master_key, info + b"/check"),
        )

    def __repr__(self) -> str:
        """Name the epoch and nothing secret."""
        return f"EpochKey(epoch={self.epoch})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EpochKeys:
    """The keys of every epoch that this process may seal or open; immutable."""

    by_epoch: Mapping[int, EpochKey] = field(repr=False)

    @classmethod
    def from_masters(
        cls, masters: Mapping[int, bytes], purpose: Purpose = Purpose.CAPS
    ) -> Self:
        """Derive all keys of a purpose from `{epoch: 32-byte master key}`.

        HKDF-SHA256 without salt (RFC 5869). Raises ValueError for an epoch
        outside 0..31 or a master key that is not 32 bytes.
        """
        for epoch, master_key in masters.items():
            if not 0 <= epoch <= MAX_EPOCH:
                raise ValueError(f"Epoch {epoch} is not between 0 and {MAX_EPOCH}.")
            if len(master_key) != MASTER_KEY_BYTES:
                raise ValueError(
                    f"The master key of epoch {epoch} has {len(master_key)} bytes "
                    f"instead of {MASTER_KEY_BYTES}."
                )
        derived = {
            epoch: EpochKey.from_master(epoch, bytes(masters[epoch]), purpose)
            for epoch in sorted(masters)
        }
        return cls(by_epoch=MappingProxyType(derived))

    @property
    def epochs(self) -> tuple[int, ...]:
        """The epochs that have keys, in ascending order."""
        return tuple(self.by_epoch)

    def of(self, epoch: int) -> EpochKey:
        """Return the keys of one epoch; raises ValueError when there are none."""
        key = self.by_epoch.get(epoch)
        if key is None:
            raise ValueError(f"There is no master key for epoch {epoch}.")
        return key

    def check_value(self, epoch: int) -> bytes:
        """Return 16 bytes that tell whether a key is the right one, and no more.

        They come from HKDF with an info string of their own, so they may be stored
        in the open. Raises ValueError when the epoch has no key.
        """
        return self.of(epoch).check_value

    def __repr__(self) -> str:
        """Name the epochs and nothing secret."""
        return f"EpochKeys(epochs={self.epochs})"


class Secret(StrEnum):
    """What else depends on a code and a key, and is no code."""

    CHANCES = "chance"
    CARDS = "card"


def derive_secret(master_key: bytes, epoch: int, secret: Secret) -> bytes:
    """Derive 32 bytes for one use and epoch from its checked 32-byte master key.

    HKDF-SHA256 without salt (RFC 5869), whose info is no other's.
    """
    info = f"crowncap/v1/{secret}/".encode() + bytes([epoch])
    return HKDF(algorithm=SHA256(), length=_SECRET_BYTES, salt=None, info=info).derive(
        master_key
    )


def ecb_encryptor(key: bytes) -> CipherContext:
    """Return a fresh AES-128 encryptor of independent 16-byte blocks."""
    # ECB is the bare block cipher here: the constructions above it (CMAC, and a
    # keystream from the tag) are what the code format defines.
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - see above


def _derive(master_key: bytes, info: bytes) -> bytes:
    hkdf = HKDF(algorithm=SHA256(), length=_BLOCK_BYTES, salt=None, info=info)
    return hkdf.derive(master_key)


def _first_subkey(mac_cipher: CipherContext) -> int:
    """K1 of NIST SP 800-38B, section 6.1: for messages of whole blocks."""
    doubled = int.from_bytes(mac_cipher.update(bytes(_BLOCK_BYTES)), "big") << 1
    if doubled >> _BLOCK_BITS:
        doubled ^= (1 << _BLOCK_BITS) | 0x87
    return doubled
