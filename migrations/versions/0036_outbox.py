"""The outbox: what happened, to be read in order by who is told of it."""

from pathlib import Path

from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Add the outbox and the function that writes it."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in ("0036_outbox.sql", "0036_steps.sql"):
        driver.execute(Path(__file__).with_name(name).read_text())
