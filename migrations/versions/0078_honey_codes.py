"""Honey codes: of caps that nobody prints, and watched."""

from pathlib import Path

from alembic import op

revision = "0078"
down_revision = "0077b"


def upgrade() -> None:
    """Add them."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name("0078_honey_codes.sql").read_text())
