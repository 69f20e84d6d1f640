"""Both databases, real ones: a SQLite file, and a PostgreSQL server that the test run starts and ends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from postgres_server import PostgresServer, running_postgres

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import upgrade
from twinev.adapters.database.unit_of_work import Database
from twinev.domain.charge_points import ChargingStation, Evse, Location, Site

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
PLACE = Location(latitude_degrees=52.1, longitude_degrees=5.1)
_numbers = count(1)


@dataclass
class ManualClock:
    """Stands still until it is told the time."""

    instant: datetime = field(default=START)

    def now(self) -> datetime:
        return self.instant

    def wall_seconds(self, platform_seconds: float) -> float:
        return platform_seconds

    def advance(self, **duration: float) -> datetime:
        self.instant += timedelta(**duration)
        return self.instant


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as running:
        running.execute("CREATE DATABASE migrated")
        upgrade(running.url("migrated"))
        yield running


@pytest.fixture
def empty_postgres_url(postgres: PostgresServer) -> str:
    name = f"empty_{next(_numbers)}"
    postgres.execute(f"CREATE DATABASE {name}")
    return postgres.url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return request.getfixturevalue("empty_postgres_url")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "migrated.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_file: Path) -> str:
    shutil.copy(migrated_file, tmp_path / "twinev.db")
    return f"sqlite:///{tmp_path / 'twinev.db'}"


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    name = f"test_{next(_numbers)}"
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
    return postgres.url(name)


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    """A database with all tables and no rows."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def database(url: str, clock: ManualClock) -> Iterator[Database]:
    opened = Database(engine=open_engine(url), clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def fleet(database: Database) -> Database:
    """The database with a site ``s`` and its stations ``A`` and ``B``."""
    with database.unit_of_work() as work:
        work.sites.save(Site(id="s", name="Site", location=PLACE, supply_max_kw=50))
        for station_id in ("A", "B"):
            work.stations.save(station(station_id))
        work.commit()
    return database


def station(station_id: str, *, site_id: str = "s") -> ChargingStation:
    return ChargingStation(
        id=station_id,
        site_id=site_id,
        name=f"Station {station_id}",
        location=PLACE,
        evses=(Evse(id=1, max_kw=11), Evse(id=2, max_kw=22, phases=1)),
        security_profile=1,
    )
