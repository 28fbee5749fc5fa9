"""Gifts: what there is to hand over, who has which, and what became of it."""

from pathlib import Path

from alembic import op

revision = "0046"
down_revision = "0041"


def upgrade() -> None:
    """Add the tables of gifts and the steps that give them."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in ("0046_gifts.sql", "0046_steps.sql"):
        driver.execute(Path(__file__).with_name(name).read_text())
