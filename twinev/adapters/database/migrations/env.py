"""What Alembic runs: `twinev.adapters.database.migrate` hands it an open connection, within a transaction."""

from alembic import context

from twinev.adapters.database import identity_server_tables, identity_tables, tables

metadata = tables.metadata
assert identity_tables.metadata is identity_server_tables.metadata is metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
