"""Columns of numbers from PostgreSQL straight into numpy, and arrays written to it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_INT8_ARRAY: Final = 1016
# array_send: dimensions, a null flag, the element's type, length and lower bound; then
# each element's length and bytes, all big-endian.
_HEADER_BYTES: Final = 20
_ELEMENT: Final = np.dtype([("length", ">i4"), ("value", ">i8")])


class Int8ArrayLoader(Loader):
    """Reads a bigint[] of one dimension and without nulls."""

    format = Format.BINARY

    def load(self, data: Buffer) -> NDArray[np.int64]:
        """Read the elements of one array."""
        if len(data) <= _HEADER_BYTES:
            return np.empty(0, np.int64)
        elements = np.frombuffer(data, _ELEMENT, offset=_HEADER_BYTES)
        return elements["value"].astype(np.int64)


def write_numbers(numbers: Iterable[int | None]) -> str:
    """Write numbers as PostgreSQL reads an array; the driver's lists cost far more."""
    return f"{{{','.join(['NULL' if n is None else str(n) for n in numbers])}}}"


def write_moments(moments: Iterable[datetime | None]) -> str:
    """Write moments as PostgreSQL reads an array."""
    written = ["NULL" if at is None else at.isoformat() for at in moments]
    return f"{{{','.join(written)}}}"


async def fetch_int8_arrays(
    conn: AsyncConnection, statement: str, parameters: Mapping[str, Any]
) -> tuple[NDArray[np.int64], ...] | None:
    """Fetch one row whose columns are all bigint[]; None if they are null.

    Runs in the transaction of `conn`, on the driver's own connection.
    """
    compiled = text(statement).bindparams(**parameters).compile(dialect=conn.dialect)
    raw = (await conn.get_raw_connection()).driver_connection
    assert raw is not None
    cursor = raw.cursor(binary=True)
    cursor.adapters.register_loader(_INT8_ARRAY, Int8ArrayLoader)
    await cursor.execute(str(compiled), compiled.params)
    row = await cursor.fetchone()
    await cursor.close()
    return None if row is None or row[0] is None else tuple(row)
