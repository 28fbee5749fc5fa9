"""Transfers, holds, members and keys: a shard first, and in partitions."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0011"


def upgrade() -> None:
    """Move the four tables; 0018 teaches commit_scans their new keys."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())
