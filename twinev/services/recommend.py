"""Recommends charge points to a driver: the free, compatible ones within reach, the best first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from twinev.domain.area import distance_km
from twinev.domain.charge_points import ChargingStation, Evse, Site
from twinev.domain.recommendation import DETOUR, Grade, ScoreParts, Suitability
from twinev.domain.reservation import ReservationRules
from twinev.domain.station_access import may_use
from twinev.errors import BadInput
from twinev.services.driver_wish import DriverWish, FreeEvses
from twinev.services.ports.station_price import IntendedStay, PriceOfStation
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.rating import rate
from twinev.services.site_headroom import Delivery, read_headroom
from twinev.services.site_rooms import ReadHeadroom, SiteRooms


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
    read: ReadHeadroom = read_headroom,
    rules: ReservationRules | None = None,
) -> list[Recommendation]:
    """Return the best EVSE of each station that suits, the best first; of equals the nearer, then by id.

    ``user_id`` is who asks: stations that only some may use are recommended to these, and what he has reserved himself
    is free for him. ``read`` tells what a site has left, ``rules`` what can be reserved for a later time.

    Raises
    ------
    BadInput
        The driver wants to arrive later than anybody may reserve.
    """
    rules = rules or ReservationRules()
    read = read if wish.arrive_at is None else _read_until_then(wish, now, rules)
    sites = {site.id: site for site in work.sites.list()}
    stations, named = work.stations.list(), work.station_access.stations()
    ids = [station.id for station in stations]
    free = FreeEvses(wish, work=work, user_id=user_id, station_ids=ids, now=now, rules=rules)
    rooms = SiteRooms(wish, work=work, stations=stations, now=now, read=read)
    found = []
    for station in stations:
        site, way_km = sites[station.site_id], DETOUR * distance_km(wish.place, station.location)
        if wish.station_id not in (None, station.id) or way_km > wish.max_distance_km:
            continue
        arrival = wish.arrival(way_km, now)
        if not may_use(station, named.get(station.id, ()), user_id) or not site.open_at(arrival):
            continue
        rated = [
            _rate(
                wish,
                station,
                evse,
                site=site,
                delivery=rooms.delivery(station, evse, site=site, arrival=arrival),
                price=price,
                way_km=way_km,
                arrival=arrival,
            )
            for evse in free.of(station, arrival)
        ]
        best = min(rated, key=_best_first, default=None)
        if best is not None and _affordable(best, wish):
            found.append(best)
    return sorted(found, key=_best_first)[:most]


def _read_until_then(wish: DriverWish, now: datetime, rules: ReservationRules) -> ReadHeadroom:
    """What a site has left until the end of a stay that begins later."""
    if wish.arrive_at > now + rules.horizon - wish.stay:
        raise BadInput("arrive_at", wish.arrive_at.isoformat(), f"with the stay within {rules.horizon.days} days")
    return partial(read_headroom, until=wish.arrival(wish.max_distance_km, now) + wish.stay)


def _affordable(one: Recommendation, wish: DriverWish) -> bool:
    if wish.max_price_eur_per_kwh is None:
        return True
    price = one.facts.price_eur_per_kwh
    return price is not None and price <= wish.max_price_eur_per_kwh


def _rate(
    wish: DriverWish,
    station: ChargingStation,
    evse: Evse,
    *,
    site: Site,
    delivery: Delivery,
    price: PriceOfStation,
    way_km: float,
    arrival: datetime,
) -> Recommendation:
    eur_per_kwh = price.mean_eur_per_kwh(
        IntendedStay(
            station=station,
            evse=evse,
            site=site,
            start=arrival,
            end=arrival + wish.stay,
            energy_kwh=wish.energy_kwh,
            charging_minutes=delivery.charging_minutes,
        )
    )
    rating = rate(
        price_eur_per_kwh=eur_per_kwh,
        way_km=way_km,
        consumption_kwh_per_km=wish.consumption_kwh_per_km,
        wanted_kwh=wish.energy_kwh,
        delivery=delivery,
    )
    return Recommendation(station=station, evse=evse, site=site, way_km=way_km, arrival=arrival, **rating)


def _best_first(one: Recommendation) -> tuple[float, float, str, int]:
    return -one.score, one.way_km, one.station.id, one.evse.id
