"""Recommends charge points to a driver: the free, compatible ones within reach, the best first.

Free is what is available now; for who says when he arrives, what can be reserved then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from twinev.domain.area import distance_km
from twinev.domain.availability import Availability, availability_of
from twinev.domain.charge_points import ChargingStation, Evse, Site
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
from twinev.domain.reservation import ReservationRules
from twinev.domain.time_window import TimeWindow
from twinev.errors import BadInput
from twinev.services.driver_wish import DriverWish
from twinev.services.find_evse import Wish, candidates
from twinev.services.ports.station_price import IntendedStay, PriceOfStation
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.site_headroom import Headroom, deliver, read_headroom


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
    rules: ReservationRules | None = None,
) -> list[Recommendation]:
    """Return the best EVSE of each station that suits, the best first; of equals the nearer, then by id.

    ``user_id`` is who asks: stations that only some may use are recommended to these. ``rules`` say what can be
    reserved, and how far ahead.

    Raises
    ------
    BadInput
        The driver wants to arrive later than anybody may reserve.
    """
    rules = rules or ReservationRules()
    if wish.arrive_at is not None and wish.arrive_at + wish.stay > now + rules.horizon:
        raise BadInput("arrive_at", wish.arrive_at.isoformat(), f"with the stay within {rules.horizon.days} days")
    sites = {site.id: site for site in work.sites.list()}
    stations = work.stations.list()
    private = work.station_access.stations()
    free = _free_evses(wish, stations, work=work, now=now, user_id=user_id, rules=rules)
    headroom: dict[str, Headroom] = {}
    found = []
    for station in stations:
        site, way_km = sites[station.site_id], DETOUR * distance_km(wish.place, station.location)
        arrival = wish.arrival(way_km, now)
        usable = user_id in private[station.id] if station.id in private else station.public
        if wish.station_id not in (None, station.id) or not usable or way_km > wish.max_distance_km:
            continue
        if not site.open_at(arrival):
            continue
        reserved = _reserved(station, wish, arrival, work)
        suiting = [e for e in station.evses if (station.id, e.id) in free - reserved and _suits(e, wish)]
        if not suiting:
            continue
        if site.id not in headroom:
            there = [one for one in stations if one.site_id == site.id]
            headroom[site.id] = read_headroom(work, site, there, now, until=_latest_departure(wish, now))
        rating = partial(
            _rate, wish, station, site=site, headroom=headroom[site.id], price=price, way_km=way_km, arrival=arrival
        )
        best = min(map(rating, suiting), key=_best_first)
        if _affordable(best, wish):
            found.append(best)
    return sorted(found, key=_best_first)[:most]


def _free_evses(
    wish: DriverWish,
    stations: Sequence[ChargingStation],
    *,
    work: UnitOfWork,
    now: datetime,
    user_id: str | None,
    rules: ReservationRules,
) -> set[tuple[str, int]]:
    """The EVSEs that a driver could have, by station and number; what is reserved is looked at afterwards."""
    if wish.arrive_at is not None:
        start = max(wish.arrive_at, now)
        asked = Wish(window=TimeWindow.around(start, start + wish.stay))
        found = candidates(asked, user_id=user_id, work=work, now=now, rules=rules)
        return {(one.station.id, one.evse.id) for one in found if one.obstacle is None}
    taken = {(session.station_id, session.evse_id) for session in work.sessions.active()}
    return {
        (station.id, evse.id)
        for station in stations
        for evse in station.evses
        if availability_of(station, evse) is Availability.AVAILABLE
    } - taken


def _latest_departure(wish: DriverWish, now: datetime) -> datetime:
    return wish.arrival(wish.max_distance_km, now) + wish.stay


def _reserved(station: ChargingStation, wish: DriverWish, arrival: datetime, work: UnitOfWork) -> set[tuple[str, int]]:
    """The EVSEs of a station that somebody has reserved for a part of the stay."""
    stay = TimeWindow.around(arrival, arrival + wish.stay)
    return work.reservations.taken(stay.steps, [station.id])


def _suits(evse: Evse, wish: DriverWish) -> bool:
    """Whether the EV can be plugged in, and gets as much power as its driver wants."""
    if evse.max_kw <= 0 or evse.max_kw < wish.min_kw:
        return False
    return wish.connector_type is None or any(c.type == wish.connector_type for c in evse.connectors)


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
    headroom: Headroom,
    price: PriceOfStation,
    way_km: float,
    arrival: datetime,
) -> Recommendation:
    departure = arrival + wish.stay
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
