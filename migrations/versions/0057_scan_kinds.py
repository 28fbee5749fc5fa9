"""Tickets and cards for scans: a closed draw gives none, and scans are told of sets."""

from pathlib import Path

from alembic import op

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    """Let scans be paid by draws and sets, whose steps are there."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in ("0057_scan_kinds.sql", "0057_steps.sql"):
        driver.execute(Path(__file__).with_name(name).read_text())
