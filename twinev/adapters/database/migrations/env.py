"""What Alembic runs: `twinev.adapters.database.migrate` hands it an open connection, within a transaction."""

from alembic import context

from twinev.adapters.database import (
    analysis_tables,
    audit_tables,
    driver_tables,
    identity_server_tables,
    identity_tables,
    pricing_tables,
    reservation_tables,
    smart_charging_tables,
    tables,
)

# Importing a module of tables is what puts them into the metadata.
metadata = tables.metadata
assert all(
    module.metadata is metadata
    for module in (
        analysis_tables,
        audit_tables,
        driver_tables,
        identity_server_tables,
        identity_tables,
        pricing_tables,
        reservation_tables,
        smart_charging_tables,
    )
)

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
