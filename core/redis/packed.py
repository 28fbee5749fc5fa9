"""A whole batch of small Redis operations as one script call.

Redis-py costs 10 to 15 µs a command and a script call per entity several times that on
the server; one call with everything packed costs well under a microsecond of Python an
operation. The script (packed.lua) reads one string and answers one string:

    request   bits  slices  tallies  swaps  set_bits
    section   u32 n · n key lengths (u8) · the keys · n parameters
    tallies   u8 shapes, each: u8 parts · then for each u32 name · u8 most · u8 nears
              · u32 near …; u32 n · n key lengths (u8) · the keys; then for each key
              u16 visits, each u32 to add · u32 late_ms · 8 bytes a set or record
    reply     a byte a bit · u32 totals of every visit · a byte a set_bit
              · u32 length of every slice, of every visit's records, of every swap
              · their bytes

All integers are little-endian.
"""

import hashlib
import struct
from importlib import resources
from typing import Final

from core.redis.client import RedisAway, RedisClient
from core.redis.tallies import (
    Record,
    TallySection,
    TallyShape,
    Visit,
    read_records,
    windows_only,
)

MISSING: Final = 2

_FILES: Final = resources.files(__package__)
_SCRIPT: Final = "\n".join(
    _FILES.joinpath(name).read_text("utf-8")
    for name in ("reading.lua", "tallies.lua", "packed.lua")
)
_SCRIPT_SHA1: Final = (
    hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest().encode()
)


class PackedBatch:
    """Collects operations; `run` sends them and returns the results.

    Every method returns a handle for the method of the same name of PackedResults.
    What only reads (`bit`, `slice`) sees the state before the batch. Tallies see it
    after the batch: each visit of a key gets the totals that include all others of the
    same shape, so that a burst that arrives at once is judged as a burst, whatever its
    order. Swaps of one key happen in the order they were added.

    Time is the server's. What happened `late_ms` before it came is counted then, and
    is told what is known by now of the time up to then.

    Keys have at most 255 bytes and bring their own hash tag.
    """

    __slots__ = (
        "_bit_keys",
        "_bit_offsets",
        "_set_keys",
        "_set_offsets",
        "_slice_bounds",
        "_slice_keys",
        "_swap_bounds",
        "_swap_keys",
        "_swap_values",
        "_tallies",
        "numbers",
        "records",
    )

    def __init__(self) -> None:
        self._bit_keys: list[bytes] = []
        self._bit_offsets: list[int] = []
        self._slice_keys: list[bytes] = []
        self._slice_bounds: list[int] = []
        self._tallies: dict[TallyShape, TallySection] = {}
        self._swap_keys: list[bytes] = []
        self._swap_bounds: list[int] = []
        self._swap_values: list[bytes] = []
        self._set_keys: list[bytes] = []
        self._set_offsets: list[int] = []
        # How many numbers and records all visits have, once they are encoded.
        self.numbers = 0
        self.records = 0

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

    def tally(
        self,
        key: bytes,
        shape: TallyShape,
        whos: bytes = b"",
        *,
        n: int = 1,
        late_ms: int = 0,
    ) -> Visit:
        """Add `n` to each window of a key, and who was there to each set; read all.

        `whos` has 8 bytes a set, in order, then the record; `late_ms` is from 0 to
        MAX_LATE_MS. With no `n` all is read and nothing added. A key expires with the
        longest of its parts, and keeps what other shapes count as long as it counts.
        """
        section = self._tallies.get(shape)
        if section is None:
            section = self._tallies[shape] = TallySection(shape)
        return section.visit(key, n, late_ms, whos)

    def count(self, key: bytes, n: int, windows: tuple[int, ...]) -> Visit:
        """Add `n` to a counter and read its total over each window (seconds).

        Raises ValueError for windows below 10 s.
        """
        return self.tally(key, windows_only(windows), n=n)

    def peek(self, key: bytes, windows: tuple[int, ...]) -> Visit:
        """Read a counter without adding to it; its handle is one of `count`."""
        return self.tally(key, windows_only(windows), n=0)

    def swap(self, key: bytes, value: bytes, ttl_s: int) -> int:
        """Store a value for a while and read the one before; none is `b""`."""
        return self._swap(key, value, ttl_s, 0)

    def swap_dated(self, key: bytes, value: bytes, ttl_s: int) -> int:
        """Do the same with a value that ends with its time (u32): the newest stays.

        What is there and has another length is not taken for a time. Its handle is one
        of `swap`.
        """
        return self._swap(key, value, ttl_s, 1)

    def _swap(self, key: bytes, value: bytes, ttl_s: int, dated: int) -> int:
        handle = len(self._swap_keys)
        self._swap_keys.append(key)
        self._swap_values.append(value)
        self._swap_bounds += (len(value), ttl_s, dated)
        return handle

    def set_bit(self, key: bytes, offset: int) -> int:
        """Set a bit of a bitmap that exists; tells the bit before, or MISSING."""
        handle = len(self._set_keys)
        self._set_keys.append(key)
        self._set_offsets.append(offset)
        return handle

    def __len__(self) -> int:
        """Return the number of operations to send; a tally is one, however often."""
        return (
            len(self._bit_keys)
            + len(self._slice_keys)
            + sum(map(len, self._tallies.values()))
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
        if not (self._tallies or len(self)):
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
            bytes((len(self._tallies),)),
        ]
        numbers = records = 0
        for section in self._tallies.values():
            packed, numbers, records = section.encode(numbers, records)
            parts += packed
        self.numbers, self.records = numbers, records
        parts += _section(self._swap_keys, self._swap_bounds)
        parts += self._swap_values
        parts += _section(self._set_keys, self._set_offsets)
        return b"".join(parts)

    def _routing_key(self) -> bytes:
        for keys in (self._bit_keys, self._slice_keys, self._swap_keys, self._set_keys):
            if keys:
                return keys[0]
        return next(iter(self._tallies.values())).first_key


class PackedResults:
    """What a batch answered; asked by the handles that its operations returned."""

    __slots__ = ("_bits", "_data", "_set_bits", "_slices", "_swap_first", "_totals")

    def __init__(self, batch: PackedBatch, reply: bytes) -> None:
        """Cut the reply apart; raises RedisAway when it is not the batch's."""
        bit_count = len(batch._bit_keys)  # noqa: SLF001 - two halves of one format
        set_count = len(batch._set_keys)  # noqa: SLF001 - as above
        self._slices = len(batch._slice_keys)  # noqa: SLF001 - as above
        self._swap_first = self._slices + batch.records
        data_count = self._swap_first + len(batch._swap_keys)  # noqa: SLF001 - as above
        set_start = bit_count + 4 * batch.numbers
        length_start = set_start + set_count
        data_start = length_start + 4 * data_count
        try:
            totals = struct.unpack_from(f"<{batch.numbers}I", reply, bit_count)
            lengths = struct.unpack_from(f"<{data_count}I", reply, length_start)
        except (struct.error, TypeError) as error:
            raise RedisAway("Redis gave an answer of another shape.") from error
        self._bits = reply[:bit_count]
        self._set_bits = reply[set_start:length_start]
        self._totals: tuple[int, ...] = totals
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

    def tally(self, visit: Visit) -> tuple[int, ...]:
        """Return totals: of each window, then of each set as often as it is read.

        Of a set they are how many were in the window, who was noted included.
        """
        section, place = visit
        numbers = section.shape.numbers
        at = section.number_at + section.ranks[place] * numbers
        return self._totals[at : at + numbers]

    def records(self, visit: Visit) -> list[Record]:
        """Return the records up to the one that was kept, the newest first.

        None where it came later than all that is kept.
        """
        section, place = visit
        at = self._slices + section.record_at + section.ranks[place]
        return read_records(self._data[at])

    def count(self, visit: Visit) -> tuple[int, ...]:
        """Return a counter's totals, one a window, in the order of its windows."""
        return self.tally(visit)

    def swap(self, handle: int) -> bytes:
        """Return the value before, or `b""`."""
        return self._data[self._swap_first + handle]

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
