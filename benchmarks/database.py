"""Meter values in the database: how fast they are taken in, and how long a month of one station takes to find.

Each database is a fresh one: a SQLite file, and a PostgreSQL server with its default settings on this machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measured_on import measured_on

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

from meter_value_load import FIRST, insert_values, month_plan, station_ids, with_stations
from postgres_server import running_postgres

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.meter_values import within
from twinev.adapters.database.migrate import upgrade
from twinev.adapters.database.unit_of_work import Database

TRIES = 20


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def wall_seconds(self, platform_seconds: float) -> float:
        return platform_seconds


@contextmanager
def sqlite_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/twinev.db"


@contextmanager
def postgresql_url() -> Iterator[str]:
    with running_postgres() as server:
        server.execute("CREATE DATABASE measured")
        # The tests' server does without the disk; these figures are with it.
        server.execute("ALTER SYSTEM SET fsync = on")
        server.execute("SELECT pg_reload_conf()")
        yield server.url("measured")


def measure(name: str, url: str, *, rows: int, stations: int) -> None:
    upgrade(url)
    database = Database(engine=open_engine(url), clock=WallClock())
    with_stations(database, stations)
    began = time.perf_counter()
    insert_values(database, stations=stations, rows=rows)
    seconds = time.perf_counter() - began
    print(f"{name:11} {rows:,} rows in {seconds:.0f} s: {rows / seconds:,.0f} rows/s", flush=True)
    took, found = _months(database, stations)
    print(
        f"{name:11} a month of one station, {found:,} rows: median {statistics.median(took):.0f} ms, "
        f"slowest of {len(took)} {max(took):.0f} ms",
        flush=True,
    )
    start = FIRST + timedelta(days=60)
    statement = within(station_ids(stations)[1], start=start, end=start + timedelta(days=30))
    print("\n".join(f"{'':11} {line}" for line in month_plan(database, statement).splitlines()), flush=True)
    database.close()


def _months(database: Database, stations: int) -> tuple[list[float], int]:
    """Milliseconds of each try, each of another station and month, into samples; and how many the last one had."""
    took, found = [], 0
    for number in range(TRIES):
        station_id = station_ids(stations)[number * 7 % stations]
        start = FIRST + timedelta(days=30 * (number % 11))
        began = time.perf_counter()
        with database.reading() as work:
            found = len(work.meter_values.of_station(station_id, start=start, end=start + timedelta(days=30)))
        took.append((time.perf_counter() - began) * 1000)
    return took, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--stations", type=int, default=50)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    arguments = parser.parse_args()
    databases = {"sqlite": sqlite_url, "postgresql": postgresql_url}
    for name, made in databases.items():
        if arguments.only in (None, name):
            with made() as url:
                measure(name, url, rows=arguments.rows, stations=arguments.stations)
    print(measured_on(("twinev", "sqlalchemy", "psycopg")))
    print(f"niceness  {os.nice(0)}")


if __name__ == "__main__":
    main()
