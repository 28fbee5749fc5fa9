"""What is due for an endpoint is found in the order in which it is sent."""

from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Index what waits in the whole order that it is taken in, so that none sorts."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(
        "SET LOCAL lock_timeout = '2s'; DROP INDEX deliveries_due;"
        " CREATE INDEX deliveries_due ON deliveries (endpoint_id, next_at, event_id)"
        " WHERE state = 'waiting'"
    )
