"""PostgreSQL's binary arrays, written and read in one go for prepared statements.

psycopg adapts a list item by item; a batch of scans has twenty-five lists, so that was
a quarter of what a scan cost. The format is that of array_recv in PostgreSQL's sources:
dimensions, a null flag, the element's type, then length and lower bound, then each
element as a length (-1 is null) and its bytes, all big-endian.
"""

import socket
import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

_HEADER = struct.Struct(">iiIii")
_EMPTY = struct.Struct(">iiI")
_LENGTH = struct.Struct(">i")
_MOMENT = struct.Struct(">iq")
_ZERO = datetime(2000, 1, 1, tzinfo=UTC)
_NULL = b"\xff\xff\xff\xff"
_NO_DIMENSIONS = 12

BOOL, BYTEA, INT8, INT4, TEXT, INET, TIMESTAMPTZ = 16, 17, 20, 23, 25, 869, 1184
# Their arrays, as a prepared statement names the types of its arguments.
BOOL_ARRAY: Final = 1000
BYTEA_ARRAY: Final = 1001
INT4_ARRAY: Final = 1007
TEXT_ARRAY: Final = 1009
INT8_ARRAY: Final = 1016
INET_ARRAY: Final = 1041
TIMESTAMPTZ_ARRAY: Final = 1185
_IPV4, _IPV6 = 2, 3


def int8_array(values: Sequence[int]) -> bytes:
    """Write a bigint[]."""
    body = struct.pack(">" + "iq" * len(values), *_with_lengths(8, values))
    return _array(INT8, len(values), body)


def int4_array(values: Sequence[int]) -> bytes:
    """Write an integer[]."""
    body = struct.pack(">" + "ii" * len(values), *_with_lengths(4, values))
    return _array(INT4, len(values), body)


def bool_array(values: Sequence[bool]) -> bytes:
    """Write a boolean[]."""
    parts = (b"\0\0\0\1\1" if value else b"\0\0\0\1\0" for value in values)
    return _array(BOOL, len(values), b"".join(parts))


def text_array(values: Sequence[str]) -> bytes:
    """Write a text[]."""
    return _array(TEXT, len(values), _lengths(value.encode() for value in values))


def bytea_array(values: Sequence[bytes]) -> bytes:
    """Write a bytea[]."""
    return _array(BYTEA, len(values), _lengths(values))


def inet_array(addresses: Sequence[str | None]) -> bytes:
    """Write an inet[] of host addresses; None is null."""
    parts = (_NULL if a is None else _inet(a) for a in addresses)
    return _array(INET, len(addresses), b"".join(parts), has_nulls=1)


def timestamptz_array(moments: Sequence[datetime | None]) -> bytes:
    """Write a timestamptz[]; None is null."""
    if not any(moments):
        return _array(TIMESTAMPTZ, len(moments), _NULL * len(moments), has_nulls=1)
    parts = (_NULL if at is None else _MOMENT.pack(8, _us(at)) for at in moments)
    return _array(TIMESTAMPTZ, len(moments), b"".join(parts), has_nulls=1)


def _us(at: datetime) -> int:
    return (at - _ZERO) // timedelta(microseconds=1)


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


def _array(element: int, count: int, body: bytes, has_nulls: int = 0) -> bytes:
    if not count:
        return _EMPTY.pack(0, 0, element)
    return _HEADER.pack(1, has_nulls, element, count, 1) + body


# Read ---------------------------------------------------------------------------------


def read_int8_array(content: bytes) -> Sequence[int | None]:
    """Read a bigint[]."""
    return _read_numbers(content, "q", 8)


def read_int4_array(content: bytes) -> Sequence[int | None]:
    """Read an integer[]."""
    return _read_numbers(content, "i", 4)


def read_bool_array(content: bytes) -> list[bool]:
    """Read a boolean[]; a null is no."""
    return [value == b"\1" for value in read_bytea_array(content)]


def read_bytea_array(content: bytes) -> list[bytes | None]:
    """Read a bytea[], or a text[] as UTF-8."""
    count = _count(content)
    if content[_HEADER.size :] == _NULL * count:
        return [None] * count
    values: list[bytes | None] = []
    at = _HEADER.size
    for _ in range(count):
        (length,) = _LENGTH.unpack_from(content, at)
        at += 4
        if length < 0:
            values.append(None)
        else:
            values.append(content[at : at + length])
            at += length
    return values


def _read_numbers(content: bytes, letter: str, size: int) -> Sequence[int | None]:
    """Read numbers of `size` bytes; without nulls in one go."""
    count = _count(content)
    if len(content) == _HEADER.size + count * (4 + size):
        return struct.unpack_from(">" + f"4x{letter}" * count, content, _HEADER.size)
    return [
        None if value is None else int.from_bytes(value, "big", signed=True)
        for value in read_bytea_array(content)
    ]


def _count(content: bytes) -> int:
    if len(content) <= _NO_DIMENSIONS:
        return 0
    return int(_LENGTH.unpack_from(content, _NO_DIMENSIONS)[0])
