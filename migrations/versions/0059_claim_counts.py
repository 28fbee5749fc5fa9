"""Count members' claims while a campaign asks which of them one is."""

from pathlib import Path

from alembic import op

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    """Let claims be counted, and planned anew when somebody counted meanwhile."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in ("0059_claim_counts.sql", "0059_steps.sql"):
        driver.execute(Path(__file__).with_name(name).read_text())
