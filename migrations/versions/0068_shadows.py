"""Shadows: what a version would have said beside the one that judged."""

from pathlib import Path

from alembic import op

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    """Add the runs of shadows, and what is counted of them."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name("0068_shadows.sql").read_text())
