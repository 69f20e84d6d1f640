"""What Alembic runs: `twinev.adapters.database.migrate` hands it an open connection, within a transaction."""

from alembic import context

from twinev.adapters.database import driver_tables, identity_tables, reservation_tables, tables

metadata = tables.metadata
assert all(m.metadata is metadata for m in (driver_tables, identity_tables, reservation_tables))

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
