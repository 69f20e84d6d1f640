"""Counts one day of one site: sessions, energy by quarter of an hour, where it came from, bills, forecast errors."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from operator import itemgetter

from twinev.domain.charge_points import Site
from twinev.domain.reservation import ReservationStatus
from twinev.domain.site_day import DaySums, SiteDay
from twinev.domain.tariff import SeriesKind
from twinev.domain.usage import QUARTER, Span
from twinev.services.analysis.energy_flows import SiteSeries, flow_sums
from twinev.services.analysis.forecast_errors import (
    ExpectedHour,
    PlanReader,
    charging_deviation,
    power_deviation,
    price_deviation,
)
from twinev.services.analysis.quarters import energy_of_quarters
from twinev.services.ports.analysis import CountedSession
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.put_series import OF_ZONES

HOUR = timedelta(hours=1)
QUARTERS_AN_HOUR = HOUR // QUARTER
CURRENCY = "EUR"


def count_day(work: UnitOfWork, site: Site, day: Span, *, now: datetime) -> SiteDay:
    """Count ``day`` as far as it has come by ``now``, from what is on record."""
    until = replace(day, end=max(min(day.end, now), day.start))
    sessions = work.analysis.sessions(site.id, until.start, until.end)
    quarters_kwh = energy_of_quarters(sessions, work.analysis.readings(site.id, until.start, until.end), until)
    sums = _session_sums(sessions, until) + _desk_sums(work, site.id, until)
    sums += _series_sums(work, site, until, quarters_kwh)
    sums += _plan_sums(work, site, until, quarters_kwh)
    evses = sum(len(station.evses) for station in work.stations.list(site_id=site.id))
    sums += DaySums(evse_hours=evses * until.hours)
    return SiteDay(site_id=site.id, day=day.name, start=day.start, sums=sums, quarters_kwh=_rounded(quarters_kwh))


def _session_sums(sessions: Sequence[CountedSession], day: Span) -> DaySums:
    began = [session for session in sessions if day.start <= session.started_at < day.end]
    return DaySums(
        sessions=len(began),
        energy_kwh=sum(session.energy_kwh for session in began),
        returned_kwh=sum(session.returned_kwh for session in began),
        plugged_hours=sum(_overlap_hours(session, day) for session in sessions),
    )


def _overlap_hours(session: CountedSession, day: Span) -> float:
    end = day.end if session.ended_at is None else min(session.ended_at, day.end)
    return max((end - max(session.started_at, day.start)) / HOUR, 0.0)


def _desk_sums(work: UnitOfWork, site_id: str, day: Span) -> DaySums:
    """Reservations and bills."""
    reservations = work.analysis.reservations(site_id, day.start, day.end)
    billed = work.analysis.billed(site_id, day.start, day.end)
    bills, billed_eur = billed.get(CURRENCY, (0, 0.0))
    return DaySums(
        reservations=sum(n for status, n in reservations.items() if status is not ReservationStatus.CANCELLED),
        no_shows=reservations.get(ReservationStatus.NO_SHOW, 0),
        bills=bills,
        billed_eur=billed_eur,
        other_bills=sum(count for currency, (count, _) in billed.items() if currency != CURRENCY),
    )


def _series_sums(work: UnitOfWork, site: Site, day: Span, quarters_kwh: Sequence[float]) -> DaySums:
    """Where the energy came from, and how far announcements were from measurements."""
    known = {kind: _values(work, kind, site, day, len(quarters_kwh)) for kind in SeriesKind}
    measured_demand, demand = known[SeriesKind.MEASURED_DEMAND], known[SeriesKind.DEMAND]
    measured_production, production = known[SeriesKind.MEASURED_PRODUCTION], known[SeriesKind.PRODUCTION]
    series = SiteSeries(
        price_eur_per_kwh=known[SeriesKind.PRICE],
        renewable_share=known[SeriesKind.RENEWABLE_SHARE],
        demand_kw=_first_known(measured_demand, demand),
        production_kw=_first_known(measured_production, production),
    )
    return flow_sums(quarters_kwh, series) + DaySums(
        demand=power_deviation(demand, measured_demand),
        production=power_deviation(production, measured_production),
    )


def _values(work: UnitOfWork, kind: SeriesKind, site: Site, day: Span, count: int) -> list[float | None]:
    subject = site.price_zone if kind in OF_ZONES else site.id
    return work.series.values(kind, subject, day.start, step_minutes=QUARTER / timedelta(minutes=1), count=count)


def _first_known(first: Sequence[float | None], second: Sequence[float | None]) -> list[float | None]:
    return [b if a is None else a for a, b in zip(first, second, strict=True)]


def _plan_sums(work: UnitOfWork, site: Site, day: Span, quarters_kwh: Sequence[float]) -> DaySums:
    """How far plans were from what came, hour by hour; an hour that is not over is left out."""
    hours = (day.end - day.start) // HOUR
    expected = list(_expected(work, site.id, day.start, hours))
    came_kwh = [sum(quarters_kwh[at * QUARTERS_AN_HOUR : (at + 1) * QUARTERS_AN_HOUR]) for at in range(hours)]
    prices = work.series.values(SeriesKind.PRICE, site.price_zone, day.start, step_minutes=60, count=hours)
    return DaySums(
        charging=charging_deviation(zip(expected, came_kwh, strict=True)),
        price=price_deviation(zip(expected, prices, strict=True)),
    )


def _expected(work: UnitOfWork, site_id: str, start: datetime, hours: int) -> Iterator[ExpectedHour | None]:
    """What the last plan made before each hour expects of it. One plan at a time is in memory."""
    made = work.analysis.plans(site_id, start, start + HOUR * hours)
    read_id, reader = None, None
    for number in range(hours):
        begins = start + HOUR * number
        last = bisect_right(made, begins, key=itemgetter(0)) - 1
        if last < 0:
            yield None
            continue
        if made[last][1] != read_id:
            read_id = made[last][1]
            reader = PlanReader(work.plans.get(read_id))
        yield reader.hour(begins, begins + HOUR)


def _rounded(quarters_kwh: Sequence[float]) -> tuple[float, ...]:
    """To the watt-hour: they are kept for good."""
    return tuple(round(kwh, 3) + 0.0 for kwh in quarters_kwh)
