"""Sealing and opening, held against known answers and another CMAC."""

import json
import threading
from pathlib import Path
from typing import TypedDict

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from codegen.domain import (
    ALPHABET,
    MAX_SERIAL,
    EpochKeys,
    filter_hash,
    filter_hashes,
    open_code,
    open_codes,
    seal,
    seal_hashes,
    seal_into,
)
from codegen.domain.keys import EpochKey
from codegen.domain.sealing import CHUNK_CODES, seal_code

VECTORS_FILE = Path(__file__).parents[1] / "vectors" / "cap-code-v1.json"
MASTERS = {
    0: bytes(range(32)),
    1: bytes(range(100, 132)),
    17: bytes(range(200, 232)),
    31: b"\xff" * 32,
}
KEYS = EpochKeys.from_masters(MASTERS)
serials_st = st.integers(0, MAX_SERIAL)
epochs_st = st.sampled_from(sorted(MASTERS))


class Vector(TypedDict):
    """One known answer."""

    master_key_hex: str
    epoch: int
    serial: int
    code: str


def vectors() -> list[Vector]:
    """Read the known answers."""
    loaded: list[Vector] = json.loads(VECTORS_FILE.read_text())["vectors"]
    return loaded


def serials_of(*serials: int) -> NDArray[np.uint64]:
    """Make (n,) uint64 of some numbers."""
    return np.array(serials, dtype=np.uint64)


def codes_of(*code_texts: str) -> NDArray[np.uint8]:
    """Make (n, 16) uint8 of some texts."""
    joined = "".join(code_texts).encode()
    return np.frombuffer(joined, dtype=np.uint8).reshape(-1, 16)


def texts_of(codes: NDArray[np.uint8]) -> list[str]:
    """Undo `codes_of`."""
    return [row.tobytes().decode() for row in codes]


def seal_one_by_the_book(key: EpochKey, serial: int) -> str:
    """Seal as the contract reads, with the library's CMAC and divmod."""

    def block(value: int) -> bytes:
        return b"CC1" + bytes([key.epoch]) + bytes(4) + value.to_bytes(8, "big")

    mac = CMAC(algorithms.AES(key.mac_key))
    mac.update(block(serial))
    tag = int.from_bytes(mac.finalize(), "big") >> (128 - 39)
    encryptor = Cipher(algorithms.AES(key.enc_key), modes.ECB()).encryptor()  # noqa: S305 - the contract's bare block
    keystream = int.from_bytes(encryptor.update(block(tag)), "big") >> (128 - 36)
    value = key.epoch << 75 | tag << 36 | (serial ^ keystream)
    symbols = []
    for _ in range(16):
        value, symbol = divmod(value, 32)
        symbols.append(ALPHABET[symbol])
    return "".join(reversed(symbols))


@pytest.mark.parametrize("vector", vectors(), ids=lambda v: f"{v['code']}")
def test_known_answers_seal_and_open(vector: Vector) -> None:
    """Each of the 64 vectors seals to its code and opens to its code_id."""
    epoch, serial = vector["epoch"], vector["serial"]
    keys = EpochKeys.from_masters({epoch: bytes.fromhex(vector["master_key_hex"])})
    codes = seal(keys, epoch, serials_of(serial))
    assert texts_of(codes) == [vector["code"]]
    valid, code_ids = open_codes(keys, codes)
    assert valid.tolist() == [True]
    assert code_ids.tolist() == [epoch << 36 | serial]
    assert open_code(keys, vector["code"]) == epoch << 36 | serial


def test_there_are_64_known_answers() -> None:
    """A vectors file that lost its lines would prove nothing."""
    assert len(vectors()) == 64


@settings(max_examples=50, deadline=None)
@given(epochs_st, st.lists(serials_st, min_size=1, max_size=20))
def test_batches_agree_with_the_librarys_cmac(epoch: int, serials: list[int]) -> None:
    """A batch holds what sealing one code at a time by the book gives."""
    expected = [seal_one_by_the_book(KEYS.of(epoch), serial) for serial in serials]
    assert texts_of(seal(KEYS, epoch, serials_of(*serials))) == expected


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(epochs_st, serials_st), min_size=1, max_size=20))
def test_mixed_epochs_open_to_what_was_sealed(pairs: list[tuple[int, int]]) -> None:
    """Codes of several epochs in one batch each open with their own key."""
    codes = np.concatenate([seal(KEYS, e, serials_of(s)) for e, s in pairs])
    valid, code_ids = open_codes(KEYS, codes)
    assert valid.all()
    assert code_ids.tolist() == [e << 36 | s for e, s in pairs]
    scalar = [open_code(KEYS, text) for text in texts_of(codes)]
    assert scalar == code_ids.tolist()


@settings(max_examples=50, deadline=None)
@given(epoch=epochs_st, serial=serials_st)
def test_the_one_code_of_a_code_id_opens_to_it(epoch: int, serial: int) -> None:
    code_id = epoch << 36 | serial
    code_text = seal_code(KEYS, code_id)
    assert code_text is not None
    assert open_code(KEYS, code_text) == code_id


def test_no_code_is_written_without_its_epochs_key() -> None:
    assert seal_code(KEYS, 2 << 36 | 7) is None


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=20) | st.text(alphabet=ALPHABET + "_ilou-", max_size=17))
def test_any_text_is_judged_and_almost_surely_not_a_code(code_text: str) -> None:
    """No text makes the scalar path raise, and guesses are not codes."""
    assert open_code(KEYS, code_text) is None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=8))
def test_any_bytes_are_judged_alike_by_both_paths(rows: list[bytes]) -> None:
    """The batch path calls any 16 bytes invalid that the scalar path does."""
    codes = np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(-1, 16)
    valid, code_ids = open_codes(KEYS, codes)
    scalar = [open_code(KEYS, row.decode("latin-1")) for row in rows]
    assert valid.tolist() == [code_id is not None for code_id in scalar]
    assert code_ids.tolist() == [code_id or 0 for code_id in scalar]


@pytest.mark.parametrize(
    "count",
    [0, 1, CHUNK_CODES - 1, CHUNK_CODES, CHUNK_CODES + 1, 2 * CHUNK_CODES + 7],
)
def test_chunk_boundaries_lose_and_mix_nothing(count: int) -> None:
    """Each row is its own serial's code on both sides of a chunk's end."""
    serials = np.arange(count, dtype=np.uint64) * np.uint64(4_099)
    codes = seal(KEYS, 17, serials)
    assert codes.shape == (count, 16)
    for row in {0, CHUNK_CODES - 1, CHUNK_CODES, count - 1} & set(range(count)):
        expected = seal_one_by_the_book(KEYS.of(17), int(serials[row]))
        assert codes[row].tobytes().decode() == expected
    valid, code_ids = open_codes(KEYS, codes)
    assert valid.all()
    assert np.array_equal(code_ids, serials | np.uint64(17 << 36))


def test_mixed_epochs_across_chunks_keep_their_rows() -> None:
    """Alternating epochs, unknown ones and rubbish stay in their places."""
    count = CHUNK_CODES + 100
    serials = np.arange(count, dtype=np.uint64)
    codes = seal(KEYS, 0, serials)
    codes[1::3] = seal(KEYS, 31, serials[1::3])
    codes[2::7] = seal(EpochKeys.from_masters({5: bytes(32)}), 5, serials[2::7])
    codes[3::11, 9] = ord("u")
    expected = np.zeros(count, dtype=np.uint64)
    expected[:] = serials
    expected[1::3] |= np.uint64(31 << 36)
    good = np.ones(count, dtype=np.bool_)
    good[2::7] = False
    good[3::11] = False
    valid, code_ids = open_codes(KEYS, codes)
    assert np.array_equal(valid, good)
    assert np.array_equal(code_ids, np.where(good, expected, 0))


def test_every_change_of_one_symbol_is_noticed() -> None:
    """All 16 x 31 neighbours of a hundred codes are invalid (fixed seed)."""
    rng = np.random.default_rng(20_260_101)
    codes = seal(KEYS, 1, rng.integers(0, MAX_SERIAL, 100, dtype=np.uint64))
    alphabet = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
    changed = np.repeat(codes, 16 * 32, axis=0)
    places = np.tile(np.repeat(np.arange(16), 32), len(codes))
    changed[np.arange(len(changed)), places] = np.tile(alphabet, 16 * len(codes))
    same = (changed == np.repeat(codes, 16 * 32, axis=0)).all(axis=1)
    valid, code_ids = open_codes(KEYS, changed)
    assert np.array_equal(valid, same)
    assert not code_ids[~valid].any()
    few = slice(0, 4 * 16 * 32)
    scalar = [open_code(KEYS, text) for text in texts_of(changed[few])]
    assert [code_id is not None for code_id in scalar] == same[few].tolist()


@pytest.mark.parametrize("stranger", ["U", "o", "_", " ", "-", "+", "!", "@", "\x80"])
def test_no_other_character_stands_for_zero(stranger: str) -> None:
    """A code whose zero was replaced by something that is no symbol is none."""
    code_text = "0S7NNXNY6ZT4QM5Q"
    assert open_code(KEYS, code_text) == 0
    changed = code_text.replace("0", stranger)
    assert open_code(KEYS, changed) is None
    octets = np.frombuffer(changed.encode("latin-1"), dtype=np.uint8)
    assert open_codes(KEYS, octets.reshape(1, 16))[0].tolist() == [False]


def test_lower_case_is_not_canonical() -> None:
    """Normalising is not done here, by either path."""
    code_text = texts_of(seal(KEYS, 31, serials_of(7)))[0]
    assert open_code(KEYS, code_text.lower()) is None
    assert not open_codes(KEYS, codes_of(code_text.lower()))[0].any()


def test_codes_may_be_a_strided_view() -> None:
    """Every second row of a larger array opens like a copy of it."""
    codes = seal(KEYS, 0, np.arange(200, dtype=np.uint64))
    valid, code_ids = open_codes(KEYS, codes[::2])
    assert valid.all()
    assert code_ids.tolist() == list(range(0, 200, 2))


@settings(max_examples=30, deadline=None)
@given(epochs_st, st.lists(serials_st, min_size=1, max_size=20))
def test_hashes_are_the_low_64_bits_by_every_way(
    epoch: int, serials: list[int]
) -> None:
    """From text, from ASCII and straight from sealing: one hash."""
    codes = seal(KEYS, epoch, serials_of(*serials))
    hashes = filter_hashes(codes).tolist()
    assert hashes == [filter_hash(text) for text in texts_of(codes)]
    assert hashes == seal_hashes(KEYS, epoch, serials_of(*serials)).tolist()
    by_hand = 0
    for symbol in texts_of(codes)[0]:
        by_hand = by_hand * 32 + ALPHABET.index(symbol)
    assert hashes[0] == by_hand % 2**64


def test_hashes_cross_chunks() -> None:
    """The second chunk's hashes are its own."""
    serials = np.arange(CHUNK_CODES + 5, dtype=np.uint64)
    hashes = seal_hashes(KEYS, 0, serials)
    assert np.array_equal(hashes, filter_hashes(seal(KEYS, 0, serials)))
    assert len(np.unique(hashes)) == len(hashes)


def test_threads_may_share_keys() -> None:
    """Eight threads sealing and opening at once get what one thread gets."""
    serials = np.arange(3_000, dtype=np.uint64)
    codes = seal(KEYS, 1, serials)
    wrong: list[str] = []

    def work() -> None:
        for round_number in range(5):
            if not np.array_equal(seal(KEYS, 1, serials), codes):
                wrong.append("seal")
            if not open_codes(KEYS, codes)[0].all():
                wrong.append("open")
            text = codes[round_number].tobytes().decode()
            if any(open_code(KEYS, text) != 1 << 36 | round_number for _ in range(200)):
                wrong.append("scalar")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_serials_that_do_not_exist_are_refused() -> None:
    """Past 36 bits, of another type or shape, or without a key: ValueError."""
    with pytest.raises(ValueError, match="past the last one"):
        seal(KEYS, 0, serials_of(MAX_SERIAL + 1))
    with pytest.raises(ValueError, match="uint64"):
        seal(KEYS, 0, np.array([1]))
    with pytest.raises(ValueError, match="no master key for epoch 2"):
        seal(KEYS, 2, serials_of(1))
    with pytest.raises(ValueError, match="no master key for epoch 2"):
        seal_hashes(KEYS, 2, serials_of())


def test_arrays_of_another_shape_are_refused() -> None:
    """Fifteen symbols, or room for another number of codes: ValueError."""
    for wrong in (np.zeros((2, 15), np.uint8), np.zeros(16, np.uint8)):
        with pytest.raises(ValueError, match="Codes are"):
            open_codes(KEYS, wrong)
        with pytest.raises(ValueError, match="Codes are"):
            filter_hashes(wrong)
    with pytest.raises(ValueError, match="need an array"):
        seal_into(KEYS, 0, serials_of(1), np.zeros((2, 16), np.uint8))
    with pytest.raises(ValueError, match="follow one another"):
        seal_into(KEYS, 0, serials_of(1, 2), np.zeros((4, 16), np.uint8)[::2])
    with pytest.raises(ValueError, match="16 upper-case"):
        filter_hash("0" * 15)


def test_keys_are_never_shown() -> None:
    """Neither repr nor str of any key object holds a byte of a key."""
    key = KEYS.of(0)
    shown = f"{KEYS!r} {KEYS} {key!r} {key} {[key]!r} {KEYS.by_epoch!r}"
    assert "EpochKeys(epochs=(0, 1, 17, 31))" in shown
    for secret in (MASTERS[0], key.mac_key, key.enc_key):
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown


def test_keys_are_immutable() -> None:
    """Neither a key nor the mapping of keys can be replaced."""
    with pytest.raises(AttributeError):
        KEYS.by_epoch = {}  # type: ignore[misc]  # the point
    with pytest.raises(TypeError):
        KEYS.by_epoch[3] = KEYS.of(0)  # type: ignore[index]  # the point


def test_check_values_tell_keys_apart_and_reveal_none() -> None:
    """They differ by epoch and by key, and are neither of the two AES keys."""
    swapped = EpochKeys.from_masters({0: MASTERS[1], 1: MASTERS[0]})
    values = {keys.check_value(e) for keys in (KEYS, swapped) for e in (0, 1)}
    assert len(values) == 4
    assert all(len(value) == 16 for value in values)
    assert KEYS.check_value(0) not in (KEYS.of(0).mac_key, KEYS.of(0).enc_key)
    # From an independent run of RFC 5869 with hmac and hashlib.
    assert KEYS.check_value(0).hex() == "3bb1304a295abd3cc53136115d725e3c"
    with pytest.raises(ValueError, match="no master key for epoch 9"):
        KEYS.check_value(9)


@pytest.mark.parametrize(
    ("masters", "says"),
    [
        ({32: bytes(32)}, "Epoch 32 is not between 0 and 31"),
        ({-1: bytes(32)}, "Epoch -1 is not between 0 and 31"),
        ({4: bytes(31)}, "epoch 4 has 31 bytes instead of 32"),
    ],
)
def test_wrong_masters_are_refused_in_a_sentence(
    masters: dict[int, bytes], says: str
) -> None:
    """The message names the epoch and what is wrong, and no key."""
    with pytest.raises(ValueError, match=says):
        EpochKeys.from_masters(masters)
