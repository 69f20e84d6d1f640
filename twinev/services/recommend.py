"""Recommends charge points to a driver: the free, compatible ones within reach, the best first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.area import distance_km
from twinev.domain.availability import Availability, availability_of
from twinev.domain.charge_points import ChargingStation, Evse, Location, Site
from twinev.domain.checks import require_finite
from twinev.domain.recommendation import (
    DETOUR,
    Grade,
    ScoreParts,
    Suitability,
    grade_of,
    score_of,
    score_parts,
    way_cost_eur,
)
from twinev.domain.time_window import TimeWindow
from twinev.errors import BadInput
from twinev.services.ports.station_price import IntendedStay, PriceOfStation
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.site_headroom import Headroom, deliver, read_headroom

LONGEST_WAY_KM = 500.0
HIGHEST_CONSUMPTION_KWH_PER_KM = 2.0
#: Road speed in a town, from which the hour of arrival is guessed. [km/h]
SPEED_KM_PER_H = 40.0


@dataclass(frozen=True, kw_only=True)
class DriverWish:
    """What a driver looks for: ``connector_type`` None takes any, ``ev_max_kw`` None whatever the EVSE gives.

    ``connectors`` are those of the driver's vehicle, of which any will do; none: no matter which.
    """

    place: Location
    max_distance_km: float = 10.0
    energy_kwh: float = 20.0
    stay_minutes: float = 120.0
    connector_type: str | None = None
    connectors: tuple[str, ...] = ()
    ev_max_kw: float | None = None
    consumption_kwh_per_km: float = 0.18

    def __post_init__(self) -> None:
        require_finite("max_distance_km", self.max_distance_km, at_least=0, at_most=LONGEST_WAY_KM)
        require_finite("energy_kwh", self.energy_kwh, at_least=0, at_most=1000)
        require_finite(
            "consumption_kwh_per_km", self.consumption_kwh_per_km, at_least=0, at_most=HIGHEST_CONSUMPTION_KWH_PER_KM
        )
        if not 1 <= self.stay_minutes <= 24 * 60:
            raise BadInput("stay_minutes", self.stay_minutes, "from 1 to 1440 minutes")
        if self.ev_max_kw is not None:
            require_finite("ev_max_kw", self.ev_max_kw, at_least=0, at_most=5000)


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """An EVSE that suits, with all that its score comes from."""

    station: ChargingStation
    evse: Evse
    site: Site
    way_km: float
    arrival: datetime
    facts: Suitability
    parts: ScoreParts
    score: float
    grade: Grade
    colour: str


def recommend(
    wish: DriverWish,
    *,
    work: UnitOfWork,
    price: PriceOfStation,
    now: datetime,
    user_id: str | None = None,
    most: int = 20,
) -> list[Recommendation]:
    """Return the best EVSE of each station that suits, the best first; of equals the nearer, then by id.

    ``user_id`` is who asks: stations that only some may use are recommended to these.
    """
    sites = {site.id: site for site in work.sites.list()}
    taken = {(session.station_id, session.evse_id) for session in work.sessions.active()}
    stations = work.stations.list()
    private = work.station_access.stations()
    headroom: dict[str, Headroom] = {}
    found = []
    for station in stations:
        site, way_km = sites[station.site_id], DETOUR * distance_km(wish.place, station.location)
        arrival = now + timedelta(hours=way_km / SPEED_KM_PER_H)
        usable = user_id in private[station.id] if station.id in private else station.public
        if not usable or way_km > wish.max_distance_km or not site.open_at(arrival):
            continue
        reserved = _reserved(station, wish, arrival, work)
        suiting = [e for e in station.evses if (station.id, e.id) not in taken | reserved and _suits(station, e, wish)]
        if not suiting:
            continue
        if site.id not in headroom:
            headroom[site.id] = read_headroom(work, site, [one for one in stations if one.site_id == site.id], now)
        rated = [
            _rate(
                wish,
                station,
                evse,
                site=site,
                headroom=headroom[site.id],
                price=price,
                way_km=way_km,
                arrival=arrival,
            )
            for evse in suiting
        ]
        found.append(min(rated, key=_best_first))
    return sorted(found, key=_best_first)[:most]


def _reserved(station: ChargingStation, wish: DriverWish, arrival: datetime, work: UnitOfWork) -> set[tuple[str, int]]:
    """The EVSEs of a station that somebody has reserved for a part of the stay."""
    stay = TimeWindow.around(arrival, arrival + timedelta(minutes=wish.stay_minutes))
    return work.reservations.taken(stay.steps, [station.id])


def _suits(station: ChargingStation, evse: Evse, wish: DriverWish) -> bool:
    """Whether the EVSE is free, and the EV can be plugged in."""
    if availability_of(station, evse) is not Availability.AVAILABLE or evse.max_kw <= 0:
        return False
    there = {connector.type for connector in evse.connectors}
    named = wish.connector_type is None or wish.connector_type in there
    return named and (not wish.connectors or not there.isdisjoint(wish.connectors))


def _rate(
    wish: DriverWish,
    station: ChargingStation,
    evse: Evse,
    *,
    site: Site,
    headroom: Headroom,
    price: PriceOfStation,
    way_km: float,
    arrival: datetime,
) -> Recommendation:
    departure = arrival + timedelta(minutes=wish.stay_minutes)
    most_kw = evse.max_kw if wish.ev_max_kw is None else min(evse.max_kw, wish.ev_max_kw)
    delivery = deliver(
        headroom.at(station.id, most_kw),
        headroom.horizon,
        wanted_kwh=wish.energy_kwh,
        arrival=arrival,
        departure=departure,
    )
    eur_per_kwh = price.mean_eur_per_kwh(
        IntendedStay(
            station=station,
            evse=evse,
            site=site,
            start=arrival,
            end=departure,
            energy_kwh=wish.energy_kwh,
            charging_minutes=delivery.charging_minutes,
        )
    )
    facts = Suitability(
        price_eur_per_kwh=eur_per_kwh,
        way_cost_eur=way_cost_eur(
            way_km, consumption_kwh_per_km=wish.consumption_kwh_per_km, price_eur_per_kwh=eur_per_kwh
        ),
        available_kwh=delivery.energy_kwh,
        wanted_kwh=wish.energy_kwh,
        waiting_minutes=delivery.waiting_minutes,
        charging_minutes=delivery.charging_minutes,
    )
    parts = score_parts(facts)
    score = score_of(parts)
    grade, colour = grade_of(score)
    return Recommendation(
        station=station,
        evse=evse,
        site=site,
        way_km=way_km,
        arrival=arrival,
        facts=facts,
        parts=parts,
        score=score,
        grade=grade,
        colour=colour,
    )


def _best_first(one: Recommendation) -> tuple[float, float, str, int]:
    return -one.score, one.way_km, one.station.id, one.evse.id
