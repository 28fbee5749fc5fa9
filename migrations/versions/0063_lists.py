"""Lists of whom to block, to let through, and which shops scan much."""

from pathlib import Path

from alembic import op

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    """Add their entries, which the commit of scans asks for."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in ("0063_lists.sql", "0063_lists_steps.sql"):
        driver.execute(Path(__file__).with_name(name).read_text())
