"""How much power a site has left for one more EV, slot by slot, beside what is planned and restricted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.charge_points import ChargingStation, Site
from twinev.domain.grid import Restriction
from twinev.domain.horizon import Horizon
from twinev.domain.session import ChargingSession
from twinev.domain.tariff import SeriesKind
from twinev.services.fill_series import fill_missing
from twinev.services.planned_power import PlannedPower
from twinev.services.ports.unit_of_work import UnitOfWork

SERIES = (SeriesKind.DEMAND, SeriesKind.PRODUCTION, SeriesKind.FLEXIBILITY)


@dataclass(frozen=True, kw_only=True)
class Headroom:
    """A site's power over ``horizon``.

    Parameters
    ----------
    site_kw : tuple of float, shape (n_slots,)
        The import limit with the grid's orders, less demand, plus production, less what its EVs are planned. [kW]
    drawn_kw : mapping of station id to tuple of float, shape (n_slots,)
        What the station's EVs are planned to draw; an EV that gives back counts as none. [kW]
        Stations of other sites that share a restriction are taken to go on as they are.
    restrictions : tuple of Restriction
        Those that touch the site.
    """

    horizon: Horizon
    site_kw: tuple[float, ...]
    drawn_kw: dict[str, tuple[float, ...]]
    restrictions: tuple[Restriction, ...]

    def limits_of(self, station_id: str) -> tuple[str, ...]:
        """Which of the restrictions hold for a station."""
        return tuple(restriction.id for restriction in self.restrictions if station_id in restriction.station_ids)

    def at(self, station_id: str, most_kw: float) -> tuple[float, ...]:
        """What an EV at this station could draw in each slot, at most ``most_kw``, (n_slots,). [kW]"""
        left = [min(most_kw, kw) for kw in self.site_kw]
        for restriction in self.restrictions:
            if station_id not in restriction.station_ids:
                continue
            for slot in self.horizon.slots_touched(restriction.start, restriction.end):
                others_kw = sum(self.drawn_kw[s][slot] for s in restriction.station_ids if s in self.drawn_kw)
                left[slot] = min(left[slot], restriction.limit_kw - others_kw)
        return tuple(max(kw, 0.0) for kw in left)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What an EV would get: energy, minutes until power is there, and minutes from then until it is done.

    An EV that does not get all it wants charges for its whole stay.
    """

    energy_kwh: float
    waiting_minutes: float
    charging_minutes: float


def read_headroom(
    work: UnitOfWork,
    site: Site,
    stations: Sequence[ChargingStation],
    now: datetime,
    *,
    until: datetime | None = None,
) -> Headroom:
    """Read one site: its series, its latest plan, and the EVs that are there.

    It reaches as far as plans do, and on to ``until``, where no EV of now is counted any more.
    """
    slots = site.horizon_slots
    if until is not None:
        slots = max(slots, math.ceil((until - now) / timedelta(minutes=site.slot_minutes)) + 1)
    horizon = Horizon.from_now(now, slot_minutes=site.slot_minutes, slots=slots)
    values = {kind: _series(work, kind, site, horizon) for kind in SERIES}
    drawn_kw = _drawn_kw(work, site, stations, horizon)
    taken_kw = [sum(kw) for kw in zip(*drawn_kw.values(), strict=True)] or [0.0] * horizon.slots
    site_kw = tuple(
        site.supply_max_kw + order + production - demand - taken
        for order, production, demand, taken in zip(
            values[SeriesKind.FLEXIBILITY],
            values[SeriesKind.PRODUCTION],
            values[SeriesKind.DEMAND],
            taken_kw,
            strict=True,
        )
    )
    restrictions = tuple(work.restrictions.open(now, station_ids=[station.id for station in stations]))
    elsewhere_kw = _drawn_elsewhere_kw(work, restrictions, site, horizon)
    return Headroom(horizon=horizon, site_kw=site_kw, drawn_kw=elsewhere_kw | drawn_kw, restrictions=restrictions)


def deliver(
    room_kw: Sequence[float], horizon: Horizon, *, wanted_kwh: float, arrival: datetime, departure: datetime
) -> Delivery:
    """Charge as early as the power allows, within [arrival, departure) and the horizon."""
    got_kwh, began, done = 0.0, None, None
    for slot, kw in enumerate(room_kw):
        start, end = max(horizon.slot_start(slot), arrival), min(horizon.slot_end(slot), departure)
        if end <= start or kw <= 0:
            continue
        began = began or start
        hours, missing_kwh = (end - start).total_seconds() / 3600, wanted_kwh - got_kwh
        if missing_kwh <= kw * hours:
            got_kwh, done = wanted_kwh, start + timedelta(hours=missing_kwh / kw)
            break
        got_kwh += kw * hours
    return Delivery(
        energy_kwh=got_kwh,
        waiting_minutes=_minutes(arrival, began or departure),
        charging_minutes=_minutes(arrival, departure) if began is None or done is None else _minutes(began, done),
    )


def _minutes(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 60


def _series(work: UnitOfWork, kind: SeriesKind, site: Site, horizon: Horizon) -> tuple[float, ...]:
    known = work.series.values(kind, site.id, horizon.start, step_minutes=horizon.slot_minutes, count=horizon.slots)
    return fill_missing(kind, known, slots=horizon.slots)[0]


def _drawn_kw(
    work: UnitOfWork, site: Site, stations: Iterable[ChargingStation], horizon: Horizon
) -> dict[str, tuple[float, ...]]:
    stored = work.plans.latest(site.id)
    plan = None if stored is None else PlannedPower.of(stored)
    starts = [horizon.slot_start(slot) for slot in range(site.horizon_slots)]
    drawn = {station.id: [0.0] * site.horizon_slots for station in stations}
    for session in work.sessions.active(site_id=site.id):
        if session.station_id in drawn:
            curve_kw = _curve_kw(session, plan, starts)
            drawn[session.station_id] = [
                sum_kw + max(kw, 0.0) for sum_kw, kw in zip(drawn[session.station_id], curve_kw, strict=True)
            ]
    beyond = (0.0,) * (horizon.slots - site.horizon_slots)
    return {station_id: (*curve, *beyond) for station_id, curve in drawn.items()}


def _drawn_elsewhere_kw(
    work: UnitOfWork, restrictions: Iterable[Restriction], site: Site, horizon: Horizon
) -> dict[str, tuple[float, ...]]:
    """What draws now at the stations of other sites that share a restriction with this one. [kW]"""
    shared = {station_id for restriction in restrictions for station_id in restriction.station_ids}
    drawn: dict[str, float] = {}
    for session in work.sessions.active() if shared else ():
        if session.site_id != site.id and session.station_id in shared:
            drawn[session.station_id] = drawn.get(session.station_id, 0.0) + max(session.power_kw, 0.0)
    return {station_id: (kw,) * horizon.slots for station_id, kw in drawn.items()}


def _curve_kw(session: ChargingSession, plan: PlannedPower | None, starts: Sequence[datetime]) -> list[float]:
    """What is planned; where nothing is, it is taken to go on as it is until it departs. [kW]"""
    departure = session.needs.departure_at
    carried_on = [session.power_kw if departure is None or start < departure else 0.0 for start in starts]
    if plan is None:
        return carried_on
    planned = plan.curve_kw(session.id, starts)
    return [kw if kw is not None else then for kw, then in zip(planned, carried_on, strict=True)]
