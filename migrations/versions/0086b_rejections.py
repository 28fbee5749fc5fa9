"""A second person may refuse points that somebody asked for."""

from pathlib import Path

from alembic import op

revision = "0086b"
down_revision = "0086"


def upgrade() -> None:
    """Add who refused an adjustment, when and why."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())
