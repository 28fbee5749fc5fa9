"""What the console's pages look up: who collects a set, adjustments that wait."""

from pathlib import Path

from alembic import op

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    """Add the indexes; both tables are small so far."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name("0061_lookups.sql").read_text())
