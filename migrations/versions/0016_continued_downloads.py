"""Downloads that go on from where they were cut."""

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0013"


def upgrade() -> None:
    """Add the columns."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())
