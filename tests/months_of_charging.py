"""Months of made-up charging for screens, pictures and measurements: the same at every run, and plausible.

Sessions come by day and hour as at a car park of offices; their meters read every quarter of an hour. Prices, demand
and production are the demonstration's own (`twinev.services.demo_curves`); measurements differ from them a little.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from twinev.adapters.database.unit_of_work import Database
from twinev.domain.charge_points import ChargingStation, Site
from twinev.domain.facts import Sample
from twinev.domain.session import ChargingSession
from twinev.domain.tariff import Series, SeriesKind
from twinev.domain.usage import Span, day_of
from twinev.services.demo_curves import demand_kw, price_eur_per_kwh, production_kw

QUARTER = timedelta(minutes=15)
#: Of a hundred sessions, how many begin in each hour of a working day.
ARRIVALS = (0, 0, 0, 0, 0, 1, 4, 14, 20, 13, 6, 5, 7, 6, 4, 3, 4, 5, 4, 2, 1, 1, 0, 0)
WEEKEND = 0.35


@dataclass(frozen=True, kw_only=True)
class Months:
    """What is made: ``sessions_a_day`` on a working day, read every ``reading_minutes``."""

    sessions_a_day: float
    pv_kw: float = 60.0
    reading_minutes: float = 15.0
    growth_a_month: float = 0.04


def put_months(database: Database, site_id: str, first: date, last: date, months: Months) -> int:
    """Put every day from ``first`` to ``last`` into the database, each in a transaction; say how many sessions."""
    with database.reading() as work:
        site, stations = work.sites.get(site_id), work.stations.list(site_id=site_id)
    count = 0
    for number in range((last - first).days + 1):
        day = day_of(first + timedelta(days=number), time_zone=site.time_zone)
        with database.unit_of_work() as work:
            for series in series_of(site, day, months):
                work.series.put(series)
            for session, samples in sessions_of(site, stations, day, months, number):
                work.sessions.save(session)
                work.meter_values.add(session.station_id, session.evse_id, session.ocpp_transaction_id, samples)
                count += 1
            work.commit()
    return count


def sessions_of(
    site: Site, stations: Sequence[ChargingStation], day: Span, months: Months, number: int
) -> Iterator[tuple[ChargingSession, list[Sample]]]:
    """A day's sessions with their readings; one EVSE may have several at once, which nobody here minds."""
    chance = random.Random(f"{site.id} {day.name}")
    local = day.start.astimezone(ZoneInfo(site.time_zone)) + timedelta(hours=12)
    busy = (WEEKEND if local.weekday() >= 5 else 1.0) * (1 + months.growth_a_month * number / 30)
    for place in range(round(months.sessions_a_day * busy * chance.uniform(0.8, 1.2))):
        station = chance.choice(stations)
        evse = chance.choice(station.evses)
        hour = chance.choices(range(24), weights=ARRIVALS)[0]
        start = day.start + timedelta(hours=hour, minutes=chance.uniform(0, 60))
        hours, kwh = chance.uniform(1.5, 9.0), round(chance.uniform(5, 32), 3)
        session = ChargingSession(
            id=f"{site.id}-{day.name}-{place}",
            site_id=site.id,
            station_id=station.id,
            evse_id=evse.id,
            ocpp_transaction_id=f"{day.name}-{place}",
            id_token=f"card-{chance.randrange(400)}",
            started_at=start,
            ended_at=start + timedelta(hours=hours),
            meter_start_kwh=1000.0,
            energy_kwh=kwh,
        )
        yield session, _readings(session, kwh, min(hours, kwh / evse.max_kw * 1.2), months)


def _readings(session: ChargingSession, kwh: float, charging_hours: float, months: Months) -> list[Sample]:
    """The register, rising evenly while the EV charges, and staying where it is until it leaves."""
    step = timedelta(minutes=months.reading_minutes)
    count = int((session.ended_at - session.started_at) / step)
    return [
        Sample(
            timestamp=session.started_at + step * place,
            value=round(1000.0 + kwh * min(place * step / timedelta(hours=1) / charging_hours, 1.0), 3),
            unit="kWh",
        )
        for place in range(count)
    ]


def series_of(site: Site, day: Span, months: Months) -> Iterator[Series]:
    chance = random.Random(f"series {site.id} {day.name}")
    instants = [day.start + QUARTER * place for place in range(round(day.hours * 4))]
    demand = [
        demand_kw(at, site=site.id, time_zone=site.time_zone, supply_max_kw=site.supply_max_kw) for at in instants
    ]
    production = [_production(at, site, months) for at in instants]
    hourly = [price_eur_per_kwh(at, zone=site.price_zone, time_zone=site.time_zone) for at in instants]
    renewable = [round(0.35 + 0.2 * chance.random() + 0.2 * (8 <= at.hour <= 16), 3) for at in instants]
    for kind, subject, values in (
        (SeriesKind.PRICE, site.price_zone, hourly),
        (SeriesKind.RENEWABLE_SHARE, site.price_zone, renewable),
        (SeriesKind.DEMAND, site.id, demand),
        (SeriesKind.PRODUCTION, site.id, production),
        (SeriesKind.MEASURED_DEMAND, site.id, [round(kw * chance.uniform(0.85, 1.15), 3) for kw in demand]),
        (SeriesKind.MEASURED_PRODUCTION, site.id, [round(kw * chance.uniform(0.7, 1.2), 3) for kw in production]),
    ):
        yield Series(kind=kind, subject=subject, start=day.start, step_minutes=15, values=tuple(values))


def _production(at: datetime, site: Site, months: Months) -> float:
    place = site.location
    return production_kw(
        at,
        site=site.id,
        latitude_degrees=place.latitude_degrees,
        longitude_degrees=place.longitude_degrees,
        peak_kw=months.pv_kw,
    )
