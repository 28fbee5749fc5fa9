"""What campaigns came to, by day and offer."""

from pathlib import Path

from alembic import op

revision = "0049"
down_revision = "0048b"


def upgrade() -> None:
    """Add what is counted, and how far."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())
