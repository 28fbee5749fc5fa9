"""How many scans rules refused, by the minute."""

from pathlib import Path

from alembic import op

revision = "0074"
down_revision = "0073"


def upgrade() -> None:
    """Add the minutes that the breaker counts by."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name("0074_refusals.sql").read_text())
