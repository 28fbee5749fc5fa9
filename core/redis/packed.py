"""A whole batch of small Redis operations as one script call.

Redis-py costs 10 to 15 µs a command and a script call per entity several times that on
the server; one call with everything packed costs well under a microsecond of Python an
operation. The script (packed.lua) reads one string and answers one string:

    request   bits  slices  counters  swaps  set_bits
    section   u32 n · n key lengths (u8) · the keys · n parameters
    counters  u8 layouts, each: u8 windows · name (4) · u32 expiry_s · u32 window_s …
              then a section whose parameter is the number to add
    reply     a byte a bit · u32 totals of every counter · a byte a set_bit
              · u32 length of every slice, then of every swap · their bytes

All integers are little-endian.
"""

import hashlib
import struct
import zlib
from importlib import resources
from typing import Final

from core.redis.client import RedisAway, RedisClient

MIN_WINDOW_S: Final = 10
MISSING: Final = 2

_SCRIPT: Final = resources.files(__package__).joinpath("packed.lua").read_text("utf-8")
_SCRIPT_SHA1: Final = (
    hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest().encode()
)
# A counter's handle is its layout's number and its place there.
_PLACE_BITS: Final = 24
_PLACE_MASK: Final = (1 << _PLACE_BITS) - 1


class _Layout:
    """The counters of one batch that share their windows."""

    __slots__ = ("added", "first_handle", "keys", "windows")

    def __init__(self, windows: tuple[int, ...], number: int) -> None:
        if not windows or min(windows) < MIN_WINDOW_S:
            raise ValueError(f"Windows last {MIN_WINDOW_S} s or more, not {windows}.")
        self.windows = windows
        self.first_handle = number << _PLACE_BITS
        self.keys: list[bytes] = []
        self.added: list[int] = []

    def encode(self) -> list[bytes]:
        windows = struct.pack(f"<{len(self.windows)}I", *self.windows)
        # The windows' own checksum names the layout in the stored string: a counter
        # kept under other windows is started anew.
        head = struct.pack(
            "<BII", len(self.windows), zlib.crc32(windows), max(self.windows)
        )
        return [head, windows, *_section(self.keys, self.added)]


class PackedBatch:
    """Collects operations; `run` sends them and returns the results.

    Every method returns a handle for the method of the same name of PackedResults.
    What only reads (`bit`, `slice`) sees the state before the batch. Counters see it
    after the batch: each occurrence of a key gets the total that includes all others,
    so that a burst that arrives at once is judged as a burst, whatever its order.
    Swaps of one key happen in the order they were added.

    Keys have at most 255 bytes and bring their own hash tag.
    """

    __slots__ = (
        "_bit_keys",
        "_bit_offsets",
        "_counters",
        "_layouts",
        "_set_keys",
        "_set_offsets",
        "_slice_bounds",
        "_slice_keys",
        "_swap_bounds",
        "_swap_keys",
        "_swap_values",
    )

    def __init__(self) -> None:
        self._bit_keys: list[bytes] = []
        self._bit_offsets: list[int] = []
        self._slice_keys: list[bytes] = []
        self._slice_bounds: list[int] = []
        self._counters: dict[bytes, int] = {}
        self._layouts: dict[tuple[int, ...], _Layout] = {}
        self._swap_keys: list[bytes] = []
        self._swap_bounds: list[int] = []
        self._swap_values: list[bytes] = []
        self._set_keys: list[bytes] = []
        self._set_offsets: list[int] = []

    def bit(self, key: bytes, offset: int) -> int:
        """Read a bit of a bitmap: 0, 1, or MISSING when no stored byte holds it."""
        handle = len(self._bit_keys)
        self._bit_keys.append(key)
        self._bit_offsets.append(offset)
        return handle

    def slice(self, key: bytes, start: int, length: int) -> int:
        """Read bytes; fewer than `length`, or none, when the string ends before."""
        handle = len(self._slice_keys)
        self._slice_keys.append(key)
        self._slice_bounds += (start, length)
        return handle

    def count(self, key: bytes, n: int, windows: tuple[int, ...]) -> int:
        """Add `n` to a counter and read its total over each window (seconds).

        A window is ten sub-buckets, so a total covers the last 90 to 100 % of it by
        the server's clock; a sub-bucket holds at most 65,535. The stored string
        expires with the longest window. Raises ValueError for windows below 10 s.
        """
        handle = self._counters.get(key)
        layout = self._layouts.get(windows)
        if handle is not None:
            assert layout is not None, f"one key, two sets of windows: {key!r}"
            place = handle - layout.first_handle
            assert 0 <= place < len(layout.added), f"two sets of windows: {key!r}"
            layout.added[place] += n
            return handle
        if layout is None:
            layout = _Layout(windows, len(self._layouts))
            self._layouts[windows] = layout
        handle = layout.first_handle + len(layout.keys)
        self._counters[key] = handle
        layout.keys.append(key)
        layout.added.append(n)
        return handle

    def peek(self, key: bytes, windows: tuple[int, ...]) -> int:
        """Read a counter without adding to it; its handle is one of `count`."""
        return self.count(key, 0, windows)

    def swap(self, key: bytes, value: bytes, ttl_s: int) -> int:
        """Store a value for a while and read the one before; none is `b""`."""
        handle = len(self._swap_keys)
        self._swap_keys.append(key)
        self._swap_values.append(value)
        self._swap_bounds += (len(value), ttl_s)
        return handle

    def set_bit(self, key: bytes, offset: int) -> int:
        """Set a bit of a bitmap that exists; tells the bit before, or MISSING."""
        handle = len(self._set_keys)
        self._set_keys.append(key)
        self._set_offsets.append(offset)
        return handle

    def __len__(self) -> int:
        """Return the number of operations to send; a counter is one, however often."""
        return (
            len(self._bit_keys)
            + len(self._slice_keys)
            + len(self._counters)
            + len(self._swap_keys)
            + len(self._set_keys)
        )

    async def run(self, client: RedisClient) -> "PackedResults":
        """Send everything in one round trip; raises RedisAway.

        On a cluster the operations would be partitioned here by the slot of their
        key's hash tag, with one such call a slot in one pipeline, and the handles
        mapped; today's servers stand alone, so everything is one group and any key
        routes it.
        """
        if not len(self):
            return PackedResults(self, b"")
        reply = await client.evaluate(
            _SCRIPT, _SCRIPT_SHA1, self._routing_key(), self.encode()
        )
        return PackedResults(self, reply)

    def encode(self) -> bytes:
        """Return the request as packed.lua reads it."""
        parts = [
            *_section(self._bit_keys, self._bit_offsets),
            *_section(self._slice_keys, self._slice_bounds),
            bytes((len(self._layouts),)),
        ]
        for layout in self._layouts.values():
            parts += layout.encode()
        parts += _section(self._swap_keys, self._swap_bounds)
        parts += self._swap_values
        parts += _section(self._set_keys, self._set_offsets)
        return b"".join(parts)

    def _routing_key(self) -> bytes:
        for keys in (self._bit_keys, self._slice_keys, self._swap_keys, self._set_keys):
            if keys:
                return keys[0]
        return next(iter(self._counters))


class PackedResults:
    """What a batch answered; asked by the handles that its operations returned."""

    __slots__ = ("_bits", "_data", "_firsts", "_set_bits", "_starts", "_totals")

    def __init__(self, batch: PackedBatch, reply: bytes) -> None:
        """Cut the reply apart; raises RedisAway when it is not the batch's."""
        layouts = batch._layouts.values()  # noqa: SLF001 - two halves of one format
        bit_count = len(batch._bit_keys)  # noqa: SLF001
        set_count = len(batch._set_keys)  # noqa: SLF001
        swap_first = len(batch._slice_keys)  # noqa: SLF001
        data_count = swap_first + len(batch._swap_keys)  # noqa: SLF001
        # Where each layout's totals begin, and how many each counter has.
        self._firsts: list[tuple[int, int]] = []
        total_count = 0
        for layout in layouts:
            self._firsts.append((total_count, len(layout.windows)))
            total_count += len(layout.keys) * len(layout.windows)

        set_start = bit_count + 4 * total_count
        length_start = set_start + set_count
        data_start = length_start + 4 * data_count
        try:
            totals = struct.unpack_from(f"<{total_count}I", reply, bit_count)
            lengths = struct.unpack_from(f"<{data_count}I", reply, length_start)
        except (struct.error, TypeError) as error:
            raise RedisAway("Redis gave an answer of another shape.") from error
        self._bits = reply[:bit_count]
        self._set_bits = reply[set_start:length_start]
        self._totals: tuple[int, ...] = totals
        self._starts = swap_first
        self._data: list[bytes] = []
        for length in lengths:
            self._data.append(reply[data_start : data_start + length])
            data_start += length

    def bit(self, handle: int) -> int:
        """Return 0, 1 or MISSING."""
        return self._bits[handle]

    def slice(self, handle: int) -> bytes:
        """Return the bytes read."""
        return self._data[handle]

    def count(self, handle: int) -> tuple[int, ...]:
        """Return a counter's totals, one a window, in the order of its windows."""
        first, width = self._firsts[handle >> _PLACE_BITS]
        start = first + (handle & _PLACE_MASK) * width
        return self._totals[start : start + width]

    def swap(self, handle: int) -> bytes:
        """Return the value before, or `b""`."""
        return self._data[self._starts + handle]

    def set_bit(self, handle: int) -> int:
        """Return the bit before (0 or 1), or MISSING when there is no bitmap."""
        return self._set_bits[handle]


def _section(keys: list[bytes], parameters: list[int]) -> tuple[bytes, ...]:
    """Return a section's parts; a key beyond 255 bytes raises ValueError."""
    return (
        struct.pack("<I", len(keys)),
        bytes(map(len, keys)),
        *keys,
        struct.pack(f"<{len(parameters)}I", *parameters),
    )
