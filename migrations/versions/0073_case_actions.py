"""Wider actions of cases, and tiers of chances that pay nothing for a while."""

from pathlib import Path

from alembic import op

revision = "0073"
down_revision = "0072"


def upgrade() -> None:
    """Add what analysts did beyond a case, and whether an offer is frozen."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())
