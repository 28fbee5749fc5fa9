"""PostgreSQL's binary arrays, written and read in one go for the hot statement.

psycopg adapts a list item by item; a batch of scans has sixteen lists, so that was a
quarter of what a scan cost. The format is that of array_recv in PostgreSQL's sources:
dimensions, a null flag, the element's type, then length and lower bound, then each
element as a length (-1 is null) and its bytes, all big-endian.
"""

import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader
from psycopg.pq import Format

Value = TypeVar("Value")

_HEADER = struct.Struct(">iiIii")
_LENGTH = struct.Struct(">i")
_NULL = b"\xff\xff\xff\xff"
_NO_DIMENSIONS = 12

BOOL, BYTEA, INT8, INT4, TEXT, INET = 16, 17, 20, 23, 25, 869
_ARRAY_OF = {16: 1000, 17: 1001, 20: 1016, 23: 1007, 25: 1009, 869: 1041}
_IPV4, _IPV6 = 2, 3


@dataclass(frozen=True, slots=True)
class BinaryArray:
    """An array that is written already."""

    element: int
    content: bytes


def int8_array(values: Sequence[int]) -> BinaryArray:
    """Write a bigint[]."""
    body = struct.pack(">" + "iq" * len(values), *_with_lengths(8, values))
    return _array(INT8, len(values), body)


def int4_array(values: Sequence[int]) -> BinaryArray:
    """Write an integer[]."""
    body = struct.pack(">" + "ii" * len(values), *_with_lengths(4, values))
    return _array(INT4, len(values), body)


def bool_array(values: Sequence[bool]) -> BinaryArray:
    """Write a boolean[]."""
    parts = (b"\0\0\0\1\1" if value else b"\0\0\0\1\0" for value in values)
    return _array(BOOL, len(values), b"".join(parts))


def text_array(values: Sequence[str]) -> BinaryArray:
    """Write a text[]."""
    return _array(TEXT, len(values), _lengths(value.encode() for value in values))


def bytea_array(values: Sequence[bytes]) -> BinaryArray:
    """Write a bytea[]."""
    return _array(BYTEA, len(values), _lengths(values))


def inet_array(addresses: Sequence[str | None]) -> BinaryArray:
    """Write an inet[] of host addresses; None is null."""
    parts = (_NULL if a is None else _inet(a) for a in addresses)
    return _array(INET, len(addresses), b"".join(parts), has_nulls=1)


def _with_lengths(length: int, values: Sequence[int]) -> list[int]:
    interleaved = [length] * (2 * len(values))
    interleaved[1::2] = values
    return interleaved


def _lengths(values: Iterable[bytes]) -> bytes:
    return b"".join([_LENGTH.pack(len(value)) + value for value in values])


def _inet(address: str) -> bytes:
    if ":" in address:
        packed = socket.inet_pton(socket.AF_INET6, address)
        return b"\0\0\0\x14" + bytes((_IPV6, 128, 0, 16)) + packed
    packed = socket.inet_pton(socket.AF_INET, address)
    return b"\0\0\0\x08" + bytes((_IPV4, 32, 0, 4)) + packed


def _array(element: int, count: int, body: bytes, has_nulls: int = 0) -> BinaryArray:
    if not count:
        return BinaryArray(element, struct.pack(">iiI", 0, 0, element))
    return BinaryArray(element, _HEADER.pack(1, has_nulls, element, count, 1) + body)


class _BinaryArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: BinaryArray) -> Buffer:
        return obj.content

    def get_key(self, obj: BinaryArray, _format: Any) -> Any:
        return (self.cls, obj.element)

    def upgrade(self, obj: BinaryArray, _format: Any) -> "Dumper":
        dumper = type(self)(self.cls)
        dumper.oid = _ARRAY_OF[obj.element]
        return dumper


def _loader(read: Callable[[bytes], Value]) -> type[Loader]:
    class BinaryArrayLoader(Loader):
        format = Format.BINARY

        def load(self, data: Buffer) -> list[Value | None]:
            content = bytes(data)
            if len(content) <= _NO_DIMENSIONS:
                return []
            values: list[Value | None] = []
            at = _HEADER.size
            for _ in range(_LENGTH.unpack_from(content, _NO_DIMENSIONS)[0]):
                (length,) = _LENGTH.unpack_from(content, at)
                at += 4
                if length < 0:
                    values.append(None)
                else:
                    values.append(read(content[at : at + length]))
                    at += length
            return values

    return BinaryArrayLoader


def register_binary_arrays(conn: psycopg.AsyncConnection[Any]) -> None:
    """Let a connection write BinaryArray and read arrays in one go."""
    adapters = conn.adapters
    adapters.register_dumper(BinaryArray, _BinaryArrayDumper)
    signed = struct.Struct(">q")
    adapters.register_loader(_ARRAY_OF[INT8], _loader(lambda b: signed.unpack(b)[0]))
    adapters.register_loader(_ARRAY_OF[INT4], _loader(lambda b: _LENGTH.unpack(b)[0]))
    adapters.register_loader(_ARRAY_OF[TEXT], _loader(bytes.decode))
    adapters.register_loader(_ARRAY_OF[BYTEA], _loader(bytes))
