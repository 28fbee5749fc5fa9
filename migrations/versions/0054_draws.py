"""Draws: their prizes, tickets, winners and claims, and the steps that add tickets."""

from pathlib import Path

from alembic import op

revision = "0054"
down_revision = "0052"


def upgrade() -> None:
    """Add the tables of draws and the steps that write tickets."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in ("0054_draws.sql", "0054_steps.sql"):
        driver.execute(Path(__file__).with_name(name).read_text())
