"""The bounds of 0017 looked at in every row, in a transaction that blocks nobody."""

from pathlib import Path

from alembic import op

revision = "0017b"
down_revision = "0017"


def upgrade() -> None:
    """Validate the constraints that stored rows keep."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())
