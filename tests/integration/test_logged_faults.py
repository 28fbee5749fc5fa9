"""A fault of the database is logged without the values that it quotes."""

from typing import Final

import psycopg
import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.log import configure_logging, tell_fault
from tests.fixtures.ground import Ground

SECRET: Final = "06CH-SECRET-OF-A-CAP"  # noqa: S105 - of nobody
# Each makes PostgreSQL, or the driver, quote what it was given.
QUOTING: Final = (
    (
        "INSERT INTO identities (shard, member_id, member_no)"
        " VALUES (0, :secret, 1), (0, :secret, 1)"
    ),
    "SELECT CAST(CAST(:secret AS text) AS bigint)",
    "SELECT CAST(CAST(:secret AS text) AS uuid)",
    "DO $$ BEGIN RAISE 'a code: %', '06CH-SECRET-OF-A-CAP'; END $$",
    "INSERT INTO products (gtin, name, brand) VALUES (:secret, NULL, NULL)",
)


@pytest.mark.parametrize("statement", QUOTING)
async def test_no_value_stands_in_a_logged_fault(
    ledger: Ground, capfd: pytest.CaptureFixture[str], statement: str
) -> None:
    """Not in its sentence, in its parameters, or in its trace."""
    configure_logging()
    log = structlog.get_logger()
    given = {"secret": SECRET} if ":secret" in statement else {}
    async with ledger.engine.connect() as conn:
        with pytest.raises(DBAPIError) as caught:
            await conn.execute(text(statement), given)
    fault = caught.value
    log.warning("a_fault", cause=fault)
    log.error("a_trace", exc_info=fault)
    chain = RuntimeError("it goes on")
    chain.__cause__ = fault
    log.error("a_chain", exc_info=chain)
    logged = capfd.readouterr().err
    assert "test_logged_faults.py" in logged
    assert "it goes on" in logged
    assert isinstance(fault.orig, psycopg.Error)
    assert str(fault.orig.sqlstate) in logged
    assert SECRET not in logged
    structlog.reset_defaults()


def test_a_lost_connection_is_told_in_its_own_words() -> None:
    """It quotes nothing, and its sentence says where to look."""
    fault = psycopg.OperationalError("connection refused")
    assert "connection refused" in tell_fault(fault)
    assert tell_fault(ValueError("other")) == "ValueError('other')"
    quoting = psycopg.ProgrammingError(f"cannot adapt {SECRET}")
    assert tell_fault(quoting) == "ProgrammingError"
