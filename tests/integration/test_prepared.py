"""Prepared statements below the driver's cursors, and their binary arrays."""

import psycopg
import pytest

from scan_api.store import binary_arrays as arrays
from scan_api.store.prepared import PreparedStatement
from tests.fixtures.ground import Ground

ECHO = PreparedStatement(
    b"echo",
    b"SELECT $1, $2, $3, $4, $5",
    (
        *(arrays.INT8_ARRAY, arrays.INT4_ARRAY, arrays.BOOL_ARRAY),
        *(arrays.BYTEA_ARRAY, arrays.TEXT_ARRAY),
    ),
)
NULLS = PreparedStatement(
    b"nulls",
    b"""SELECT '{-1,NULL,9223372036854775807}'::bigint[], '{NULL,NULL}'::integer[],
        '{t,f,NULL}'::boolean[], '{"",NULL}'::bytea[], '{}'::bigint[]""",
    (),
)
HALVES = PreparedStatement(b"halves", b"SELECT 1 / $1::bigint", (arrays.INT8,))


@pytest.mark.parametrize("count", [0, 1, 2, 128])
async def test_postgresql_reads_what_was_written_and_the_reverse(
    ledger: Ground, count: int
) -> None:
    longs = [(-1) ** n * (n << 50) for n in range(count)]
    ints = [(-1) ** n * n for n in range(count)]
    bools = [n % 3 == 0 for n in range(count)]
    binaries: list[bytes | None] = [bytes(range(n)) for n in range(count)]
    texts = ["é" * n for n in range(count)]
    result = await ECHO.run(
        ledger.conn,
        arrays.int8_array(longs),
        arrays.int4_array(ints),
        arrays.bool_array(bools),
        arrays.bytea_array([b or b"" for b in binaries]),
        arrays.text_array(texts),
    )
    answer = [result.get_value(0, column) or b"" for column in range(5)]
    assert list(arrays.read_int8_array(answer[0])) == longs
    assert list(arrays.read_int4_array(answer[1])) == ints
    assert arrays.read_bool_array(answer[2]) == bools
    assert arrays.read_bytea_array(answer[3]) == binaries
    assert arrays.read_bytea_array(answer[4]) == [text.encode() for text in texts]


async def test_nulls_are_read_as_none(ledger: Ground) -> None:
    result = await NULLS.run(ledger.conn)
    answer = [result.get_value(0, column) or b"" for column in range(5)]
    assert arrays.read_int8_array(answer[0]) == [-1, None, (1 << 63) - 1]
    assert arrays.read_int4_array(answer[1]) == [None, None]
    assert arrays.read_bool_array(answer[2]) == [True, False, False]
    assert arrays.read_bytea_array(answer[3]) == [b"", None]
    assert list(arrays.read_int8_array(answer[4])) == []


async def test_a_fault_is_told_and_the_statement_stays(ledger: Ground) -> None:
    """In a transaction that is rolled back, too."""
    one, zero = (1).to_bytes(8, "big"), bytes(8)
    with pytest.raises(psycopg.errors.DivisionByZero):
        async with ledger.conn.transaction():
            await HALVES.run(ledger.conn, zero)
    async with await ledger.connect() as another:
        for conn in (ledger.conn, another):
            result = await HALVES.run(conn, one)
            assert result.get_value(0, 0) == one


async def test_a_closed_connection_is_told_as_one(ledger: Ground) -> None:
    """So that a batch is tried again on another."""
    one = (1).to_bytes(8, "big")
    async with await ledger.connect() as conn:
        await HALVES.run(conn, one)
        await ledger.conn.execute(
            "SELECT pg_terminate_backend(%s)", (conn.info.backend_pid,)
        )
        with pytest.raises(psycopg.OperationalError):
            await HALVES.run(conn, one)
        assert conn.broken
