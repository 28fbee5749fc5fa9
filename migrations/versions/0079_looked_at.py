"""Cases of scans that nothing was held of, and of which all that was held has ended."""

from pathlib import Path

from alembic import op

revision = "0079"
down_revision = "0078"


def upgrade() -> None:
    """Tell scans that were held from those that are only looked at."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())
