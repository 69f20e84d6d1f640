"""A driver's reservations with where they are, as a screen lists them."""

from __future__ import annotations

from dataclasses import dataclass

from twinev.domain.charge_points import ChargingStation, Evse, Site
from twinev.domain.reservation import Reservation
from twinev.services.ports.unit_of_work import UnitOfWork

#: How many that are over are shown.
MOST_PAST = 20


@dataclass(frozen=True, kw_only=True)
class PlacedReservation:
    """A reservation, its station and its site; ``evse`` is None where it was taken down since."""

    reservation: Reservation
    station: ChargingStation
    site: Site
    evse: Evse | None


def waiting_reservations(user_id: str, *, work: UnitOfWork) -> list[PlacedReservation]:
    """Those that wait for their driver, by their start."""
    waiting = sorted(work.reservations.active(user_id=user_id), key=lambda one: one.window.start)
    return [_placed(one, work) for one in waiting]


def past_reservations(user_id: str, *, work: UnitOfWork) -> list[PlacedReservation]:
    """Those that are over or used, the last made first."""
    listed = work.reservations.list(limit=MOST_PAST, user_id=user_id)
    return [_placed(one, work) for one in listed if not one.active]


def _placed(reservation: Reservation, work: UnitOfWork) -> PlacedReservation:
    station = work.stations.get(reservation.station_id)
    return PlacedReservation(
        reservation=reservation,
        station=station,
        site=work.sites.get(reservation.site_id),
        evse=next((evse for evse in station.evses if evse.id == reservation.evse_id), None),
    )
