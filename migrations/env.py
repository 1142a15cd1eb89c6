"""Alembic's environment: `engine.records.schema.migrate` hands over a connection and owns its transaction."""

from alembic import context

import engine.records  # noqa: F401 - knows every table
from engine.database import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata(),
    # SQLite changes a table by copying it.
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
