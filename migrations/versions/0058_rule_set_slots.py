"""Rule sets are drafted, committed and activated, one of them at a time."""

from pathlib import Path

from alembic import op

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    """Add who committed what, what is in force, and how that came."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in ("0058_rule_set_slots.sql", "0058_rule_set_steps.sql"):
        driver.execute(Path(__file__).with_name(name).read_text())
