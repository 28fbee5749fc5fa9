"""Rows say which version changed them; a batch is stale by its own codes alone."""

from pathlib import Path

from alembic import op

revision = "0018"
down_revision = "0017b"


def upgrade() -> None:
    """Add the columns, and replace what commits scans."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())
