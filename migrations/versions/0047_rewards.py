"""Rewards of every kind for one scan: offers, account units, and the steps for them."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from core.db import LOCK_TIMEOUT_MS

revision = "0047"
down_revision = "0046"

_PARTS = text(
    """
    SELECT CAST(relid AS text) FROM pg_partition_tree('transfers')
    WHERE isleaf ORDER BY 1
    """
)
_IS_VALID = text(
    "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:index_name)"
)


def upgrade() -> None:
    """Let a scan earn a list of rewards, each of which ends by itself."""
    with op.get_context().autocommit_block():
        conn = op.get_bind()
        # Building waits for older transactions, and makes nobody wait meanwhile.
        conn.execute(text("SET lock_timeout = '5min'"))
        conn.execute(text("SET statement_timeout = 0"))
        try:
            for part in conn.execute(_PARTS).scalars().all():
                _build(f"{part}_ends", part)
        finally:
            conn.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
            conn.execute(text("SET statement_timeout = '10min'"))
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    here = Path(__file__)
    for name in ("0047_rewards.sql", "0047_steps.sql"):
        driver.execute(here.with_name(name).read_text())


def _build(index: str, part: str) -> None:
    """Make an index, unless an earlier try came through with it."""
    conn = op.get_bind()
    valid = conn.execute(_IS_VALID, {"index_name": index}).scalar_one_or_none()
    if valid is False:
        conn.execute(text(f"DROP INDEX CONCURRENTLY {index}"))
    if not valid:
        conn.execute(
            text(
                f"CREATE UNIQUE INDEX CONCURRENTLY {index} ON {part}"
                " (shard, origin_id, debit_account) INCLUDE (transfer_id)"
                " WHERE kind IN ('post', 'void')"
            )
        )
