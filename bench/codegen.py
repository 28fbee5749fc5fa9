"""Seal and open on one core, against a loop that does one code at a time.

The baseline is what one writes first: the library's CMAC and Cipher for each code
and base32 by divmod. Both run in this process, and each figure is a median.
`CROWNCAP_BENCH_CODES` is the number of codes a chunk, 10^6 unless set.
"""

import os
from collections.abc import Callable

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from bench.measure import median_seconds, rounded
from codegen.domain import (
    ALPHABET,
    EpochKeys,
    filter_hashes,
    open_code,
    open_codes,
    parse_scanned,
    seal,
    seal_hashes,
)
from codegen.domain.keys import EpochKey, ecb_encryptor

EPOCH = 3
REPEATS = 9
LOOP_CODES = 2_000
RAW_BLOCKS = 16_384


def run() -> dict[str, object]:
    """Return rates in codes per second and ratios to the loop."""
    count = int(os.environ.get("CROWNCAP_BENCH_CODES", "1000000"))
    keys = EpochKeys.from_masters({EPOCH: bytes(range(32)), 4: bytes(32)})
    rng = np.random.default_rng(1)
    serials = np.arange(10**9, 10**9 + count, dtype=np.uint64)
    codes = seal(keys, EPOCH, serials)
    mixed = codes.copy()
    mixed[1::2] = seal(keys, 4, serials[1::2])
    forged = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)[
        rng.integers(0, 32, (count, 16))
    ]

    def rate(work: Callable[[], object]) -> float:
        return rounded(count / median_seconds(work, REPEATS))

    sealing = rate(lambda: seal(keys, EPOCH, serials))
    opening = rate(lambda: open_codes(keys, codes))
    loop_seal, loop_open = _loop_rates(keys.of(EPOCH), serials[:LOOP_CODES].tolist())
    return {
        "codes": count,
        "seal_per_s": sealing,
        "open_per_s": opening,
        "open_two_epochs_per_s": rate(lambda: open_codes(keys, mixed)),
        "open_forged_per_s": rate(lambda: open_codes(keys, forged)),
        "seal_hashes_per_s": rate(lambda: seal_hashes(keys, EPOCH, serials)),
        "filter_hashes_per_s": rate(lambda: filter_hashes(codes)),
        "loop_seal_per_s": loop_seal,
        "loop_open_per_s": loop_open,
        "seal_ratio": rounded(sealing / loop_seal),
        "open_ratio": rounded(opening / loop_open),
        "raw_aes_blocks_per_s": _raw_aes_rate(),
        **_scalar_figures(keys, codes),
    }


def _scalar_figures(
    keys: EpochKeys, codes: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> dict[str, object]:
    """Time what one scan costs: microseconds a call."""
    texts = [row.tobytes().decode() for row in codes[:LOOP_CODES]]
    links = [f"HTTPS://CAP.EXAMPLE/C/{text}" for text in texts]
    batch = np.ascontiguousarray(codes[:64])

    def microseconds(work: Callable[[], object], calls: int) -> float:
        return rounded(median_seconds(work, REPEATS) / calls * 1e6)

    return {
        "open_code_us": microseconds(
            lambda: [open_code(keys, text) for text in texts], len(texts)
        ),
        "parse_code_us": microseconds(
            lambda: [parse_scanned(text) for text in texts], len(texts)
        ),
        "parse_link_us": microseconds(
            lambda: [parse_scanned(link) for link in links], len(links)
        ),
        "open_batch_of_64_us": microseconds(lambda: open_codes(keys, batch), 1),
    }


def _raw_aes_rate() -> float:
    """Measure AES-128-ECB alone, in blocks that stay in the cache."""
    cipher = ecb_encryptor(bytes(16))
    blocks = bytes(16 * RAW_BLOCKS)
    out = bytearray(16 * RAW_BLOCKS + 15)
    seconds = median_seconds(lambda: cipher.update_into(blocks, out), 100)
    return rounded(RAW_BLOCKS / seconds)


def _loop_rates(key: EpochKey, serials: list[int]) -> tuple[float, float]:
    sealed = [_seal_one(key, serial) for serial in serials]
    if [_open_one(key, code) for code in sealed] != serials:
        raise RuntimeError("The baseline does not open what it sealed.")
    seal_s = median_seconds(lambda: [_seal_one(key, serial) for serial in serials], 5)
    open_s = median_seconds(lambda: [_open_one(key, code) for code in sealed], 5)
    return rounded(len(serials) / seal_s), rounded(len(serials) / open_s)


def _block(epoch: int, value: int) -> bytes:
    return b"CC1" + bytes([epoch]) + bytes(4) + value.to_bytes(8, "big")


def _tag(key: EpochKey, serial: int) -> int:
    mac = CMAC(algorithms.AES(key.mac_key))
    mac.update(_block(key.epoch, serial))
    return int.from_bytes(mac.finalize(), "big") >> (128 - 39)


def _mask(key: EpochKey, tag: int) -> int:
    cipher = Cipher(algorithms.AES(key.enc_key), modes.ECB())  # noqa: S305 - the contract's bare block
    encryptor = cipher.encryptor()
    sealed = encryptor.update(_block(key.epoch, tag)) + encryptor.finalize()
    return int.from_bytes(sealed, "big") >> (128 - 36)


def _seal_one(key: EpochKey, serial: int) -> str:
    tag = _tag(key, serial)
    value = key.epoch << 75 | tag << 36 | (serial ^ _mask(key, tag))
    symbols = []
    for _ in range(16):
        value, symbol = divmod(value, 32)
        symbols.append(ALPHABET[symbol])
    return "".join(reversed(symbols))


def _open_one(key: EpochKey, code_text: str) -> int | None:
    value = 0
    for symbol in code_text:
        value = value * 32 + ALPHABET.index(symbol)
    tag = (value >> 36) & ((1 << 39) - 1)
    serial = (value & ((1 << 36) - 1)) ^ _mask(key, tag)
    return serial if _tag(key, serial) == tag else None
