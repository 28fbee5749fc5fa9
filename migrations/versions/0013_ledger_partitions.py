"""Transfers, holds, members and keys: a shard first, and in partitions."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0009"


def upgrade() -> None:
    """Move the four tables, and teach commit_scans their new keys."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    here = Path(__file__)
    driver.execute(here.with_suffix(".sql").read_text())
    driver.execute(here.with_name("0013_commit_scans.sql").read_text())
