"""Processes that die and that stand still while 200 stations charge: afterwards the database is the stations' ledger.

A real system, each part a process of its own: nats-server, API, gateway, planner, and the simulated stations, which
keep a ledger of everything that the platform must have. While ten accelerated minutes pass, processes are killed
(SIGKILL; the supervisor starts them again) or stopped and continued (SIGSTOP, SIGCONT) at moments drawn from a seed.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from free_ports import free_ports
from ledger_comparison import assert_ledger_is_database
from postgres_server import PostgresServer, running_postgres

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import upgrade
from twinev.adapters.database.unit_of_work import Database
from twinev.clock import PlatformClock
from twinev.domain.charge_points import ChargingStation, Evse, Location, Site
from twinev.domain.users import AuthorizationStatus
from twinev.services.add_station import register
from twinev.settings import Settings
from twinev.simulator.ledger import read_ledger
from twinev.supervisor import ProcessSpec, Supervisor
from twinev.wiring.data_dir import secret_key
from twinev.wiring.system import WholeSystem

VICTIMS = ("gateway", "nats", "api")
STATIONS_PER_SITE = 25
CHARGING_SECONDS = 600
# The last EV has left by then, whatever the faults have delayed. [platform s]
QUIET_AFTER_SECONDS = 30
# Everything is up again and every queue is empty. [wall s]
SETTLED_WITHIN_SECONDS = 170


@dataclass(frozen=True, kw_only=True)
class Fault:
    """``victim`` is killed, or stopped for ``stopped_seconds``, ``at_seconds`` after the start. [wall s]"""

    at_seconds: float
    victim: str
    stopped_seconds: float | None

    def __str__(self) -> str:
        what = "killed" if self.stopped_seconds is None else f"stopped for {self.stopped_seconds:.1f} s"
        return f"{self.at_seconds:6.1f} s  {self.victim} {what}"


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One run; ``speed`` platform seconds pass in each second."""

    seed: int
    stations: int
    speed: float
    faults: int

    @property
    def wall_seconds(self) -> float:
        return CHARGING_SECONDS / self.speed

    def draw_faults(self) -> list[Fault]:
        """Each kind of fault about equally often, at any moment, in any order."""
        dice = random.Random(f"faults/{self.seed}")
        kinds = [(victim, kill) for victim in VICTIMS for kill in (True, False)]
        dice.shuffle(kinds)
        return sorted(
            (
                Fault(
                    at_seconds=dice.uniform(0.03, 0.97) * self.wall_seconds,
                    victim=victim,
                    stopped_seconds=None if kill else dice.choice((dice.uniform(0.2, 3), dice.uniform(3, 14))),
                )
                for victim, kill in (kinds * self.faults)[: self.faults]
            ),
            key=lambda fault: fault.at_seconds,
        )

    def described(self) -> list[dict[str, Any]]:
        """The stations: all versions, and a share of each kind that makes it harder."""
        return [
            {
                "id": f"FAULT {place:03d}",
                "ocpp": ("1.6", "2.0.1", "2.1")[place % 3],
                "evses": 1 + (place % 7 == 0),
                "discharge_kw": 11 if place % 6 == 5 else 0,
                "message_ids_reset": place % 4 == 0,
                "clock_drift_seconds_per_hour": (0, 0, 0, 20, -20)[place % 5],
                "offline_per_hour": 4 if place % 8 == 0 else 0,
                "offline_seconds": 40,
            }
            for place in range(self.stations)
        ]

    def reboots(self) -> list[dict[str, Any]]:
        """Every tenth station loses its power once."""
        dice = random.Random(f"reboots/{self.seed}")
        return [
            {"station": entry["id"], "at_seconds": dice.uniform(60, 500), "kind": "reboot", "seconds": 20}
            for entry in self.described()[::10]
        ]

    def arrivals(self) -> list[dict[str, Any]]:
        """One or two EVs at each EVSE, all gone at the end."""
        dice = random.Random(f"arrivals/{self.seed}")
        arrivals = []
        evses = [(entry["id"], evse) for entry in self.described() for evse in range(1, entry["evses"] + 1)]
        for station_id, evse in evses:
            first = dice.uniform(0, 120)
            stays = [(first, dice.uniform(120, CHARGING_SECONDS - first))]
            if dice.random() < 0.3:
                second = dice.uniform(260, 450)
                stays = [(first, dice.uniform(60, 240 - first)), (second, dice.uniform(60, CHARGING_SECONDS - second))]
            arrivals += [
                {
                    "station": station_id,
                    "evse": evse,
                    "at_seconds": at,
                    "stay_minutes": stay / 60,
                    "energy_kwh": dice.uniform(0.3, 20),
                }
                for at, stay in stays
            ]
        return arrivals


@dataclass(frozen=True, kw_only=True)
class System:
    """Where a campaign runs, and with what."""

    campaign: Campaign
    settings: Settings

    @property
    def ledger(self) -> Path:
        return self.settings.data_dir / "ledger.jsonl"

    @property
    def database_url(self) -> str:
        return self.settings.database_url or f"sqlite:///{self.settings.data_dir / 'twinev.db'}"

    def prepare(self) -> None:
        """Register sites, stations and cards, and write what the simulator reads."""
        secret = secret_key(self.settings.data_dir)
        upgrade(self.database_url)
        database = Database(engine=open_engine(self.database_url), clock=PlatformClock())
        try:
            with database.unit_of_work() as work:
                described = enumerate(self.campaign.described())
                entries = [self._register(place, entry, work, secret) for place, entry in described]
                cards = [f"CARD-{number}" for number in range(3 * len(entries))]
                for card in cards:
                    work.tokens.save(card, AuthorizationStatus.ACCEPTED)
                work.commit()
        finally:
            database.close()
        parts = {"stations": entries, "id_tokens": cards}
        parts |= {"arrivals": self.campaign.arrivals(), "faults": self.campaign.reboots()}
        self._scenario.write_text(json.dumps(parts))

    def _register(self, place: int, entry: dict[str, Any], work: Any, secret: str) -> dict[str, Any]:
        here = Location(latitude_degrees=52.1, longitude_degrees=5.1)
        site_id = f"site-{place // STATIONS_PER_SITE}"
        if place % STATIONS_PER_SITE == 0:
            work.sites.save(Site(id=site_id, name=site_id, location=here, supply_max_kw=6 * STATIONS_PER_SITE))
        station = ChargingStation(
            id=entry["id"],
            site_id=site_id,
            name=entry["id"],
            location=here,
            evses=tuple(Evse(id=number, max_kw=11, phases=3) for number in range(1, entry["evses"] + 1)),
            security_profile=1,
        )
        return entry | {"key": register(station, work=work, secret_key=secret).key}

    def specs(self, clock: PlatformClock) -> list[ProcessSpec]:
        """The platform's processes as `twinev up` runs them, without dashboards, and the stations."""
        whole = WholeSystem(settings=self.settings, clock=clock, demonstration=None)
        parts = [spec for spec in whole.specs() if spec.name != "dashboards"]
        return [*parts, self._simulator(clock)]

    @property
    def _scenario(self) -> Path:
        return self.settings.data_dir / "scenario.json"

    def _simulator(self, clock: PlatformClock) -> ProcessSpec:
        url = f"ws://127.0.0.1:{self.settings.ocpp_port}/ocpp"
        options = ("--url", url, "--scenario", self._scenario, "--ledger", self.ledger, "--meter-interval", 30)

        async def at_once() -> bool:
            return True

        return ProcessSpec(
            name="simulate",
            command=(sys.executable, "-m", "twinev", "simulate", *map(str, options)),
            environment={"PATH": os.environ["PATH"], "TWINEV_CLOCK": clock.to_text(), "PYTHONUNBUFFERED": "1"},
            log=self.settings.data_dir / "logs" / "simulate.log",
            directory=self.settings.data_dir,
            ready=at_once,
            after=("api", "gateway"),
        )


async def run_campaign(system: System) -> None:
    """Let the stations charge, do the faults, and wait until everything that stations say is delivered."""
    campaign = system.campaign
    now = time.time()
    clock = PlatformClock(speed=campaign.speed, wall_origin=now, platform_origin=now)
    began = time.monotonic()
    supervisor = Supervisor(system.specs(clock), tell=lambda name, what: print(f"{_since(began)}  {name} {what}"))
    try:
        await supervisor.start()
        started = time.monotonic()
        faults = campaign.draw_faults()
        print(
            f"seed {campaign.seed}: {campaign.stations} stations; the faults, from {_since(began)} on:",
            *faults,
            sep="\n",
        )
        async with asyncio.timeout(campaign.wall_seconds + SETTLED_WITHIN_SECONDS), asyncio.TaskGroup() as group:
            for fault in faults:
                group.create_task(_do(fault, supervisor, started))
            group.create_task(_until_quiet(system, started))
    finally:
        await supervisor.stop()


async def _do(fault: Fault, supervisor: Supervisor, started: float) -> None:
    await asyncio.sleep(started + fault.at_seconds - time.monotonic())
    while (pid := supervisor.pid(fault.victim)) is None:
        # It is dead already: another fault was here just now.
        await asyncio.sleep(0.05)
    if fault.stopped_seconds is None:
        os.kill(pid, signal.SIGKILL)
        return
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(fault.stopped_seconds)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


async def _until_quiet(system: System, started: float) -> None:
    campaign = system.campaign
    await asyncio.sleep(started + (CHARGING_SECONDS + QUIET_AFTER_SECONDS) / campaign.speed - time.monotonic())
    while True:
        said = await asyncio.to_thread(read_ledger, system.ledger)
        running = [transaction for transaction in said.transactions.values() if transaction["ended"] is None]
        if said.all_delivered and not running:
            print(f"{_since(started)} after the start: all is delivered, {len(said.transactions)} transactions")
            return
        await asyncio.sleep(0.5)


def _since(began: float) -> str:
    return f"{time.monotonic() - began:6.1f} s"


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Make the settings of a system on free ports, with an empty database of the given kind."""

    def make(database: str) -> Settings:
        api, ocpp, nats = free_ports(3)
        url = None
        if database == "postgresql":
            server = request.getfixturevalue("postgres")
            name = f"faults_{api}"
            server.execute(f"CREATE DATABASE {name}")
            url = server.url(name)
        data_dir = tmp_path / "data"
        data_dir.mkdir()
        return Settings(data_dir=data_dir, api_port=api, ocpp_port=ocpp, nats_port=nats, database_url=url)

    return make


def check(campaign: Campaign, settings: Settings) -> None:
    """Run the campaign; the ledger must be what the database has."""
    system = System(campaign=campaign, settings=settings)
    system.prepare()
    asyncio.run(run_campaign(system))
    assert_ledger_is_database(ledger=system.ledger, database_url=system.database_url)


@pytest.mark.parametrize(
    ("seed", "database"), [(101, "sqlite"), pytest.param(102, "postgresql", marks=pytest.mark.long)]
)
def test_no_fact_is_lost_or_doubled_when_processes_die_or_stand_still(settings, *, seed: int, database: str) -> None:
    check(Campaign(seed=seed, stations=24, speed=20, faults=6), settings(database))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 11))
def test_campaign_of_faults_with_200_stations(settings, seed: int) -> None:
    check(Campaign(seed=seed, stations=200, speed=5, faults=12), settings(("sqlite", "postgresql")[seed % 2]))
