"""The schema that migrations make is the one that the code speaks to, and they lose nothing."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from migrated_rows import ROWS, fill, kept
from sqlalchemy import inspect, text

from twinev.adapters.database import (
    analysis_tables,
    driver_tables,
    identity_tables,
    pricing_tables,
    reservation_tables,
    smart_charging_tables,
    tables,
)
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
    modules = (
        analysis_tables, driver_tables, identity_tables, pricing_tables, reservation_tables, smart_charging_tables,
    )  # fmt: skip
    assert all(module.metadata is tables.metadata for module in modules)
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


def test_sessions_of_before_keep_their_transactions_where_names_may_come_again(empty_url):
    upgrade(empty_url, revision="0008")
    engine = open_engine(empty_url)
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO sites (id, name, latitude_degrees, longitude_degrees, supply_max_kw, supply_min_kw,"
            " price_zone, time_zone, slot_minutes, horizon_slots, accepts_unknown_tokens, default_energy_kwh,"
            " default_stay_minutes)"
            " VALUES ('s', 'Site', 52, 5, 50, 0, 'NL', 'Europe/Amsterdam', 15, 96, false, 20, 240)",
            "INSERT INTO stations (id, site_id, name, latitude_degrees, longitude_degrees, security_profile, online)"
            " VALUES ('A', 's', 'A', 52, 5, 0, false)",
            "INSERT INTO charging_sessions (id, site_id, station_id, evse_id, ocpp_transaction_id, started_at, profile,"
            " energy_kwh, power_kw) VALUES ('one', 's', 'A', 1, 'tx', '2026-11-22 18:00:00.000000', 'default', 3.5, 0)",
        ):
            connection.execute(text(statement))

    upgrade(empty_url)

    again = (
        "INSERT INTO charging_sessions (id, site_id, station_id, evse_id, ocpp_transaction_id, started_at, profile,"
        " energy_kwh, power_kw) VALUES ('two', 's', 'A', 1, 'tx', '2026-11-23 18:00:00.000000', 'default', 0, 0)"
    )
    with engine.begin() as connection:
        connection.execute(text(again))
        left = connection.execute(text("SELECT id, energy_kwh FROM charging_sessions ORDER BY id")).all()
    engine.dispose()
    assert [tuple(row) for row in left] == [("one", 3.5), ("two", 0.0)]
