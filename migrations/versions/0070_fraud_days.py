"""What rules and analysts came to by day, counted by a job."""

from pathlib import Path

from alembic import op

revision = "0070"
down_revision = "0069"


def upgrade() -> None:
    """Add the tables of figures."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name("0070_fraud_days.sql").read_text())
