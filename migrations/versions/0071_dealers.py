"""What of each dealer's codes is claimed outside of where it is to be sold."""

from pathlib import Path

from alembic import op

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    """Add counts by dealer and day, and how far a job has read the scans."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name("0071_dealers.sql").read_text())
