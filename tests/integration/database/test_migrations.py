"""The schema that migrations make is the one that the code speaks to."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

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
        kept = connection.execute(text("SELECT id, energy_kwh FROM charging_sessions ORDER BY id")).all()
    engine.dispose()
    assert [tuple(row) for row in kept] == [("one", 3.5), ("two", 0.0)]
