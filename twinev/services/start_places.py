"""Where a driver can start charging: what he reserved, and the private stations that he may use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.charge_order import ChargeOrder
from twinev.domain.charge_points import ChargingStation, Evse, Site
from twinev.domain.reservation import Reservation, ReservationRules
from twinev.domain.users import User
from twinev.errors import NotFound
from twinev.services.attach_order import ORDER_KEPT
from twinev.services.driver_token import known_driver_token
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.reserve import own_reservation
from twinev.services.start_charging import may_begin

#: A private station knows no end; what is planned ahead ends somewhere.
LONGEST_STAY = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class StartPlace:
    """An EVSE where the driver can start.

    ``ready_from`` is the first instant for it. ``order`` is what he ordered there and no station has begun yet.
    ``occupied`` says that somebody charges there now.
    """

    site: Site
    station: ChargingStation
    evse: Evse
    reservation: Reservation | None
    ready_from: datetime
    order: ChargeOrder | None
    occupied: bool

    def ready(self, now: datetime) -> bool:
        return self.ready_from <= now and not self.occupied

    def latest_departure(self, now: datetime) -> datetime:
        """Until when he can have the EVSE."""
        return now + LONGEST_STAY if self.reservation is None else self.reservation.window.end

    def usual_departure(self, now: datetime) -> datetime:
        """When he is taken to leave unless he says something else."""
        usual = now + timedelta(minutes=self.site.default_stay_minutes)
        return usual if self.reservation is None else self.reservation.window.end


def start_places(*, user: User, work: UnitOfWork, now: datetime, rules: ReservationRules) -> list[StartPlace]:
    """His reservations that may still be used, by their start, then the private stations, by id."""
    token = known_driver_token(user.id, work)
    mine = [one for one in work.reservations.active(user_id=user.id) if now < one.expires_at]
    found = (_reserved(one, token, work=work, now=now, rules=rules) for one in mine)
    places = [place for place in found if place is not None]
    reserved = {(place.station.id, place.evse.id) for place in places if may_begin(place.reservation, now, rules)}
    private = sorted(station_id for station_id, users in work.station_access.stations().items() if user.id in users)
    for station_id in private:
        station = work.stations.get(station_id)
        if station.removed_at is not None or station.blocked_at is not None:
            continue
        free = (evse for evse in station.evses if (station.id, evse.id) not in reserved)
        places += [_place(station, evse, None, token, ready_from=now, work=work, now=now) for evse in free]
    return places


def start_place(
    *,
    reservation_id: str | None,
    station_id: str | None,
    evse_id: int,
    user: User,
    work: UnitOfWork,
    now: datetime,
    rules: ReservationRules,
) -> StartPlace:
    """Return one of the driver's places.

    Raises
    ------
    NotFound
        There is no such place, or not for him, or not any more.
    """
    for place in start_places(user=user, work=work, now=now, rules=rules):
        if reservation_id is not None:
            if place.reservation is not None and place.reservation.id == reservation_id:
                return place
        elif (place.station.id, place.evse.id) == (station_id, evse_id):
            return place
    if reservation_id is not None:
        named = own_reservation(reservation_id, user=user, work=work)
        if named.user_id == user.id:
            raise NotFound("reservation to start from any more", reservation_id)
        raise NotFound("reservation", reservation_id)
    raise NotFound("place of yours to charge at the station", station_id)


def _reserved(
    reservation: Reservation, token: str | None, *, work: UnitOfWork, now: datetime, rules: ReservationRules
) -> StartPlace | None:
    station = work.stations.get(reservation.station_id)
    evse = next((evse for evse in station.evses if evse.id == reservation.evse_id), None)
    if evse is None:
        # Its operator took it away since.
        return None
    ready_from = reservation.window.start - rules.hold_before
    return _place(station, evse, reservation, token, ready_from=ready_from, work=work, now=now)


def _place(
    station: ChargingStation,
    evse: Evse,
    reservation: Reservation | None,
    token: str | None,
    *,
    ready_from: datetime,
    work: UnitOfWork,
    now: datetime,
) -> StartPlace:
    order = None
    if token is not None:
        order = work.charge_orders.waiting(station.id, evse.id, token.lower(), since=now - ORDER_KEPT)
    return StartPlace(
        site=work.sites.get(station.site_id),
        station=station,
        evse=evse,
        reservation=reservation,
        ready_from=ready_from,
        order=order,
        occupied=work.sessions.active_at(station.id, evse.id) is not None,
    )
