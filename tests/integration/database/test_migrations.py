"""The schema that migrations make is the one that the code speaks to, and they lose nothing."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from migrated_rows import ROWS, fill, kept
from sqlalchemy import inspect

from twinev.adapters.database import identity_tables, smart_charging_tables, tables
from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import known_revisions, upgrade
from twinev.adapters.database.unit_of_work import Database


def test_migrations_make_an_empty_database_what_the_tables_say(empty_url):
    upgrade(empty_url)

    engine = open_engine(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, tables.metadata)
    engine.dispose()
    assert identity_tables.metadata is smart_charging_tables.metadata is tables.metadata
    assert differences == []


def test_migrations_run_again_change_nothing(empty_url):
    upgrade(empty_url)
    upgrade(empty_url)

    engine = open_engine(empty_url)
    assert set(inspect(engine).get_table_names()) == {*tables.metadata.tables, "alembic_version"}
    engine.dispose()


def test_rows_for_the_test_of_migrations_are_of_every_table_and_column():
    columns = {name: set(table.c.keys()) for name, table in tables.metadata.tables.items()}

    assert {name: set(rows[0]) for name, rows in ROWS.items()} == columns


@pytest.mark.parametrize("revision", sorted(known_revisions()))
def test_migration_from_each_revision_keeps_every_row_of_a_system_in_use(empty_url, clock, revision):
    upgrade(empty_url, revision=revision)
    engine = open_engine(empty_url)
    put = fill(engine)

    upgrade(empty_url)

    after = kept(engine, put)
    assert {name: _sorted(rows) for name, rows in after.items()} == {name: _sorted(rows) for name, rows in put.items()}
    database = Database(engine=engine, clock=clock)
    with database.unit_of_work() as work:
        stations = {station.id: station for station in work.stations.list()}
        assert [evse.connectors[0].type for evse in stations["RDAM 1"].evses] == ["cType2", "cType2"]
        assert {site.id for site in work.sites.list()} == {"s", "t"}
        assert len(work.sessions.list(limit=10)) == 2
        assert len(work.meter_values.of_session(work.sessions.get("session 1"))) == 50
        assert work.restrictions.get("restriction").station_ids == ("RDAM 1",)
        assert work.plans.latest_id("s") == "plan"
    database.close()


def _sorted(rows: list[dict]) -> list[str]:
    return sorted(str(sorted(row.items())) for row in rows)
