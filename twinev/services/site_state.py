"""Everything about one site that a plan depends on, at one instant, and how it is read from the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from twinev.domain.charge_points import ChargingStation, Evse, Site
from twinev.domain.charging_abilities import ChargingAbilities
from twinev.domain.external_limit import ExternalLimit
from twinev.domain.grid import Restriction
from twinev.domain.horizon import Horizon
from twinev.domain.session import ChargingSession
from twinev.domain.tariff import PLANNED_WITH, SeriesKind
from twinev.services.evse_limits import EvseKey, EvseLimits, Limits, change_points, limits_at
from twinev.services.ports.unit_of_work import UnitOfWork

OUT_OF_SERVICE_AFTER = timedelta(hours=24)
# 6 A at 230 V, below which no EV charges (IEC 61851-1). [kW]
LEAST_KW_PER_PHASE = 1.38


@dataclass(frozen=True, kw_only=True)
class SiteState:
    """A snapshot.

    ``series`` holds one value per slot of ``horizon`` (None where nothing is known), ``price_yesterday`` the price of
    the same slots 24 hours earlier. ``limits`` is what each EVSE was told, ``unresponsive`` the stations that are
    online and do not do as they are told, ``idle_session_ids`` the sessions whose EV takes nothing though it may.
    ``evses_under`` counts, per restriction, the EVSEs of all selected stations, at whatever site; ``shares_kw`` is this
    site's part, per slot, of each restriction that spans several sites. ``abilities`` is what
    stations told that they can do, ``learned_room`` how many profiles one turned out to keep, ``external_limits`` what
    others limit them to.
    """

    site: Site
    stations: tuple[ChargingStation, ...]
    sessions: tuple[ChargingSession, ...]
    restrictions: tuple[Restriction, ...] = ()
    series: Mapping[SeriesKind, tuple[float | None, ...]] = field(default_factory=dict)
    price_yesterday: tuple[float | None, ...] = ()
    limits: Limits = field(default_factory=dict)
    unresponsive: frozenset[str] = frozenset()
    idle_session_ids: frozenset[str] = frozenset()
    evses_under: Mapping[str, int] = field(default_factory=dict)
    shares_kw: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    abilities: Mapping[str, ChargingAbilities] = field(default_factory=dict)
    learned_room: Mapping[str, int] = field(default_factory=dict)
    external_limits: tuple[ExternalLimit, ...] = ()
    now: datetime

    @property
    def horizon(self) -> Horizon:
        return Horizon.from_now(self.now, slot_minutes=self.site.slot_minutes, slots=self.site.horizon_slots)

    @property
    def fallback_kw(self) -> float:
        """What one EVSE may draw when no plan reaches it. [kW]"""
        if self.site.fallback_kw is not None:
            return self.site.fallback_kw
        return self.site.supply_max_kw / max(sum(len(station.evses) for station in self.stations), 1)

    @property
    def room(self) -> dict[str, int | None]:
        """How many profiles each station keeps, as it told or as it turned out; None where nobody knows a limit."""
        told = {station_id: abilities.max_profiles for station_id, abilities in self.abilities.items()}
        return told | dict(self.learned_room)

    def station(self, station_id: str) -> ChargingStation | None:
        return next((station for station in self.stations if station.id == station_id), None)

    def evse(self, key: EvseKey) -> Evse | None:
        station = self.station(key[0])
        return next((evse for evse in station.evses if evse.id == key[1]), None) if station else None

    def session_at(self, key: EvseKey) -> ChargingSession | None:
        return next((session for session in self.sessions if (session.station_id, session.evse_id) == key), None)

    def power_limit_kw(self, session: ChargingSession) -> float:
        """What the EVSE and the EV can do together. [kW]"""
        evse = self.evse((session.station_id, session.evse_id))
        evse_kw = evse.max_kw if evse else self.site.supply_max_kw
        return evse_kw if session.needs.max_kw is None else min(evse_kw, session.needs.max_kw)

    def discharge_limit_kw(self, session: ChargingSession) -> float:
        """What the EV may give back at most; nothing where its EVSE declares no discharging on command. [kW]"""
        abilities = self.abilities.get(session.station_id)
        if abilities is None or session.evse_id not in abilities.discharging_evses:
            return 0.0
        evse = self.evse((session.station_id, session.evse_id))
        evse_kw = evse.max_kw if evse else 0.0
        return min(evse_kw, session.needs.max_discharge_kw or 0.0)

    def external_kw_at(self, key: EvseKey, instant: datetime) -> float | None:
        """What others limit an EVSE to at ``instant``, or at EVSE 0 its station; None where nobody does. [kW]"""
        profiles = [
            limit.profile
            for limit in self.external_limits
            if limit.station_id == key[0] and limit.evse_id == key[1] and limit.profile is not None
        ]
        return min((kw for p in profiles if (kw := p.schedule.limit_kw_at(instant)) is not None), default=None)

    def external_kw(self, key: EvseKey, start: datetime, end: datetime) -> float | None:
        """The least that others limit it to within [start, end); None where nobody does. [kW]"""
        schedules = [
            limit.schedule
            for limit in self.external_limits
            if limit.station_id == key[0] and limit.evse_id == key[1] and limit.schedule is not None
        ]
        said = [self.external_kw_at(key, instant) for instant in change_points(schedules, start, end)]
        return min((kw for kw in said if kw is not None), default=None)

    def least_power_kw(self, session: ChargingSession) -> float:
        """Below which the EV cannot charge, taken to use all phases of its EVSE. [kW]"""
        evse = self.evse((session.station_id, session.evse_id))
        phases = evse.phases if evse else 1
        return min(phases * LEAST_KW_PER_PHASE, self.power_limit_kw(session))

    def steerable(self, session: ChargingSession) -> bool:
        """Whether a plan for this session would reach its EV."""
        station = self.station(session.station_id)
        reached = station is not None and station.online and station.id not in self.unresponsive
        return reached and not self.follows_common_fallback(session)

    def follows_common_fallback(self, session: ChargingSession) -> bool:
        """Whether its station has no room for a profile of this session's own: those that began first have them."""
        station, room = self.station(session.station_id), self.room.get(session.station_id)
        if station is None or room is None or room >= len(station.evses):
            return False
        # `fit_room`: one place is the common fallback's.
        at_station = [one for one in self.sessions if one.station_id == session.station_id]
        return session not in sorted(at_station, key=lambda one: (one.started_at, one.id))[: max(room - 1, 0)]

    def limits_of(self, key: EvseKey) -> EvseLimits:
        return limits_at(self.limits, key)


def read_site_state(
    work: UnitOfWork,
    site_id: str,
    now: datetime,
    *,
    limits: Limits | None = None,
    unresponsive: frozenset[str] = frozenset(),
    idle_session_ids: frozenset[str] = frozenset(),
    learned_room: Mapping[str, int] | None = None,
    without_restriction: str | None = None,
) -> SiteState:
    """Read one site, with the restrictions that touch its stations and the series over its horizon."""
    site = work.sites.get(site_id)
    stations = tuple(work.stations.list(site_id=site_id))
    horizon = Horizon.from_now(now, slot_minutes=site.slot_minutes, slots=site.horizon_slots)
    restrictions = tuple(
        restriction
        for restriction in work.restrictions.open(now, station_ids=[station.id for station in stations])
        if restriction.id != without_restriction
    )
    return SiteState(
        site=site,
        stations=stations,
        sessions=tuple(sorted(work.sessions.active(site_id=site_id), key=lambda session: session.id)),
        restrictions=restrictions,
        series={kind: _values(work, kind, site, horizon) for kind in PLANNED_WITH},
        price_yesterday=_values(work, SeriesKind.PRICE, site, horizon, shift=timedelta(hours=-24)),
        limits=limits or {},
        unresponsive=unresponsive,
        idle_session_ids=idle_session_ids,
        abilities=work.abilities.of(station.id for station in stations),
        learned_room=learned_room or {},
        external_limits=tuple(work.external_limits.of(station.id for station in stations)),
        evses_under={restriction.id: count_evses(work, restriction) for restriction in restrictions},
        now=now,
    )


def count_evses(work: UnitOfWork, restriction: Restriction) -> int:
    """How many EVSEs the selected stations have together."""
    return sum(len(station.evses) for station in work.stations.named(restriction.station_ids).values())


def _values(
    work: UnitOfWork, kind: SeriesKind, site: Site, horizon: Horizon, *, shift: timedelta = timedelta(0)
) -> tuple[float | None, ...]:
    # A renewable share belongs to the zone's grid, as its price does.
    by_zone = kind in {SeriesKind.PRICE, SeriesKind.RENEWABLE_SHARE}
    subject = site.price_zone if by_zone else site.id
    start = horizon.start + shift
    return tuple(work.series.values(kind, subject, start, step_minutes=horizon.slot_minutes, count=horizon.slots))
