"""The tables of the job library, in a schema of their own."""

from alembic import op

from core.jobs import SCHEMA

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Make what procrastinate needs, as the version that is installed says it."""
    # Only who migrates needs it, and all migrations are imported at each start.
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 - as said

    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(f"CREATE SCHEMA {SCHEMA}; SET LOCAL search_path = {SCHEMA}")
    driver.execute(SchemaManager.get_schema())
    driver.execute("SET LOCAL search_path = DEFAULT")
