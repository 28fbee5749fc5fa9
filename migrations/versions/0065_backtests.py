"""Backtests: versions of the rules on scans of the past, as jobs."""

from pathlib import Path

from alembic import op

revision = "0065"
down_revision = "0064"


def upgrade() -> None:
    """Add the table of backtests."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name("0065_backtests.sql").read_text())
