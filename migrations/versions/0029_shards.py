"""The shard first in the keys of all that is about codes."""

from pathlib import Path

from alembic import op
from sqlalchemy import Connection, text

from core.db import LOCK_TIMEOUT_MS

revision = "0029"
down_revision = "0028"

# What is indexed anew, under which ending of a part's name, and how.
_INDEXES = (
    ("void_codes", "by_shard", "UNIQUE", "(shard, code_id)"),
    ("forgotten_claims", "by_shard", "UNIQUE", "(shard, code_id)"),
    ("claims", "by_shard", "UNIQUE", "(shard, code_id)"),
    ("sightings", "by_shard", "UNIQUE", "(shard, code_id)"),
    ("scans", "by_shard", "UNIQUE", "(shard, scan_id)"),
    ("scans", "of_member", "", "(member_no) WHERE member_no IS NOT NULL"),
)
# A table, or what it is parted into.
_PARTS = text(
    """
    SELECT CAST(relid AS text) FROM pg_partition_tree(CAST(:table AS regclass))
    WHERE isleaf AND relid <> CAST(:table AS regclass)
    UNION ALL SELECT relname FROM pg_class
    WHERE oid = CAST(:table AS regclass) AND relkind = 'r'
    ORDER BY 1
    """
)
_IS_VALID = text(
    "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:index_name)"
)


def upgrade() -> None:
    """Add the column, index beside all who read and write, then change the keys."""
    _run("0029_columns.sql")
    with op.get_context().autocommit_block():
        conn = op.get_bind()
        # Building waits for older transactions, and makes nobody wait meanwhile.
        conn.execute(text("SET lock_timeout = '5min'"))
        conn.execute(text("SET statement_timeout = 0"))
        try:
            for table, ending, kind, columns in _INDEXES:
                for part in conn.execute(_PARTS, {"table": table}).scalars().all():
                    _build(conn, part, f"{part}_{ending}", kind, columns)
        finally:
            conn.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
            conn.execute(text("SET statement_timeout = '10min'"))
    _run("0029_keys.sql")
    _run("0029_steps.sql")


def _build(conn: Connection, part: str, index: str, kind: str, columns: str) -> None:
    """Make an index, unless an earlier try came through with it."""
    valid = conn.execute(_IS_VALID, {"index_name": index}).scalar_one_or_none()
    if valid is False:
        conn.execute(text(f"DROP INDEX CONCURRENTLY {index}"))
    if not valid:
        conn.execute(
            text(f"CREATE {kind} INDEX CONCURRENTLY {index} ON {part} {columns}")
        )


def _run(name: str) -> None:
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name(name).read_text())
