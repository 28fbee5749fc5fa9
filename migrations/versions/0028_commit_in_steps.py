"""The commit in steps of their owners, one mechanism for limits, units of account."""

from pathlib import Path

from alembic import op

revision = "0028"
down_revision = "0026"


def upgrade() -> None:
    """Move budgets and caps into limits, and replace what commits scans."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in ("0028_limits.sql", "0028_steps.sql"):
        driver.execute(Path(__file__).with_name(name).read_text())
