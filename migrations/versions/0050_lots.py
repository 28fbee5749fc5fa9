"""What members have lies in lots by the day on which it expires; the programme."""

from pathlib import Path

from alembic import op
from sqlalchemy import Connection, text

from core.db import LOCK_TIMEOUT_MS

revision = "0050"
down_revision = "0049"

_TO = "'post', 'void', 'grant', 'spend_return', 'adjustment', 'purchase', 'merge'"
_FROM = "'spend', 'expiry', 'adjustment', 'reversal', 'debt', 'return', 'merge'"
# What is indexed beside all who read and write: table, ending, kind, columns.
_INDEXES = (
    ("balances", "by_lot", "UNIQUE", "(shard, member_no, unit, expires_on)"),
    (
        "balances",
        "by_expiry",
        "",
        "(unit, expires_on, member_no) WHERE expires_on < 'infinity'",
    ),
    ("balances", "in_debt", "", "(unit, member_no) WHERE debt > 0"),
    (
        "transfers",
        "to_member",
        "",
        f"(credit_account, transfer_id) WHERE kind IN ({_TO})",
    ),
    (
        "transfers",
        "from_member",
        "",
        f"(debit_account, transfer_id) WHERE kind IN ({_FROM})",
    ),
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
    """Add the columns, index beside all who read and write, then change the keys."""
    _run("0050_lots.sql")
    with op.get_context().autocommit_block():
        conn = op.get_bind()
        # Building waits for older transactions, and makes nobody wait meanwhile.
        conn.execute(text("SET lock_timeout = '5min'"))
        conn.execute(text("SET statement_timeout = 0"))
        try:
            for table, ending, kind, columns in _INDEXES:
                for part in conn.execute(_PARTS, {"table": table}).scalars().all():
                    _build(conn, part, f"{part}_{ending}", kind, columns)
            conn.execute(
                text("ALTER TABLE transfers VALIDATE CONSTRAINT kind_is_known")
            )
        finally:
            conn.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
            conn.execute(text("SET statement_timeout = '10min'"))
    _run("0050_keys.sql")
    _run("0050_steps.sql")


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
