"""An EV that gives energy back at a price peak: the platform and simulated stations, each a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from running_system import free_ports

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import upgrade
from twinev.adapters.database.unit_of_work import Database
from twinev.clock import PlatformClock
from twinev.domain.charge_points import ChargingStation, Evse, Location, Site
from twinev.domain.tariff import Series, SeriesKind
from twinev.domain.users import AuthorizationStatus
from twinev.domain.vehicles import ChargingNeeds, DriverProfile
from twinev.services.add_station import register
from twinev.services.profile_records import profile_from_record
from twinev.settings import Settings
from twinev.supervisor import ProcessSpec, Supervisor
from twinev.wiring.data_dir import secret_key
from twinev.wiring.system import WholeSystem

SPEED = 60
SLOT_MINUTES = 5
CHEAP, PEAK = 0.05, 1.0
# Seconds of the wall clock are minutes here: the EVs have charged some by then, and the peak is not over before.
PEAK_SLOTS = range(5, 10)
DEMAND_KW = 25.0
WITHIN_SECONDS = 120
BOTH_WAYS, ONE_WAY = "BOTH WAYS", "ONE WAY"
HERE = Location(latitude_degrees=52.1, longitude_degrees=5.1)


def fill(database: Database, secret: str, clock: PlatformClock) -> dict[str, str]:
    """One site with demand of its own, a price peak, and two stations whose drivers want it cheap; their keys."""
    now = clock.now()
    start = now.replace(minute=now.minute // SLOT_MINUTES * SLOT_MINUTES, second=0, microsecond=0)
    prices = tuple(PEAK if slot in PEAK_SLOTS else CHEAP for slot in range(48))
    series = {SeriesKind.PRICE: ("NL", prices), SeriesKind.DEMAND: ("s", (DEMAND_KW,) * 48)}
    keys = {}
    with database.unit_of_work() as work:
        work.sites.save(
            Site(id="s", name="s", location=HERE, supply_max_kw=80, slot_minutes=SLOT_MINUTES, horizon_slots=24)
        )
        for kind, (subject, values) in series.items():
            work.series.put(Series(kind=kind, subject=subject, start=start, step_minutes=SLOT_MINUTES, values=values))
        for name in (BOTH_WAYS, ONE_WAY):
            evses = (Evse(id=1, max_kw=11, phases=3),)
            station = ChargingStation(id=name, site_id="s", name=name, location=HERE, evses=evses, security_profile=1)
            keys[name] = register(station, work=work, secret_key=secret).key
            work.sessions.hold_needs(name, 1, ChargingNeeds(profile=DriverProfile.CHEAP), now + timedelta(minutes=15))
        work.tokens.save("CARD", AuthorizationStatus.ACCEPTED)
        work.commit()
    return keys


def scenario(keys: dict[str, str]) -> dict[str, object]:
    """Two equal EVs that could give energy back; only one of the stations can take it."""
    visit = {"at_seconds": 1, "energy_kwh": 6, "stay_minutes": 110, "soc": 0.4, "max_discharge_kw": 11}
    return {
        "id_tokens": ["CARD"],
        "stations": [
            {"id": name, "ocpp": "2.1", "key": key, "discharge_kw": 11 if name == BOTH_WAYS else 0}
            for name, key in keys.items()
        ],
        "arrivals": [{"station": name, **visit} for name in keys],
    }


def simulator(settings: Settings, clock: PlatformClock, path: Path) -> ProcessSpec:
    url = f"ws://127.0.0.1:{settings.ocpp_port}/ocpp"

    async def at_once() -> bool:
        return True

    return ProcessSpec(
        name="simulate",
        command=(sys.executable, *f"-m twinev simulate --url {url} --meter-interval 30 --scenario {path}".split()),
        environment={"PATH": os.environ["PATH"], "TWINEV_CLOCK": clock.to_text()},
        log=settings.data_dir / "logs" / "simulate.log",
        directory=settings.data_dir,
        ready=at_once,
        after=("api", "gateway"),
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    api, ocpp, nats = free_ports(3)
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    return Settings(data_dir=data_dir, api_port=api, ocpp_port=ocpp, nats_port=nats)


def returned_kwh(database: Database) -> dict[str, float]:
    """What each station's EV has given back by its meter. [kWh]"""
    with database.reading() as work:
        return {session.station_id: session.returned_kwh for session in work.sessions.active()}


def least_told_kw(database: Database, station_id: str) -> float:
    """The lowest limit of all profiles that were sent to the station. [kW]"""
    with database.reading() as work:
        told = work.commands.list(limit=500, station_id=station_id, actions=("SetChargingProfile",))
    profiles = [profile_from_record(command.payload["profile"]) for command in told]
    return min(period.limit_kw for profile in profiles for period in profile.schedule.periods)


def test_ev_gives_energy_back_at_the_price_peak_where_its_station_declares_it(settings):
    now = time.time()
    clock = PlatformClock(speed=SPEED, wall_origin=now, platform_origin=now)
    url = f"sqlite:///{settings.data_dir / 'twinev.db'}"
    upgrade(url)
    database = Database(engine=open_engine(url), clock=clock)
    path = settings.data_dir / "scenario.json"
    path.write_text(json.dumps(scenario(fill(database, secret_key(settings.data_dir), clock))))
    whole = WholeSystem(settings=settings, clock=clock, demonstration=None).specs()
    parts = [spec for spec in whole if spec.name != "dashboards"]
    supervisor = Supervisor([*parts, simulator(settings, clock, path)], tell=print)

    async def until_returned() -> None:
        await supervisor.start()
        async with asyncio.timeout(WITHIN_SECONDS):
            while returned_kwh(database).get(BOTH_WAYS, 0.0) < 0.5:
                await asyncio.sleep(0.1)

    async def scene() -> None:
        try:
            await until_returned()
        finally:
            await supervisor.stop()

    try:
        asyncio.run(scene())

        assert returned_kwh(database)[ONE_WAY] == 0.0
        assert least_told_kw(database, BOTH_WAYS) < -4.0
        assert least_told_kw(database, ONE_WAY) >= 0.0
        with database.reading() as work:
            session = next(session for session in work.sessions.active() if session.station_id == BOTH_WAYS)
            plans = work.plans.list(limit=200, site_id="s")
            assert work.station_faults.all() == {}
        assert session.power_kw < 0
        assert session.energy_kwh >= 0, "what the EV brought is not touched"
        assert "v2g" in {plan.formulation for plan in plans}
    finally:
        database.close()
