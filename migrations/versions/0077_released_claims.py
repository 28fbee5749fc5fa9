"""Codes whose claim ended with a denied case, so that another member may claim them."""

from pathlib import Path

from alembic import op

revision = "0077"
down_revision = "0074"


def upgrade() -> None:
    """Add the claims that ended, which the commit of scans asks for."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in ("0077_released_claims.sql", "0077_steps.sql"):
        driver.execute(Path(__file__).with_name(name).read_text())
