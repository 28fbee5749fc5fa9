"""A benefit says all that it must: a check is passed by what comes to NULL."""

from alembic import op

revision = "0038b"
down_revision = "0038"


def upgrade() -> None:
    """Let no benefit be without its amount or its percent."""
    op.execute("ALTER TABLE coupon_pools DROP CONSTRAINT benefit_is_known")
    op.execute(
        """
        ALTER TABLE coupon_pools ADD CONSTRAINT benefit_is_known CHECK (CASE benefit
            WHEN 'amount_off' THEN
                minor IS NOT NULL AND minor > 0 AND percent IS NULL AND gift IS NULL
            WHEN 'percent_off' THEN
                percent IS NOT NULL AND percent BETWEEN 1 AND 100 AND gift IS NULL
            WHEN 'gift' THEN gift IS NOT NULL AND minor IS NULL AND percent IS NULL
            ELSE false END)
        """
    )
