"""A platform to load: the NATS server, the API, one gateway and a planner, each the real process, in a directory."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.ocpp_gateway.processes import Process, free_port, listens
from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import upgrade_engine
from twinev.adapters.database.unit_of_work import Database
from twinev.adapters.messaging.embedded_server import prepare_server
from twinev.clock import PlatformClock
from twinev.domain.charge_points import Location, Site
from twinev.services.add_station import add_station
from twinev.settings import Settings
from twinev.wiring.data_dir import secret_key

# As car parks have them; all at one site would make one huge plan of every reconnection.
STATIONS_PER_SITE = 20


class Platform:
    """NATS, API, gateway, planner; each can be stopped and started by itself.

    Parameters
    ----------
    directory : Path
        Its data directory; on a real disk, where a sync costs what it costs.
    database_url : str, optional
        A PostgreSQL database; without it SQLite in the directory.
    api_processes : int
        How many API processes share the port.
    """

    def __init__(self, directory: Path, database_url: str | None = None, *, api_processes: int = 1) -> None:
        self.directory = directory
        self.ocpp_port, self.api_port = free_port(), free_port()
        self._nats_port = free_port()
        self._database_url = database_url
        self._api_processes = api_processes
        self._nats_server = prepare_server(directory=directory / "nats", port=self._nats_port)
        self.running: dict[str, Process] = {}

    @property
    def nats_urls(self) -> Mapping[str, str]:
        return self._nats_server.urls

    @property
    def gateway(self) -> Process:
        return self.running["gateway"]

    @property
    def database_path(self) -> Path:
        return Settings(data_dir=self.directory).data_dir / "twinev.db"

    @property
    def database_url(self) -> str:
        return self._database_url or f"sqlite:///{self.database_path}"

    def register(self, count: int) -> dict[str, str]:
        """Register stations of security profile 1 and return their keys by id; before the API starts."""
        engine = open_engine(self.database_url)
        upgrade_engine(engine)
        try:
            with Database(engine=engine, clock=PlatformClock()).unit_of_work() as work:
                for number in range(-(-count // STATIONS_PER_SITE)):
                    work.sites.save(_site(number))
                secret = secret_key(self.directory)
                keys = {
                    (name := f"BENCH-{number:04d}"): add_station(
                        name, site_id=_site(number // STATIONS_PER_SITE).id, work=work, secret_key=secret
                    ).key
                    for number in range(count)
                }
                work.commit()
        finally:
            engine.dispose()
        return {name: key or "" for name, key in keys.items()}

    def start_nats(self) -> None:
        process = Process(*self._nats_server.command, log=self.directory / "nats.log")
        self.running["nats"] = process
        process.wait_for(lambda: listens(self._nats_port))

    def start_api(self) -> None:
        for number in range(self._api_processes):
            self._start_twinev("api", f"-{number + 1}" if number else "").wait_for(self._api_answers)

    def start_gateway(self) -> float:
        """Return how long it took until it listens. [s]"""
        began = time.perf_counter()
        self._start_twinev("gateway").wait_for(lambda: listens(self.ocpp_port))
        return time.perf_counter() - began

    def start_planner(self) -> None:
        """Start it; the API's health tells when it answers."""
        self._start_twinev("planner").wait_for(lambda: self.health().get("planner", False))

    def stop(self, name: str) -> None:
        self.running.pop(name).stop()

    def stop_all(self) -> None:
        for name in reversed(tuple(self.running)):
            self.stop(name)

    def _start_twinev(self, name: str, which: str = "") -> Process:
        told = {
            "TWINEV_DATA_DIR": str(self.directory),
            "TWINEV_API_PORT": str(self.api_port),
            "TWINEV_API_PROCESSES": str(self._api_processes),
            "TWINEV_OCPP_PORT": str(self.ocpp_port),
            "TWINEV_NATS_PORT": str(self._nats_port),
            "PYTHONUNBUFFERED": "1",
        }
        if self._database_url is not None:
            told["TWINEV_DATABASE_URL"] = self._database_url
        process = Process(
            sys.executable, "-m", "twinev", name, environment=told, log=self.directory / f"{name}{which}.log"
        )
        self.running[name + which] = process
        return process

    def _api_answers(self) -> bool:
        # Whatever it tells: where no planner runs, the health says so.
        return bool(self.health())

    def health(self) -> dict[str, bool]:
        """Whether each part is well; nothing while the API does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.api_port}/api/v1/health", timeout=5) as answer:
                return {part["name"]: part["ok"] for part in json.load(answer)["parts"]}
        except OSError:
            return {}


def _site(number: int) -> Site:
    location = Location(latitude_degrees=52.09, longitude_degrees=5.11)
    return Site(id=f"depot-{number}", name=f"Depot {number}", location=location, supply_max_kw=200.0)


@contextmanager
def platform(stations: int) -> Iterator[tuple[Platform, dict[str, str]]]:
    """A running platform with that many registered stations, and their keys."""
    with TemporaryDirectory(prefix="twinev-bench-") as directory:
        built = Platform(Path(directory))
        keys = built.register(stations)
        try:
            built.start_nats()
            built.start_api()
            built.start_gateway()
            yield built, keys
        finally:
            built.stop_all()
