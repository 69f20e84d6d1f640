"""Sites, stations and drivers of one's own in a running system: registered as people do, with simulated stations."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from ledger_comparison import assert_ledger_is_database
from polling import wait_until
from running_system import RunningSystem, system

from twinev.client import Client

STOP_WITHIN_SECONDS = 20


@dataclass(kw_only=True)
class OwnFleet:
    """A running system without stations at first; ``operator`` is its administrator.

    ``stations`` is what the simulator is told of each station, its key included; ``closing`` ends what was begun.
    """

    running: RunningSystem
    operator: Client
    closing: ExitStack
    stations: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ledger(self) -> Path:
        return self.running.data_dir / "simulator" / "ledger.jsonl"

    def person(self, username: str, role: str) -> Client:
        """Give somebody an account, and log in with it."""
        account = {"username": username, "password": secrets.token_urlsafe(16)}
        headers = {"Authorization": f"Bearer {self.operator.access_token()}", "Idempotency-Key": uuid.uuid4().hex}
        url = f"{self.running.api_url}/api/v1/users"
        httpx.post(url, json=account | {"roles": [role]}, headers=headers, trust_env=False).raise_for_status()
        return self.closing.enter_context(Client(self.running.api_url, **account))

    def add_station(self, station_id: str, *, site_id: str, ocpp: str, max_kw: float, discharge_kw: float = 0) -> None:
        """Register a station, and keep what the simulator must know of it."""
        added = self.operator.add_station(station_id, site_id=site_id, max_kw=max_kw, public=False)
        described = {"id": added.id, "key": added.key, "ocpp": ocpp, "max_kw": max_kw, "discharge_kw": discharge_kw}
        self.stations.append(described)

    def plug_in(self, arrivals: Iterable[Mapping[str, Any]], *, meter_interval_seconds: float) -> None:
        """Start the stations with these EVs, and wait until all are online and occupied."""
        scenario = self.running.data_dir / "simulator" / "scenario.json"
        scenario.parent.mkdir(exist_ok=True)
        url = f"ws://127.0.0.1:{self.running.environment['TWINEV_OCPP_PORT']}/ocpp"
        scenario.write_text(json.dumps({"url": url, "stations": self.stations, "arrivals": list(arrivals)}))
        options = ["--scenario", scenario, "--ledger", self.ledger, "--meter-interval", meter_interval_seconds]
        with (scenario.parent / "output").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "twinev", "simulate", *map(str, options)],
                env=self.running.environment | {"TWINEV_CLOCK": self._clock()},
                cwd=self.running.data_dir,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.closing.callback(_end, process)
        wait_until(self._all_occupied, within=90, what="every station is online, and an EV is at it", every=0.3)

    def assert_stored_as_metered(self) -> None:
        """Hold what is stored against the stations' own ledger, reading by reading."""
        assert_ledger_is_database(ledger=self.ledger, database_url=f"sqlite:///{self.running.database}")

    def _clock(self) -> str:
        """The system's accelerated clock, as its processes are told it."""
        return psutil.Process(self.running.pid("gateway")).environ()["TWINEV_CLOCK"]

    def _all_occupied(self) -> bool:
        found = self.operator.stations()
        evses = [evse for station in found for evse in station.evses if station.online]
        return len(evses) == len(self.stations) and all(evse.status == "Occupied" for evse in evses)


@contextmanager
def own_fleet(data_dir: Path, *, speed: float) -> Iterator[OwnFleet]:
    """Run a system whose clock goes ``speed`` times as fast as the wall's, until the block ends."""
    running = system(data_dir, "--no-simulator", "--speed", str(speed))
    with ExitStack() as closing:
        closing.callback(running.stop)
        running.start()
        [first] = json.loads((data_dir / "first_account.json").read_text())
        client = Client(running.api_url, username=first["username"], password=first["password"])
        yield OwnFleet(running=running, operator=closing.enter_context(client), closing=closing)


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(STOP_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
