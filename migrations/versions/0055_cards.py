"""Collecting cards: sets, whose cards are account units, and which are complete."""

from pathlib import Path

from alembic import op

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    """Add the tables of card sets and the step that completes them."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in ("0055_cards.sql", "0055_steps.sql"):
        driver.execute(Path(__file__).with_name(name).read_text())
