"""What ended a hold can be taken back once, and the hold ends again after that."""

from pathlib import Path

from alembic import op
from sqlalchemy import Connection, text

from core.db import LOCK_TIMEOUT_MS

revision = "0066"
down_revision = "0065"

_KINDS = "kind IN ('unpost', 'unvoid', 'repost', 'revoid')"
# What is indexed beside all who read and write: ending, kind, columns.
_INDEXES = (
    ("once_each", "UNIQUE", "(shard, origin_id, debit_account, (kind LIKE 'un%'))"),
    ("again", "", "(credit_account, transfer_id)"),
)
_PARTS = text(
    """
    SELECT CAST(relid AS text) FROM pg_partition_tree('transfers')
    WHERE isleaf AND relid <> CAST('transfers' AS regclass) ORDER BY 1
    """
)
_IS_VALID = text(
    "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:index_name)"
)


def upgrade() -> None:
    """Let there be the kinds, index beside all who read and write, then count them."""
    _run("0066_kinds.sql")
    with op.get_context().autocommit_block():
        conn = op.get_bind()
        # Building waits for older transactions, and makes nobody wait meanwhile.
        conn.execute(text("SET lock_timeout = '5min'"))
        conn.execute(text("SET statement_timeout = 0"))
        try:
            for part in conn.execute(_PARTS).scalars().all():
                for ending, kind, columns in _INDEXES:
                    _build(conn, part, f"{part}_{ending}", kind, columns)
            conn.execute(
                text("ALTER TABLE transfers VALIDATE CONSTRAINT kind_is_known")
            )
        finally:
            conn.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
            conn.execute(text("SET statement_timeout = '10min'"))
    _run("0066_reopened.sql")


def _build(conn: Connection, part: str, index: str, kind: str, columns: str) -> None:
    """Make an index, unless an earlier try came through with it."""
    valid = conn.execute(_IS_VALID, {"index_name": index}).scalar_one_or_none()
    if valid is False:
        conn.execute(text(f"DROP INDEX CONCURRENTLY {index}"))
    if not valid:
        conn.execute(
            text(
                f"CREATE {kind} INDEX CONCURRENTLY {index} ON {part} {columns}"
                f" WHERE {_KINDS}"
            )
        )


def _run(name: str) -> None:
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name(name).read_text())
