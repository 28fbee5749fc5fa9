"""Cases: what rules hold, brought together by what attacks, for people to decide."""

from pathlib import Path

from alembic import op

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    """Add the tables of cases, and let a hold name the case that it is in."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name("0060_cases.sql").read_text())
