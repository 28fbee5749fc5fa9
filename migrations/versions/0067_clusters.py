"""Members who are linked, found by a job from what they scanned on."""

from pathlib import Path

from alembic import op

revision = "0067"
down_revision = "0066"


def upgrade() -> None:
    """Add links, clusters, and how far jobs have read the scans."""
    # The driver itself takes many statements in one call, and % as it stands.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_name("0067_clusters.sql").read_text())
