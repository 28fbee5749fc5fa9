"""Filters as byte strings, held against a scalar reading of the specification."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bloom import (
    MAX_BLOCKS,
    add_hashes,
    block_contains,
    block_count_for,
    block_index,
    build_filter,
    contains,
    pack_bitmap,
)

SALTS = (
    0x47B6137B,
    0x44974D91,
    0x8824AD5B,
    0xA2B7289D,
    0x705495C7,
    0x2DF1424B,
    0x9EFC4947,
    0x5C6BFB31,
)
hash_lists = st.lists(st.integers(0, 2**64 - 1), max_size=200)
block_counts = st.integers(1, 70)


def scalar_filter(hashes: list[int], block_count: int) -> bytes:
    """BloomFilter.md, "block_insert" and "filter_insert", one hash at a time."""
    words = [[0] * 8 for _ in range(block_count)]
    for one in hashes:
        block = words[((one >> 32) * block_count) >> 32]
        x = one & 0xFFFFFFFF
        for i, salt in enumerate(SALTS):
            block[i] |= 1 << (((x * salt) & 0xFFFFFFFF) >> 27)
    return b"".join(word.to_bytes(4, "little") for block in words for word in block)


def as_array(hashes: list[int]) -> np.ndarray:
    return np.array(hashes, np.uint64)


@given(hash_lists, block_counts)
def test_a_built_filter_equals_the_specification_bit_for_bit(
    hashes: list[int], block_count: int
) -> None:
    built = build_filter(as_array(hashes), block_count=block_count)
    assert built == scalar_filter(hashes, block_count)


def test_a_build_of_many_steps_equals_the_specification() -> None:
    hashes = np.random.default_rng(5).integers(0, 2**64, 70_001, dtype=np.uint64)
    built = build_filter(hashes, block_count=1000)
    assert built == scalar_filter(hashes.tolist(), 1000)


@given(hash_lists, hash_lists, block_counts)
def test_adding_in_parts_equals_building_at_once(
    first: list[int], second: list[int], block_count: int
) -> None:
    buffer = bytearray(block_count * 32)
    add_hashes(buffer, as_array(first))
    add_hashes(buffer, as_array(second))
    assert bytes(buffer) == scalar_filter(first + second, block_count)


@given(hash_lists, block_counts)
def test_no_hash_that_was_added_is_ever_denied(
    hashes: list[int], block_count: int
) -> None:
    built = build_filter(as_array(hashes), block_count=block_count)
    assert contains(built, as_array(hashes)).all()
    for one in hashes:
        start = block_index(one, block_count) * 32
        assert block_contains(built[start : start + 32], one)


@given(hash_lists, st.integers(0, 2**64 - 1), block_counts)
def test_one_block_and_the_whole_filter_give_the_same_answer(
    hashes: list[int], asked: int, block_count: int
) -> None:
    built = build_filter(as_array(hashes), block_count=block_count)
    start = block_index(asked, block_count) * 32
    one = block_contains(built[start : start + 32], asked)
    assert one == bool(contains(built, as_array([asked]))[0])


@pytest.mark.parametrize(
    ("share", "expected"), [(0.2, 4.3e-4), (0.3, 3.2e-3), (0.5, 3.3e-2), (1.0, 0.33)]
)
def test_false_positives_are_as_rare_as_the_facts_say(
    share: float, expected: float
) -> None:
    rng = np.random.default_rng(7)
    members = rng.integers(0, 2**64, int(share * 2**20), dtype=np.uint64)
    strangers = rng.integers(0, 2**64, 1_000_000, dtype=np.uint64)
    built = build_filter(members, block_count=16_384)
    assert contains(built, strangers).mean() == pytest.approx(expected, rel=0.15)


def test_a_missing_block_is_a_maybe() -> None:
    assert block_contains(b"", 12345)


def test_an_empty_filter_denies_everything() -> None:
    empty = build_filter(as_array([]), block_count=3)
    assert empty == bytes(96)
    assert not block_contains(empty[:32], 12345)


def test_a_cut_block_is_an_error() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        block_contains(b"\xff" * 31, 1)


@pytest.mark.parametrize("block_count", [0, -1, MAX_BLOCKS + 1])
def test_an_impossible_block_count_is_an_error(block_count: int) -> None:
    with pytest.raises(ValueError, match="blocks"):
        build_filter(as_array([1]), block_count=block_count)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_buffer_of_broken_blocks_is_an_error(size: int) -> None:
    with pytest.raises(ValueError, match="whole blocks"):
        add_hashes(bytearray(size), as_array([1]))


def test_a_filter_of_the_advised_size_errs_as_seldom_as_promised() -> None:
    rng = np.random.default_rng(11)
    block_count = block_count_for(10_000)
    members = rng.integers(0, 2**64, 10_000, dtype=np.uint64)
    strangers = rng.integers(0, 2**64, 200_000, dtype=np.uint64)
    built = build_filter(members, block_count=block_count)
    assert contains(built, strangers).mean() < 0.01
    assert block_count & (block_count - 1) == 0


@pytest.mark.parametrize(("capacity", "bits"), [(0, 10.5), (5, 0.0), (10**9, 10.5)])
def test_a_size_that_no_filter_has_is_an_error(capacity: int, bits: float) -> None:
    with pytest.raises(ValueError, match="filter"):
        block_count_for(capacity, bits_per_hash=bits)


@given(st.lists(st.integers(0, 2039)))
def test_a_bitmap_has_its_most_significant_bit_first(offsets: list[int]) -> None:
    expected = bytearray(255)
    for offset in offsets:
        expected[offset // 8] |= 0x80 >> (offset % 8)
    packed = pack_bitmap(np.array(offsets, np.uint32), bits=2040)
    assert packed == bytes(expected)


@pytest.mark.parametrize("bits", [0, -8, 12, 2**32 + 8])
def test_a_bitmap_of_broken_bytes_is_an_error(bits: int) -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        pack_bitmap(np.array([0], np.uint32), bits=bits)


def test_an_offset_outside_the_bitmap_is_an_error() -> None:
    with pytest.raises(ValueError, match="outside"):
        pack_bitmap(np.array([64], np.uint32), bits=64)
