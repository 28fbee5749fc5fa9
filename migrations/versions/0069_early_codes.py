"""Codes that were seen before their caps were active."""

from pathlib import Path

from alembic import op

revision = "0069"
down_revision = "0068"


def upgrade() -> None:
    """Add them, and find rolls of codes by index."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name("0069_early_codes.sql").read_text())
