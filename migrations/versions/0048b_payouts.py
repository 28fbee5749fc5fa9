"""Red packets: where members take them, and what became of each payout."""

from pathlib import Path

from alembic import op

revision = "0048b"
down_revision = "0048"


def upgrade() -> None:
    """Add payees and payouts, and the steps that add, release and end payouts."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in ("0048b_payouts.sql", "0048b_steps.sql"):
        driver.execute(Path(__file__).with_name(name).read_text())
