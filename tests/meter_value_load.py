"""A year of meter values of many stations, and how a database would find some of them; for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from sqlalchemy import Select, text

from twinev.adapters.database.unit_of_work import Database
from twinev.domain.charge_points import ChargingStation, Evse, Location, Site
from twinev.domain.facts import Sample

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
MEASURAND = "Energy.Active.Import.Register"
#: Two values at an instant; instants are spread over the year.
MEASURANDS = ((MEASURAND, "kWh"), ("Power.Active.Import", "kW"))
YEAR = timedelta(days=365)
PLACE = Location(latitude_degrees=52.1, longitude_degrees=5.1)
#: As many as the API takes in with one transaction when much waits.
ROWS_A_TRANSACTION = 5_000
SAMPLES_A_TRANSACTION_OF_OCPP = 100


def station_ids(stations: int) -> list[str]:
    return [f"S{number:04d}" for number in range(stations)]


def with_stations(database: Database, stations: int) -> None:
    """Register the stations."""
    with database.unit_of_work() as work:
        work.sites.save(Site(id="s", name="Site", location=PLACE, supply_max_kw=500))
        for station_id in station_ids(stations):
            evses = (Evse(id=1, max_kw=11),)
            work.stations.save(
                ChargingStation(id=station_id, site_id="s", name=station_id, location=PLACE, evses=evses)
            )
        work.commit()


def insert_values(
    database: Database, *, stations: int, rows: int, told: Callable[[int], None] = lambda _rows: None
) -> None:
    """Insert by the one path that there is, in the order in which stations would send; then let the database look."""
    coming = _messages(stations, rows)
    per_transaction = ROWS_A_TRANSACTION // SAMPLES_A_TRANSACTION_OF_OCPP
    inserted = 0
    while batch := list(islice(coming, per_transaction)):
        with database.unit_of_work() as work:
            for station_id, transaction, samples in batch:
                inserted += work.meter_values.add(station_id, 1, transaction, samples)
            work.commit()
        told(inserted)
    with database.unit_of_work() as work:
        work.meter_values._connection.execute(text("ANALYZE"))
        work.commit()


def month_plan(database: Database, statement: Select) -> str:
    """How the database would carry the statement out."""
    engine = database._engine
    shown = statement.compile(engine, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.connect() as connection:
        return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {shown}".replace("%", "%%")))


def _messages(stations: int, rows: int) -> Iterator[tuple[str, str, list[Sample]]]:
    """Station, transaction and samples: fifty instants of two values each, the stations in turn."""
    instants = rows // stations // len(MEASURANDS)
    step = YEAR / instants
    in_one = SAMPLES_A_TRANSACTION_OF_OCPP // len(MEASURANDS)
    for first in range(0, instants, in_one):
        for station_id in station_ids(stations):
            yield (
                station_id,
                str(first),
                [
                    Sample(timestamp=FIRST + number * step, value=float(number), measurand=measurand, unit=unit)
                    for number in range(first, min(first + in_one, instants))
                    for measurand, unit in MEASURANDS
                ],
            )
