"""Coupons: stores, pools, numbers, coupons, and what was redeemed and reversed."""

from pathlib import Path

from alembic import op

revision = "0034"
down_revision = "0030"


def upgrade() -> None:
    """Add the tables of coupons and the steps that issue and redeem them."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in ("0034_coupons.sql", "0034_steps.sql"):
        driver.execute(Path(__file__).with_name(name).read_text())
