"""The analysis of a large month: how long a day takes to count, a month to read, and how much memory that takes.

Each database is a fresh one: a SQLite file, and a PostgreSQL server on this machine. One site of 400 EVSEs; a month of
sessions whose meters read every quarter of an hour. Plans are left out: of those it reads 24 a day, whatever the month.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from database import postgresql_url, sqlite_url
from measured_on import measured_on

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

from months_of_charging import Months, series_of, sessions_of
from sqlalchemy import text

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import upgrade
from twinev.adapters.database.tables import charging_sessions, meter_values
from twinev.adapters.database.unit_of_work import Database
from twinev.domain.charge_points import ChargingStation, Evse, Location, Site
from twinev.domain.usage import days_in_month
from twinev.services.analyse_month import AnalyseMonth
from twinev.services.count_days import CountDays

MONTH = date(2026, 10, 1)
STATIONS = 200
PLACE = Location(latitude_degrees=52.1, longitude_degrees=5.1)
SITE = Site(id="s", name="Large", location=PLACE, supply_max_kw=4000)
ROWS_AT_ONCE = 20_000
#: Weekends are quieter, and the months grow: so many sessions of a working day make one of a mean day.
OF_A_MEAN_DAY = 1.2


class LaterClock:
    """A week after the month."""

    def now(self) -> datetime:
        return datetime(2026, 11, 7, 12, tzinfo=UTC)

    def wall_seconds(self, platform_seconds: float) -> float:
        return platform_seconds


def fill(database: Database, sessions_a_day: float, days: int) -> tuple[int, int]:
    """Put the month in by large statements; say how many sessions and readings."""
    stations = [
        ChargingStation(
            id=f"S{n:03d}",
            site_id="s",
            name=f"S{n}",
            location=PLACE,
            evses=(Evse(id=1, max_kw=11), Evse(id=2, max_kw=22)),
        )
        for n in range(STATIONS)
    ]
    with database.unit_of_work() as work:
        work.sites.save(SITE)
        for station in stations:
            work.stations.save(station)
        work.commit()
    months, sessions, readings = Months(sessions_a_day=sessions_a_day, pv_kw=800), 0, 0
    for number, day in enumerate(days_in_month(MONTH, time_zone=SITE.time_zone)[:days]):
        of_day = list(sessions_of(SITE, stations, day, months, number))
        rows = [_reading(session, sample) for session, samples in of_day for sample in samples]
        with database.unit_of_work() as work:
            for series in series_of(SITE, day, months):
                work.series.put(series)
            work.audit.close()
            connection = work.sites._connection
            connection.execute(charging_sessions.insert(), [_session(session) for session, _ in of_day])
            for begin in range(0, len(rows), ROWS_AT_ONCE):
                connection.execute(meter_values.insert(), rows[begin : begin + ROWS_AT_ONCE])
            connection.commit()
        sessions, readings = sessions + len(of_day), readings + len(rows)
    with database._engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    return sessions, readings


def _session(session) -> dict[str, object]:
    names = ("id", "site_id", "station_id", "evse_id", "ocpp_transaction_id", "id_token", "started_at", "ended_at")
    row = {name: getattr(session, name) for name in (*names, "meter_start_kwh", "energy_kwh", "power_kw")}
    return row | {"profile": "default"}


def _reading(session, sample) -> dict[str, object]:
    return {
        "station_id": session.station_id, "ocpp_transaction_id": session.ocpp_transaction_id,
        "timestamp": sample.timestamp, "evse_id": session.evse_id, "measurand": sample.measurand, "phase": "",
        "location": "Outlet", "context": "Sample.Periodic", "value": sample.value, "unit": "kWh",
    }  # fmt: skip


def measure(name: str, url: str, *, sessions: int, days: int) -> None:
    upgrade(url)
    database = Database(engine=open_engine(url), clock=LaterClock())
    began = time.perf_counter()
    put, readings = fill(database, sessions / 31 * OF_A_MEAN_DAY, days)
    print(f"{name:11} {put:,} sessions, {readings:,} readings put in within {_since(began):.0f} s", flush=True)
    counting = CountDays(unit_of_work=database.unit_of_work, reading=database.reading, clock=LaterClock())
    last = MONTH + timedelta(days=days - 1)
    due = [(site, day) for site, day in counting.due() if day.name <= last.isoformat()]
    tracemalloc.start()
    counting.count(*due[-1])
    most_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    cpu_began = time.process_time()
    took = [_timed(lambda site=site, day=day: counting.count(site, day)) for site, day in due]
    cpu_seconds = (time.process_time() - cpu_began) / len(due)
    print(
        f"{name:11} a day counted: median {statistics.median(took):.2f} s, slowest of {len(took)} {max(took):.2f} s;"
        f" {cpu_seconds:.2f} s of this process' processor time;"
        f" at most {most_mb:.0f} MB at a time for the first",
        flush=True,
    )
    counting.count_all()
    analyse = AnalyseMonth(reading=database.reading, clock=LaterClock())
    took = [_timed(lambda: analyse.month(MONTH, site_id="s")) for _ in range(5)]
    found = analyse.month(MONTH, site_id="s").month.figures
    print(
        f"{name:11} the month read: median {statistics.median(took) * 1000:.0f} ms;"
        f" {found['energy_kwh'].value:,.0f} kWh, peak {found['peak_kw'].value:,.0f} kW",
        flush=True,
    )
    took = [_timed(lambda: analyse.months(number=12, site_id="s")) for _ in range(3)]
    print(f"{name:11} the months listed: median {statistics.median(took) * 1000:.0f} ms", flush=True)
    database.close()


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return _since(began)


def _since(began: float) -> float:
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=31, help="how many days of the month are put in")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    arguments = parser.parse_args()
    for name, made in {"sqlite": sqlite_url, "postgresql": postgresql_url}.items():
        if arguments.only in (None, name):
            with made() as url:
                measure(name, url, sessions=arguments.sessions, days=arguments.days)
    print(measured_on(("twinev", "sqlalchemy", "psycopg")))
    print(f"niceness  {os.nice(0)}")


if __name__ == "__main__":
    main()
