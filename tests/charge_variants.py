"""The scene of TWINEV_DRVR_3: equal EVs charge in one running system, each as its driver chose, and are metered."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from measured_energy import EXPORT, IMPORT, Register
from own_fleet import OwnFleet, own_fleet
from polling import wait_until

from twinev.client import Client
from twinev.wire.rest.sessions import SessionOut

SPEED = 60
# A reading every half second of the wall's clock.
METER_SECONDS = 30
STEP_MINUTES, STEPS = 5, 24
STEP = timedelta(minutes=STEP_MINUTES)
SUPPLY_KW, EVSE_KW = 100.0, 22.0
BATTERY_KWH, SOC, TARGET_KWH = 60.0, 0.3, 5.5
# What meters round, and what a target may lack.
NEARLY_KWH, NEARLY_KW = 0.05, 0.2
# In minutes since the scene began.
DEPARTURE = 85
REQUESTED = range(10, 30)
FAVOURABLE = range(40, 60)
LIMIT_KW = 14.0
DEMAND_KW = 40.0
FLEXIBILITY_KW = LIMIT_KW + DEMAND_KW - SUPPLY_KW
CHEAP, DEAR = 0.05, 0.40
GRID, ORDER, SOLAR, V2G, MARKET, TIME = "grid", "order", "solar", "v2g", "market", "time"
# What an EVSE may draw while no plan has reached it: a part of the limit, or all where time is what counts. At other
# sites nothing, for the seconds that a busy machine takes over a plan are minutes here.
FALLBACK_KW = {GRID: LIMIT_KW / 3, ORDER: LIMIT_KW / 2, TIME: EVSE_KW}
LIMITED, ORDERED = ("GRID-1", "GRID-2", "GRID-3"), ("ORDER-1", "ORDER-2")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A driver's station, and how he charges there."""

    station_id: str
    site_id: str
    ocpp: str
    profile: str
    discharge_kw: float = 0.0

    @property
    def ev(self) -> dict[str, object]:
        """The EV that stands there; its driver starts from his phone."""
        return {
            "station": self.station_id,
            "at_seconds": 10,
            "energy_kwh": TARGET_KWH,
            "stay_minutes": 24 * 60,
            "max_kw": EVSE_KW,
            "battery_kwh": BATTERY_KWH,
            "soc": SOC,
            "max_discharge_kw": self.discharge_kw,
            "id_token": None,
        }


PLACES = (
    Place(station_id="GRID-1", site_id=GRID, ocpp="1.6", profile="default"),
    Place(station_id="GRID-2", site_id=GRID, ocpp="2.0.1", profile="default"),
    Place(station_id="GRID-3", site_id=GRID, ocpp="2.1", profile="default"),
    Place(station_id="ORDER-1", site_id=ORDER, ocpp="1.6", profile="default"),
    Place(station_id="ORDER-2", site_id=ORDER, ocpp="2.0.1", profile="default"),
    Place(station_id="SOLAR-GREEN", site_id=SOLAR, ocpp="2.0.1", profile="green"),
    Place(station_id="SOLAR-FAST", site_id=SOLAR, ocpp="1.6", profile="fast"),
    Place(station_id="V2G", site_id=V2G, ocpp="2.1", profile="green", discharge_kw=EVSE_KW),
    Place(station_id="MARKET-CHEAP", site_id=MARKET, ocpp="1.6", profile="cheap"),
    Place(station_id="MARKET-FAST", site_id=MARKET, ocpp="2.0.1", profile="fast"),
    Place(station_id="TIME-FAST", site_id=TIME, ocpp="2.1", profile="fast"),
)


@dataclass(frozen=True, kw_only=True)
class Charged:
    """A session that is over, and what its station's meter said in it."""

    session: SessionOut
    imported: Register
    exported: Register

    @property
    def reached_at(self) -> datetime:
        """When the EV held its target for good: what it gave back had to come again."""
        return self.imported.reaches(self.exported.total_kwh + TARGET_KWH - NEARLY_KWH)

    @property
    def time_to_target(self) -> timedelta:
        return self.reached_at - self.session.started_at


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What happened: each station's session, counted from ``start``."""

    start: datetime
    charged: Mapping[str, Charged]

    def after(self, minutes: float) -> datetime:
        return self.start + timedelta(minutes=minutes)

    def during(self, minutes: range) -> tuple[datetime, datetime]:
        return self.after(minutes.start), self.after(minutes.stop)


def _series(favourable: float, otherwise: float) -> list[float]:
    return [favourable if number * STEP_MINUTES in FAVOURABLE else otherwise for number in range(STEPS)]


PRICES = _series(CHEAP, DEAR)
SERIES = (
    ("demand_kw", ORDER, [DEMAND_KW] * STEPS),
    ("production_kw", SOLAR, _series(30.0, 0.0)),
    ("demand_kw", V2G, [DEMAND_KW] * STEPS),
    # The hours that are favourable elsewhere are those without renewable energy here.
    ("renewable_share", V2G, _series(0.0, 0.9)),
    ("price_eur_per_kwh", MARKET, PRICES),
)


def play(data_dir: Path) -> Scene:
    """Let all of them charge in a system of its own, until every session is over."""
    with own_fleet(data_dir, speed=SPEED) as fleet:
        _register(fleet)
        drivers = {place: fleet.person(f"driver-{place.station_id}".lower(), "driver") for place in PLACES}
        for place, driver in drivers.items():
            fleet.operator.allow_at_station(place.station_id, driver.me().id)
        grid_operator = fleet.person("gridoperator", "grid_operator")
        fleet.plug_in([place.ev for place in PLACES], meter_interval_seconds=METER_SECONDS)
        start = _announce(fleet.operator, grid_operator)
        with ThreadPoolExecutor(len(drivers)) as phones:
            list(phones.map(lambda place: _start(drivers[place], place, start), drivers))
        _wait_for_ends(fleet.operator, start)
        fleet.assert_stored_as_metered()
        return Scene(start=start, charged={place.station_id: _charged(driver) for place, driver in drivers.items()})


def _register(fleet: OwnFleet) -> None:
    here = {"latitude_degrees": 52.09, "longitude_degrees": 5.11}
    steps = {"slot_minutes": STEP_MINUTES, "horizon_slots": STEPS}
    for site_id in dict.fromkeys(place.site_id for place in PLACES):
        others = here | steps | {"fallback_kw": FALLBACK_KW.get(site_id, 0.0), "supply_min_kw": -SUPPLY_KW}
        fleet.operator.save_site(site_id, name=site_id, supply_max_kw=SUPPLY_KW, price_zone=site_id, **others)
    for place in PLACES:
        fleet.add_station(
            place.station_id, site_id=place.site_id, ocpp=place.ocpp, max_kw=EVSE_KW, discharge_kw=place.discharge_kw
        )


def _announce(operator: Client, grid_operator: Client) -> datetime:
    """Write what the next two hours bring, order what the grid needs, and return when these hours begin."""
    now = operator.health().now
    start = now.replace(minute=now.minute // STEP_MINUTES * STEP_MINUTES, second=0, microsecond=0)
    begin, end = (start + timedelta(minutes=edge) for edge in (REQUESTED.start, REQUESTED.stop))
    less_kw = [FLEXIBILITY_KW] * (len(REQUESTED) // STEP_MINUTES)
    grid_operator.restrict(LIMITED, LIMIT_KW, start=begin, end=end)
    grid_operator.order_flexibility(ORDER, less_kw, start=begin, step_minutes=STEP_MINUTES)
    for kind, subject, values in SERIES:
        operator.put_series(kind, subject, start=start, step_minutes=STEP_MINUTES, values=values)
    return start


def _start(driver: Client, place: Place, start: datetime) -> None:
    sent = driver.start_charging(
        station_id=place.station_id,
        battery_kwh=BATTERY_KWH,
        soc=SOC,
        target_soc=SOC + TARGET_KWH / BATTERY_KWH,
        departure_at=start + timedelta(minutes=DEPARTURE),
        profile=place.profile,
    )
    assert sent.outcome == "accepted", f"{place.station_id}: {sent}"


def _wait_for_ends(operator: Client, start: datetime) -> None:
    left_seconds = (start + timedelta(minutes=DEPARTURE) - operator.health().now).total_seconds() / SPEED
    wait_until(
        lambda: len(operator.sessions(active=False)) == len(PLACES),
        within=left_seconds + 30,
        what="every session has ended",
        every=0.5,
    )


def _charged(driver: Client) -> Charged:
    [session] = driver.sessions()
    imported, exported = (Register.of(driver.meter_values(session.id, measurand=name)) for name in (IMPORT, EXPORT))
    return Charged(session=session, imported=imported, exported=exported)
