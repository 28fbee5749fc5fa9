"""How often tiers of chances are won in a region."""

from pathlib import Path

from alembic import op

revision = "0086"
down_revision = "0080"


def upgrade() -> None:
    """Add counts by tier, region and day, and how far a job has read the scans."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name("0086_win_rates.sql").read_text())
