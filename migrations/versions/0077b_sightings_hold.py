"""The count of sightings looked at in every row, while scans go on."""

from alembic import op

revision = "0077b"
down_revision = "0077"


def upgrade() -> None:
    """Validate what the constraint of before implied, in a transaction of its own."""
    op.execute("ALTER TABLE sightings VALIDATE CONSTRAINT sightings_are_counted")
