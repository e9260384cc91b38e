"""What Alembic runs: the revisions, on the connection that `migrate` has opened."""

from alembic import context

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    version_table=attributes["version_table"],
    target_metadata=None,
)
context.run_migrations()
