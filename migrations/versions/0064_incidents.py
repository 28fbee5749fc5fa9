"""Incidents are opened, looked at, closed with a finding, and opened again."""

from pathlib import Path

from alembic import op

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    """Give incidents numbers, states and what is known of them."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name("0064_incidents.sql").read_text())
