"""A job looks at what campaigns give."""

from alembic import op

revision = "0072"
down_revision = "0071"


def upgrade() -> None:
    """Remember when it looked."""
    op.execute("INSERT INTO background_marks (name) VALUES ('outflows')")
