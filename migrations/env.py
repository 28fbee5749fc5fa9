"""Runs the migrations on the connection that crowncap.migrate hands over.

Alembic loads this file by itself; it holds nothing that could run on its own.
"""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
