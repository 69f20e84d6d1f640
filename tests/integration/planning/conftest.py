"""A real NATS server, a real planner process and a real database, each ended by the test that started it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from nats_process import NatsProcess, running_nats

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import upgrade_engine
from twinev.adapters.database.unit_of_work import Database
from twinev.clock import PlatformClock
from twinev.domain.charge_points import ChargingStation, ConnectorStatus, Evse, Location, Site
from twinev.domain.session import ChargingSession
from twinev.domain.vehicles import ChargingNeeds

HERE = Location(latitude_degrees=52.0, longitude_degrees=4.4)


class PlannerProcess:
    """A planner that can be killed as hard as a power cut kills it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        script = Path(__file__).parent / "planner_process.py"
        self._process = subprocess.Popen([sys.executable, str(script), self._url], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(timeout=10)
            self._process.stdout.close()
            self._process = None

    @property
    def worker(self) -> int:
        """The process that solves."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text(encoding="ascii")
        return next(pid for pid in map(int, children.split()) if "spawn_main" in command_line(pid))


def command_line(pid: int) -> str:
    """What a process was started with; nothing once it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsProcess]:
    with running_nats(tmp_path / "nats") as server:
        yield server


@pytest.fixture
def planner_process(nats_server: NatsProcess) -> Iterator[PlannerProcess]:
    process = PlannerProcess(nats_server.embedded.urls["planner"])
    process.start()
    yield process
    process.kill()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    engine = open_engine(f"sqlite:///{tmp_path / 'twinev.db'}")
    upgrade_engine(engine)
    database = Database(engine=engine, clock=PlatformClock())
    yield database
    database.close()


def fill(database: Database, *, stations: int, supply_max_kw: float = 60.0) -> list[str]:
    """One site with an EV at each station that asks for 30 kWh by tomorrow."""
    now = PlatformClock().now()
    names = [f"S{place:02}" for place in range(stations)]
    with database.unit_of_work() as work:
        work.sites.save(Site(id="site", name="site", location=HERE, supply_max_kw=supply_max_kw))
        for name in names:
            work.stations.save(
                ChargingStation(
                    id=name,
                    site_id="site",
                    name=name,
                    location=HERE,
                    evses=(Evse(id=1, max_kw=11.0, status=ConnectorStatus.OCCUPIED),),
                )
            )
            work.stations.set_online(name, True, now)
            work.sessions.save(
                ChargingSession(
                    id=f"session-{name}",
                    site_id="site",
                    station_id=name,
                    evse_id=1,
                    ocpp_transaction_id=f"tx-{name}",
                    id_token="CARD",
                    started_at=now,
                    needs=ChargingNeeds(energy_kwh=30.0),
                )
            )
        work.commit()
    return names


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    return SimpleNamespace(fill=fill, command_line=command_line)
