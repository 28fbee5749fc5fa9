"""Filters as plain byte strings: split-block Bloom filters and exact bitmaps.

A filter is a Bloom filter in 256-bit blocks with eight salted bits a hash, one in each
32-bit word of one block, laid out as in the Parquet specification (BloomFilter.md), so
that 32 bytes decide a lookup. A bitmap holds one bit an offset in the order of Redis's
SETBIT. Both are what one SET stores; hashes come ready-made.

A build scatters one byte a bit and packs afterwards: scattering into bytes needs no
read-modify-write and packing is a vector instruction, which was four times faster
than `numpy.bitwise_or.at` on words (measured by `python -m bench filters`).
"""

from typing import Final

import numpy as np
import numpy.typing as npt

BLOCK_BYTES: Final = 32
# 4 MiB a filter; its scratch space while building is eight times that.
MAX_BLOCKS: Final = 1 << 17
MAX_BITS: Final = 1 << 32

_SALTS: Final = (
    0x47B6137B,
    0x44974D91,
    0x8824AD5B,
    0xA2B7289D,
    0x705495C7,
    0x2DF1424B,
    0x9EFC4947,
    0x5C6BFB31,
)
_WORD_BITS: Final = 32
_FIRST_BITS_AND_SALTS: Final = tuple(
    (number * _WORD_BITS, salt) for number, salt in enumerate(_SALTS)
)
_MASK32: Final = 0xFFFF_FFFF
# Hashes a step: the index arrays of one step stay in a core's own cache.
_STEP: Final = 1 << 16


def build_filter(hashes: npt.NDArray[np.uint64], *, block_count: int) -> bytes:
    """Return the filter of `hashes` ((n,) uint64, uniform): 32 bytes a block.

    Raises ValueError for a block count outside 1 … MAX_BLOCKS.
    """
    _check_block_count(block_count)
    # One plane a salt, one byte a bit: a plane of a usual filter fits a core's cache.
    planes = np.zeros((len(_SALTS), block_count * _WORD_BITS), np.bool_)
    for start in range(0, len(hashes), _STEP):
        step = hashes[start : start + _STEP]
        low = step.astype(np.uint32)
        first_bits = _blocks_of(step, block_count).astype(np.intp) * _WORD_BITS
        for plane, salt in zip(planes, _SALTS, strict=True):
            plane[first_bits + _bits_of(low, salt)] = True
    words = np.packbits(planes, axis=1, bitorder="little").view("<u4")
    return words.T.tobytes()


def add_hashes(buffer: bytearray, hashes: npt.NDArray[np.uint64]) -> None:
    """OR `hashes` ((n,) uint64) into a filter in place, for builds that stream.

    Raises ValueError when the buffer is not a whole number of blocks.
    """
    block_count = _block_count_of(buffer)
    words = np.frombuffer(buffer, "<u4")
    if len(hashes) > block_count:
        # A build pays for its scratch space once; past about one hash a block that
        # is cheaper than setting bits one by one.
        built = np.frombuffer(build_filter(hashes, block_count=block_count), "<u4")
        np.bitwise_or(words, built, out=words)
        return
    low = hashes.astype(np.uint32)
    first_words = _blocks_of(hashes, block_count).astype(np.intp) * len(_SALTS)
    for number, salt in enumerate(_SALTS):
        bits = np.uint32(1) << _bits_of(low, salt)
        np.bitwise_or.at(words, first_words + number, bits)


def block_index(hash_: int, block_count: int) -> int:
    """Return which block of a filter holds the hash (uint64)."""
    return ((hash_ >> 32) * block_count) >> 32


def block_contains(block: bytes, hash_: int) -> bool:
    """Whether the 32 bytes of a hash's block hold it: False is certain, True a maybe.

    A block that is missing (`b""`, as GETRANGE answers for a lost key) is a maybe.
    Raises ValueError for any other length.
    """
    if len(block) != BLOCK_BYTES:
        if not block:
            return True
        raise ValueError(f"A block has {BLOCK_BYTES} bytes, not {len(block)}.")
    bits = int.from_bytes(block, "little")
    for first_bit, salt in _FIRST_BITS_AND_SALTS:
        # Most lookups are misses and most misses end at the first word.
        if not bits >> (first_bit + (((hash_ * salt) & _MASK32) >> 27)) & 1:
            return False
    return True


def contains(
    filter_: bytes | bytearray, hashes: npt.NDArray[np.uint64]
) -> npt.NDArray[np.bool_]:
    """Whether a whole filter holds each of `hashes` ((n,) uint64): (n,) bool.

    Raises ValueError when the filter is not a whole number of blocks.
    """
    block_count = _block_count_of(filter_)
    words = np.frombuffer(filter_, "<u4")
    low = hashes.astype(np.uint32)
    first_words = _blocks_of(hashes, block_count).astype(np.intp) * len(_SALTS)
    found = np.ones(len(hashes), np.bool_)
    for number, salt in enumerate(_SALTS):
        found &= ((words[first_words + number] >> _bits_of(low, salt)) & 1) == 1
    return found


def block_count_for(capacity: int, *, bits_per_hash: float = 10.5) -> int:
    """Return how many blocks hold `capacity` hashes at that many bits each.

    Split blocks need about 10.5 bits a hash for 1 % false positives and 16.9 for
    0.1 % (BloomFilter.md, sizing). The answer is a power of two of at most MAX_BLOCKS.
    Raises ValueError when that is too small, or for a capacity or rate that is not
    positive.
    """
    if capacity <= 0 or bits_per_hash <= 0:
        raise ValueError("A filter holds at least one hash, in more than zero bits.")
    wanted = -(-int(capacity * bits_per_hash) // (BLOCK_BYTES * 8))
    block_count = 1 << max(0, wanted - 1).bit_length()
    _check_block_count(block_count)
    return block_count


def pack_bitmap(
    offsets: npt.NDArray[np.uint32] | npt.NDArray[np.uint64], *, bits: int
) -> bytes:
    """Return a bitmap of `bits` bits in which `offsets` ((n,), unsigned) are set.

    Bit 0 is the most significant bit of byte 0, as Redis's SETBIT has it. Raises
    ValueError unless `bits` is a positive multiple of 8 up to 2^32 (Redis's limit)
    and every offset lies below it.
    """
    if bits <= 0 or bits % 8 or bits > MAX_BITS:
        raise ValueError(f"A bitmap has a multiple of 8 bits up to 2^32, not {bits}.")
    spread = np.zeros(bits, np.bool_)
    try:
        spread[offsets] = True
    except IndexError as error:
        raise ValueError(f"An offset lies outside the bitmap: {error}.") from error
    return np.packbits(spread).tobytes()


def _blocks_of(
    hashes: npt.NDArray[np.uint64], block_count: int
) -> npt.NDArray[np.uint64]:
    """Return each hash's block: the high half scaled to the number of blocks."""
    return ((hashes >> np.uint64(32)) * np.uint64(block_count)) >> np.uint64(32)


def _bits_of(low: npt.NDArray[np.uint32], salt: int) -> npt.NDArray[np.uint32]:
    """Return each hash's bit in one word: the top five bits of low half times salt."""
    return (low * np.uint32(salt)) >> np.uint32(27)


def _check_block_count(block_count: int) -> None:
    if not 1 <= block_count <= MAX_BLOCKS:
        raise ValueError(f"A filter has 1 to {MAX_BLOCKS} blocks, not {block_count}.")


def _block_count_of(filter_: bytes | bytearray) -> int:
    block_count, rest = divmod(len(filter_), BLOCK_BYTES)
    if rest or not block_count:
        raise ValueError(f"{len(filter_)} bytes are not whole blocks of 32.")
    return block_count
