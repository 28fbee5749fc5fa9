"""Seal serials into codes and open codes again (cap code v1), a batch at a time.

A code is 80 bits, most significant first: epoch (5), tag (39), masked serial (36).

    tag    = leftmost 39 bits of AES-CMAC(mac key, block(epoch, serial))
    masked = serial XOR leftmost 36 bits of AES(enc key, block(epoch, tag))

CMAC (NIST SP 800-38B, section 6.2) of one whole block is AES(K, block XOR K1), so
both steps are AES-ECB over many blocks at once. AES itself takes a sixth of the
time and moving bits the rest, which is why everything here works through chunks
that stay near the processor, in buffers made once a call. All functions may be called
from several threads at once.
"""

from collections.abc import Iterator
from hmac import compare_digest
from typing import Final

import numpy as np
from numpy.typing import NDArray

from codegen.domain.keys import EpochKey, EpochKeys, ecb_encryptor
from codegen.domain.ranges import SERIAL_BITS
from codegen.domain.symbols import (
    CODE_SYMBOLS,
    GATHERED_SHIFT,
    Octets,
    SymbolBuffer,
    Words,
    code_value,
)

MAX_SERIAL: Final = (1 << SERIAL_BITS) - 1

_TAG_BITS: Final = 39
_MAX_TAG: Final = (1 << _TAG_BITS) - 1
_LOW_64: Final = (1 << 64) - 1
_U64 = np.uint64
_BE64: Final = np.dtype(">u8")

# Enough codes a chunk to make the cost of calling numpy small (4,096 measured 25 %
# slower), and few enough that its 2 MB of buffers hardly leave the L2 cache.
CHUNK_CODES: Final = 16384


class _BlockCipher:
    """AES over many blocks that differ in their low 64 bits only.

    The upper half of every input block is the same, so it is written once. Each
    instance has an encryptor of its own: OpenSSL's contexts cannot be shared by
    threads that run without the interpreter lock.
    """

    __slots__ = ("_blocks", "_cipher", "_low", "_output", "_swapped")

    def __init__(self, size: int, key: bytes, block: int) -> None:
        self._cipher = ecb_encryptor(key)
        self._blocks = np.empty((size, 2), dtype=_BE64)
        self._blocks[:, 0] = block >> 64
        self._low = _U64(block & _LOW_64)
        # The library wants room for one more block, less a byte, than it fills.
        self._output = np.empty(16 * size + 15, dtype=np.uint8)
        self._swapped = np.empty(size, dtype=_U64)

    def leftmost_bits(self, values: Words, bits: int, out: Words) -> None:
        """Encrypt `block XOR value` for each value; keep the leftmost bits of it.

        `values` and `out` are (n,) uint64 and may be the same array.
        """
        count = len(values)
        low = self._swapped[:count]
        np.bitwise_xor(values, self._low, out=low)
        np.copyto(self._blocks[:count, 1], low)
        self._cipher.update_into(
            self._blocks[:count].data.cast("B"),
            self._output[: 16 * count + 15].data,
        )
        sealed = self._output[: 16 * count].view(_BE64)[::2]
        np.copyto(low, sealed)
        np.right_shift(low, _U64(64 - bits), out=out)


class _EpochCipher:
    """The two block ciphers of an epoch, with room for `size` codes a chunk."""

    __slots__ = ("_enc", "_mac", "tags")

    def __init__(self, key: EpochKey, size: int) -> None:
        self._mac = _BlockCipher(size, key.mac_key, key.mac_block)
        self._enc = _BlockCipher(size, key.enc_key, key.enc_block)
        self.tags: Words = np.empty(size, dtype=_U64)

    def tag(self, serials: Words) -> Words:
        """Return the 39-bit tags of serials, in a buffer that the next call reuses."""
        tags = self.tags[: len(serials)]
        self._mac.leftmost_bits(serials, _TAG_BITS, tags)
        return tags

    def mask(self, tags: Words, serials: Words, out: Words) -> None:
        """Mask serials, or unmask masked ones: XOR is its own inverse."""
        self._enc.leftmost_bits(tags, SERIAL_BITS, out)
        np.bitwise_xor(out, serials, out=out)


def seal(keys: EpochKeys, epoch: int, serials: Words) -> Octets:
    """Seal (n,) uint64 serials into (n, 16) uint8 ASCII codes.

    Raises ValueError for an epoch without a key, and for serials of another shape
    or dtype, or past MAX_SERIAL. Memory beyond the result does not grow with n.
    """
    codes = np.empty((len(serials), CODE_SYMBOLS), dtype=np.uint8)
    seal_into(keys, epoch, serials, codes)
    return codes


def seal_into(keys: EpochKeys, epoch: int, serials: Words, out: Octets) -> None:
    """Do what `seal` does, into a C-contiguous (n, 16) uint8 array of the caller's."""
    if out.shape != (len(serials), CODE_SYMBOLS) or out.dtype != np.uint8:
        raise ValueError(f"The codes need an array of ({len(serials)}, 16) uint8.")
    if not out.flags.c_contiguous:
        raise ValueError("The codes need an array whose rows follow one another.")
    size = min(len(serials), CHUNK_CODES)
    symbols = SymbolBuffer(size)
    masked = np.empty(size, dtype=_U64)
    for part, tags in _sealed_chunks(keys, epoch, serials, masked):
        low = masked[: len(tags)]
        words = symbols.words[: len(tags)]
        np.left_shift(tags, _U64(SERIAL_BITS), out=words[:, 1])
        np.bitwise_or(low, words[:, 1], out=low)
        np.bitwise_and(low, _U64((1 << 40) - 1), out=words[:, 1])
        np.right_shift(tags, _U64(40 - SERIAL_BITS), out=tags)
        np.bitwise_or(tags, _U64(epoch << 35), out=words[:, 0])
        symbols.write_codes(out[part])


def seal_hashes(keys: EpochKeys, epoch: int, serials: Words) -> Words:
    """Return `filter_hashes(seal(keys, epoch, serials))` without making the text.

    (n,) uint64 serials -> (n,) uint64; raises ValueError as `seal` does.
    """
    hashes = np.empty(len(serials), dtype=_U64)
    masked = np.empty(min(len(serials), CHUNK_CODES), dtype=_U64)
    for part, tags in _sealed_chunks(keys, epoch, serials, masked):
        np.left_shift(tags, _U64(SERIAL_BITS), out=tags)
        np.bitwise_or(tags, masked[: len(tags)], out=hashes[part])
    return hashes


def _sealed_chunks(
    keys: EpochKeys, epoch: int, serials: Words, masked: Words
) -> Iterator[tuple[slice, Words]]:
    """Yield `(which rows, their tags)`, having written their masked serials.

    The caller may spoil both arrays; they are filled anew for each chunk.
    """
    key = keys.of(epoch)
    _refuse_bad_serials(serials)
    cipher = _EpochCipher(key, len(masked))
    for part in _chunks(len(serials)):
        chunk = serials[part]
        tags = cipher.tag(chunk)
        cipher.mask(tags, chunk, out=masked[: len(chunk)])
        yield part, tags


def open_codes(keys: EpochKeys, codes: Octets) -> tuple[NDArray[np.bool_], Words]:
    """Verify (n, 16) uint8 ASCII codes: `(valid (n,) bool, code_ids (n,) uint64)`.

    Epochs may be mixed; a code of an epoch without a key is invalid, and so is
    anything but the 32 upper-case symbols: `code_text.normalise` comes before. The
    code_id of an invalid code is 0 (which is a valid code_id, too: ask `valid`).
    Raises ValueError for another shape or dtype.
    """
    _refuse_bad_codes(codes)
    valid = np.zeros(len(codes), dtype=np.bool_)
    code_ids = np.zeros(len(codes), dtype=_U64)
    size = min(len(codes), CHUNK_CODES)
    symbols = SymbolBuffer(size)
    ciphers: dict[int, _EpochCipher] = {}
    for part in _chunks(len(codes)):
        words, all_symbols = symbols.read_codes(codes[part])
        epochs = words[:, 0] >> _U64(56)
        for epoch, rows in _rows_by_epoch(epochs, keys):
            cipher = ciphers.get(epoch)
            if cipher is None:
                cipher = ciphers[epoch] = _EpochCipher(keys.of(epoch), size)
            genuine, serials = _open_words(cipher, words[rows])
            np.bitwise_and(genuine, all_symbols[rows], out=genuine)
            np.bitwise_or(serials, _U64(epoch << SERIAL_BITS), out=serials)
            valid[part][rows] = genuine
            code_ids[part][rows] = serials * genuine
    return valid, code_ids


def _open_words(cipher: _EpochCipher, words: Words) -> tuple[NDArray[np.bool_], Words]:
    """Open gathered words of one epoch: `(tag is right (n,), serials (n,))`."""
    low = words[:, 1] >> GATHERED_SHIFT
    tags = words[:, 0] >> GATHERED_SHIFT
    np.left_shift(tags, _U64(40 - SERIAL_BITS), out=tags)
    np.bitwise_and(tags, _U64(_MAX_TAG), out=tags)
    serials = low >> _U64(SERIAL_BITS)
    np.bitwise_or(tags, serials, out=tags)
    np.bitwise_and(low, _U64(MAX_SERIAL), out=low)
    cipher.mask(tags, low, out=serials)
    # One comparison of whole words for every row takes the same time for each.
    return np.equal(cipher.tag(serials), tags), serials


def _rows_by_epoch(
    epochs: Words, keys: EpochKeys
) -> Iterator[tuple[int, slice | NDArray[np.intp]]]:
    """Yield `(epoch, its rows)` for the epochs that have keys."""
    first = int(epochs[0])
    if first in keys.by_epoch and bool(np.all(epochs == epochs[0])):
        # Nearly every batch is of one epoch, and a slice copies nothing.
        yield first, slice(None)
        return
    for epoch in keys.epochs:
        rows = np.flatnonzero(epochs == _U64(epoch))
        if len(rows):
            yield epoch, rows


def open_code(keys: EpochKeys, code_text: str) -> int | None:
    """Open one canonical code text; the code_id, or None when it is not genuine.

    The same answer as `open_codes` gives, in microseconds for a single scan.
    """
    value = code_value(code_text)
    if value is None:
        return None
    key = keys.by_epoch.get(value >> (_TAG_BITS + SERIAL_BITS))
    if key is None:
        return None
    tag = (value >> SERIAL_BITS) & _MAX_TAG
    keystream = key.enc_cipher.update((key.enc_block ^ tag).to_bytes(16, "big"))
    serial = (value ^ int.from_bytes(keystream[:8], "big") >> 28) & MAX_SERIAL
    mac = key.mac_cipher.update((key.mac_block ^ serial).to_bytes(16, "big"))
    expected = int.from_bytes(mac[:8], "big") >> (64 - _TAG_BITS)
    if not compare_digest(expected.to_bytes(5, "big"), tag.to_bytes(5, "big")):
        return None
    return key.epoch << SERIAL_BITS | serial


def seal_code(keys: EpochKeys, code_id: int) -> str | None:
    """Write the one code of a code_id; None without the key of its epoch."""
    epoch = code_id >> SERIAL_BITS
    if epoch not in keys.by_epoch:
        return None
    serial = np.array([code_id & MAX_SERIAL], dtype=_U64)
    return seal(keys, epoch, serial).tobytes().decode("ascii")


def filter_hashes(codes: Octets) -> Words:
    """Return the low 64 bits of (n, 16) uint8 canonical codes as (n,) uint64.

    These bits are sealed, hence as good as random: a ready-made hash for filters.
    Rows that are not canonical codes give some value. Raises ValueError for
    another shape or dtype.
    """
    _refuse_bad_codes(codes)
    hashes = np.empty(len(codes), dtype=_U64)
    symbols = SymbolBuffer(min(len(codes), CHUNK_CODES))
    for part in _chunks(len(codes)):
        words, _ = symbols.read_codes(codes[part])
        np.right_shift(words, GATHERED_SHIFT, out=words)
        np.left_shift(words[:, 0], _U64(40), out=words[:, 0])
        np.bitwise_or(words[:, 0], words[:, 1], out=hashes[part])
    return hashes


def filter_hash(code_text: str) -> int:
    """Return the low 64 bits of one canonical code; raises ValueError for others."""
    value = code_value(code_text)
    if value is None:
        raise ValueError("A filter hash needs 16 upper-case symbols.")
    return value & _LOW_64


def _chunks(count: int) -> Iterator[slice]:
    for start in range(0, count, CHUNK_CODES):
        yield slice(start, min(start + CHUNK_CODES, count))


def _refuse_bad_serials(serials: Words) -> None:
    if serials.ndim != 1 or serials.dtype != _U64:
        raise ValueError(
            f"Serials are an (n,) array of uint64, not {serials.shape} of "
            f"{serials.dtype}."
        )
    if len(serials) and int(serials.max()) > MAX_SERIAL:
        raise ValueError(f"Serial {serials.max()} is past the last one, {MAX_SERIAL}.")


def _refuse_bad_codes(codes: Octets) -> None:
    if codes.shape != (len(codes), CODE_SYMBOLS) or codes.dtype != np.uint8:
        raise ValueError(
            f"Codes are an (n, 16) array of uint8, not {codes.shape} of {codes.dtype}."
        )
