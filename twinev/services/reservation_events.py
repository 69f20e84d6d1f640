"""What events tell of reservations. Whose they are stays here: other modules need not know."""

from __future__ import annotations

from typing import Any

from twinev.domain.reservation import Reservation
from twinev.domain.vehicle_booking import VehicleBooking


def reservation_data(reservation: Reservation) -> dict[str, Any]:
    """The data of an event of a reservation of an EVSE."""
    return {
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


def booking_data(booking: VehicleBooking) -> dict[str, Any]:
    """The data of an event of a booking of a shared vehicle."""
    return {
        "site_id": booking.site_id,
        "vehicle_id": booking.vehicle_id,
        "vehicle_reservation_id": booking.id,
        "start": booking.window.start.isoformat(),
        "end": booking.window.end.isoformat(),
        "status": str(booking.status),
    }
