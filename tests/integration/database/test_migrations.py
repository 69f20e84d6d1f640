"""The schema that migrations make is the one that the code speaks to."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from twinev.adapters.database import (
    driver_tables,
    identity_tables,
    reservation_tables,
    smart_charging_tables,
    tables,
)
from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import upgrade


def test_migrations_make_an_empty_database_what_the_tables_say(empty_url):
    upgrade(empty_url)

    engine = open_engine(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, tables.metadata)
    engine.dispose()
    for module in (driver_tables, identity_tables, reservation_tables, smart_charging_tables):
        assert module.metadata is tables.metadata
    assert differences == []


def test_migrations_run_again_change_nothing(empty_url):
    upgrade(empty_url)
    upgrade(empty_url)

    engine = open_engine(empty_url)
    assert set(inspect(engine).get_table_names()) == {*tables.metadata.tables, "alembic_version"}
    engine.dispose()
