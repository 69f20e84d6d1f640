"""A database as a small network of charge points has it after three months, in SQLite or PostgreSQL.

Stations, sessions, vehicles, cards, tariffs and restrictions are made by the repositories; sessions' bulk and their
meter values are inserted as rows; charge detail records come from the use case that settles sessions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Engine, insert, text

from twinev.adapters.database.tables import charging_sessions, meter_values
from twinev.adapters.database.unit_of_work import Database
from twinev.clock import PlatformClock
from twinev.domain.charge_points import ConnectorStatus, Evse, Location, Site
from twinev.domain.grid import Restriction
from twinev.domain.tariff import Series, SeriesKind
from twinev.domain.tariffs import PriceComponent, Tariff, TariffAssignment, TariffDimension, TariffElement
from twinev.domain.users import AuthorizationStatus
from twinev.domain.vehicle_booking import Vehicle
from twinev.services.add_station import add_station
from twinev.services.demo_curves import demand_kw, price_eur_per_kwh, production_kw
from twinev.services.invoice_payments import InvoicePayments
from twinev.services.settle_session import settle_session

SITES, STATIONS, SESSIONS, VALUES_PER_SESSION = 10, 200, 10_000, 20
ACTIVE_SESSIONS, SETTLED, RESTRICTIONS, TARIFFS = 60, 2_000, 60, 5
_DAYS = 90
_ZONE, _TIME_ZONE = "NL", "Europe/Amsterdam"
_QUARTER = timedelta(minutes=15)

Row = TypeVar("Row")


def fill(engine: Engine, *, secret_key: str, driver_ids: Sequence[str], operator_id: str) -> dict[str, str]:
    """Fill a migrated database; return the stations' keys by id."""
    now = datetime.now(UTC).replace(microsecond=0)
    database = Database(engine=engine, clock=PlatformClock())
    with database.unit_of_work() as work:
        for number in range(SITES):
            work.sites.save(_site(number))
        keys = {name: _station(number, work, secret_key) for number, name in enumerate(station_ids())}
        for series in _curves(now):
            work.series.put(series)
        _tariffs(work, now, operator_id)
        for number, driver_id in enumerate(driver_ids):
            work.tokens.save(_card(number), AuthorizationStatus.ACCEPTED, driver_id)
            work.vehicles.save(Vehicle(id=f"vehicle-{number}", name="My car", battery_kwh=60.0, owner_id=driver_id))
        for number in range(RESTRICTIONS):
            work.restrictions.save(_restriction(number, now, operator_id))
        work.commit()
    _insert_sessions(engine, now, driver_ids)
    _settle(database, now)
    return keys


def station_ids() -> list[str]:
    return [f"BENCH-{number:04d}" for number in range(STATIONS)]


def active_sessions(driver_ids: Sequence[str]) -> dict[str, str]:
    """Whose each running session is, by the session's id."""
    return {f"session-{SESSIONS + k}": driver_ids[k % len(driver_ids)] for k in range(ACTIVE_SESSIONS)}


def ended_session(number: int, driver_ids: Sequence[str]) -> tuple[str, str]:
    """The id of a session that has ended, and whose it was."""
    return f"session-{number}", driver_ids[number % len(driver_ids)]


def _site(number: int) -> Site:
    place = Location(latitude_degrees=52.0 + 0.01 * number, longitude_degrees=5.1 + 0.01 * number)
    return Site(
        id=f"depot-{number}",
        name=f"Depot {number}",
        location=place,
        supply_max_kw=200.0,
        price_zone=_ZONE,
        time_zone=_TIME_ZONE,
    )


def _station(number: int, work: Any, secret_key: str) -> str:
    evses = (Evse(id=1, max_kw=22.0, status=ConnectorStatus.AVAILABLE), Evse(id=2, max_kw=11.0))
    site_id = f"depot-{number % SITES}"
    return add_station(station_ids()[number], site_id=site_id, work=work, secret_key=secret_key, evses=evses).key or ""


def _curves(now: datetime) -> Iterator[Series]:
    midnight = now.replace(hour=0, minute=0, second=0)
    instants = [midnight + _QUARTER * step for step in range(4 * 24 * 4)]
    prices = [price_eur_per_kwh(instant, zone=_ZONE, time_zone=_TIME_ZONE) for instant in instants]
    yield _series(SeriesKind.PRICE, _ZONE, midnight, prices)
    for site in map(_site, range(SITES)):
        demand = [demand_kw(i, site=site.id, time_zone=_TIME_ZONE, supply_max_kw=200.0) for i in instants]
        yield _series(SeriesKind.DEMAND, site.id, midnight, demand)
        place = site.location
        roof = {"latitude_degrees": place.latitude_degrees, "longitude_degrees": place.longitude_degrees}
        production = [production_kw(i, site=site.id, peak_kw=100.0, **roof) for i in instants]
        yield _series(SeriesKind.PRODUCTION, site.id, midnight, production)


def _series(kind: SeriesKind, subject: str, start: datetime, values: list[float]) -> Series:
    return Series(kind=kind, subject=subject, start=start, step_minutes=15, values=tuple(values))


def _tariffs(work: Any, now: datetime, operator_id: str) -> None:
    since = now - timedelta(days=_DAYS + 1)
    for number in range(TARIFFS):
        energy = PriceComponent(type=TariffDimension.ENERGY, price=Decimal("0.30") + number, vat_percent=Decimal(21))
        fee = PriceComponent(type=TariffDimension.FLAT, price=Decimal("0.50"), vat_percent=Decimal(21))
        work.tariffs.add(
            Tariff(
                id=f"tariff-{number}",
                version=1,
                name=f"Tariff {number}",
                elements=(TariffElement(price_components=(energy, fee)),),
                valid_from=since,
                published_at=since,
                published_by=operator_id,
            )
        )
    for number in range(SITES):
        work.tariffs.assign(
            TariffAssignment(
                site_id=f"depot-{number}", tariff_id=f"tariff-{number % TARIFFS}", since=since, assigned_by=operator_id
            )
        )


def _restriction(number: int, now: datetime, operator_id: str) -> Restriction:
    """One after another, over the past weeks; the last of them are to come."""
    start = now + timedelta(hours=12 * (number - RESTRICTIONS + 5))
    return Restriction(
        id=f"restriction-{number}",
        station_ids=tuple(station_ids()[number % SITES :: SITES]),
        limit_kw=80.0,
        start=start,
        end=start + timedelta(hours=2),
        created_by=operator_id,
        created_at=start - timedelta(days=3),
    )


def _insert_sessions(engine: Engine, now: datetime, driver_ids: Sequence[str]) -> None:
    sessions = [_session(number, now, driver_ids) for number in range(SESSIONS + ACTIVE_SESSIONS)]
    with engine.begin() as connection:
        for rows in _batches(sessions, 1000):
            connection.execute(insert(charging_sessions), list(rows))
        for rows in _batches((value for session in sessions for value in _values(session)), 20_000):
            connection.execute(insert(meter_values), list(rows))
        connection.execute(text("ANALYZE"))


def _session(number: int, now: datetime, driver_ids: Sequence[str]) -> dict[str, Any]:
    running = number >= SESSIONS
    age = timedelta(hours=1) if running else timedelta(days=_DAYS) * (SESSIONS - number) / SESSIONS
    started_at = now - age - timedelta(hours=0 if running else 6)
    driver = number % len(driver_ids) if not running else (number - SESSIONS) % len(driver_ids)
    # Every third of the stations has one that runs.
    place = 3 * (number - SESSIONS) if running else number
    return {
        "id": f"session-{number}",
        "site_id": f"depot-{place % STATIONS % SITES}",
        "station_id": station_ids()[place % STATIONS],
        "evse_id": 1,
        "ocpp_transaction_id": str(10_000_000 + number),
        "id_token": _card(driver),
        "user_id": driver_ids[driver],
        "started_at": started_at,
        "ended_at": None if running else started_at + _QUARTER * VALUES_PER_SESSION,
        "stop_reason": None if running else "EVDisconnected",
        "energy_requested_kwh": 30.0,
        "departure_at": started_at + timedelta(hours=8),
        "profile": "cheap",
        "charging_state": "Charging" if running else "Idle",
        "meter_start_kwh": 100.0,
        "energy_kwh": 2.0 if running else 1.5 * VALUES_PER_SESSION,
        "returned_kwh": 0.0,
        "power_kw": 6.0 if running else 0.0,
        "measured_at": now if running else started_at + _QUARTER * VALUES_PER_SESSION,
    }


def _values(session: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The register of the session, every quarter of an hour."""
    for step in range(VALUES_PER_SESSION if session["ended_at"] else 4):
        yield {
            "station_id": session["station_id"],
            "ocpp_transaction_id": session["ocpp_transaction_id"],
            "timestamp": session["started_at"] + _QUARTER * (step + 1),
            "evse_id": 1,
            "measurand": "Energy.Active.Import.Register",
            "phase": "",
            "location": "Outlet",
            "context": "Sample.Periodic",
            "value": 100.0 + 1.5 * (step + 1),
            "unit": "kWh",
        }


def _settle(database: Database, now: datetime) -> None:
    payments = InvoicePayments()
    for numbers in _batches(range(SESSIONS - SETTLED, SESSIONS), 200):
        with database.unit_of_work() as work:
            for number in numbers:
                work.charge_detail_records.mark(f"session-{number}", now)
                settle_session(f"session-{number}", payments=payments, work=work, now=now)
            work.commit()
    # What all that told is no news for whoever starts now.
    with database.unit_of_work() as work:
        work.outbox.published([event.id for event in work.outbox.pending(SETTLED + 1000)])
        work.commit()


def _batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    coming = iter(rows)
    while batch := list(islice(coming, size)):
        yield batch


def _card(number: int) -> str:
    return f"card-{number:04d}"
