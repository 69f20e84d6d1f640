"""What the platform tells of reservations. Whose they are stays here: other modules need not know."""

from __future__ import annotations

from typing import Any

from twinev.domain.reservation import Reservation
from twinev.domain.vehicle_booking import VehicleBooking
from twinev.services.ports.unit_of_work import UnitOfWork


def tell_reservation(kind: str, reservation: Reservation, *, work: UnitOfWork) -> None:
    """Add the event ``reservation.<kind>``."""
    data: dict[str, Any] = {
        "site_id": reservation.site_id,
        "station_id": reservation.station_id,
        "evse_id": reservation.evse_id,
        "reservation_id": reservation.id,
        "start": reservation.window.start.isoformat(),
        "end": reservation.window.end.isoformat(),
        "status": str(reservation.status),
        "station_answer": reservation.station_answer,
        "session_id": reservation.session_id,
    }
    work.events.add(f"reservation.{kind}", data)


def tell_booking(kind: str, booking: VehicleBooking, *, work: UnitOfWork) -> None:
    """Add the event ``vehicle.<kind>``."""
    data = {
        "site_id": booking.site_id,
        "vehicle_id": booking.vehicle_id,
        "vehicle_reservation_id": booking.id,
        "start": booking.window.start.isoformat(),
        "end": booking.window.end.isoformat(),
        "status": str(booking.status),
    }
    work.events.add(f"vehicle.{kind}", data)
