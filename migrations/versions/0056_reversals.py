"""What a scan's reversal gave back to limits, and what others are told of it."""

from pathlib import Path

from alembic import op

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    """Keep it beside the reversal, and let payouts that end unpaid be counted."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in ("0056_reversals.sql", "0056_steps.sql"):
        driver.execute(Path(__file__).with_name(name).read_text())
