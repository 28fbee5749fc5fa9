"""Dealers whose goods turn up elsewhere, and the codes that these have."""

from pathlib import Path

from alembic import op

revision = "0080"
down_revision = "0079"


def upgrade() -> None:
    """Add who is watched, and a way from a dealer to its goods."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name("0080_watched_dealers.sql").read_text())
